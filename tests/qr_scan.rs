//! Codes that are shown and read: in every form, mixed up, cut short, and by people who mean harm.
#![allow(missing_docs)]

use std::fs;
use std::process::{Command, Stdio};

use countersign_tests::run::run;
use countersign_tests::{Run, program};
use tempfile::TempDir;

/// A folder with messages, and a folder for what arrives.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::with_prefix("cs").expect("a temporary folder"));
        fs::create_dir(desk.0.path().join("in")).expect("a new folder");
        desk
    }

    /// A message that does not compress.
    fn message(&self, name: &str, bytes: u32) {
        let mut state = bytes;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let content: Vec<u8> = (0..bytes).map(|_| next()).collect();
        fs::write(self.0.path().join(name), content).expect("a new file");
    }

    fn qr(&self, arguments: &[&str]) -> Run {
        self.qr_with(arguments, "")
    }

    fn qr_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = Command::new(program("countersign"));
        run(command.arg("qr").args(arguments).current_dir(self.0.path()), input)
    }

    #[track_caller]
    fn arrived(&self, name: &str) {
        let read = |path: &str| fs::read(self.0.path().join(path)).expect("a file");
        assert!(read(name) == read(&format!("in/{name}")), "{name} is another");
    }

    /// The names of the files that arrived.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path().join("in")).expect("a folder");
        entries.map(|e| e.expect("read").file_name().to_string_lossy().into_owned()).collect()
    }
}

#[test]
fn every_form_of_file_is_read_back() {
    for form in ["gif", "apng", "pdf"] {
        let desk = Desk::new();
        desk.message("a.bin", 5_000);
        let file = format!("codes.{form}");
        desk.qr(&["show", "a.bin", "--output", &file]).ok().says("codes: ").says("written: codes");
        desk.qr(&["scan", &file, "--output", "in"]).ok().says("the words to compare");
        desk.arrived("a.bin");
    }
}

#[test]
fn pictures_are_read_in_any_order_from_a_folder_or_one_by_one() {
    let desk = Desk::new();
    desk.message("a.bin", 3_000);
    let out = desk.qr(&["show", "a.bin", "--output", "codes.png", "--density", "low"]).ok();
    let mut pictures: Vec<String> =
        out.err.lines().filter_map(|l| Some(l.strip_prefix("written: ")?.to_owned())).collect();
    assert!(pictures.len() > 12, "{pictures:?}");
    // The first three are lost; later ones stand for them.
    pictures.drain(..3);
    pictures.reverse();
    let mut scan = vec!["scan", "--output", "in"];
    scan.extend(pictures.iter().map(String::as_str));
    desk.qr(&scan).ok();
    desk.arrived("a.bin");

    let again = Desk::new();
    fs::create_dir(again.0.path().join("pictures")).expect("a new folder");
    for picture in &pictures {
        let to = again.0.path().join("pictures").join(picture);
        fs::copy(desk.0.path().join(picture), to).expect("a copy");
    }
    fs::write(again.0.path().join("pictures/notes.txt"), "no picture").expect("a new file");
    again.qr(&["scan", "pictures", "--output", "in"]).ok();
    assert_eq!(again.names(), ["a.bin"]);
}

#[test]
fn what_is_missing_is_counted() {
    let desk = Desk::new();
    desk.message("a.bin", 3_000);
    desk.qr(&["show", "a.bin", "--output", "codes.png", "--density", "low"]).ok();
    let run = desk.qr(&["scan", "codes-01.png", "codes-05.png", "--output", "in"]).ends(1);
    run.says("codes are missing: the message is not whole").says("any of them do");
    assert!(desk.names().is_empty());
}

#[test]
fn two_messages_mixed_up_both_arrive() {
    let desk = Desk::new();
    desk.message("a.bin", 2_000);
    desk.message("b.bin", 2_400);
    for name in ["a", "b"] {
        let codes = format!("pictures/{name}.png");
        fs::create_dir_all(desk.0.path().join("pictures")).expect("a folder");
        desk.qr(&["show", &format!("{name}.bin"), "--output", &codes, "--density", "low"]).ok();
    }
    // By their numbers, so that the messages take turns.
    let entries = fs::read_dir(desk.0.path().join("pictures")).expect("a folder");
    for path in entries.map(|e| e.expect("read").path()) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let (message, number) = name.split_once('-').expect("numbered");
        fs::rename(&path, path.with_file_name(format!("{number}-{message}.png"))).expect("renamed");
    }
    let run = desk.qr(&["scan", "pictures", "--once", "--output", "in"]).ok();
    run.says("codes of another message (").says("come in between");
    desk.arrived("a.bin");
    desk.arrived("b.bin");
}

