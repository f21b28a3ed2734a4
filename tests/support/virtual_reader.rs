//! A PC/SC service of its own with a virtual reader and an OpenPGP card in it, for tests of whole programs.
//!
//! Nothing of the machine is touched: `pcscd` runs in a mount namespace with a `/run/pcscd` of its own, and the
//! program under test finds it through the environment variable `PCSCLITE_CSOCK_NAME`. Any number of readers can
//! run at the same time. Every process ends when the [`VirtualReader`] is dropped, and even when the test is killed.

mod cable;
mod card;
mod daemon;
mod ports;
mod process;

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use daemon::Daemon;
use process::{Process, built_beside_tests};

pub use card::Card;

/// Why there is no reader. Tests pass over [`Error::Skip`] with a word, and fail on everything else.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine lacks something that a test run may do without.
    #[error("no virtual reader here: {0}")]
    Skip(Skip),
    /// The Python that was named does not have the cards.
    #[error("{} cannot import the cards of tests/support/cards/requirements.txt", .python.display())]
    Cards {
        /// What `COUNTERSIGN_CARDS_PYTHON` says.
        python: PathBuf,
    },
    /// A program that must be there does not start.
    #[error("cannot run {}", .program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder of the reader cannot be made.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// All ports that readers may have are taken.
    #[error("no pair of free ports for a virtual reader")]
    Ports,
    /// The reader did not report what was asked of it in time.
    #[error("card is not {awaited} after {} s; see {}", SECONDS, .log.display())]
    Late {
        /// `present` or `absent`.
        awaited: &'static str,
        /// What pcscd wrote; the card's own words are in `card.log` beside it.
        log: PathBuf,
    },
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Skip {
    /// No `pcscd` in PATH or in the folders for system programs.
    #[error("pcscd is not installed")]
    Pcscd,
    /// No driver for the virtual reader.
    #[error("vsmartcard's reader driver libifdvpcd.so is not installed")]
    Driver,
    /// Neither user namespaces nor the right to make a mount namespace.
    #[error("neither user namespaces nor root's mount namespaces are allowed")]
    Namespaces,
    /// Nobody said which Python has the packages of `support/cards/requirements.txt`.
    #[error(
        "COUNTERSIGN_CARDS_PYTHON names no Python with the cards of tests/support/cards/requirements.txt"
    )]
    CardsPython,
}

/// How long a card may take to appear: a busy machine, and a Python interpreter that starts.
const SECONDS: u32 = 30;

/// pcscd looks into a reader every 0.4 s. Where a program met the empty reader first, pcscd says so
/// at once, and never sees a card that is back before the next look.
const GLANCE: Duration = Duration::from_millis(600);

/// A running reader. The card is in it from the start.
pub struct VirtualReader {
    // Dropped in this order: the card leaves before the reader goes.
    inserted: Option<Process>,
    daemon: Daemon,
    card: Card,
    state: PathBuf,
}

impl VirtualReader {
    /// Starts a reader and inserts `card`; returns when programs can see it.
    ///
    /// What the card keeps, and the logs, are in the folder `state`: started again with the same folder, it is the
    /// same card.
    pub fn start(card: Card, state: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(state)
            .map_err(|source| Error::Write { path: state.into(), source })?;
        let mut reader =
            Self { inserted: None, daemon: Daemon::start(state)?, card, state: state.into() };
        reader.plug()?;
        Ok(reader)
    }

    /// The socket of this reader's pcscd, for `PCSCLITE_CSOCK_NAME` in the environment of the program under test.
    pub fn socket(&self) -> &Path {
        self.daemon.socket()
    }

    /// The folder in which the card keeps its data. With the card unplugged, a test may open it there.
    pub fn card_directory(&self) -> PathBuf {
        self.state.join(self.card.name())
    }

    /// Pulls the card, whatever it is doing; returns when programs see the reader empty.
    pub fn unplug(&mut self) -> Result<(), Error> {
        self.inserted = None;
        self.wait("absent")?;
        std::thread::sleep(GLANCE);
        Ok(())
    }

    /// Inserts the card again; returns when programs can see it.
    pub fn plug(&mut self) -> Result<(), Error> {
        self.insert(self.daemon.port())
    }

    /// Inserts the card again, to be pulled when it is asked for its `signature`th signature from
    /// now, before the command reaches it. After that, [`VirtualReader::unplug`] tidies up.
    pub fn plug_until(&mut self, signature: usize) -> Result<(), Error> {
        let port = cable::lay(self.daemon.port(), signature).map_err(|_| Error::Ports)?;
        self.insert(port)
    }

    fn insert(&mut self, port: u16) -> Result<(), Error> {
        if self.inserted.is_none() {
            let command = self.card.program(&self.card_directory(), port)?;
            self.inserted = Some(Process::start(command, &self.state.join("card.log"))?);
        }
        self.wait("present")
    }

    /// Asks in a process of its own, because the PC/SC library takes the socket from the environment.
    fn wait(&self, awaited: &'static str) -> Result<(), Error> {
        let program = built_beside_tests("pcsc-client")?;
        let status = Command::new(&program)
            .args([awaited, &SECONDS.to_string()])
            .env("PCSCLITE_CSOCK_NAME", self.socket())
            .status()
            .map_err(|source| Error::Run { program, source })?;
        if status.success() {
            Ok(())
        } else {
            Err(Error::Late { awaited, log: self.daemon.log().into() })
        }
    }
}
