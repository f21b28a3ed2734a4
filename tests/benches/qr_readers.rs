//! How many of the calculated photographs each reader reads, by QR version and conditions.
//!
//! `cargo bench -p countersign-tests --bench qr_readers [-- PICTURES [READER [FOLDER]]]`: so many
//! pictures for each cell (8), one reader or `all`, and the first picture of each cell into the
//! folder. zbar is asked where `zbarimg` is installed.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign::qr::read::Luma;
use countersign::qr::{Density, Parcel, QrVersion, Sender};
use countersign_tests::photo::{ALL, Conditions, Random};

const VERSIONS: [u8; 8] = [5, 10, 15, 20, 25, 27, 30, 40];
/// Name, and what it finds in a picture: as grey values, and as JPEG.
type Reader = (&'static str, fn(&Luma, &[u8]) -> Vec<String>);
const READERS: [Reader; 3] = [("rxing", rxing), ("rqrr", rqrr), ("zbar", zbar)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let pictures = arguments.first().and_then(|n| n.parse().ok()).unwrap_or(8);
    let only = arguments.get(1).filter(|name| *name != "all");
    let asked = |name: &str| only.is_none_or(|only| only == name);
    let folder = arguments.get(2).map(PathBuf::from);
    let head: String = VERSIONS.iter().map(|v| format!(" {v} |")).collect();
    let mut spent = [Duration::ZERO; READERS.len()];
    for conditions in ALL {
        println!("| {} |{head}", conditions.name);
        let mut read = vec![[0u32; READERS.len()]; VERSIONS.len()];
        for (column, version) in VERSIONS.iter().enumerate() {
            for seed in 0..pictures {
                let sender = sender(*version, seed);
                let jpeg = conditions.jpeg(&sender.frame(0), seed);
                if let Some(folder) = folder.as_ref().filter(|_| seed == 0) {
                    let name = format!("{}-{version}.jpg", conditions.name.replace(' ', "-"));
                    std::fs::write(folder.join(name), &jpeg).expect("written");
                }
                let luma = Conditions::photograph(&conditions, &sender.frame(0), seed);
                for (row, (name, reader)) in READERS.iter().enumerate() {
                    if !asked(name) {
                        continue;
                    }
                    let begin = Instant::now();
                    let found = reader(&luma, &jpeg);
                    spent[row] += begin.elapsed();
                    read[column][row] += u32::from(found.contains(&sender.text(0)));
                }
            }
        }
        for (row, (name, _)) in READERS.iter().enumerate().filter(|(_, (name, _))| asked(name)) {
            let share = |c: &[u32; READERS.len()]| format!(" {} |", c[row] * 100 / pictures as u32);
            println!("| – {name} |{}", read.iter().map(share).collect::<String>());
        }
    }
    let count = (ALL.len() * VERSIONS.len()) as u32 * pictures as u32;
    for ((name, _), spent) in READERS.iter().zip(spent) {
        println!("{name}: {:.1} ms a picture", (spent / count).as_secs_f64() * 1e3);
    }
}

/// A message that fills codes of this version.
fn sender(version: u8, seed: u64) -> Sender {
    let mut random = Random(seed + 1);
    let content: Vec<u8> = (0..9000).map(|_| (random.share() * 256.0) as u8).collect();
    let version = QrVersion::new(version).expect("a version");
    // Codes are as small as so many can be, so not every length fills them.
    let senders = (0..400).map(|less| {
        let parcel = Parcel::new(vec![("x".to_owned(), content[10 * less..].to_vec())]);
        Sender::new(&parcel.expect("a parcel"), Density::Version(version)).expect("few codes")
    });
    { senders }.find(|sender| sender.version() == version).expect("some length does")
}

fn rxing(luma: &Luma, _: &[u8]) -> Vec<String> {
    luma.codes()
}

fn rqrr(luma: &Luma, _: &[u8]) -> Vec<String> {
    let (width, height) = luma.size();
    let pixel = |x, y| luma.pixels()[y * width + x];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
    image.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect()
}

fn zbar(_: &Luma, jpeg: &[u8]) -> Vec<String> {
    let file = tempfile::Builder::new().suffix(".jpg").tempfile().expect("a file");
    std::fs::write(file.path(), jpeg).expect("written");
    let output = Command::new("zbarimg")
        .args(["-q", "--raw", "-Sdisable", "-Sqrcode.enable"])
        .arg(file.path())
        .stderr(Stdio::null())
        .output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
