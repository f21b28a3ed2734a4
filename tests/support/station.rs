//! A station in this process: software keys, a practice card with a master on it, and a console
//! that answers from a list ([`Script`]).

mod script;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::custody;
use crate::forge::clearsign;
use airgap::Access;
use airgap::card::{Card, Delivery, NewPins};
use airgap::master::Identity;
use airgap::session::{self, Couriers, Options, SessionError, Tally, Task};
use airgap::station::{SOFTWARE, Station};
use countersign::authority::Authority;
use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::exchange::Stick;
use countersign::journal::Software;
use countersign::operation::{Agreement, CertificateBlock, Certify, Operation, OperationName};
use countersign::policy::{Manager, Named, Policy};
use countersign::request::{Draft, Request};
use countersign::time::Timestamp;
use countersign_practice_card::PracticeCard;
use secrecy::SecretString;
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::KeyFlags;

pub use script::Script;

/// The PIN of every master in tests.
pub const PIN: &str = "847261";
/// The Admin PIN of every master in tests.
pub const ADMIN_PIN: &str = "84726100";

/// A master and the files of its practice card.
struct Original {
    files: Vec<(OsString, Vec<u8>)>,
    master: Certificate,
}

/// Made once for the whole test process and copied from then on. In memory, because a folder that
/// is kept in a static is never removed.
fn original() -> &'static Original {
    static CARD: OnceLock<Original> = OnceLock::new();
    CARD.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let card = PracticeCard::open(folder.path()).expect("a card");
        let mut card = Card::over(Box::new(card)).expect("opens");
        let pins = NewPins::new(SecretString::from(PIN), SecretString::from(ADMIN_PIN));
        let mut session = card.session().expect("a session");
        let pins = pins.expect("good PINs");
        let user_id = "M <m@example.org>".to_owned();
        let identity = Identity { user_id, expires: None };
        let master = airgap::master::generate(&mut session, &pins, Delivery::Fresh, &identity);
        Original { files: files(folder.path()), master: master.expect("a master") }
    })
}

/// When the master on every bench's card was made.
pub fn master_made() -> Timestamp {
    Timestamp::from(original().master.primary().creation_time())
}

/// A station with its card, a stick, and a date a day after the master was made.
pub struct Bench {
    /// Everything lives here.
    pub folder: tempfile::TempDir,
    /// The master's certificate.
    pub master: Certificate,
    /// The date of the requests.
    pub created: Timestamp,
    /// The date that the operator confirms.
    pub now: Timestamp,
}

impl Bench {
    /// Sets everything up, with a practice card that holds the master.
    pub fn new() -> Self {
        Self::with(&[], &[])
    }

    /// As [`Bench::new`], with these masters before the one on the card, and these managers.
    pub fn with(before: &[Certificate], managers: &[Certificate]) -> Self {
        let original = original();
        let bench = Self::among(before, &original.master, managers);
        std::fs::create_dir(bench.path("card")).expect("a new folder");
        for (name, bytes) in &original.files {
            std::fs::write(bench.path("card").join(name), bytes).expect("written");
        }
        bench
    }

    /// Sets everything up but the card, for this master.
    pub fn around(master: &Certificate) -> Self {
        Self::among(&[], master, &[])
    }

    fn among(before: &[Certificate], master: &Certificate, managers: &[Certificate]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Timestamp::from(master.primary().creation_time());
        let bench = Self {
            master: master.clone(),
            created: made.after(3_600),
            now: made.after(7_200),
            folder,
        };
        std::fs::create_dir(bench.stick()).expect("a stick");
        let named = Named { name: "M".into(), fingerprint: master.fingerprint() };
        let mut policy = Policy::with_defaults("Example", named, agreement());
        policy.limits.max_batch = 100_000;
        let named =
            |name: &str, c: &Certificate| Named { name: name.into(), fingerprint: c.fingerprint() };
        policy.masters.splice(0..0, before.iter().map(|c| named("Old", c)));
        let may_request = vec![OperationName::Recertify];
        policy.managers.extend(managers.iter().map(|c| Manager {
            name: "Maria".into(),
            fingerprint: c.fingerprint(),
            may_request: may_request.clone(),
        }));
        custody::name_in(&mut policy);
        let managers: Vec<Certificate> =
            managers.iter().cloned().chain([custody::manager_certificate()]).collect();
        let masters: Vec<Certificate> = before.iter().chain([master]).cloned().collect();
        Authority::create(&bench.path("authority"), &policy, b"I agree.", &masters, &managers)
            .expect("an authority");
        Station::create(&bench.path("station"), &bench.path("authority"), made).expect("a station");
        bench
    }

    /// A path in the bench's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The stick, for requests and answers.
    pub fn stick(&self) -> PathBuf {
        self.path("stick")
    }

