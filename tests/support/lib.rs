//! What the end-to-end tests share.

pub mod consumer;
pub mod forge;
pub mod people;
pub mod run;
pub mod scenario;
pub mod virtual_reader;

pub use consumer::Consumer;
pub use run::Run;
pub use people::PIN;
pub use scenario::{Scenario, Watch};
