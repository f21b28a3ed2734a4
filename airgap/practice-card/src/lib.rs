//! An OpenPGP card in software, for rehearsals and tests.
//!
//! This is Nitrokey's own card application (`opcard`) on a platform made of two flash images in a folder. Above
//! the APDU nothing tells it from a card in a reader, so a rehearsal runs the code of the ceremony and no other.
//!
//! What it must never do: hold a key that matters. The flash images are ordinary files, and whoever can read them
//! has the keys: the PINs of the card protect nothing against that.
//!
//! Fresh cards have the user PIN `123456` and the admin PIN `12345678`. `opcard` logs the data of commands, PINs
//! included, at the levels below `warn` of the `log` crate: leave these off wherever a real PIN may be typed.

mod backend;
mod chip;
mod dispatch;
mod folder;
mod image;
mod platform;
mod transport;

use std::{fmt, io, path::Path, path::PathBuf};

pub use backend::{Commands, NoPinPad};

use chip::{Chip, Flash};
use folder::Folder;
use platform::Touch;

/// Why a practice card cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process, or another value in this process, has the card open.
    #[error("practice card in {} is in use by another program", .directory.display())]
    InUse {
        /// The folder of the card.
        directory: PathBuf,
    },
    /// A file of the card cannot be created, read or written.
    #[error("cannot use {} for a practice card", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file `serial` is not the one this crate wrote.
    #[error("{} does not hold a serial number of eight hexadecimal digits", .path.display())]
    Serial {
        /// The file.
        path: PathBuf,
    },
    /// A flash image has the wrong length.
    #[error("flash image {} is {actual} bytes long, a practice card's is {expected}", .path.display())]
    Length {
        /// The image.
        path: PathBuf,
        /// Its length in bytes.
        actual: u64,
        /// The length of every image in bytes.
        expected: u64,
    },
    /// A flash image cannot be formatted or mounted; the number is littlefs's error code.
    #[error("flash image of the practice card is damaged: littlefs error {0}")]
    Flash(i32),
    /// The operating system gives no random numbers, without which every key would be predictable.
    #[error("the operating system gives no random numbers")]
    Randomness(#[source] getrandom::Error),
    /// The card's thread cannot be started.
    #[error("cannot start the practice card's thread")]
    Thread(#[source] io::Error),
    /// The card's thread ended before it was ready.
    #[error("the practice card stopped while it was starting")]
    Stopped,
}

/// A practice card with the power on. Dropping it turns the power off; what was written stays in its folder.
pub struct PracticeCard {
    // The chip comes before the folder so that its thread has ended when the folder's lock is released.
    chip: Chip,
    serial: [u8; 4],
    touch: Touch,
    power_cycled: bool,
    folder: Option<Folder>,
}

impl PracticeCard {
    /// Opens the card whose flash images live in `directory`.
    ///
    /// Creates the folder and the images when they are absent, with a random serial number. The folder is locked
    /// until the card is dropped. Everything a command changed has been handed to the operating system when
    /// [`command`](Self::command) returns: it survives the death of this process at any moment. A loss of mains
    /// power may take the last seconds with it.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let folder = Folder::open(directory)?;
        let flash = Flash::Files {
            internal: folder.image("internal.bin")?,
            external: folder.image("external.bin")?,
        };
        let serial = folder.serial()?;
        Self::start(flash, serial, Some(folder))
    }

    /// A card that lives in memory only, with this serial number.
    pub fn in_memory(serial: [u8; 4]) -> Result<Self, Error> {
        Self::start(Flash::Memory, serial, None)
    }

    /// Sends one command APDU and returns the response with its status word, as a reader would deliver them.
    ///
    /// Short and extended length are accepted. A chained command is put together here, and an answer longer than
    /// the command's Le is handed out through `61xx` and GET RESPONSE (OpenPGP card 3.4.1 §7). If the card's
    /// software failed, every further answer is `6F00`.
    pub fn command(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.chip.command(apdu)
    }

    /// Takes the card's power away and gives it back: verified PINs and half-sent commands are gone, data stays.
    pub fn reset(&mut self) {
        self.power_cycled = true;
        self.chip.reset();
    }

    /// The serial number, the last four bytes of the card's identity (the manufacturer is `0000`, a test card).
    pub fn serial(&self) -> [u8; 4] {
        self.serial
    }

    /// Sets what is called when the card waits for a touch; without it the card counts as touched at once.
    ///
    /// The call may take as long as it likes. `true` is a touch; on `false` the card refuses the command with
    /// status `6982`, as a real card does when nobody touches it in time. Only data objects with touch policy
    /// (UIF) ask.
    pub fn on_touch(&mut self, touched: impl FnMut() -> bool + Send + 'static) {
        self.touch.replace(Box::new(touched));
    }

    fn start(flash: Flash, serial: [u8; 4], folder: Option<Folder>) -> Result<Self, Error> {
        let touch = Touch::at_once();
        let chip = Chip::start(flash, serial, touch.clone())?;
        Ok(Self { chip, serial, touch, power_cycled: false, folder })
    }
}

impl fmt::Debug for PracticeCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PracticeCard")
            .field("serial", &self.serial)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
