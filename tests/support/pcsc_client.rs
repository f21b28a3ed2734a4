//! `pcsc-client present|absent SECONDS`: waits until a card is in a reader, or in none.
//! `pcsc-client idents`: prints the identity of each OpenPGP card, as openpgp-card reads it.
//! `pcsc-client adopt short|extended FILE PIN ADMIN-PIN`: puts the RSA key of a file into the signature slot of the only card, as it
//! was delivered, and changes its PINs.

#[path = "../../airgap/practice-card/tests/support/upload.rs"]
mod upload;

use std::{
    env,
    error::Error,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use card_backend::{CardBackend, CardCaps, CardTransaction, SmartcardError};
use card_backend_pcsc::PcscBackend;
use openpgp_card::ocard::KeyType;
use openpgp_card::{Card, state::Open};
use pcsc::{Context, ReaderState, Scope, State};
use secrecy::SecretString;
use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::crypto::mpi;
use openpgp::packet::key::SecretKeyMaterial;
use openpgp::parse::Parse as _;

use upload::Upload;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["present", seconds] => wait(true, Duration::from_secs(seconds.parse()?)),
        ["absent", seconds] => wait(false, Duration::from_secs(seconds.parse()?)),
        ["idents"] => print_idents(),
        ["adopt", length, file, pin, admin] => adopt(length, file, pin, admin),
        _ => Err("usage: pcsc-client present SECONDS | absent SECONDS | idents | adopt short|extended FILE PIN ADMIN-PIN".into()),
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

fn adopt(length: &str, file: &str, pin: &str, admin: &str) -> Result<ExitCode, Box<dyn Error>> {
    let key = read(file)?;
    let backend = PcscBackend::cards(None)?.next().ok_or("no card")??;
    let backend: Box<dyn CardBackend + Send + Sync> = match length {
        "short" => Box::new(ShortLength(backend)),
        _ => Box::new(backend),
    };
    let mut card = Card::<Open>::new(backend)?;
    let mut card = card.transaction()?;
    card.change_user_pin(SecretString::from("123456"), SecretString::from(pin))?;
    card.change_admin_pin(SecretString::from("12345678"), SecretString::from(admin))?;
    card.as_admin_card(SecretString::from(admin))?.import_key(&key, KeyType::Signing)?;
    Ok(ExitCode::SUCCESS)
}

/// The RSA key of a file: all three cards take exponent, primes and modulus.
fn read(file: &str) -> Result<Upload, Box<dyn Error>> {
    let cert = Cert::from_file(file)?;
    let key = cert.primary_key().key().clone().parts_into_secret()?;
    let created = key.creation_time().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let mpi::PublicKey::RSA { e, n } = key.mpis() else { return Err("not RSA".into()) };
    let (e, n) = (e.value().to_vec(), n.value().to_vec());
    let SecretKeyMaterial::Unencrypted(secret) = key.secret() else {
        return Err("encrypted".into());
    };
    let (p, q) = secret.map(|secret| match secret {
        mpi::SecretKeyMaterial::RSA { p, q, .. } => (p.value().to_vec(), q.value().to_vec()),
        _ => Default::default(),
    });
    let fingerprint = key.fingerprint().as_bytes().try_into()?;
    Ok(Upload { fingerprint, created: u32::try_from(created)?, e, p, q, n })
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
