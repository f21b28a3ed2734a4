//! How a new master takes over from an old one.
//!
//! ```text
//! plan        rotation.toml: stages, dates, conditions
//! condition   what holds, by the record alone
//! status      the stage now, who holds what, who was written to
//! candidate   who can be certified anew as things are
//! invitation  who was written to, and until when: invitations.jsonl
//! letter      what they are written
//! ```
//!
//! Nothing here is a state of its own: what a stage waits for is computed from certificates,
//! statements, bundles and answers on record each time.

mod candidate;
mod condition;
mod invitation;
mod letter;
mod plan;
mod published;
mod status;

pub use candidate::{Candidate, Wanted};
pub use condition::{Condition, Met, over};
pub use invitation::{Invitation, InvitationError, Invitations};
pub use letter::{Addressee, letter};
pub use plan::{Plan, PlanError, Stage, Stages, Step};
pub use published::{Published, published};
pub use status::{Answer, Counts, Holding, Person, Status};
