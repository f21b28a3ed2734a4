//! Sessions with the practice card in this process: what they cost, and what happens when the
//! card or the power goes at any moment.

use std::panic::{AssertUnwindSafe, catch_unwind};

use airgap::Access;
use airgap::card::{Card, CardError};
use airgap::session::{Options, SessionError};
use countersign::certificate::Certificate;
use countersign::journal::Event;
use countersign::request::Request;
use countersign::response::Response;
use countersign_tests::act::{SIGN, VERIFY, assert_answered, count, failing};
use countersign_tests::failing::{Failing, Fault, Plan};
use countersign_tests::people;
use countersign_tests::station::{ADMIN_PIN, Bench, PIN, Script};
use openpgp_card::ocard::KeyType;
use secrecy::SecretString;
use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::serialize::SerializeInto as _;

#[test]
fn a_batch_costs_one_signature_command_each_one_for_the_record_and_thirteen_more_at_most() {
    let bench = Bench::new();
    let requests: Vec<Request> =
        (0..7).map(|n| bench.ask(&[&format!("D{n} <d{n}@example.org>")])).collect();
    let plan = Plan::new(None);
    let tally = bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
    assert_eq!((tally.signed, tally.signatures), (7, 7));
    assert_eq!(count(&plan, SIGN), 7 + 1);
    assert_eq!(count(&plan, VERIFY), 1);
    let all = plan.instructions().len();
    assert!(all <= 7 + 1 + 13, "{all} commands: {:x?}", plan.instructions());
    assert_answered(&bench, &requests);
}

#[test]
fn a_card_that_wants_its_pin_each_time_gets_it_and_the_operator_is_told() {
    let bench = Bench::new();
    bench.ask(&["A <a@example.org>", "B <b@example.org>", "C <c@example.org>"]);
    {
        let mut card = openpgp_card::Card::new(bench.card()).expect("opens");
        let mut card = card.transaction().expect("a transaction");
        let admin = SecretString::from(ADMIN_PIN);
        let mut card = card.as_admin_card(admin).expect("the Admin PIN");
        card.set_user_pin_signing_validity(true).expect("set");
    }
    let plan = Plan::new(None);
    let mut console = Script::yes();
    let tally = bench.run(&mut console, || failing(&bench, &plan)).expect("signs");
    assert_eq!(tally.signatures, 3);
    assert_eq!((count(&plan, SIGN), count(&plan, VERIFY)), (3 + 1, 3 + 1));
    assert_eq!(console.pins_asked, 1);
    assert!(console.shown.contains("PIN before each one"), "{}", console.shown);
}

#[test]
fn the_card_is_not_touched_before_consent_is_on_disk() {
    let bench = Bench::new();
    let requests = [bench.ask(&["A <a@example.org>"]), bench.ask(&["B <b@example.org>"])];
    let plan = Plan::new(None);
    let dies_at_first_signature = {
        bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
        plan.instructions().iter().position(|i| *i == SIGN).expect("a signature")
    };
    let bench = Bench::new();
    let again = [bench.ask(&["A <a@example.org>"]), bench.ask(&["B <b@example.org>"])];
    let plan = Plan::new(Some((dies_at_first_signature, Fault::Died)));
    let died = catch_unwind(AssertUnwindSafe(|| {
        bench.run(&mut Script::yes(), || failing(&bench, &plan)).map(|_| ())
    }));
    assert!(died.is_err());
    let mut consented = 0;
    let station = bench.station();
    let count = |e: &countersign::journal::Entry| {
        consented += usize::from(matches!(e.event, Event::Consented { .. }));
    };
    station.read_journal(count).expect("a whole journal");
    assert_eq!(consented, requests.len());
    assert_eq!(bench.counter(), 1, "nothing but the master's own self-signature");
    assert_eq!(again.len(), 2);
}

