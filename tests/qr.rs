//! What we show, read by other people's programs: zbarimg, poppler, rsvg, and a RaptorQ in C++.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign::qr::draw::{self, Scale, Sheet};
use countersign::qr::read::{self, Flow, Limits};
use countersign::qr::{Density, Parcel, Receiver, Sender, Symbol, Taken};
use countersign_tests::photo::{Conditions, Random};
use countersign_tests::skip;

/// A parcel of two files, one of which does not compress.
fn parcel(bytes: usize) -> Parcel {
    let mut random = Random(bytes as u64 + 7);
    let content = (0..bytes).map(|_| (random.share() * 256.0) as u8).collect();
    let note = b"a line\n".repeat(40);
    Parcel::new(vec![("request.asc".to_owned(), content), ("note.txt".to_owned(), note)])
        .expect("a parcel")
}

fn sender(bytes: usize, density: Density) -> Sender {
    Sender::new(&parcel(bytes), density).expect("not too many codes")
}

/// Whether a program of that name is installed; says that the test passes over it otherwise.
fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    let there = command.status().is_ok();
    if !there {
        skip(&format!("{program} is not installed"));
    }
    there
}

/// The texts that zbar sees on a picture.
fn zbar(picture: &Path) -> Vec<String> {
    let output = Command::new("zbarimg")
        .args(["-q", "--raw", "-Sdisable", "-Sqrcode.enable"])
        .arg(picture)
        .stderr(Stdio::null())
        .output()
        .expect("zbarimg runs");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// The parcel that these texts give.
fn receive(texts: impl IntoIterator<Item = String>) -> Option<Parcel> {
    let mut receiver = Receiver::new(1 << 20);
    texts.into_iter().find_map(|text| match receiver.take(&text) {
        Taken::Done(parcel) => Some(parcel),
        _ => None,
    })
}

#[test]
fn zbar_reads_our_png() {
    if !has("zbarimg") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    for density in [Density::Low, Density::Medium, Density::High] {
        let sender = sender(4000, density);
        for number in [0, sender.needed() + 3] {
            let png = place.path().join("code.png");
            let scale = Scale::new(4).expect("a scale");
            fs::write(&png, draw::png(&sender.frame(number), scale)).expect("written");
            assert_eq!(zbar(&png), [sender.text(number)], "{density}, frame {number}");
        }
    }
}

#[test]
fn zbar_reads_our_svg_as_rsvg_shows_it() {
    if !has("zbarimg") || !has("rsvg-convert") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let sender = sender(4000, Density::Medium);
    let (svg, png) = (place.path().join("code.svg"), place.path().join("code.png"));
    fs::write(&svg, draw::svg(&sender.frame(0))).expect("written");
    let mut rsvg = Command::new("rsvg-convert");
    rsvg.args(["-w", "525"]).arg(&svg).arg("-o").arg(&png);
    assert!(rsvg.status().expect("rsvg runs").success());
    assert_eq!(zbar(&png), [sender.text(0)]);
}

#[test]
fn printed_sheets_are_read_at_150_dpi_by_zbar_and_by_us() {
    if !has("zbarimg") || !has("pdftoppm") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    for density in [Density::Low, Density::Medium, Density::High] {
        let sender = sender(6000, density);
        for page in pages(&sender, place.path(), &["-r", "150", "-gray", "-png"]) {
            let texts = zbar(&page);
            assert!(!texts.is_empty(), "{density}: {}", page.display());
            let ours = codes(&fs::read(&page).expect("a page"));
            assert!(texts.iter().all(|text| ours.contains(text)), "{density}");
        }
        let read = pages(&sender, place.path(), &["-r", "150", "-gray", "-png"]);
        assert_eq!(
            receive(read.iter().flat_map(|page| zbar(page))),
            Some(parcel(6000)),
            "{density}"
        );
    }
}

/// A scanner's PDF: pages as JPEG, gray or in colour; and as fax, from tiff2pdf where it is.
#[test]
fn a_scan_of_the_sheets_is_read_back() {
    if !has("pdftoppm") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let sender = sender(6000, Density::Medium);
    for options in [&["-r", "150", "-jpeg"], &["-r", "200", "-jpeg"]] {
        let pages = pages(&sender, place.path(), options);
        let texts = pages.iter().flat_map(|page| codes(&fs::read(page).expect("a page")));
        assert_eq!(receive(texts), Some(parcel(6000)), "{options:?}");
    }
}

#[test]
fn photographs_of_a_screen_are_read_at_the_default_density() {
    let sender = sender(4000, Density::default());
    for name in ["good", "medium", "rotated", "blurred", "low contrast", "noise", "glare", "moiré"]
    {
        let conditions = Conditions::named(name);
        let read = |seed: &u64| {
            let luma = conditions.photograph(&sender.frame(0), *seed);
            luma.codes().contains(&sender.text(0))
        };
        let share = (0..4).filter(read).count();
        assert!(share >= 3, "{name}: {share} of 4");
    }
}

#[test]
fn an_independent_raptorq_reads_our_frames() {
    let Some(python) = std::env::var_os("COUNTERSIGN_QR_PYTHON") else {
        return skip("COUNTERSIGN_QR_PYTHON is not set: scripts/test makes its environment");
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/qr/read_frames.py");
    for (bytes, density) in [(20, Density::Medium), (6000, Density::Medium), (6000, Density::Low)] {
        let (sender, parcel) = (sender(bytes, density), parcel(bytes));
        let needed = sender.needed();
        let all = 0..needed;
        let repair = needed..2 * needed + 3;
        let mixed = (0..2 * needed + 6).step_by(2);
        for numbers in [all.collect::<Vec<_>>(), repair.collect(), mixed.rev().collect()] {
            let place = tempfile::tempdir().expect("a folder");
            let mut child = Command::new(&python)
                .arg(&script)
                .arg(place.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("python runs");
            let texts: String = numbers.iter().map(|n| sender.text(*n) + "\n").collect();
            // It stops to listen when it has enough.
            let _ = child.stdin.take().expect("piped").write_all(texts.as_bytes());
            let output = child.wait_with_output().expect("an end");
            assert!(output.status.success(), "{bytes} bytes, {density}, frames {numbers:?}");
            let digest = String::from_utf8(output.stdout).expect("text");
            assert_eq!(digest.trim(), parcel.digest().to_string());
            for (name, content) in parcel.files() {
                assert_eq!(&fs::read(place.path().join(name)).expect("a file"), content);
            }
        }
    }
}

/// The sheets as pictures.
fn pages(sender: &Sender, place: &Path, options: &[&str]) -> Vec<std::path::PathBuf> {
    let pdf = place.join("sheets.pdf");
    let lines = ["request.asc".to_owned(), "note.txt".to_owned()];
    let sheet = Sheet { heading: "A request", lines: &lines, command: "countersign qr scan FILE" };
    fs::write(&pdf, draw::pdf(sender, &sheet)).expect("written");
    let folder = tempfile::tempdir_in(place).expect("a folder").keep();
    let mut command = Command::new("pdftoppm");
    command.args(options).arg(&pdf).arg(folder.join("page"));
    assert!(command.status().expect("pdftoppm runs").success());
    let mut pages: Vec<_> =
        fs::read_dir(&folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    pages.sort();
    pages
}

/// The texts that we see on a picture.
fn codes(picture: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    read::picture(picture, &Limits::default(), |luma| {
        texts.extend(luma.codes());
        Flow::Continue(())
    })
    .expect("a picture");
    texts
}

/// A symbol has no more to it than its modules.
#[test]
fn the_quiet_zone_is_light() {
    let symbol: Symbol = sender(20, Density::Low).frame(0);
    let (first, last) = (symbol.is_dark(0, 0), symbol.is_dark(symbol.width(), 0));
    assert!(first && !last);
}
