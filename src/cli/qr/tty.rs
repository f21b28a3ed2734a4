//! The terminal under codes: single keys without waiting for a line, and everything put back on
//! every way out.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_default};

/// What a person pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// Enough: q, Escape, Enter, Ctrl-C, Ctrl-D, or a signal that ends programs.
    Quit,
    /// Space.
    Pause,
    /// n, or the arrow to the right.
    Next,
    /// p, or the arrow to the left.
    Previous,
    /// +, or the arrow up.
    Faster,
    /// -, or the arrow down.
    Slower,
    /// >, or the page down key.
    Denser,
    /// <, or the page up key.
    Sparser,
    /// Anything else.
    Other,
}

/// Keys, from now until this is dropped. Where standard input is no terminal there are none, and
/// signals still count.
pub(super) struct Keys {
    before: Option<Termios>,
}

/// Whether signals end the program at once, as they do by default.
struct Signals {
    at_once: Arc<AtomicBool>,
    came: Arc<AtomicBool>,
}

fn signals() -> io::Result<&'static Signals> {
    static SIGNALS: OnceLock<Signals> = OnceLock::new();
    if let Some(signals) = SIGNALS.get() {
        return Ok(signals);
    }
    let signals = Signals {
        at_once: Arc::new(AtomicBool::new(true)),
        came: Arc::new(AtomicBool::new(false)),
    };
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        register(signal, signals.came.clone())?;
        register_conditional_default(signal, signals.at_once.clone())?;
    }
    Ok(SIGNALS.get_or_init(|| signals))
}

impl Keys {
    /// Begins to listen.
    pub(super) fn listen() -> io::Result<Self> {
        let signals = signals()?;
        signals.came.store(false, Ordering::SeqCst);
        signals.at_once.store(false, Ordering::SeqCst);
        let mut keys = Self { before: None };
        if io::stdin().is_terminal() {
            let before = tcgetattr(io::stdin())?;
            let mut now = before.clone();
            now.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            now.special_codes[SpecialCodeIndex::VMIN] = 0;
            now.special_codes[SpecialCodeIndex::VTIME] = 0;
            keys.before = Some(before);
            tcsetattr(io::stdin(), OptionalActions::Now, &now)?;
        }
        Ok(keys)
    }

    /// Waits for a key, `patience` at most.
    pub(super) fn press(&self, patience: Duration) -> io::Result<Option<Key>> {
        if signals()?.came.load(Ordering::SeqCst) {
            return Ok(Some(Key::Quit));
        }
        let stdin = io::stdin();
        let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
        let wanted = if self.before.is_some() { &mut wanted[..] } else { &mut [] };
        let patience = Timespec::try_from(patience).ok();
        match poll(wanted, patience.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        // A terminal that is gone is ready for ever and gives nothing.
        let Some(first) = byte()? else { return Ok(Some(Key::Quit)) };
        let mut pressed = vec![first];
        // What an arrow sends comes at once: Escape, a bracket, and up to a letter or a tilde.
        while pressed[0] == 0x1b && pressed.len() < 8 {
            let Some(next) = byte()? else { break };
            pressed.push(next);
            if pressed.len() > 2 && matches!(next, b'A'..=b'Z' | b'a'..=b'z' | b'~') {
                break;
            }
        }
        Ok(Some(key(&pressed)))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
        if let Ok(signals) = signals() {
            signals.at_once.store(true, Ordering::SeqCst);
        }
    }
}

/// One byte of what was typed, past every buffer: what follows answers the next question.
fn byte() -> io::Result<Option<u8>> {
    let mut byte = [0];
    match rustix::io::read(io::stdin(), &mut byte) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(byte[0])),
        Err(error) => Err(error.into()),
    }
}

fn key(pressed: &[u8]) -> Key {
    match pressed {
        b"q" | b"Q" | b"\r" | b"\n" | b"\x03" | b"\x04" | b"\x1b" => Key::Quit,
        b" " => Key::Pause,
        b"n" | b"\x1b[C" | b"\x1bOC" => Key::Next,
        b"p" | b"\x1b[D" | b"\x1bOD" => Key::Previous,
        b"+" | b"=" | b"\x1b[A" | b"\x1bOA" => Key::Faster,
        b"-" | b"_" | b"\x1b[B" | b"\x1bOB" => Key::Slower,
        b">" | b"." | b"\x1b[6~" => Key::Denser,
        b"<" | b"," | b"\x1b[5~" => Key::Sparser,
        _ => Key::Other,
    }
}

/// A screen of its own, without a cursor, until this is dropped.
pub(super) struct Screen;

impl Screen {
    pub(super) fn open() -> io::Result<Self> {
        let screen = Self;
        put("\x1b[?1049h\x1b[?25l\x1b[2J")?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = put("\x1b[0m\x1b[?25h\x1b[?1049l");
    }
}

/// Writes to the terminal at once.
pub(super) fn put(text: &str) -> io::Result<()> {
    let mut terminal = io::stdout().lock();
    terminal.write_all(text.as_bytes())?;
    terminal.flush()
}

/// Columns and rows of the terminal on standard output; none where that is no terminal.
pub(super) fn size() -> Option<(usize, usize)> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let size = tcgetwinsize(io::stdout()).ok()?;
    match (usize::from(size.ws_col), usize::from(size.ws_row)) {
        (0, _) | (_, 0) => Some((80, 24)),
        size => Some(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_terminals_send() {
        assert_eq!(key(b"\x03"), Key::Quit);
        assert_eq!(key(b"\x1b"), Key::Quit);
        assert_eq!(key(b"\x1b[C"), Key::Next);
        assert_eq!(key(b"\x1bOA"), Key::Faster);
        assert_eq!(key(b"\x1b[6~"), Key::Denser);
        assert_eq!(key(b"zz"), Key::Other);
    }
}
