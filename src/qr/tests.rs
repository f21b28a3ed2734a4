//! The whole way: parcel, codes, texts, parcel. And what hostile codes can do on it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use raptorq::{EncodingPacket, ObjectTransmissionInformation, PayloadId};

use super::draw::{self, Rate, Scale};
use super::message::{MAX_SYMBOLS, identity, seal, transmission};
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

/// A frame as a hostile sender would make it: everything in it is his.
fn forged(identity: Identity, length: u64, symbol: u16, id: u32, byte: u8) -> String {
    let transmission = ObjectTransmissionInformation::new(length, symbol, 1, 1, 4);
    let packet = EncodingPacket::new(PayloadId::new(0, id), vec![byte; symbol.into()]);
    Frame::new(identity, transmission, packet).text()
}

/// The frames of a message that is no sender's.
fn frames_of(message: &[u8], symbol: u16) -> Vec<String> {
    let transmission = transmission(message.len(), symbol);
    let symbols = message.chunks(symbol.into()).map(|chunk| {
        let mut chunk = chunk.to_vec();
        chunk.resize(symbol.into(), 0);
        chunk
    });
    let packets = (0..).zip(symbols).map(|(id, s)| EncodingPacket::new(PayloadId::new(0, id), s));
    packets.map(|packet| Frame::new(identity(message), transmission, packet).text()).collect()
}

/// Takes texts until a parcel is there; how many that took.
fn receive(
    receiver: &mut Receiver,
    texts: impl IntoIterator<Item = String>,
) -> Option<(Parcel, usize)> {
    texts.into_iter().enumerate().find_map(|(count, text)| match receiver.take(&text) {
        Taken::Done(parcel) => Some((parcel, count + 1)),
        _ => None,
    })
}

/// A picture file's parcel, through the reader of pictures.
fn read_back(file: &[u8]) -> Option<Parcel> {
    let mut texts = Vec::new();
    read::picture(file, &Limits::default(), |luma| {
        texts.extend(luma.codes());
        Flow::Continue(())
    })
    .expect("a picture");
    receive(&mut Receiver::new(LIMIT), texts).map(|(parcel, _)| parcel)
}

#[test]
fn a_small_message_is_one_still_code() {
    let parcel = parcel(600, 1);
    let sender = sender(&parcel, 20);
    assert!(sender.is_still() && sender.needed() == 1 && sender.round() == 1);
    assert!(sender.version().number() < 20, "a smaller code is enough");
    let (received, count) = receive(&mut Receiver::new(LIMIT), [sender.text(0)]).expect("whole");
    assert_eq!((received, count), (parcel, 1));
}

