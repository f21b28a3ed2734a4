//! Everything that can be checked of a card without its PIN.

use std::fmt;

use countersign::journal::Ledger;
use countersign::safe::Safe;
use countersign::time::Timestamp;

use crate::card::{Advisories, CardError, PinPad, Session, Status};
use crate::station::Station;

/// What was found.
#[derive(Debug)]
pub struct Inspection {
    findings: Vec<Finding>,
}

/// One check.
#[derive(Clone, Debug)]
pub struct Finding {
    check: &'static str,
    verdict: Verdict,
    text: String,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// To be looked at.
    Note,
    /// Not as it should be.
    Wrong,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "NOTE",
            Self::Wrong => "WRONG",
        }
    }
}

impl Finding {
    /// As data: `check`, `verdict` (`good`, `NOTE`, `WRONG`) and `text`.
    pub fn to_json(&self) -> serde_json::Value {
        let Self { check, verdict, text } = self;
        serde_json::json!({ "check": check, "verdict": verdict.word(), "text": text })
    }
}

impl Inspection {
    /// Checks a card against a station's record and journal. Needs no PIN and changes nothing.
    ///
    /// # Errors
    /// [`CardError`] where the card is gone or answers nonsense.
    pub fn make(
        card: &mut Session<'_>,
        station: &Station,
        ledger: &Ledger,
        now: Timestamp,
    ) -> Result<Self, CardError> {
        let status = card.status()?;
        let pad = card.before_unlocking()?.pad;
        let mut inspection = Self { findings: Vec::new() };
        inspection.master(card, station, now)?;
        inspection.pins(&status, pad);
        inspection.touch(&status);
        inspection.counter(&status, ledger);
        inspection.advisories(&status, now);
        for attestation in card.attestations(&status.model)? {
            inspection.add("attestation", Verdict::Note, attestation.to_string());
        }
        Ok(inspection)
    }

    /// Every check, in order.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many checks failed.
    pub fn wrong(&self) -> usize {
        self.findings.iter().filter(|f| f.verdict == Verdict::Wrong).count()
    }

    fn add(&mut self, check: &'static str, verdict: Verdict, text: impl Into<String>) {
        self.findings.push(Finding { check, verdict, text: text.into() });
    }

    fn master(
        &mut self,
        card: &mut Session<'_>,
        station: &Station,
        now: Timestamp,
    ) -> Result<(), CardError> {
        let authority = station.authority();
        let Some(key) = card.master() else {
            self.add("master", Verdict::Wrong, "the signature slot is empty");
            return Ok(());
        };
        let Ok(master) = authority.master(key) else {
            let name = Safe(&authority.policy().name).to_string();
            self.add("master", Verdict::Wrong, format!("{key} is not one of {name}'s"));
            return Ok(());
        };
        match card.check_master(master) {
            Ok(()) => self.add("master", Verdict::Good, format!("{key}, and its public key")),
            Err(error @ (CardError::OtherPublicKey { .. } | CardError::NotRsa { .. })) => {
                self.add("master", Verdict::Wrong, error.to_string());
            }
            Err(error) => return Err(error),
        }
        // A certificate holds only what verifies: a user ID that is good has a good self-signature.
        let ids = master.valid_user_ids(now);
        match ids.first() {
            _ if master.is_revoked(now) => {
                self.add("certificate", Verdict::Wrong, "the master has revoked itself");
            }
            Some(id) => {
                let text = format!("self-signed: {}", Safe(id));
                self.add("certificate", Verdict::Good, text);
            }
            None => self.add("certificate", Verdict::Wrong, "no self-signature is good today"),
        }
        Ok(())
    }

    fn pins(&mut self, status: &Status, pad: PinPad) {
        let [pin, code, admin] = status.tries;
        let text = format!("tries left: PIN {pin}, Admin PIN {admin}, resetting code {code}");
        let verdict = match (pin, admin) {
            (0, _) | (_, 0) => Verdict::Wrong,
            (3.., 3..) => Verdict::Good,
            _ => Verdict::Note,
        };
        self.add("pins", verdict, text);
        let mode = if status.pin_once { "one signature" } else { "a whole session" };
        let verdict = if status.pin_once { Verdict::Note } else { Verdict::Good };
        let typed = match pad {
            PinPad::None => "at the terminal",
            PinPad::OnReader => "on the reader",
        };
        self.add("pin-mode", verdict, format!("one PIN is good for {mode}, typed {typed}"));
    }

    fn touch(&mut self, status: &Status) {
        let verdict =
            if status.touch.contains("touch the card") { Verdict::Good } else { Verdict::Note };
        self.add("touch", verdict, status.touch.clone());
    }

    fn counter(&mut self, status: &Status, ledger: &Ledger) {
        let actual = status.counter;
        let (verdict, text) = match ledger.expected_counter(&status.ident) {
            None => (Verdict::Note, format!("{actual}; this journal never saw the card")),
            Some((low, high)) if actual == low || actual == high => {
                (Verdict::Good, format!("{actual}, as the journal adds up"))
            }
            Some((low, _)) => {
                (Verdict::Wrong, format!("{actual}, and the journal adds up to {low}"))
            }
        };
        self.add("counter", verdict, text);
    }

    fn advisories(&mut self, status: &Status, now: Timestamp) {
        let list = Advisories::bundled();
        for advisory in list.about(&status.model) {
            let weighs = advisory.concern.touches_masters();
            let verdict = if weighs { Verdict::Wrong } else { Verdict::Note };
            self.add("advisories", verdict, advisory.to_string());
        }
        let age = list.age(now);
        let verdict = if age.contains("OLD") { Verdict::Note } else { Verdict::Good };
        self.add("advisories", verdict, age);
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, verdict, text } in &self.findings {
            writeln!(f, "{:<6} {check:<12} {text}", verdict.word())?;
        }
        Ok(())
    }
}
