//! What several tests do with a bench and its card.

use std::path::Path;

use airgap::Access;
use airgap::card::Card;
use airgap::session::{self, Options, Task};
use countersign::journal::Audited;
use countersign::request::Request;
use countersign::response::Response;
use countersign_practice_card::PracticeCard;
use secrecy::SecretString;

use crate::failing::{Failing, Plan};
use crate::people;
use crate::station::{Bench, PIN, Script};

/// PSO: COMPUTE DIGITAL SIGNATURE (OpenPGP card 3.4.1 §7.2.10).
pub const SIGN: u8 = 0x2a;
/// VERIFY (§7.2.2).
pub const VERIFY: u8 = 0x20;

/// The bench's card, failing by plan.
///
/// # Errors
/// What opening a card says.
pub fn failing(bench: &Bench, plan: &Plan) -> Result<Card, airgap::card::CardError> {
    Card::over(Box::new(Failing::new(bench.card(), plan.clone())))
}

/// Every request has an answer on the stick that says just what was asked.
pub fn assert_answered(bench: &Bench, requests: &[Request]) {
    for request in requests {
        let name = request.file_name().replace("request.asc", "response.json");
        let bytes = std::fs::read(bench.stick().join(name)).expect("an answer");
        let response = Response::parse(&bytes).expect("a response");
        response.verify(request, &bench.master).expect("just what was asked");
    }
}

/// How many commands with this instruction the card got.
pub fn count(plan: &Plan, instruction: u8) -> usize {
    plan.instructions().iter().filter(|i| **i == instruction).count()
}

/// Unlocks the card with the PIN of every test.
pub fn unlock(session: &mut airgap::card::Session<'_>) {
    let before = session.before_unlocking().expect("a status");
    session.unlock(SecretString::from(PIN), &before).expect("the PIN");
}

/// Signs something with a scenario's practice card in `folder` that no journal knows.
pub fn sign_elsewhere(folder: &Path) {
    let card = PracticeCard::open(folder).expect("the card");
    let mut card = Card::over(Box::new(card)).expect("opens");
    let mut session = card.session().expect("a session");
    let before = session.before_unlocking().expect("a status");
    session.unlock(SecretString::from(people::PIN), &before).expect("the PIN");
    session.sign(&[0; 64]).expect("signs");
}

impl Bench {
    /// The journal, checked from end to end against the requests that the station kept.
    pub fn audited(&self) -> Audited {
        self.station().audit().expect("the chain holds")
    }

    /// Has the card sign a record where an interrupted session left something in none.
    pub fn record_what_is_left(&self, console: &mut Script) {
        let station = self.station();
        let (recorder, _) = station.recorder(self.now, Access::Write).expect("a journal");
        if recorder.ledger().uncovered().signatures() == 0 {
            return;
        }
        let card = || Card::over(Box::new(self.card()));
        let options = Options { task: Task::Record, ..self.options() };
        session::run(&station, recorder, self.couriers(), &options, console, card)
            .expect("a record");
    }
}
