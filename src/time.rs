//! Points in time as OpenPGP knows them: whole seconds since 1970, 32 bits (RFC 9580 §3.5).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, written `2026-11-22T05:40:00Z`: seconds, UTC, nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Timestamp(u32);

/// A text that is not a point in time.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// Not a date and time at all.
    #[error("{0:?} is not a time like 2026-11-22T05:40:00Z")]
    Form(String),
    /// A date that 32 bits of seconds cannot hold.
    #[error("{0:?} is outside the years 1970 to 2106 that OpenPGP can express")]
    Range(String),
}

impl Timestamp {
    /// Seconds in a day.
    pub const DAY: u32 = 86_400;

    /// `seconds` since 1970-01-01T00:00:00Z.
    pub const fn from_unix(seconds: u32) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn unix(self) -> u32 {
        self.0
    }

    /// This time and `seconds` more, at most the last second that OpenPGP knows.
    pub const fn after(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this time; 0 if this time is the earlier one.
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads the form that [`fmt::Display`] writes, and a bare date as its midnight (UTC).
    ///
    /// # Errors
    /// [`TimeError`] where the text is neither, or the year is out of range.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let time: jiff::Timestamp =
            full.parse().map_err(|_| TimeError::Form(text.chars().take(40).collect()))?;
        u32::try_from(time.as_second()).map(Self).map_err(|_| TimeError::Range(text.to_owned()))
    }

    /// As mail headers and Debian's changelogs have it: `Sun, 22 Nov 2026 05:40:00 +0000`.
    pub fn mail_date(self) -> String {
        let time = jiff::Timestamp::from_second(i64::from(self.0))
            .expect("32 bits of seconds are within jiff's years");
        time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
    }

    /// The day alone: `2026-11-22`.
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_second(i64::from(self.0))
            .expect("32 bits of seconds are within jiff's years");
        write!(f, "{time}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = Self::parse(&text).map_err(serde::de::Error::custom)?;
        if time.to_string() == text {
            Ok(time)
        } else {
            Err(serde::de::Error::custom(TimeError::Form(text)))
        }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_secs(u64::from(time.0))
    }
}

impl From<SystemTime> for Timestamp {
    /// Times before 1970 become its first second, times after 2106 the last one.
    fn from(time: SystemTime) -> Self {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        Self(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_written() {
        for text in ["1970-01-01T00:00:00Z", "2026-11-22T05:40:00Z", "2106-02-07T06:28:15Z"] {
            assert_eq!(Timestamp::parse(text).expect("a time").to_string(), text);
        }
    }

    #[test]
    fn other_spellings_of_a_time_are_refused_on_the_wire() {
        for text in ["2026-11-22T05:40:00+00:00", "2026-11-22", "2026-11-22T05:40:00.5Z", "now"] {
            let json = format!("{text:?}");
            assert!(serde_json::from_str::<Timestamp>(&json).is_err(), "{text}");
        }
    }

    #[test]
    fn years_that_openpgp_cannot_express_are_refused() {
        assert!(matches!(Timestamp::parse("2107-01-01"), Err(TimeError::Range(_))));
        assert!(matches!(Timestamp::parse("1969-12-31"), Err(TimeError::Range(_))));
    }
}