#[test]
fn pictures_without_codes_and_files_that_are_no_pictures_are_told() {
    let desk = Desk::new();
    desk.message("a.bin", 300);
    desk.qr(&["scan", "a.bin", "--output", "in"])
        .ends(1)
        .says("a.bin: neither PNG")
        .says("no code");
    desk.qr(&["scan", "absent.png", "--output", "in"]).ends(1).says("absent.png");
    desk.qr(&["scan", "-", "--output", "in"]).ends(1).says("no code was found");
    desk.qr_with(&["scan", "-", "--output", "in"], "some text\n").ends(1).says("Y4M");
    desk.qr(&["scan", "a.bin", "--output", "nowhere"]).ends(1).says("mkdir nowhere");
    desk.qr(&["scan", "--output", "in", "--camera", "no-camera"]).ends(1).says("no-camera");
    assert!(desk.names().is_empty());
}

#[test]
fn a_file_that_is_there_is_not_replaced_by_another() {
    let desk = Desk::new();
    desk.message("a.bin", 300);
    desk.qr(&["show", "a.bin", "--output", "a.png"]).ok().says("in one code");
    desk.qr(&["show", "a.bin", "--output", "a.png"]).ends(1).says("replace it with --force");
    desk.qr(&["show", "a.bin", "--output", "a.png", "--force"]).ok();
    desk.qr(&["scan", "a.png", "--output", "in"]).ok();
    desk.qr(&["scan", "a.png", "--output", "in"]).ok();
    fs::write(desk.0.path().join("in/a.bin"), "mine").expect("written");
    desk.qr(&["scan", "a.png", "--output", "in"]).ends(1).says("exists already");
}

#[test]
fn what_cannot_be_shown_is_told_before_anything_is_written() {
    let desk = Desk::new();
    desk.message("a.bin", 300);
    desk.qr(&["show", "a.bin"]).ends(2).says("standard output is not a terminal");
    desk.qr(&["show", "a.bin", "--output", "a.jpg"]).ends(2).says("end it in .gif");
    desk.qr(&["show", "a.bin", "--output", "a.gif", "--fps", "0"]).ends(2).says("1 to 50");
    desk.qr(&["show", "a.bin", "--output", "a.gif", "--density", "41"]).ends(2).says("5 to 40");
    desk.qr(&["show", "a.bin", "a.bin", "--output", "a.gif"]).ends(1).says("a.bin");
    fs::File::create(desk.0.path().join("huge")).and_then(|f| f.set_len(1 << 40)).expect("sparse");
    desk.qr(&["show", "huge", "--output", "a.gif"]).ends(1).says("longer than");
    assert!(!desk.0.path().join("a.gif").exists());
}

#[test]
fn a_folder_is_watched_until_everything_is_there() {
    let desk = Desk::new();
    desk.message("a.bin", 1_500);
    desk.qr(&["show", "a.bin", "--output", "codes.png", "--density", "low"]).ok();
    let path = |name: &str| desk.0.path().join(name);
    fs::create_dir(path("pictures")).expect("a new folder");
    let mut scan = Command::new(program("countersign"));
    scan.args(["qr", "scan", "pictures", "--output", "in"]).current_dir(desk.0.path());
    scan.stdin(Stdio::null()).stderr(Stdio::null());
    let mut scan = scan.spawn().expect("runs");
    // As a phone's pictures come: one is half there at first, and one is none.
    let whole = fs::read(path("codes-01.png")).expect("a picture");
    fs::write(path("pictures/1.png"), &whole[..whole.len() / 2]).expect("a new file");
    fs::write(path("pictures/Thumbs.db"), "no picture").expect("a new file");
    for entry in fs::read_dir(desk.0.path()).expect("a folder").map(|e| e.expect("read")) {
        if entry.file_name().to_string_lossy().ends_with(".png") {
            assert!(scan.try_wait().expect("a child").is_none(), "it ended too early");
            fs::copy(entry.path(), path("pictures").join(entry.file_name())).expect("a copy");
        }
        if entry.file_name() == "codes-01.png" {
            fs::write(path("pictures/1.png"), &whole).expect("a longer file");
        }
    }
    assert!(scan.wait().expect("a child").success());
    desk.arrived("a.bin");
}
