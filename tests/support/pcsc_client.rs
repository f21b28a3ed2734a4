//! `pcsc-client present|absent SECONDS`: waits until a card is in a reader, or in none.
//! `pcsc-client idents`: prints the identity of each OpenPGP card, as openpgp-card reads it.

use std::{
    env,
    error::Error,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use card_backend::{CardBackend, CardCaps, CardTransaction, SmartcardError};
use card_backend_pcsc::PcscBackend;
use openpgp_card::{Card, state::Open};
use pcsc::{Context, ReaderState, Scope, State};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["present", seconds] => wait(true, Duration::from_secs(seconds.parse()?)),
        ["absent", seconds] => wait(false, Duration::from_secs(seconds.parse()?)),
        ["idents"] => print_idents(),
        _ => Err("usage: pcsc-client present SECONDS | absent SECONDS | idents".into()),
    }
}

fn wait(present: bool, patience: Duration) -> Result<ExitCode, Box<dyn Error>> {
    let end = Instant::now() + patience;
    while Instant::now() < end {
        // The service may not be up yet: that is neither present nor absent.
        if card_present().is_ok_and(|actual| actual == present) {
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(ExitCode::FAILURE)
}

fn card_present() -> Result<bool, pcsc::Error> {
    let context = Context::establish(Scope::User)?;
    let mut readers: Vec<ReaderState> = context
        .list_readers_owned()?
        .into_iter()
        .map(|name| ReaderState::new(name, State::UNAWARE))
        .collect();
    if readers.is_empty() {
        return Err(pcsc::Error::NoReadersAvailable);
    }
    context.get_status_change(Duration::ZERO, &mut readers)?;
    Ok(readers.iter().any(|reader| {
        let state = reader.event_state();
        state.contains(State::PRESENT) && !state.contains(State::MUTE) && !reader.atr().is_empty()
    }))
}

fn print_idents() -> Result<ExitCode, Box<dyn Error>> {
    for backend in PcscBackend::cards(None)? {
        let backend: Box<dyn CardBackend + Send + Sync> = Box::new(ShortLength(backend?));
        let mut card = Card::<Open>::new(backend)?;
        println!("{}", card.transaction()?.application_identifier()?.ident());
    }
    Ok(ExitCode::SUCCESS)
}

/// Any card, without extended length.
///
/// openpgp-card 0.7.0 panics when a card announces extended length and answers `61xx` all the same.
struct ShortLength(PcscBackend);

impl CardBackend for ShortLength {
    fn limit_card_caps(&self, caps: CardCaps) -> CardCaps {
        CardCaps::new(
            false,
            caps.chaining_support(),
            255,
            255,
            caps.pw1_max_len(),
            caps.pw3_max_len(),
        )
    }

    fn transaction(
        &mut self,
        reselect_application: Option<&[u8]>,
    ) -> Result<Box<dyn CardTransaction + Send + Sync + '_>, SmartcardError> {
        self.0.transaction(reselect_application)
    }
}
