//! The hardware that Trussed asks for: random numbers, storage, and a button.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand_chacha::ChaCha20Rng;
use trussed::{platform, virt::Store};
use trussed_core::types::consent::Level;

pub(crate) struct Platform<'a> {
    rng: ChaCha20Rng,
    store: Store<'a>,
    user_interface: UserInterface,
}

impl<'a> Platform<'a> {
    pub(crate) fn new(rng: ChaCha20Rng, store: Store<'a>, user_interface: UserInterface) -> Self {
        Self { rng, store, user_interface }
    }
}

impl<'a> platform::Platform for Platform<'a> {
    type R = ChaCha20Rng;
    type S = Store<'a>;
    type UI = UserInterface;

    fn user_interface(&mut self) -> &mut Self::UI {
        &mut self.user_interface
    }

    fn rng(&mut self) -> &mut Self::R {
        &mut self.rng
    }

    fn store(&self) -> Self::S {
        self.store
    }
}

/// What happens when the card waits for a touch: shared by the card's owner and its thread.
#[derive(Clone)]
pub(crate) struct Touch(Arc<Mutex<Box<dyn FnMut() -> bool + Send>>>);

impl Touch {
    pub(crate) fn at_once() -> Self {
        Self(Arc::new(Mutex::new(Box::new(|| true))))
    }

    pub(crate) fn replace(&self, touched: Box<dyn FnMut() -> bool + Send>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = touched;
    }

    fn ask(&self) -> bool {
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))()
    }
}

pub(crate) struct UserInterface {
    touch: Touch,
    powered: Instant,
    skipped: Duration,
}

impl UserInterface {
    pub(crate) fn new(touch: Touch) -> Self {
        Self { touch, powered: Instant::now(), skipped: Duration::ZERO }
    }
}

impl platform::UserInterface for UserInterface {
    fn check_user_presence(&mut self) -> Level {
        if self.touch.ask() {
            return Level::Normal;
        }
        // The card would ask again for 15 seconds. The question has been answered: let its time run out at once.
        self.skipped += Duration::from_secs(60);
        Level::None
    }

    fn uptime(&mut self) -> Duration {
        self.powered.elapsed() + self.skipped
    }
}
