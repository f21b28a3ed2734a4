//! Files by screen and camera, or on paper: an endless row of QR codes that carry one message.
//!
//! [`Parcel`] (the files) → [`Sender`] (frames, each one QR code: [`Symbol`]) → [`draw`] …
//! [`read`] (pictures) → texts → [`Receiver`] → [`Parcel`]. Any frames do, in any order, as long
//! as there are enough (RaptorQ, RFC 6330); docs/exchange-format.md has the layout. Nothing in
//! here opens a file, a camera or a terminal, or reads a clock.

mod density;
pub mod draw;
mod frame;
mod message;
mod parcel;
pub mod read;
mod receiver;
mod sender;
mod symbol;

pub use density::{Density, NotADensity, QrVersion};
pub use frame::{Frame, FrameError, Identity};
pub use parcel::{MAX_NAME, MAX_PARCEL, Parcel, ParcelError};
pub use receiver::{Progress, ReceiveError, Receiver, Taken};
pub use sender::{Sender, SenderError};
pub use symbol::Symbol;

#[cfg(test)]
mod tests;
