//! What can go wrong with a card, in words, with the way out.

use countersign::fingerprint::Fingerprint;
use openpgp_card::ocard::StatusBytes;

use super::SmartcardError;
use super::holder::Holder;
use super::pins::Secret;

/// What went wrong with a card or its reader.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The PC/SC service does not run.
    #[error("the smartcard service pcscd does not answer ({0})")]
    NoService(String),
    /// No reader is attached.
    #[error("no smartcard reader is attached")]
    NoReader,
    /// No reader holds a card.
    #[error("no card in any reader ({0})")]
    NoCard(String),
    /// Somebody else holds the reader.
    #[error("the reader {reader} is held by {}", list(holders))]
    Busy {
        /// The reader.
        reader: String,
        /// Processes that use PC/SC now.
        holders: Vec<Holder>,
    },
    /// Several cards, and nobody said which.
    #[error("there are several cards: {}", idents.join(", "))]
    Several {
        /// Their identities.
        idents: Vec<String>,
    },
    /// The named card is not there.
    #[error("card {asked} is not in any reader; there are: {}", some(present))]
    NotFound {
        /// The card that was asked for.
        asked: String,
        /// The cards that are there.
        present: Vec<String>,
    },
    /// No practice card in the folder.
    #[error("{} holds no practice card", .0.display())]
    NoPracticeCard(std::path::PathBuf),
    /// The practice card cannot be used.
    #[error("the practice card cannot be used")]
    Practice(#[source] anyhow::Error),
    /// The card was pulled, or the reader.
    #[error("the card was removed")]
    Removed,
    /// The signature slot is empty.
    #[error("the card's signature slot is empty, the master {expected} should be in it")]
    EmptySlot {
        /// The master.
        expected: Fingerprint,
    },
    /// Another key in the signature slot.
    #[error("the card holds {actual}, the requests need {expected}")]
    OtherKey {
        /// The key on the card.
        actual: Fingerprint,
        /// The master.
        expected: Fingerprint,
    },
    /// The right fingerprint over the wrong key.
    #[error("the card claims to hold {expected}, but its public key is another one")]
    OtherPublicKey {
        /// The master.
        expected: Fingerprint,
    },
    /// Not an RSA key.
    #[error("the key {expected} on the card is not RSA")]
    NotRsa {
        /// The master.
        expected: Fingerprint,
    },
    /// Another card than before.
    #[error("the card was {expected} and is now {actual}")]
    OtherCard {
        /// The card that is there.
        actual: String,
        /// The card that was there.
        expected: String,
    },
    /// A PIN of impossible length.
    #[error("a PIN has 6 to 127 characters; the card was not asked")]
    PinLength,
    /// An Admin PIN of impossible length.
    #[error("an Admin PIN has 8 to 127 characters; the card was not asked")]
    AdminPinLength,
    /// The factory's PIN.
    #[error("this is the PIN that cards are delivered with; the card was not asked")]
    FactoryPin,
    /// A wrong PIN.
    #[error("wrong PIN: {left} {} left before the card blocks", tries(*left))]
    WrongPin {
        /// Tries left.
        left: u8,
    },
    /// No tries left.
    #[error("the card's PIN is blocked: no tries left")]
    PinBlocked,
    /// A resetting code of impossible length.
    #[error("a resetting code has 8 to 127 characters; the card was not asked")]
    ResettingCodeLength,
    /// A wrong resetting code.
    #[error("wrong resetting code: {left} {} left", tries(*left))]
    WrongResettingCode {
        /// Tries left.
        left: u8,
    },
    /// No resetting code is set, or it has no tries left.
    #[error("the card has no resetting code, or one that is blocked")]
    NoResettingCode,
    /// No tries left for anything but the PIN.
    #[error("the card's {secret} is blocked: no tries left")]
    Blocked {
        /// Which one.
        secret: Secret,
    },
    /// One try left, which is kept.
    #[error("ONLY ONE TRY IS LEFT for the {secret}: stopped, the card was not asked")]
    LastTry {
        /// Which one.
        secret: Secret,
    },
    /// The factory's Admin PIN was refused.
    #[error(
        "the card's Admin PIN is not the one that cards are delivered with: {left} {} left",
        tries(*left)
    )]
    NotAsDelivered {
        /// Tries left.
        left: u8,
    },
    /// A holder's name or address that cards do not take.
    #[error("a card takes at most {most} characters of plain ASCII there; it was not asked")]
    HolderText {
        /// How many.
        most: usize,
    },
    /// The card has no touch policy to set.
    #[error("the card has no button, or none that can be asked for")]
    NoButton,
    /// The touch policy cannot be changed.
    #[error("the card's touch policy is {0}, which stays for as long as this key is on the card")]
    TouchIsFixed(String),
    /// A key that no card takes from here.
    #[error("only an RSA-4096 key can be put on a card")]
    NotImportable,
    /// No key to make a certificate for.
    #[error("the card's signature slot is empty: there is no key to make a certificate for")]
    NoKey,
    /// A key that was used already.
    #[error("the key {key} on the card made {count} signatures: it is no new key")]
    NotNew {
        /// The key.
        key: Fingerprint,
        /// The card's counter.
        count: u32,
    },
    /// The signature of one card differs from those of the others.
    #[error("the card's signature is not the one that this key makes: do not use this card")]
    OtherSignature,
    /// The same card again.
    #[error("the card {0} has the key already: put in another one")]
    SameCard(String),
    /// The card's PIN is still the factory's.
    #[error("the card still has the PIN that cards are delivered with")]
    FactoryPinInUse,
    /// The reader got no PIN.
    #[error("no PIN was typed on the reader")]
    NothingTyped,
    /// The reader's pad cannot be used safely.
    #[error("a PIN typed on the reader cannot be checked with {left} {} left", tries(*left))]
    PadNeedsTries {
        /// Tries left.
        left: u8,
    },
    /// A wrong admin PIN.
    #[error("wrong Admin PIN: {left} {} left", tries(*left))]
    WrongAdminPin {
        /// Tries left.
        left: u8,
    },
    /// The card did not sign although it was unlocked.
    #[error("the card refused to sign: it was not touched in time, or wants its PIN again")]
    NotAuthorised,
    /// The slot is in use.
    #[error("the card's signature slot already holds {0}: a new key would destroy it")]
    SlotInUse(Fingerprint),
    /// A status word that has no case of its own.
    #[error("the card answered: {0}")]
    Status(StatusBytes),
    /// Anything else between here and the card.
    #[error("the card or its reader failed")]
    Other(#[source] openpgp_card::Error),
}

