//! Which program this is, by its own digest: the journal says so at the beginning of a session.

use std::fs::File;
use std::path::Path;

use countersign::digest::Sha256;
use countersign::exchange::{self, ExchangeError};
use countersign::journal::Software;
use countersign::time::Timestamp;

use crate::station::SOFTWARE;

/// The date of this version, 2026-11-01: no station can be at work before it. To be set with each
/// version.
const RELEASED: Timestamp = Timestamp::from_unix(1_793_491_200);

/// Where an image that this machine was started from says which one it is: SHA-256 in hex.
const IMAGE: &str = "/etc/countersign/image.sha256";

/// When this program was built, for a program that was built reproducibly
/// (<https://reproducible-builds.org/specs/source-date-epoch/>), or else the date of its version.
pub fn built() -> Timestamp {
    built_at(option_env!("SOURCE_DATE_EPOCH"))
}

fn built_at(epoch: Option<&str>) -> Timestamp {
    let epoch = epoch.and_then(|seconds| seconds.parse().ok());
    epoch.map_or(RELEASED, Timestamp::from_unix)
}

/// Looks at the binary that runs, and at the image that the machine was started from.
///
/// # Errors
/// [`ExchangeError`] where the binary cannot be read.
pub fn this() -> Result<Software, ExchangeError> {
    // The file that runs, whatever its name points at by now.
    let path = Path::new("/proc/self/exe");
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "read", source };
    let binary = Sha256::of_reader(&mut File::open(path).map_err(error)?).map_err(error)?;
    let image = exchange::read_path(Path::new(IMAGE), 128).ok();
    let image = image.and_then(|bytes| String::from_utf8(bytes).ok());
    let image = image.and_then(|text| text.trim().parse().ok());
    Ok(Software { name: SOFTWARE.to_owned(), binary, image })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The date of the newest version that has one: `## [0.1.0] - 2026-11-01`.
    fn newest(changelog: &str) -> Option<Timestamp> {
        let heads = changelog.lines().filter_map(|line| line.strip_prefix("## ["));
        let mut dates = heads.filter_map(|head| head.split_once("] - "));
        dates.next().map(|(_, date)| Timestamp::parse(date.trim()).expect("a date"))
    }

    #[test]
    fn the_date_of_this_version_is_not_after_the_newest_one_of_the_changelog() {
        let example = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-24\n\n## [0.1.0] - 2026-11-01\n";
        let date = |text| Timestamp::parse(text).expect("a date");
        assert_eq!(newest(example), Some(date("2026-12-24")));
        assert_eq!(newest("## [Unreleased]\n"), None);
        let newest = newest(include_str!("../../CHANGELOG.md"));
        assert!(newest.is_none_or(|date| RELEASED <= date), "{RELEASED} after {newest:?}");
        assert_eq!(RELEASED, date("2026-11-01"));
    }

    #[test]
    fn a_reproducible_build_has_the_date_of_its_source() {
        assert_eq!(built_at(Some("1795000000")), Timestamp::from_unix(1_795_000_000));
        for none in [None, Some(""), Some("today"), Some("-1"), Some("99999999999")] {
            assert_eq!(built_at(none), RELEASED, "{none:?}");
        }
    }
}
