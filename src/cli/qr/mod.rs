//! `qr show` and `qr scan`, the same in both programs; and the courier that is made of the two.

pub mod args;
mod camera;
mod courier;
mod message;
mod picture;
mod scan;
mod screen;
mod source;
mod tty;

use std::path::Path;

use super::{Exit, Failure};
use crate::exchange;
use crate::exchange::compact::CompactError;
use crate::safe::Safe;
use args::{ScanArgs, ShowArgs};
use message::MessageError;

pub use courier::{Camera, Screen};
pub use message::LIMIT;

/// The camera, where none is named.
pub const CAMERA: &str = "/dev/video0";

/// What the other side of the gap has already, and what this side has: so that it need not travel.
pub trait Shelf {
    /// A small form of a file that is to be shown, and that form's name. None where it travels
    /// whole.
    fn shrink(&self, name: &str, content: &[u8]) -> Option<(String, Vec<u8>)>;

    /// The whole text of a file that came in a small form, and its name. None where it came whole.
    ///
    /// # Errors
    /// [`CompactError`] where what is left out is not here, or does not fit.
    fn grow(&self, name: &str, untrusted: &[u8])
    -> Result<Option<(String, Vec<u8>)>, CompactError>;
}

/// How much is told besides what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// What was done, and what a person should compare.
    Loud,
    /// Errors, and remarks about codes.
    Quiet,
}

impl Voice {
    /// By `--quiet`.
    pub fn of(quiet: bool) -> Self {
        if quiet { Self::Quiet } else { Self::Loud }
    }

    fn tell(self, text: impl std::fmt::Display) {
        match self {
            Self::Loud => crate::tell!("{text}"),
            Self::Quiet => {}
        }
    }
}

/// Nothing is at hand: everything travels whole.
pub struct Whole;

impl Shelf for Whole {
    fn shrink(&self, _name: &str, _content: &[u8]) -> Option<(String, Vec<u8>)> {
        None
    }

    fn grow(
        &self,
        _name: &str,
        _untrusted: &[u8],
    ) -> Result<Option<(String, Vec<u8>)>, CompactError> {
        Ok(None)
    }
}

/// Shows files as codes: in the terminal, or as files. `program` is the one that reads them.
///
/// # Errors
/// [`Failure`] where they cannot be read, are too much, or cannot be shown here.
pub fn show(
    args: &ShowArgs,
    shelf: &dyn Shelf,
    program: &str,
    voice: Voice,
) -> Result<(), Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        let content = exchange::read_path(path, LIMIT)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let small = if args.whole { None } else { shelf.shrink(&name, &content) };
        files.push(small.unwrap_or((name, content)));
    }
    let message = message::Message::new(files).map_err(MessageError::failure)?;
    let Some(path) = &args.output else { return screen::show(&message, &args.look) };
    let replace = if args.force { picture::Replace::Yes } else { picture::Replace::No };
    let (sender, written) = picture::write(&message, &args.look, path, program, replace)?;
    voice.tell(format_args!("{}: {}", message.name(), message::effort(&sender, args.look.fps)));
    voice.tell(format_args!("  {}", message.words(72).join("\n  ")));
    for path in written {
        voice.tell(format_args!("written: {}", path.display()));
    }
    Ok(())
}

/// Reads codes until a message is whole, and writes its files into a folder.
///
/// # Errors
/// [`Failure`] where no message becomes whole, or its files cannot be written.
pub fn scan(args: &ScanArgs, shelf: &dyn Shelf, voice: Voice) -> Result<(), Failure> {
    if !args.output.is_dir() {
        let text = format!("there is no folder {}", args.output.display());
        let hint = format!("mkdir {}", args.output.display());
        return Err(Failure::say(Exit::Failed, text).hint(hint));
    }
    let patience = if args.once { source::Patience::Once } else { source::Patience::UntilDone };
    let sources = match args.sources.as_slice() {
        [] => std::slice::from_ref(&args.camera),
        given => given,
    };
    let parcels = scan::receive(sources, patience, voice)?;
    let mut small = 0;
    for (name, content) in parcels.into_iter().flat_map(crate::qr::Parcel::into_files) {
        let (name, content) = match shelf.grow(&name, &content) {
            Ok(None) => (name, content),
            Ok(Some(whole)) => whole,
            Err(error) => {
                let text = format!("{} is kept as it came", Safe(&name));
                Failure::new(Exit::Failed, anyhow::Error::new(error).context(text)).report();
                small += 1;
                (name, content)
            }
        };
        let path = exchange::write(&args.output, &name, &content)?;
        voice.tell(format_args!("written: {}", path.display()));
    }
    match small {
        0 => Ok(()),
        _ => Err(Failure::say(Exit::Failed, "not every file could be made whole again")),
    }
}

/// The beginning of a text, so that it fits.
fn shortened(text: &str, columns: usize) -> String {
    text.chars().take(columns).collect()
}

/// The end of a name, so that it fits.
fn clipped(text: &str, columns: usize) -> String {
    let long = text.chars().count().saturating_sub(columns);
    if long == 0 {
        text.to_owned()
    } else {
        format!("…{}", text.chars().skip(long + 1).collect::<String>())
    }
}

/// Whether a path is that of a device, like a camera.
fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata().is_ok_and(|m| m.file_type().is_char_device())
}