impl CardError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoService(_) => {
                "start it: systemctl start pcscd.socket (or, without systemd, pcscd)"
            }
            Self::NoReader => "attach the reader, or practise: --practice-card DIR",
            Self::NoPracticeCard(_) => "make one: airgap master generate --practice-card DIR …",
            Self::NoCard(_) => "put the card in; is it the right way up?",
            Self::Busy { holders, .. } => return Some(release(holders)),
            Self::Several { .. } => "name one: --card MANUFACTURER:SERIAL",
            Self::NotFound { .. } | Self::OtherCard { .. } => "put that card in",
            Self::Removed => {
                "put the same card back and run the session again: what was signed \
                              is in the journal and is not signed twice"
            }
            Self::EmptySlot { .. } | Self::OtherKey { .. } => {
                "put in the card that holds the master: airgap card status shows what is in the \
                 reader"
            }
            Self::FactoryPin => "choose another; a card in use is changed with: airgap card pin",
            Self::FactoryPinInUse => "give it another one: airgap card pin",
            Self::LastTry { .. } => "find the right one; whoever is sure of it says --last-try",
            Self::WrongPin { left: 1 } => {
                "find the right one first: the next mistake blocks the PIN"
            }
            Self::NotAsDelivered { .. } => {
                "a card that was set up before: say --initialised; one whose set-up was cut off: \
                 airgap card init --again"
            }
            Self::Blocked { .. } => {
                "only a factory reset helps, which destroys the keys: gpg --card-edit, admin, \
                 factory-reset"
            }
            Self::PadNeedsTries { .. } => "type it here: --no-pin-pad",
            Self::WrongPin { .. } => {
                "the PIN was forgotten by the program; start the session again"
            }
            Self::PinBlocked => "unblock it with the Admin PIN: airgap card pin unblock",
            Self::NotAuthorised => "run the session again and touch the card when it blinks",
            Self::SlotInUse(_) => {
                "use an empty card; for a key that was just made and got no certificate: airgap \
                 master generate --finish"
            }
            Self::OtherPublicKey { .. } => {
                "do not use this card: somebody put another key on it under the master's name"
            }
            Self::Practice(_)
            | Self::NotRsa { .. }
            | Self::PinLength
            | Self::AdminPinLength
            | Self::ResettingCodeLength
            | Self::WrongAdminPin { .. }
            | Self::WrongResettingCode { .. }
            | Self::NoResettingCode
            | Self::HolderText { .. }
            | Self::NoButton
            | Self::TouchIsFixed(_)
            | Self::NotImportable
            | Self::NothingTyped
            | Self::NoKey
            | Self::NotNew { .. }
            | Self::OtherSignature
            | Self::SameCard(_)
            | Self::Status(_)
            | Self::Other(_) => return None,
        };
        Some(text.to_owned())
    }

    /// Whether the card is gone.
    pub(super) fn is_removal(error: &openpgp_card::Error) -> bool {
        let openpgp_card::Error::Smartcard(error) = error else { return false };
        match error {
            SmartcardError::NotTransacted
            | SmartcardError::NoReaderFoundError
            | SmartcardError::CardNotFound(_) => true,
            // The PC/SC backend has no type for these (card-backend-pcsc 0.5).
            SmartcardError::Error(text) => {
                ["RemovedCard", "NoSmartcard", "ReaderUnavailable", "UnknownReader", "removed"]
                    .iter()
                    .any(|w| text.contains(w))
            }
            _ => false,
        }
    }
}

impl From<openpgp_card::Error> for CardError {
    fn from(error: openpgp_card::Error) -> Self {
        if Self::is_removal(&error) {
            return Self::Removed;
        }
        match error {
            openpgp_card::Error::CardStatus(status) => Self::Status(status),
            other => Self::Other(other),
        }
    }
}

impl From<SmartcardError> for CardError {
    fn from(error: SmartcardError) -> Self {
        openpgp_card::Error::from(error).into()
    }
}

fn tries(left: u8) -> &'static str {
    if left == 1 { "try" } else { "tries" }
}

/// So many tries, in words.
pub fn counted_tries(left: u8) -> String {
    format!("{left} {}", tries(left))
}

fn some(idents: &[String]) -> String {
    if idents.is_empty() { "none".into() } else { idents.join(", ") }
}

fn list(holders: &[Holder]) -> String {
    if holders.is_empty() {
        return "another program".into();
    }
    holders.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn release(holders: &[Holder]) -> String {
    match holders.iter().find(|h| h.name == "scdaemon") {
        Some(_) => {
            "gpg's scdaemon keeps the card to itself until told: gpgconf --kill scdaemon".into()
        }
        None => "close that program, then try again".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_try_is_one_try() {
        assert_eq!([counted_tries(1), counted_tries(3)], ["1 try", "3 tries"]);
    }
}
