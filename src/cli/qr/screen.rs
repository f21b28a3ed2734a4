//! Codes in the terminal, one after the other, until a person has enough.

use std::time::{Duration, Instant};

use super::super::{Exit, Failure};
use super::args::LookArgs;
use super::message::{Message, effort, wrapped};
use super::tty::{self, Key, Keys, Screen};
use crate::qr::draw::{self, Rate};
use crate::qr::{Density, QrVersion, Sender};

/// Columns that the words beside a code take at least.
const ASIDE: usize = 30;
/// Rows that stand below a code where there is no room beside it.
const BELOW: usize = 1;
/// Numbers of codes begin anew here: by then everything was shown many times.
const ROUND: i64 = 60_000;

/// Shows a message: one code stands still and stays on the terminal, several move until a person
/// has enough.
///
/// # Errors
/// Where standard output is no terminal, or too small for any code.
pub(super) fn show(message: &Message, look: &LookArgs) -> Result<(), Failure> {
    let size = tty::size().ok_or_else(no_terminal)?;
    let (density, _) = fitting(look.density, size)?;
    let sender = message.sender(density).map_err(super::MessageError::failure)?;
    if sender.is_still() {
        let code = draw::terminal(&sender.frame(0));
        let lines: Vec<String> = about(message, &sender, look.fps, size.0);
        tty::put(&format!("\n{code}{}\n", lines.join("\n")))?;
        return Ok(());
    }
    let mut player = Player::new(message, look, density)?;
    let keys = Keys::listen()?;
    let screen = Screen::open()?;
    let result = player.play(&keys);
    drop((screen, keys));
    result?;
    let lines = about(message, &player.sender, player.rate, size.0);
    Ok(tty::put(&format!("{}\n", lines.join("\n")))?)
}

/// Finds out whether codes could be shown here at all.
pub(super) fn check(asked: Option<Density>) -> Result<(), Failure> {
    density(asked).map(|_| ())
}

/// The density that codes would have here.
pub(super) fn density(asked: Option<Density>) -> Result<Density, Failure> {
    let size = tty::size().ok_or_else(no_terminal)?;
    fitting(asked, size).map(|(density, _)| density)
}

fn no_terminal() -> Failure {
    Failure::say(Exit::Usage, "standard output is not a terminal")
        .hint("write the codes into a file instead, like codes.gif")
}

/// What stands beside or below a code.
fn about(message: &Message, sender: &Sender, rate: Rate, columns: usize) -> Vec<String> {
    let mut lines = vec![message.name(), effort(sender, rate), String::new()];
    lines.extend(message.words(columns.clamp(20, 72)));
    lines
}