    /// The station.
    pub fn station(&self) -> Station {
        Station::open(&self.path("station")).expect("a station")
    }

    /// The practice card with the master, as it is between two sessions.
    pub fn card(&self) -> PracticeCard {
        PracticeCard::open(&self.path("card")).expect("the card")
    }

    /// The card's signature counter.
    pub fn counter(&self) -> u32 {
        let mut card = Card::over(Box::new(self.card())).expect("opens");
        card.session().and_then(|mut s| s.counter()).expect("a counter")
    }

    /// When the master was made.
    pub fn made(&self) -> Timestamp {
        Timestamp::from(self.master.primary().creation_time())
    }

    /// A new key with these user IDs, made when the master was.
    pub fn key(&self, user_ids: &[&str]) -> Cert {
        let made = Timestamp::from(self.master.primary().creation_time());
        let mut builder = CertBuilder::new()
            .set_creation_time(std::time::SystemTime::from(made))
            .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing());
        for user_id in user_ids {
            builder = builder.add_userid(*user_id);
        }
        builder.generate().expect("a key").0
    }

    /// Puts a request for a new key with these user IDs on the stick.
    pub fn ask(&self, user_ids: &[&str]) -> Request {
        let key = self.key(user_ids);
        let public = key.clone().strip_secret_key_material().to_vec().expect("bytes");
        let certificate = Certificate::read(public.as_slice(), &[]).expect("a certificate");
        self.ask_for(&key, &certificate, user_ids)
    }

    /// Puts a request for `key`, signed by it, on the stick; it carries `certificate`.
    pub fn ask_for(&self, key: &Cert, certificate: &Certificate, user_ids: &[&str]) -> Request {
        let certify = Certify {
            certificate: CertificateBlock::new(certificate.to_bytes()),
            user_ids: user_ids.iter().map(ToString::to_string).collect(),
            expires: Some(self.created.after(365 * Timestamp::DAY)),
            agreement: agreement(),
            policy_uri: None,
            trust: None,
        };
        let master = self.master.fingerprint();
        let draft = Draft::new(self.created, master, Operation::Certify(certify));
        let signed = clearsign(key, &draft.text(), self.created);
        let request = Request::parse(&signed, 1 << 20).expect("a request");
        let path = self.stick().join(request.file_name());
        std::fs::write(path, request.text()).expect("written");
        request
    }

    /// Runs a session in which the operator answers `answers` and the card is `card`.
    ///
    /// # Errors
    /// What the session says.
    pub fn run(
        &self,
        console: &mut Script,
        card: impl FnMut() -> Result<Card, airgap::card::CardError>,
    ) -> Result<Tally, SessionError> {
        self.run_with(&self.options(), console, card)
    }

    /// As [`Bench::run`], with other options.
    ///
    /// # Errors
    /// What the session says.
    pub fn run_with(
        &self,
        options: &Options,
        console: &mut Script,
        card: impl FnMut() -> Result<Card, airgap::card::CardError>,
    ) -> Result<Tally, SessionError> {
        self.carry(self.couriers(), options, console, card)
    }

    /// As [`Bench::run_with`], with other couriers.
    ///
    /// # Errors
    /// What the session says.
    pub fn carry(
        &self,
        couriers: Couriers<'_>,
        options: &Options,
        console: &mut Script,
        card: impl FnMut() -> Result<Card, airgap::card::CardError>,
    ) -> Result<Tally, SessionError> {
        let station = self.station();
        let access = if options.dry_run { Access::Look } else { Access::Write };
        let (recorder, _) = station.recorder(self.now, access)?;
        session::run(&station, recorder, couriers, options, console, card)
    }

    /// Does everything, for real.
    pub fn options(&self) -> Options {
        let software = Software { name: SOFTWARE.to_owned(), binary: Sha256::ZERO, image: None };
        let task = Task::Requests;
        let last_try = airgap::card::LastTry::Keep;
        Options { task, dry_run: false, explain_counter: None, last_try, software, stand_in: None }
    }

    /// Requests and answers on the one stick.
    pub fn couriers(&self) -> Couriers<'static> {
        let stick = || Box::new(Stick::new(self.stick()));
        Couriers { inbox: stick(), outbox: stick() }
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

pub(crate) fn agreement() -> Agreement {
    let notation = "agreement-sha256@example.org".to_owned();
    Agreement { sha256: Sha256::of("I agree."), notation }
}

fn files(card: &Path) -> Vec<(OsString, Vec<u8>)> {
    let entries = std::fs::read_dir(card).expect("a folder").map(|e| e.expect("an entry"));
    entries
        .filter(|e| e.file_name() != "lock")
        .map(|e| (e.file_name(), std::fs::read(e.path()).expect("read")))
        .collect()
}