#[test]
fn a_message_of_too_many_codes_is_refused() {
    let refused = Sender::new(&parcel(2 << 20, 1), Density::Version(QrVersion::SMALLEST));
    assert!(matches!(refused, Err(SenderError::TooMany { most: MAX_SYMBOLS, .. })));
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

#[test]
fn messages_that_are_mixed_up_are_kept_apart() {
    let (one, two) = (parcel(3000, 1), parcel(5000, 2));
    let (first, second) = (sender(&one, 10), sender(&two, 10));
    let mut receiver = Receiver::new(LIMIT);
    let mut done = Vec::new();
    for number in 0..second.needed() {
        for sender in [&first, &second] {
            match receiver.take(&sender.text(number)) {
                Taken::Done(parcel) => done.push(parcel),
                Taken::Progress(p) => assert!(p.have <= p.need),
                Taken::OfAnother(identity) => assert_eq!(identity, second.identity()),
                Taken::Repeated => assert!(number >= first.needed()),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(done, [one, two]);
}

#[test]
fn a_changed_frame_first_or_in_the_middle_harms_nothing() {
    let parcel = parcel(3000, 1);
    let sender = sender(&parcel, 10);
    let hostile = |id| forged(sender.identity(), 5000, 48, id, 7);
    let mut receiver = Receiver::new(LIMIT);
    assert!(matches!(receiver.take(&hostile(0)), Taken::Progress(_)));
    for number in 0..sender.needed() - 1 {
        receiver.take(&sender.text(number));
        receiver.take(&hostile(number));
        assert!(!matches!(receiver.take(&hostile(1 << 20)), Taken::Damaged(_)));
    }
    assert!(matches!(receiver.take(&sender.text(sender.needed())), Taken::Done(p) if p == parcel));
}

#[test]
fn a_poisoned_message_is_told_and_can_be_received_anew() {
    let parcel = parcel(3000, 1);
    let sender = sender(&parcel, 10);
    let oti = sender.text(0);
    let frame = Frame::parse(&oti, LIMIT).expect("a frame");
    let (length, symbol) =
        (frame.transmission().transfer_length(), frame.transmission().symbol_size());
    let mut receiver = Receiver::new(LIMIT);
    receiver.take(&forged(sender.identity(), length, symbol, 0, 9));
    let last = (1..sender.needed()).map(|n| receiver.take(&sender.text(n))).last();
    assert!(matches!(last, Some(Taken::Damaged(ReceiveError::Digest))), "{last:?}");
    let texts = (0..sender.needed()).map(|n| sender.text(n));
    assert_eq!(receive(&mut receiver, texts).expect("whole").0, parcel);
}

#[test]
fn a_message_that_is_no_parcel_or_a_bomb_is_told() {
    let deflate = |bytes: &[u8]| {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(bytes).expect("memory");
        deflate.finish().expect("memory")
    };
    let take = |packed: &[u8]| {
        let mut receiver = Receiver::new(LIMIT);
        frames_of(&seal(packed), 800).iter().map(|t| receiver.take(t)).last().expect("a frame")
    };
    let no_parcel = take(&deflate(b"\0\x01"));
    assert!(matches!(no_parcel, Taken::Damaged(ReceiveError::Parcel(ParcelError::Short))));
    let bomb = take(&deflate(&vec![0; 100 << 20]));
    let expected = ParcelError::TooLarge { limit: LIMIT };
    assert!(matches!(bomb, Taken::Damaged(ReceiveError::Parcel(e)) if e == expected));
}

#[test]
fn a_message_without_a_solution_is_given_up() {
    // All frames but one, and then symbols of no message: the count is right, the content is not.
    let parcel = parcel(3000, 1);
    let sender = sender(&parcel, 10);
    let mut receiver = Receiver::new(LIMIT);
    let given_up = (0..1000).find_map(|n| {
        let frame = Frame::parse(&sender.text(n), LIMIT).expect("a frame");
        let (length, symbol) =
            (frame.transmission().transfer_length(), frame.transmission().symbol_size());
        let noise = u8::try_from(n % 251).expect("small");
        match receiver.take(&forged(sender.identity(), length, symbol, 2 * n, noise)) {
            Taken::Damaged(_) => Some(n),
            _ => None,
        }
    });
    assert!(given_up.is_some_and(|n| n < sender.needed() + 30), "{given_up:?}");
}

#[test]
fn a_million_messages_take_little_room_and_the_running_one_survives() {
    let parcel = parcel(3000, 1);
    let sender = sender(&parcel, 10);
    let mut receiver = Receiver::new(LIMIT);
    receiver.take(&sender.text(0));
    receiver.take(&sender.text(1));
    for number in 0..1_000_000u32 {
        let hostile = forged(Identity(number.to_be_bytes()), 5000, 16, 3, 1);
        assert!(matches!(receiver.take(&hostile), Taken::OfAnother(_)));
    }
    assert!(receiver.messages() <= 33, "{}", receiver.messages());
    assert_eq!(receiver.progress(), Some(Progress { have: 2, need: sender.needed() }));
    let texts = (2..sender.needed()).map(|n| sender.text(n));
    assert_eq!(receive(&mut receiver, texts).expect("whole").0, parcel);
}

/// As long as `limit` allows, of as many messages as there is room for.
#[test]
fn large_messages_that_never_end_are_forgotten_within_a_budget() {
    const SMALL: usize = 20_000;
    let mut receiver = Receiver::new(SMALL);
    for id in 0..20 {
        for message in 0..40u8 {
            receiver.take(&forged(Identity([message; 4]), 20_000, 800, id, message));
        }
    }
    assert!(receiver.bytes() <= 2 * SMALL + 1000, "{}", receiver.bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_any_loss_and_any_repetition_will_do(
        bytes in 1usize..6000,
        version in 5u8..=40,
        numbers in prop::collection::vec(any::<u32>(), 400),
        end in 0u32..100,
    ) {
        let parcel = parcel(bytes, 1);
        let sender = sender(&parcel, version);
        // Frames from anywhere in the row, some twice; and the receiver may come late.
        let span = sender.needed() * 3 + end;
        let texts = numbers.iter().flat_map(|n| {
            let text = sender.text(end + n % span);
            [text.clone(), text]
        });
        let mut receiver = Receiver::new(LIMIT);
        let (received, _) = receive(&mut receiver, texts).expect("whole");
        prop_assert_eq!(received.digest(), sender.digest());
        prop_assert_eq!(received, parcel);
        prop_assert!(matches!(receiver.take(&sender.text(end)), Taken::Repeated));
    }

    #[test]
    fn few_more_frames_than_needed_are_enough(
        bytes in 1usize..20_000, start in 0u32..1 << 24, step in 1u32..1000,
    ) {
        let parcel = parcel(bytes, 2);
        let sender = sender(&parcel, 12);
        let most = sender.needed() as usize + 3;
        let texts = (0..).map(|n: u32| sender.text(start.wrapping_add(n.wrapping_mul(step)))).take(most);
        prop_assert!(receive(&mut Receiver::new(LIMIT), texts).is_some());
    }
}

/// The vectors of docs/exchange-format.md.
#[test]
fn the_documented_vectors_are_ours() {
    let page = include_str!("../../docs/exchange-format.md");
    let value = |name: &str| {
        let lines = page.lines().skip_while(|line| *line != name).skip(1);
        lines.take_while(|line| line.starts_with(' ')).map(|line| &line[2..]).collect::<String>()
    };
    let parcel = Parcel::new(vec![("count".to_owned(), (0..128).collect())]).expect("a parcel");
    let sender = sender(&parcel, 5);
    assert_eq!(value("digest of the parcel"), parcel.digest().to_string());
    assert_eq!(value("parcel"), hex::encode(parcel.serialise()));
    assert_eq!(value("message"), hex::encode(seal(&parcel.pack())));
    let texts = [0, 2, 3].map(|number| value(&format!("frame {number}")));
    assert_eq!(texts, [0, 2, 3].map(|number| sender.text(number)));
    assert_eq!(receive(&mut Receiver::new(LIMIT), texts), Some((parcel, 3)));
}