/// The density that was asked for or, where that does not fit, the greatest that does; and
/// whether it is the one that was asked for.
fn fitting(asked: Option<Density>, size: (usize, usize)) -> Result<(Density, Fits), Failure> {
    let (columns, rows) = size;
    let modules = columns.min(rows.saturating_sub(BELOW) * 2);
    let Some(most) = QrVersion::fitting(modules) else {
        let least = QrVersion::SMALLEST.outer_width();
        let text = format!(
            "the terminal is too small: {columns} × {rows} characters, and a code takes {least} × {}",
            least.div_ceil(2) + BELOW
        );
        return Err(Failure::say(Exit::Failed, text)
            .hint("make the window larger or its letters smaller")
            .hint("write the codes into a file instead, like codes.gif"));
    };
    let wanted = asked.unwrap_or_default();
    let fits = wanted.version() <= most;
    Ok(match (fits, asked) {
        (true, _) => (wanted, Fits::Yes),
        (false, None) => (Density::Version(most), Fits::Yes),
        (false, Some(_)) => (Density::Version(most), Fits::No),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fits {
    Yes,
    No,
}

/// A message under way on the terminal.
struct Player<'a> {
    message: &'a Message,
    sender: Sender,
    asked: Option<Density>,
    most: Density,
    fits: Fits,
    rate: Rate,
    number: i64,
    paused: bool,
    size: (usize, usize),
}

impl<'a> Player<'a> {
    fn new(message: &'a Message, look: &LookArgs, density: Density) -> Result<Self, Failure> {
        let sender = message.sender(density).map_err(super::MessageError::failure)?;
        let (asked, rate) = (look.density, look.fps);
        let size = (0, 0);
        Ok(Self {
            message,
            sender,
            asked,
            most: density,
            fits: Fits::Yes,
            rate,
            number: 0,
            paused: false,
            size,
        })
    }

    fn play(&mut self, keys: &Keys) -> Result<(), Failure> {
        let mut next = Instant::now();
        loop {
            let size = tty::size().unwrap_or((80, 24));
            if size != self.size {
                self.size = size;
                self.prepare()?;
            }
            tty::put(&self.picture())?;
            next = (next + self.interval()).max(Instant::now());
            loop {
                let patience = next.saturating_duration_since(Instant::now());
                let patience = if self.paused { Duration::from_secs(1) } else { patience };
                match keys.press(patience)? {
                    Some(Key::Quit) => return Ok(()),
                    Some(key) => {
                        self.turn(key)?;
                        break;
                    }
                    // The window may have another size by now.
                    None if self.paused => break,
                    None if Instant::now() < next => {}
                    None => {
                        self.number += 1;
                        break;
                    }
                }
            }
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1) / u32::from(self.rate.per_second())
    }

    /// Codes that fit the terminal as it is now. The other side begins anew where they differ
    /// from those before.
    fn prepare(&mut self) -> Result<(), Failure> {
        let (density, fits) = fitting(self.asked, self.size)?;
        (self.most, self.fits) = (density, fits);
        let sender = self.message.sender(density).map_err(super::MessageError::failure)?;
        if sender.width() != self.sender.width() {
            self.number = 0;
        }
        self.sender = sender;
        Ok(tty::put("\x1b[0m\x1b[2J")?)
    }

    fn turn(&mut self, key: Key) -> Result<(), Failure> {
        let rate = self.rate.per_second();
        match key {
            Key::Pause => self.paused = !self.paused,
            Key::Next => self.step(1),
            Key::Previous => self.step(-1),
            Key::Faster => self.rate = Rate::new(rate.saturating_add(1)).unwrap_or(self.rate),
            Key::Slower => self.rate = Rate::new(rate.saturating_sub(1)).unwrap_or(self.rate),
            Key::Denser => return self.density(1),
            Key::Sparser => return self.density(-1),
            Key::Quit | Key::Other => {}
        }
        Ok(())
    }

    /// Looks at one code after the other, paused.
    fn step(&mut self, by: i64) {
        self.paused = true;
        self.number += by;
    }

    fn density(&mut self, by: i16) -> Result<(), Failure> {
        let version = self.most.version().number();
        let wanted = u8::try_from(i16::from(version) + by).ok().and_then(QrVersion::new);
        if let Some(wanted) = wanted {
            self.asked = Some(Density::Version(wanted));
        }
        self.prepare()
    }

    /// The terminal's whole content.
    fn picture(&self) -> String {
        let number = self.number.rem_euclid(ROUND);
        let code = draw::terminal(&self.sender.frame(u32::try_from(number).unwrap_or_default()));
        let rows: Vec<&str> = code.lines().collect();
        let width = self.sender.width() + 2 * draw::QUIET;
        let mut out = String::from("\x1b[?2026h");
        for (at, row) in rows.iter().enumerate() {
            out.push_str(&format!("\x1b[{};1H{row}", at + 1));
        }
        let (columns, lines) = self.size;
        // The last column stays free: what erases to the line's end would take it along.
        let aside = columns.saturating_sub(width + 4);
        if aside >= ASIDE {
            for (at, line) in self.aside(aside).iter().enumerate().take(lines) {
                out.push_str(&format!("\x1b[{};{}H{line}\x1b[K", at + 1, width + 4));
            }
        } else {
            let status = super::shortened(&self.status(), columns.saturating_sub(1));
            out.push_str(&format!("\x1b[{};1H{status}\x1b[K", rows.len() + 1));
        }
        out.push_str("\x1b[?2026l");
        out
    }

    fn status(&self) -> String {
        let (needed, name) = (self.sender.needed(), self.message.name());
        let words = self.message.words(24).into_iter().next().unwrap_or_default();
        let moving = if self.paused { "paused" } else { "q ends" };
        format!("{} of {needed}  {words} …  {moving}  {name}", self.counter())
    }

    fn counter(&self) -> String {
        format!("code {}", self.number.rem_euclid(ROUND) + 1)
    }

    fn aside(&self, columns: usize) -> Vec<String> {
        let mut lines = vec![
            super::clipped(&self.message.name(), columns),
            format!("{}, any {} do", self.counter(), self.sender.needed()),
            format!(
                "{} a second, density {}",
                self.rate.per_second(),
                self.most.version().number()
            ),
            if self.paused { "paused".into() } else { String::new() },
        ];
        lines.extend(wrapped(&effort(&self.sender, self.rate), columns));
        lines.push(String::new());
        lines.extend(self.message.words(columns));
        let keys = ["", "space pause   ← → step", "↑ ↓ speed   < > density", "q ends"];
        lines.extend(keys.map(ToOwned::to_owned));
        if self.fits == Fits::No {
            lines.push("denser does not fit in here".into());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_is_what_the_terminal_has_room_for() {
        let version = |asked, size| fitting(asked, size).map(|(d, _)| d.version().number()).ok();
        assert_eq!(version(None, (80, 24)), Some(5), "45 modules in 23 rows");
        assert_eq!(version(None, (200, 60)), Some(20), "no more than is good for cameras");
        assert_eq!(version(None, (60, 100)), Some(8), "57 columns");
        assert_eq!(version(None, (44, 24)), None);
        assert_eq!(version(Some(Density::High), (80, 24)), Some(5));
        assert_eq!(version(Some(Density::Low), (200, 60)), Some(10));
    }
}
