//! How many codes BBQr and UR show until a message is received: the tables of `cargo bench --bench qr`
//! for these two.
//!
//! `cargo run --manifest-path tests/benches/rivals/Cargo.toml`

use bbqr::continuous_join::{ContinuousJoinResult, ContinuousJoiner};
use bbqr::encode::Encoding;
use bbqr::file_type::FileType;
use bbqr::qr::Version;
use bbqr::split::{Split, SplitOptions};

const RUNS: u64 = 20;
const BYTES: [usize; 3] = [1_000, 8_000, 100_000];
/// Versions, and the characters that they have room for at level L (ISO/IEC 18004 table 7).
const VERSIONS: [(u8, Version, usize); 3] =
    [(15, Version::V15, 758), (20, Version::V20, 1249), (25, Version::V25, 1853)];
const LOSSES: [u64; 3] = [0, 10, 30];

fn main() {
    println!("| scheme | version | bytes | bytes per code | 0 % | 10 % | 30 % |");
    for (number, version, characters) in VERSIONS {
        for bytes in BYTES {
            let message = message(bytes);
            let parts = split(&message, version);
            let counts = LOSSES.map(|loss| mean(|seed| bbqr(&parts, loss, seed)));
            let per_code = bytes / parts.len();
            println!("| BBQr | {number} | {bytes} | {per_code} | {} |", counts.join(" | "));
            let fragment = fragment(&message, characters);
            let counts = LOSSES.map(|loss| mean(|seed| ur(&message, fragment, loss, seed)));
            println!("| UR | {number} | {bytes} | {fragment} | {} |", counts.join(" | "));
        }
    }
}

fn mean(run: impl Fn(u64) -> usize) -> String {
    let sum: usize = (0..RUNS).map(run).sum();
    format!("{:.0}", sum as f64 / RUNS as f64)
}

fn split(message: &[u8], version: Version) -> Vec<String> {
    let options = SplitOptions {
        encoding: Encoding::Base32,
        min_version: version,
        max_version: version,
        ..SplitOptions::default()
    };
    Split::try_from_data(message, FileType::UnicodeText, options).expect("parts").parts
}

/// Codes shown, round after round, until each part was seen once.
fn bbqr(parts: &[String], loss: u64, seed: u64) -> usize {
    let (mut joiner, mut random) = (ContinuousJoiner::new(), Random(seed + 1));
    for (count, part) in parts.iter().cycle().enumerate() {
        if random.below(100) < loss {
            continue;
        }
        let result = joiner.add_part(part.clone()).expect("a part");
        if matches!(result, ContinuousJoinResult::Complete(_)) {
            return count + 1;
        }
    }
    unreachable!("it repeats for ever")
}

/// The longest fragment whose parts have room in so many characters.
fn fragment(message: &[u8], characters: usize) -> usize {
    let fits = |length: &usize| {
        let mut encoder = ur::Encoder::bytes(message, *length).expect("an encoder");
        (0..400).all(|_| encoder.next_part().expect("a part").len() <= characters)
    };
    (10..characters / 2).rev().find(fits).expect("one that fits")
}

fn ur(message: &[u8], fragment: usize, loss: u64, seed: u64) -> usize {
    let (mut decoder, mut random) = (ur::Decoder::default(), Random(seed + 1));
    let mut encoder = ur::Encoder::bytes(message, fragment).expect("an encoder");
    for count in 1.. {
        let part = encoder.next_part().expect("a part");
        if random.below(100) >= loss {
            decoder.receive(&part).expect("a part");
        }
        if decoder.complete() {
            return count;
        }
    }
    unreachable!("it goes on for ever")
}

fn message(bytes: usize) -> Vec<u8> {
    let mut random = Random(1);
    (0..bytes).map(|_| random.below(256) as u8).collect()
}

/// Numbers that only look random (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}
