//! The three cards. They disagree in everything that the specification leaves open.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Error, Skip, process::built_beside_tests};

/// Which card is in the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    /// Nitrokey's `opcard`, as `airgap` has it in process.
    Practice,
    /// The Python package `smartcard-app-openpgp`: answers `61xx` although it announces extended length.
    SmartcardApp,
    /// The Python package `jcecard`.
    Jcecard,
}

impl Card {
    /// All cards, for tests that must hold for each.
    pub const ALL: [Self; 3] = [Self::Practice, Self::SmartcardApp, Self::Jcecard];

    /// The name of the card's folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Practice => "practice",
            Self::SmartcardApp => "smartcard-app-openpgp",
            Self::Jcecard => "jcecard",
        }
    }

    /// The program that connects this card, with its data in `directory`, to the reader behind `port`.
    pub(super) fn program(self, directory: &Path, port: u16) -> Result<Command, Error> {
        let mut command = match self {
            Self::Practice => Command::new(built_beside_tests("practice-card-in-reader")?),
            Self::SmartcardApp => python("smartcard_app_openpgp.py")?,
            Self::Jcecard => python("jcecard.py")?,
        };
        command.arg("--directory").arg(directory).arg("--port").arg(port.to_string());
        Ok(command)
    }
}

fn python(script: &str) -> Result<Command, Error> {
    let python: PathBuf =
        env::var_os("COUNTERSIGN_CARDS_PYTHON").ok_or(Error::Skip(Skip::CardsPython))?.into();
    let cards = Command::new(&python)
        .args(["-B", "-c", "import jcecard, smartcard.app.openpgp, ZODB"])
        .output();
    if !cards.is_ok_and(|output| output.status.success()) {
        return Err(Error::Cards { python });
    }
    let mut command = Command::new(python);
    // Without -B Python would leave compiled files in the source tree.
    command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("support/cards").join(script));
    Ok(command)
}
