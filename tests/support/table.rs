//! A table at which a ceremony is held.

use std::path::{Path, PathBuf};

use airgap::card::{Card, CardError, Delivery};
use airgap::master::{self, BackupPlan, CeremonyError, Identity, Made, Plan};
use countersign::certificate::Certificate;
use countersign::time::Timestamp;
use countersign_practice_card::PracticeCard;
use tempfile::TempDir;

use crate::act::unlock;
use crate::ceremony::Person;
use crate::failing::{Failing, Plan as Faults};
use crate::station::{ADMIN_PIN, PIN};

/// Cards that lie on a table, new when they are first taken, and a file for the backup.
pub struct Table {
    folder: TempDir,
}

impl Table {
    /// With nothing on it.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// The folder of the card with that number.
    pub fn card_folder(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("card-{number}"))
    }

    /// The card with that number.
    ///
    /// # Errors
    /// What opening a card says.
    pub fn card(&self, number: usize) -> Result<Card, CardError> {
        Card::over(Box::new(practice_card(&self.card_folder(number))))
    }

    /// The card with that number, failing by plan.
    ///
    /// # Errors
    /// What opening a card says.
    pub fn failing(&self, number: usize, faults: &Faults) -> Result<Card, CardError> {
        let card = practice_card(&self.card_folder(number));
        Card::over(Box::new(Failing::new(card, faults.clone())))
    }

    /// The file of the backup.
    pub fn backup(&self) -> PathBuf {
        self.folder.path().join("backup.asc")
    }

    /// Two cards; with a backup in so many shares, or on one sheet.
    pub fn plan(&self, backup: Option<Option<&str>>) -> Plan {
        let user_id = "Example Project master <keys@example.org>".to_owned();
        let created = Timestamp::parse("2026-11-22T05:40:00Z").expect("a time");
        Plan {
            identity: Identity { user_id, expires: Some(created.after(3_650 * Timestamp::DAY)) },
            created,
            copies: 2,
            delivery: Delivery::Fresh,
            backup: backup.map(|split| BackupPlan {
                file: self.backup(),
                split: split.map(|s| s.parse().expect("a split")),
            }),
        }
    }

    /// Makes a master.
    ///
    /// # Errors
    /// What the ceremony says.
    pub fn run(&self, plan: &Plan, person: &mut Person) -> Result<Made, CeremonyError> {
        master::run(plan, person, |number| self.card(number))
    }

    /// What the card with that number signs: a digest that no statement has.
    pub fn signature(&self, number: usize) -> Vec<u8> {
        let mut card = self.card(number).expect("opens");
        let mut session = card.session().expect("a session");
        unlock(&mut session);
        session.sign(&[7; 64]).expect("signs")
    }

    /// Puts the master of the backup on the card with that number, which is new.
    ///
    /// # Errors
    /// What the ceremony says.
    pub fn restore(
        &self,
        number: usize,
        person: &mut Person,
    ) -> Result<Certificate, CeremonyError> {
        let open = || self.card(number);
        let done = master::restore(&self.backup(), Delivery::Fresh, person, open)?;
        Ok(done.certificate)
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

/// Who gives each card the PINs of tests.
pub fn person() -> Person {
    Person::new(PIN, ADMIN_PIN)
}

fn practice_card(folder: &Path) -> PracticeCard {
    PracticeCard::open(folder).expect("a card")
}
