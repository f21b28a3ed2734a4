//! What crosses the gap, and who carries it: files on a stick, read without trust and written
//! without halves, or codes on a screen.

mod batch;
mod beside;
pub mod compact;
mod courier;
mod error;
mod read;
mod write;

pub use batch::{PER_FOLDER, batch_folder, make_place, read_beneath, sweep_batches, visit_batches};
pub use beside::{Decisions, Records, evidence};
pub use courier::{CourierError, Delivery, Inbox, Outbox, Stick};
pub use error::ExchangeError;
pub use read::{MAX_LISTED, list, open_path, read, read_path, visit};
pub(crate) use read::{READ_FLAGS, not_a_file};
pub use write::{
    make_folder, sweep, sync_folder, try_folder_of, write, write_from, write_many, write_path,
};
