//! Texts of codes, in any order, become the message.
//!
//! Whoever holds codes of his own before the camera can delay a message, never change it: its
//! digest is checked before anything of it is read. Frames of several messages are kept apart,
//! by identity and by the way the message is cut, so that neither a foreign first frame nor a
//! changed one in the middle harms the message that is on its way. What is kept is bounded.

use std::collections::{BTreeMap, VecDeque};

use raptorq::{EncodingPacket, ObjectTransmissionInformation, PayloadId, SourceBlockDecoder};

use super::message::{self, longest};
use super::{Frame, FrameError, Identity, Parcel, ParcelError};

/// Messages that are collected at the same time.
const MESSAGES: usize = 32;
/// Messages that are remembered when they are done.
const DONE: usize = 64;
/// By how many frames another message must be ahead to become the one in front.
const AHEAD: usize = 8;
/// Frames beyond the needed ones after which a message is given up: with two, one in a million
/// fails (RFC 6330 §1).
const SPARE: usize = 24;

/// Collects frames until a message is whole. It goes on with the next one then.
#[derive(Debug)]
pub struct Receiver {
    limit: usize,
    /// Oldest first; the one in front is `front`.
    messages: Vec<Collection>,
    front: Option<Key>,
    done: VecDeque<Key>,
}

/// How far the message in front has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Different frames received.
    pub have: u32,
    /// Frames that are needed; a few more in rare cases.
    pub need: u32,
}

/// What became of a text.
#[derive(Debug)]
pub enum Taken {
    /// A new frame of the message in front.
    Progress(Progress),
    /// A frame that was there already, or of a message that is done.
    Repeated,
    /// A frame of another message than the one in front; it is kept, within bounds.
    OfAnother(Identity),
    /// Not one of our codes, or a damaged one.
    NotAFrame(FrameError),
    /// A message is whole: the one in front, or another that was shown in between.
    Done(Parcel),
    /// Enough frames were there, and what they gave is not what was announced. They are
    /// forgotten; the message can be received anew.
    Damaged(ReceiveError),
}

/// Why enough frames gave no parcel.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// The frames have no solution.
    #[error("the codes do not add up to a message")]
    Unsolvable,
    /// The digest is another.
    #[error("the codes add up to another message than the one that they announce")]
    Digest,
    /// The message is whole, and no parcel.
    #[error("the message is whole, but no parcel")]
    Parcel(#[from] ParcelError),
}

/// What tells messages apart.
type Key = (Identity, ObjectTransmissionInformation);

/// The frames of one message.
#[derive(Debug)]
struct Collection {
    key: Key,
    /// Encoding symbol id → symbol.
    symbols: BTreeMap<u32, Vec<u8>>,
}

impl Receiver {
    /// A receiver of parcels of `limit` bytes at most, names and lengths included.
    pub fn new(limit: usize) -> Self {
        Self { limit, messages: Vec::new(), front: None, done: VecDeque::new() }
    }

    /// Takes the text of one code.
    pub fn take(&mut self, untrusted_text: &str) -> Taken {
        let frame = match Frame::parse(untrusted_text, self.limit) {
            Ok(frame) => frame,
            Err(error) => return Taken::NotAFrame(error),
        };
        let key = (frame.identity(), frame.transmission());
        if self.done.contains(&key) {
            return Taken::Repeated;
        }
        let (id, symbol) = frame.into_packet().split();
        let collection = self.collection(key);
        if collection.symbols.insert(id.encoding_symbol_id(), symbol).is_some() {
            return Taken::Repeated;
        }
        if let Some(result) = collection.solve() {
            return self.finish(key, result);
        }
        self.forget_some(key);
        self.choose_front();
        match self.progress() {
            Some(progress) if self.front == Some(key) => Taken::Progress(progress),
            _ => Taken::OfAnother(key.0),
        }
    }

    /// How far the message in front has come; `None` before its first frame.
    pub fn progress(&self) -> Option<Progress> {
        self.find(self.front?).map(Collection::progress)
    }

    /// The message in front.
    pub fn identity(&self) -> Option<Identity> {
        self.front.map(|(identity, _)| identity)
    }

