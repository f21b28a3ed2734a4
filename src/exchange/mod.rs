//! What crosses the gap: files on a stick, read without trust and written without halves.

mod beside;
mod stick;

pub use beside::evidence;
pub use stick::{
    ExchangeError, MAX_LISTED, list, open_path, read, read_path, sync_folder, try_folder_of, visit,
    write, write_from, write_many, write_path,
};
pub(crate) use stick::{READ_FLAGS, not_a_file};
