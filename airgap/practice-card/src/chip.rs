//! The chip: the thread in which Trussed and the card application run.
//!
//! Trussed's client and service share memory without locks and are meant for one core. Both stay in one thread,
//! and a request is served inside the call that makes it, so nothing ever polls.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

use littlefs2::path;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use trussed::{
    ClientImplementation,
    pipe::{ServiceEndpoint, TrussedChannel},
    platform,
    service::Service,
    types::CoreContext,
    virt::{StorageConfig, Store},
};

use crate::{
    Error,
    dispatch::{BACKENDS, Backend, Context, Dispatch},
    image::Image,
    platform::{Platform, Touch, UserInterface},
    transport::{MAX_LENGTH, Transport},
};

/// Trussed keeps its messages and the RSA code its numbers on the stack; the usual 2 MiB are not enough.
const STACK_SIZE: usize = 16 * 1024 * 1024;

/// ISO 7816-4 §5.1.3: no precise diagnosis. The only answer left when the thread has gone.
const NO_PRECISE_DIAGNOSIS: [u8; 2] = [0x6f, 0x00];

/// Where the chip keeps its data.
pub(crate) enum Flash {
    Files { internal: Image, external: Image },
    Memory,
}

/// A running chip. Dropping it ends the thread and waits for it.
pub(crate) struct Chip {
    // None only while the chip is being dropped.
    jobs: Option<Sender<Job>>,
    // The mutex is never contended: it makes the chip Sync, which openpgp-card asks of a backend.
    answers: Mutex<Receiver<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Command(Vec<u8>),
    Reset,
}

impl Chip {
    pub(crate) fn start(flash: Flash, serial: [u8; 4], touch: Touch) -> Result<Self, Error> {
        // Trussed's own platform for software seeds its generator with a constant: keys would be predictable.
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(Error::Randomness)?;
        let rng = ChaCha20Rng::from_seed(seed);

        let (jobs, job_queue) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let (ready, started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("practice-card".into())
            .stack_size(STACK_SIZE)
            .spawn(move || {
                let result = with_store(flash, |store| {
                    // Nobody listens any more only if `start` itself was torn down.
                    let _ = ready.send(Ok(()));
                    let platform = Platform::new(rng, store, UserInterface::new(touch));
                    run(platform, serial, &job_queue, &answer);
                });
                if let Err(error) = result {
                    let _ = ready.send(Err(error));
                }
            })
            .map_err(Error::Thread)?;
        started.recv().unwrap_or(Err(Error::Stopped))?;
        Ok(Self { jobs: Some(jobs), answers: Mutex::new(answers), thread: Some(thread) })
    }

    pub(crate) fn command(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.submit(Job::Command(apdu.to_vec())).unwrap_or_else(|| NO_PRECISE_DIAGNOSIS.to_vec())
    }

    pub(crate) fn reset(&mut self) {
        // A chip whose software failed has no state left to clear.
        let _ = self.submit(Job::Reset);
    }

    fn submit(&mut self, job: Job) -> Option<Vec<u8>> {
        self.jobs.as_ref()?.send(job).ok()?;
        self.answers.get_mut().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        // The thread ends when nobody can give it a job any more.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the card application has been reported by the panic hook and answered with 6F00.
            let _ = thread.join();
        }
    }
}

fn with_store<R>(flash: Flash, f: impl FnOnce(Store<'_>) -> R) -> Result<R, Error> {
    let (mut internal, mut external) = match flash {
        Flash::Files { internal, external } => (internal.into_storage(), external.into_storage()),
        Flash::Memory => (StorageConfig::ram(), StorageConfig::ram()),
    };
    let mut volatile = StorageConfig::ram();
    internal
        .with_fs(|internal| {
            external.with_fs(|external| {
                volatile.with_fs(|volatile| f(Store { internal, external, volatile }))
            })
        })
        .flatten()
        .flatten()
        .map_err(|error| Error::Flash(error.code()))
}

fn run(platform: Platform<'_>, serial: [u8; 4], jobs: &Receiver<Job>, answer: &Sender<Vec<u8>>) {
    let channel = TrussedChannel::new();
    let Some((requester, responder)) = channel.split() else {
        return; // a fresh channel has not been split before
    };
    let endpoint =
        ServiceEndpoint::new(responder, CoreContext::new(path!("opcard").into()), BACKENDS);
    let service = Service::with_dispatch(platform, Dispatch::new());
    let syscall = Syscall(Rc::new(RefCell::new(Trussed { service, endpoints: [endpoint] })));
    let client = ClientImplementation::<_, Dispatch>::new(requester, syscall, None);

    let mut options = opcard::Options::default();
    options.serial = serial;
    options.button_available = true;
    let mut card = opcard::Card::new(client, options);
    let mut transport = Transport::default();

    for job in jobs {
        let response = match job {
            Job::Command(apdu) => transport.exchange(&apdu, |command| {
                let mut data = heapless::Vec::<u8, MAX_LENGTH>::new();
                card.handle(command, &mut data).map(|()| data.to_vec())
            }),
            Job::Reset => {
                transport = Transport::default();
                card.reset();
                Vec::new()
            }
        };
        if answer.send(response).is_err() {
            return;
        }
    }
}

struct Trussed<'a> {
    service: Service<Platform<'a>, Dispatch>,
    endpoints: [ServiceEndpoint<'a, Backend, Context>; 1],
}

/// Serves a request at once, in the thread of the client that made it.
struct Syscall<'a>(Rc<RefCell<Trussed<'a>>>);

impl platform::Syscall for Syscall<'_> {
    fn syscall(&mut self) {
        let Trussed { service, endpoints } = &mut *self.0.borrow_mut();
        service.process(endpoints);
    }
}
