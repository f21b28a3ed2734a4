//! Opening a card: a real one through PC/SC, or the embedded practice card.

use std::ffi::CString;
use std::path::PathBuf;

use card_backend_pcsc::PcscBackend;
use openpgp_card::state::Open;
use pcsc::{Context, Protocols, Scope, ShareMode};

use super::holder::holders;
use super::wire::Wire;
use super::{CardBackend, CardError, Session};

/// Which card to use.
#[derive(Clone, Debug)]
pub enum Selector {
    /// The practice card in this folder.
    Practice(PathBuf),
    /// The card with this identity, `MANUFACTURER:SERIAL`.
    Ident(String),
    /// Whichever is there, if it is one.
    Only,
}

/// An opened card.
pub struct Card {
    card: openpgp_card::Card<Open>,
}

impl Card {
    /// Opens the card that the selector names.
    ///
    /// # Errors
    /// [`CardError`] that says what is there instead, and who holds a busy reader.
    pub fn open(selector: &Selector) -> Result<Self, CardError> {
        match selector {
            Selector::Practice(folder) if !folder.join("serial").exists() => {
                Err(CardError::NoPracticeCard(folder.clone()))
            }
            Selector::Practice(folder) => practice(folder),
            Selector::Ident(ident) => by_ident(ident),
            Selector::Only => only(),
        }
    }

    /// As [`Card::open`], but makes the practice card where there is none yet.
    ///
    /// # Errors
    /// See [`Card::open`].
    pub fn open_or_make(selector: &Selector) -> Result<Self, CardError> {
        match selector {
            Selector::Practice(folder) => practice(folder),
            Selector::Ident(_) | Selector::Only => Self::open(selector),
        }
    }

    /// Every card that the selector allows: for [`Selector::Only`] all that are in readers.
    ///
    /// # Errors
    /// [`CardError`] where there is none.
    pub fn every(selector: &Selector) -> Result<Vec<Self>, CardError> {
        match selector {
            Selector::Practice(_) | Selector::Ident(_) => Ok(vec![Self::open(selector)?]),
            Selector::Only => all(),
        }
    }

    /// A card behind any backend: for tests that need one which fails.
    ///
    /// # Errors
    /// [`CardError`] where it is not an OpenPGP card.
    pub fn over(backend: Box<dyn CardBackend + Send + Sync>) -> Result<Self, CardError> {
        Ok(Self { card: openpgp_card::Card::new(Wire::new(backend))? })
    }

    /// Begins a transaction: until it ends, no other program talks to the card.
    ///
    /// # Errors
    /// [`CardError`] where the card is gone.
    pub fn session(&mut self) -> Result<Session<'_>, CardError> {
        Session::new(self.card.transaction()?)
    }
}

#[cfg(feature = "practice-card")]
fn practice(folder: &std::path::Path) -> Result<Card, CardError> {
    let card = countersign_practice_card::PracticeCard::open(folder)
        .map_err(|e| CardError::Practice(e.into()))?;
    Card::over(Box::new(card))
}

#[cfg(not(feature = "practice-card"))]
fn practice(_: &std::path::Path) -> Result<Card, CardError> {
    Err(CardError::Practice(anyhow::anyhow!("this program was built without it")))
}

fn by_ident(asked: &str) -> Result<Card, CardError> {
    let mut present = Vec::new();
    for mut card in all()? {
        let ident = card.session()?.ident()?;
        if ident.eq_ignore_ascii_case(asked) {
            return Ok(card);
        }
        present.push(ident);
    }
    Err(CardError::NotFound { asked: asked.to_owned(), present })
}

fn only() -> Result<Card, CardError> {
    let mut cards = all()?;
    let Some(card) = cards.pop() else { return Err(CardError::NoReader) };
    if cards.is_empty() {
        return Ok(card);
    }
    cards.push(card);
    let mut idents = Vec::new();
    for card in &mut cards {
        idents.push(card.session()?.ident()?);
    }
    Err(CardError::Several { idents })
}

/// The readers by the names that PC/SC has for them, with or without a card.
///
/// # Errors
/// [`CardError::NoService`] where the service does not answer.
pub fn readers() -> Result<Vec<String>, CardError> {
    match attached() {
        Ok((_, readers)) => {
            Ok(readers.iter().map(|name| name.to_string_lossy().into_owned()).collect())
        }
        Err(CardError::NoReader) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The service, and the readers that it has; at least one.
fn attached() -> Result<(Context, Vec<CString>), CardError> {
    let context =
        Context::establish(Scope::User).map_err(|e| CardError::NoService(e.to_string()))?;
    match context.list_readers_owned() {
        Ok(readers) => Ok((context, readers)),
        Err(pcsc::Error::NoReadersAvailable) => Err(CardError::NoReader),
        Err(error) => Err(CardError::NoService(error.to_string())),
    }
}

/// Every OpenPGP card in a reader; at least one, or the reason why there is none.
fn all() -> Result<Vec<Card>, CardError> {
    let (context, readers) = attached()?;
    let mut cards = Vec::new();
    let mut problem = None;
    for reader in &readers {
        let name = reader.to_string_lossy().into_owned();
        match context.connect(reader, ShareMode::Shared, Protocols::ANY) {
            Ok(card) => {
                let backend = PcscBackend::from_pcsc_card(reader, ShareMode::Shared, card)?;
                match Card::over(backend.into()) {
                    Ok(card) => cards.push(card),
                    Err(error) => problem = Some(error),
                }
            }
            Err(pcsc::Error::NoSmartcard | pcsc::Error::RemovedCard) => {
                problem.get_or_insert(CardError::NoCard(name));
            }
            Err(pcsc::Error::SharingViolation) => {
                problem = Some(CardError::Busy { reader: name, holders: holders() });
            }
            Err(error) => problem = Some(CardError::NoCard(format!("{name}: {error}"))),
        }
    }
    match (cards.is_empty(), problem) {
        (false, _) => Ok(cards),
        (true, Some(problem)) => Err(problem),
        (true, None) => Err(CardError::NoReader),
    }
}