    /// Messages that are being collected.
    #[cfg(test)]
    pub(super) fn messages(&self) -> usize {
        self.messages.len()
    }

    /// Bytes of all symbols that are kept.
    pub(super) fn bytes(&self) -> usize {
        self.messages.iter().map(Collection::bytes).sum()
    }

    fn find(&self, key: Key) -> Option<&Collection> {
        self.messages.iter().find(|m| m.key == key)
    }

    /// The frames of this message so far.
    fn collection(&mut self, key: Key) -> &mut Collection {
        let place = self.messages.iter().position(|m| m.key == key).unwrap_or_else(|| {
            self.messages.push(Collection { key, symbols: BTreeMap::new() });
            self.messages.len() - 1
        });
        &mut self.messages[place]
    }

    /// A message is whole, or cannot be.
    fn finish(&mut self, key: Key, result: Result<Vec<u8>, ReceiveError>) -> Taken {
        self.messages.retain(|m| m.key != key);
        self.choose_front();
        match result.and_then(|message| parcel(&message, self.limit)) {
            Ok(parcel) => {
                self.done.push_back(key);
                self.done.drain(..self.done.len().saturating_sub(DONE));
                Taken::Done(parcel)
            }
            Err(error) => Taken::Damaged(error),
        }
    }

    /// Keeps within the bounds: the message with the fewest frames goes, the oldest of several,
    /// but not the one that has just got one unless it is alone.
    fn forget_some(&mut self, newest: Key) {
        let budget = longest(self.limit).saturating_mul(2);
        while self.messages.len() > MESSAGES || self.messages.len() > 1 && self.bytes() > budget {
            let (place, _) = self
                .messages
                .iter()
                .enumerate()
                .filter(|(_, m)| m.key != newest)
                .min_by_key(|(_, m)| m.symbols.len())
                .expect("there are two at least");
            self.messages.remove(place);
        }
    }

    /// The message in front stays there until it is gone, or another is well ahead.
    fn choose_front(&mut self) {
        let have = self.front.and_then(|key| self.find(key)).map(|m| m.symbols.len() + AHEAD);
        // The first of several that are equal: `max_by_key` takes the last.
        let best = self.messages.iter().rev().max_by_key(|m| m.symbols.len());
        match (best, have) {
            (Some(best), Some(have)) if best.symbols.len() <= have => {}
            (best, _) => self.front = best.map(|m| m.key),
        }
    }
}

impl Collection {
    fn need(&self) -> usize {
        let (_, transmission) = self.key;
        let symbols = transmission.transfer_length().div_ceil(transmission.symbol_size().into());
        usize::try_from(symbols).expect("bounded when the frame was parsed")
    }

    fn bytes(&self) -> usize {
        let (_, transmission) = self.key;
        self.symbols.len() * usize::from(transmission.symbol_size())
    }

    fn progress(&self) -> Progress {
        let count = |n| u32::try_from(n).expect("bounded when the frame was parsed");
        Progress { have: count(self.symbols.len()), need: count(self.need()) }
    }

    /// The message, if there are enough frames for it: `None` if not yet.
    fn solve(&self) -> Option<Result<Vec<u8>, ReceiveError>> {
        let (need, have) = (self.need(), self.symbols.len());
        if have < need {
            return None;
        }
        let (_, transmission) = self.key;
        let length = need as u64 * u64::from(transmission.symbol_size());
        let packets = self
            .symbols
            .iter()
            .map(|(id, symbol)| EncodingPacket::new(PayloadId::new(0, *id), symbol.clone()));
        match SourceBlockDecoder::new(0, &transmission, length).decode(packets) {
            Some(mut message) => {
                message.truncate(usize::try_from(transmission.transfer_length()).ok()?);
                Some(Ok(message))
            }
            None if have < need + SPARE => None,
            None => Some(Err(ReceiveError::Unsolvable)),
        }
    }
}

/// Checks the digest, then reads.
fn parcel(untrusted: &[u8], limit: usize) -> Result<Parcel, ReceiveError> {
    let packed = message::open(untrusted).ok_or(ReceiveError::Digest)?;
    Ok(Parcel::unpack(packed, limit)?)
}
