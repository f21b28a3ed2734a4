//! A practice card that fails when told to, and tells what it was asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use airgap::card::{CardBackend, CardCaps, CardTransaction, SmartcardError};
use countersign_practice_card::{Commands, NoPinPad, PracticeCard};

/// How a card fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Pulled before the command reached it.
    Pulled,
    /// Pulled after it acted, before its answer arrived.
    PulledLate,
    /// The power goes before the command reaches the card: the program dies there and then.
    Died,
    /// The power goes after the card acted.
    DiedLate,
}

/// What a card was asked, how long it took, and when it fails.
#[derive(Clone, Default)]
pub struct Plan(Arc<Mutex<PlanState>>);

#[derive(Default)]
struct PlanState {
    instructions: Vec<u8>,
    fault: Option<(usize, Fault)>,
    spent: Duration,
    /// A key that is in the slot already takes the place of one that the card would make.
    quick: bool,
}

impl Plan {
    /// Fails at the command with this number, counted from 0; never where none is given.
    pub fn new(fault: Option<(usize, Fault)>) -> Self {
        Self(Arc::new(Mutex::new(PlanState { fault, ..PlanState::default() })))
    }

    /// Spares the card the making of a key: whoever asks for one gets the key that is in the slot.
    #[must_use]
    pub fn with_the_key_at_hand(self) -> Self {
        self.state().quick = true;
        self
    }

    /// The instruction bytes of the commands so far.
    pub fn instructions(&self) -> Vec<u8> {
        self.state().instructions.clone()
    }

    /// The time that the card took, all commands together.
    pub fn spent(&self) -> Duration {
        self.state().spent
    }

    fn state(&self) -> MutexGuard<'_, PlanState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, command: &[u8]) -> Option<Fault> {
        let mut plan = self.state();
        let at = plan.instructions.len();
        plan.instructions.push(command[1]);
        let (from, fault) = plan.fault?;
        match fault {
            Fault::Pulled | Fault::PulledLate if at > from => Some(Fault::Pulled),
            _ => (at == from).then_some(fault),
        }
    }
}

/// A practice card that fails by plan.
pub struct Failing {
    card: PracticeCard,
    plan: Plan,
}

impl Failing {
    /// Wraps a practice card.
    pub fn new(card: PracticeCard, plan: Plan) -> Self {
        Self { card, plan }
    }
}

impl CardBackend for Failing {
    fn limit_card_caps(&self, card_caps: CardCaps) -> CardCaps {
        self.card.limit_card_caps(card_caps)
    }

    fn transaction(
        &mut self,
        reselect: Option<&[u8]>,
    ) -> Result<Box<dyn CardTransaction + Send + Sync + '_>, SmartcardError> {
        let inner = self.card.transaction(reselect)?;
        Ok(Box::new(NoPinPad(FailingTransaction { inner, plan: self.plan.clone() })))
    }
}

struct FailingTransaction<'a> {
    inner: Box<dyn CardTransaction + Send + Sync + 'a>,
    plan: Plan,
}

impl Commands for FailingTransaction<'_> {
    fn transmit(&mut self, command: &[u8], buffer: usize) -> Result<Vec<u8>, SmartcardError> {
        let fault = self.plan.next(command);
        let gone = || Err(SmartcardError::Error("Transmit failed: RemovedCard".into()));
        match fault {
            Some(Fault::Pulled) => return gone(),
            Some(Fault::Died) => std::panic::panic_any("the power went"),
            Some(Fault::PulledLate | Fault::DiedLate) | None => {}
        }
        let start = Instant::now();
        let quick = self.plan.state().quick;
        let answer = match command {
            // GENERATE ASYMMETRIC KEY PAIR: reading instead of making (OpenPGP card 3.4.1 §7.2.14).
            [class, 0x47, 0x80, rest @ ..] if quick => {
                self.inner.transmit(&[&[*class, 0x47, 0x81], rest].concat(), buffer)
            }
            // The algorithm is what it is: setting it again would delete the key.
            [_, 0xda, 0x00, 0xc1, ..] if quick => Ok(vec![0x90, 0x00]),
            _ => self.inner.transmit(command, buffer),
        };
        self.plan.state().spent += start.elapsed();
        match fault {
            Some(Fault::PulledLate) => gone(),
            Some(Fault::DiedLate) => std::panic::panic_any("the power went"),
            _ => answer,
        }
    }

    fn was_reset(&self) -> bool {
        self.inner.was_reset()
    }
}
