//! Taking over a project that has no record yet: from a keyring, who certified whom, what of it
//! counts today for gpg, for FreePBX and strictly, and what has to be done.
//!
//! ```text
//! Survey       everybody, and what each says of every other
//! proposals    who the masters may be
//! Adoption     the survey once the masters are named: what counts, and the campaign
//! ```

mod adoption;
mod campaign;
mod masters;
mod survey;

pub use adoption::{AdoptError, Adoption, Known, Said, Standing};
pub use campaign::{Campaign, Chore, First, Loss};
pub use masters::{Proposal, proposals};
pub use survey::{Certification, Survey};