#[test]
fn without_consent_the_card_is_not_used() {
    for (answers, word) in [
        (&["No", "not this person"][..], "not this person"),
        (&["Later"][..], "1 left"),
        (&["yes", "YES", "y", "Later"][..], "Nothing but these words counts"),
    ] {
        let bench = Bench::new();
        bench.ask(&["A <a@example.org>"]);
        let plan = Plan::new(None);
        let mut console = Script::saying(answers, &[PIN]);
        bench.run(&mut console, || failing(&bench, &plan)).expect("ends well");
        assert!(console.shown.contains(word), "{}", console.shown);
        assert_eq!((count(&plan, SIGN), count(&plan, VERIFY)), (0, 0));
        assert_eq!(console.pins_asked, 0);
    }
}

#[test]
fn a_dry_run_needs_no_card_and_changes_nothing() {
    let bench = Bench::new();
    bench.ask(&["A <a@example.org>"]);
    let before = snapshot(&bench);
    let options = Options { dry_run: true, ..bench.options() };
    let mut console = Script::yes();
    let card = || panic!("the card was opened");
    bench.run_with(&options, &mut console, card).expect("ends well");
    assert!(console.shown.contains("would sign"), "{}", console.shown);
    assert_eq!(snapshot(&bench), before);
}

/// Every file of station and stick with its content.
fn snapshot(bench: &Bench) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![bench.path("station"), bench.stick()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = std::fs::read(&path).expect("a file");
                files.push((path, content));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn two_sessions_at_once_are_refused() {
    let bench = Bench::new();
    let station = bench.station();
    let held = station.recorder(bench.now, Access::Write).expect("the first");
    let second = station.recorder(bench.now, Access::Write).expect_err("refused");
    assert!(second.to_string().contains("another session"), "{second}");
    drop(held);
    assert!(station.recorder(bench.now, Access::Write).is_ok());
}

#[test]
fn a_request_changed_at_the_station_after_consent_is_not_signed() {
    let bench = Bench::new();
    let request = bench.ask(&["A <a@example.org>"]);
    let kept = bench.path(&format!("station/requests/{}.request.asc", request.id()));
    let plan = Plan::new(None);
    // The PIN is asked for after consent was written down: that is when the file changes.
    struct Meddler(Script, std::path::PathBuf);
    impl airgap::console::Console for Meddler {
        fn show(&mut self, text: &str) {
            self.0.show(text);
        }
        fn ask(&mut self, question: &str) -> std::io::Result<Option<String>> {
            self.0.ask(question)
        }
        fn pin(&mut self, question: &str) -> std::io::Result<SecretString> {
            let text = std::fs::read_to_string(&self.1)?;
            std::fs::write(&self.1, text.replace("A <a@", "E <e@"))?;
            self.0.pin(question)
        }
        fn progress(&mut self, step: airgap::console::Step, done: usize, all: usize, what: &str) {
            self.0.progress(step, done, all, what);
        }
        fn consent(&self) -> countersign::journal::Consent {
            self.0.consent()
        }
    }
    let mut console = Meddler(Script::yes(), kept);
    let station = bench.station();
    let (recorder, _) = station.recorder(bench.now, Access::Write).expect("the journal");
    let options = bench.options();
    let card = || failing(&bench, &plan);
    let error =
        airgap::session::run(&station, recorder, bench.couriers(), &options, &mut console, card)
            .expect_err("refused");
    assert!(matches!(&error, SessionError::Interrupted { done: 0, .. }), "{error}");
    assert_eq!(count(&plan, SIGN), 0);
}

/// A backend in which one card takes the place of another after the first transaction.
struct Swapped {
    cards: [Failing; 2],
    transactions: usize,
}

impl airgap::card::CardBackend for Swapped {
    fn limit_card_caps(&self, caps: airgap::card::CardCaps) -> airgap::card::CardCaps {
        self.cards[0].limit_card_caps(caps)
    }

    fn transaction(
        &mut self,
        reselect: Option<&[u8]>,
    ) -> Result<
        Box<dyn airgap::card::CardTransaction + Send + Sync + '_>,
        airgap::card::SmartcardError,
    > {
        // Opening takes one, looking at the card before the consent another.
        self.transactions += 1;
        let [first, second] = &mut self.cards;
        let now = if self.transactions > 2 { second } else { first };
        let mut transaction = now.transaction(reselect)?;
        transaction.select(&[0xd2, 0x76, 0x00, 0x01, 0x24, 0x01])?;
        Ok(transaction)
    }
}

#[test]
fn another_card_between_consent_and_signature_is_noticed() {
    let (bench, other) = (Bench::new(), Bench::new());
    // The same master on both, as on a backup card, but another card all the same.
    std::fs::write(other.path("card/serial"), "0badcafe\n").expect("written");
    bench.ask(&["A <a@example.org>"]);
    let plan = Plan::new(None);
    let card = || {
        let wrap = |b: &Bench| Failing::new(b.card(), plan.clone());
        let cards = [wrap(&bench), wrap(&other)];
        Card::over(Box::new(Swapped { cards, transactions: 0 }))
    };
    let error = bench.run(&mut Script::yes(), card).expect_err("noticed");
    let noticed = matches!(&error, SessionError::Card(CardError::OtherCard { .. }));
    assert!(noticed, "{error}");
    assert_eq!((count(&plan, SIGN), count(&plan, VERIFY)), (0, 0));
}

/// Who has the Admin PIN can write any fingerprint beside a key.
#[test]
fn another_key_under_the_masters_fingerprint_is_noticed() {
    let builder = CertBuilder::new().set_cipher_suite(CipherSuite::RSA2k).add_userid("M");
    let (master, _) = builder.generate().expect("a key");
    let public = master.strip_secret_key_material().to_vec().expect("bytes");
    let master = Certificate::read(public.as_slice(), &[]).expect("a certificate");
    let bench = Bench::around(&master);
    people::copy(&Bench::new().path("card"), &bench.path("card"));
    {
        let mut card = openpgp_card::Card::new(bench.card()).expect("opens");
        let mut card = card.transaction().expect("a transaction");
        card.verify_admin_pin(SecretString::from(ADMIN_PIN)).expect("the Admin PIN");
        let claimed = master.cert().fingerprint();
        let claimed = <[u8; 20]>::try_from(claimed.as_bytes()).expect("of version 4");
        card.card().set_fingerprint(claimed.into(), KeyType::Signing).expect("set");
    }
    bench.ask(&["A <a@example.org>"]);
    let plan = Plan::new(None);
    let mut console = Script::yes();
    let error = bench.run(&mut console, || failing(&bench, &plan)).expect_err("noticed");
    let SessionError::Card(CardError::OtherPublicKey { expected }) = &error else {
        panic!("{error}");
    };
    assert_eq!(*expected, master.fingerprint());
    assert!(error.hint().is_some_and(|hint| hint.contains("do not use this card")));
    assert_eq!((count(&plan, SIGN), count(&plan, VERIFY), console.pins_asked), (0, 0, 0));
    let ledger = bench.station().ledger().expect("whole");
    assert!(ledger.pending_after(None).expect("read").is_some(), "still to be done");
}

/// What the master said before this station existed travels on the certificate.
#[test]
fn a_station_without_records_learns_the_past_from_the_certificate() {
    let bench = Bench::new();
    let ids = ["A <a@example.org>"];
    let key = bench.key(&ids);
    let public = key.clone().strip_secret_key_material().to_vec().expect("bytes");
    let clean = Certificate::read(public.as_slice(), &[]).expect("a certificate");
    let request = bench.ask_for(&key, &clean, &ids);
    let plan = Plan::new(None);
    bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
    let name = request.file_name().replace("request.asc", "response.json");
    let bytes = std::fs::read(bench.stick().join(name)).expect("an answer");
    let verified = Response::parse(&bytes)
        .and_then(|r| r.verify(&request, &bench.master))
        .expect("just what was asked");
    let certified = verified.certificate(&[&bench.master]).expect("limits").expect("one");
    assert_eq!(certified.decisions_of(&bench.master).len(), 1);

    let mut fresh = Bench::new();
    fresh.created = fresh.created.after(60);
    fresh.ask_for(&key, &certified, &ids);
    let mut console = Script::saying(&["Later"], &[PIN]);
    fresh.run(&mut console, || failing(&fresh, &plan)).expect("ends well");
    assert!(console.shown.contains("certified until"), "{}", console.shown);
    assert!(console.shown.contains("this is a renewal"), "{}", console.shown);
}
