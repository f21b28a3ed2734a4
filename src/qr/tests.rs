//! The whole way: parcel, codes, texts, parcel. And what hostile codes can do on it.

use proptest::prelude::*;
use proptest::sample::Index;

use super::draw::{self, Rate, Scale};
use super::read::{self, Flow, Limits};
use super::*;

const LIMIT: usize = 1 << 20;

/// A parcel of one file of so many bytes that do not compress.
fn parcel(bytes: usize, seed: u32) -> Parcel {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[1]
    };
    let content = (0..bytes).map(|_| next()).collect();
    Parcel::new(vec![(format!("{seed}.txt"), content)]).expect("a parcel")
}

fn sender(parcel: &Parcel, version: u8) -> Sender {
    let version = QrVersion::new(version).expect("a version");
    Sender::new(parcel, Density::Version(version)).expect("not too many codes")
}

/// The parcel that these texts give.
fn receive<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Parcel> {
    let mut receiver = Receiver::new(LIMIT);
    texts.into_iter().find_map(|text| match receiver.take(text) {
        Taken::Done(parcel) => Some(parcel),
        _ => None,
    })
}

/// A picture file's parcel, through the reader of pictures.
fn read_back(file: &[u8]) -> Option<Parcel> {
    let (mut receiver, mut done) = (Receiver::new(LIMIT), None);
    read::picture(file, &Limits::default(), |luma| {
        for text in luma.codes() {
            if let Taken::Done(parcel) = receiver.take(&text) {
                done = Some(parcel);
                return Flow::Break(());
            }
        }
        Flow::Continue(())
    })
    .expect("a picture");
    done
}

#[test]
fn a_small_message_is_one_still_code() {
    let parcel = parcel(600, 1);
    let sender = sender(&parcel, 20);
    assert!(sender.is_still() && sender.needed() == 1 && sender.round() == 1);
    assert!(sender.version().number() < 20, "a smaller code is enough");
    assert_eq!(receive([sender.text(0).as_str()]), Some(parcel));
}

#[test]
fn every_picture_that_is_drawn_is_read_back() {
    let scale = Scale::new(3).expect("a scale");
    let rate = Rate::new(10).expect("a rate");
    let (small, large) = (parcel(500, 2), parcel(3000, 3));
    let still = sender(&small, 20);
    assert_eq!(read_back(&draw::png(&still.frame(0), scale)), Some(small));
    let moving = sender(&large, 20);
    assert_eq!(read_back(&draw::gif(&moving, scale, rate)), Some(large.clone()));
    assert_eq!(read_back(&draw::apng(&moving, scale, rate)), Some(large.clone()));
    let lines = ["file one".to_owned()];
    let sheet = draw::Sheet { heading: "A test", lines: &lines, command: "countersign qr scan x" };
    assert_eq!(read_back(&draw::pdf(&moving, &sheet)), Some(large));
}
