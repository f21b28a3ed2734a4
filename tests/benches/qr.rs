//! How many codes are shown until a message is received, and how fast codes are made and read.
//!
//! `cargo bench -p countersign-tests --bench qr`. BBQr and UR on the same messages:
//! `tests/benches/rivals`, a package of its own.

use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign::qr::draw;
use countersign::qr::read::{Limits, jpeg};
use countersign::qr::{Density, Parcel, QrVersion, Receiver, Sender, Taken};
use countersign_tests::photo::{Conditions, Random};

const RUNS: u64 = 20;
const LIMIT: usize = 8 << 20;

fn main() {
    println!("| scheme | version | bytes | bytes per code | 0 % | 10 % | 30 % |");
    for version in [15, 20, 25] {
        for bytes in [1_000, 8_000, 100_000] {
            let sender = sender(bytes, version);
            let counts = [0.0, 0.1, 0.3].map(|loss| {
                let sum: u64 = (0..RUNS).map(|seed| u64::from(shown(&sender, loss, seed))).sum();
                format!("{:.0}", sum as f64 / RUNS as f64)
            });
            let per_code = bytes / sender.needed() as usize;
            println!("| RaptorQ | {version} | {bytes} | {per_code} | {} |", counts.join(" | "));
        }
    }
    speed();
    largest();
}

/// A message of so many bytes that do not compress.
fn sender(bytes: usize, version: u8) -> Sender {
    let mut random = Random(bytes as u64);
    let content = (0..bytes).map(|_| (random.share() * 256.0) as u8).collect();
    let parcel = Parcel::new(vec![("x".to_owned(), content)]).expect("a parcel");
    let version = QrVersion::new(version).expect("a version");
    Sender::new(&parcel, Density::Version(version)).expect("not too many codes")
}

/// Codes shown until the message is there.
fn shown(sender: &Sender, loss: f64, seed: u64) -> u32 {
    let (mut receiver, mut random) = (Receiver::new(LIMIT), Random(seed + 1));
    for number in 0.. {
        if random.share() < loss {
            continue;
        }
        if let Taken::Done(_) = receiver.take(&sender.text(number)) {
            return number + 1;
        }
    }
    unreachable!("it goes on for ever")
}

/// Pictures a second on one core, 1280 × 720.
fn speed() {
    for version in [10, 20, 27] {
        let sender = sender(20_000, version);
        let count = sender.needed().min(16);
        let jpegs: Vec<_> = (0..count)
            .map(|n| Conditions::named("good").jpeg(&sender.frame(n), n.into()))
            .collect();
        let lumas: Vec<_> =
            jpegs.iter().map(|j| jpeg(j, &Limits::default()).expect("a JPEG")).collect();
        let decode = each(count, |n| drop(jpeg(&jpegs[n], &Limits::default())));
        let find = each(count, |n| drop(lumas[n].codes()));
        let blank = lumas[0].pixels().iter().map(|p| p / 8 + 100).collect();
        let blank = countersign::qr::read::Luma::new(1280, 720, blank).expect("as large");
        let nothing = each(4, |_| drop(blank.codes()));
        let mut receiver = Receiver::new(LIMIT);
        let take = each(count, |n| drop(receiver.take(&sender.text(n as u32))));
        let make = each(count, |n| drop(black_box(sender.frame(1000 + n as u32))));
        let symbol = sender.frame(0);
        let terminal = each(count, |_| drop(black_box(draw::terminal(&symbol))));
        println!(
            "version {version}: JPEG {:.1} ms, codes {:.1} ms, in low contrast {:.1} ms, \
             take {:.2} ms; a code {:.1} ms, on the terminal {:.2} ms",
            ms(decode),
            ms(find),
            ms(nothing),
            ms(take),
            ms(make),
            ms(terminal)
        );
        println!("  {:.0} pictures a second", 1.0 / (decode + find + take).as_secs_f64());
    }
}

/// The shortest time of several, so that other programs on the machine do not count.
fn each(count: u32, mut work: impl FnMut(usize)) -> Duration {
    let time = |n| {
        let begin = Instant::now();
        work(n);
        begin.elapsed()
    };
    (0..count as usize).map(time).min().expect("one at least")
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The longest message that is sent, from repair codes only: what solving takes at most.
fn largest() {
    for bytes in [100_000, 1_000_000, 6_000_000] {
        let begin = Instant::now();
        let sender = sender(bytes, 20);
        let (made, needed) = (begin.elapsed(), sender.needed());
        let mut receiver = Receiver::new(LIMIT);
        let mut longest = Duration::ZERO;
        for number in needed.. {
            let text = sender.text(number);
            let begin = Instant::now();
            let taken = receiver.take(&text);
            longest = longest.max(begin.elapsed());
            if let Taken::Done(_) = taken {
                break;
            }
        }
        println!(
            "{bytes} bytes, {needed} codes: made in {:.0} ms, solved in {:.0} ms",
            ms(made),
            ms(longest)
        );
    }
}
