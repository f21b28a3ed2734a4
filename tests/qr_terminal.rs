//! Codes in a real terminal, read by somebody else: tmux keeps the screen, zbarimg reads it.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use countersign::qr::{Receiver, Taken};
use countersign_tests::run::run;
use countersign_tests::terminal::{Display, Pane, has, picture, read};
use countersign_tests::{PIN, Scenario, program};
use tempfile::TempDir;

/// A folder with a message.
fn desk(content: &[u8]) -> TempDir {
    let folder = TempDir::with_prefix("cs").expect("a temporary folder");
    fs::write(folder.path().join("a.bin"), content).expect("a new file");
    folder
}

/// A message of several codes, whatever the terminal.
fn long() -> TempDir {
    let noise = |n: u32| n.wrapping_mul(2_654_435_761).wrapping_add(n * n).to_be_bytes()[0];
    let content: Vec<u8> = (0..9_000).map(noise).collect();
    desk(&content)
}

#[test]
fn a_code_in_the_terminal_is_read_by_another_program() {
    if !has("tmux") || !has("zbarimg") {
        return;
    }
    for size in [(80, 30), (110, 60), (200, 70)] {
        let folder = desk(b"a short message");
        let screen = Pane::run(folder.path(), size, "countersign qr show a.bin").end();
        assert!(screen.contains("bytes in one code"), "{screen}");
        let text = read(&picture(&screen, folder.path()));
        let Taken::Done(parcel) = Receiver::new(1 << 20).take(&text) else {
            panic!("{text:?} is not the message\n{screen}");
        };
        assert_eq!(parcel.files(), [("a.bin".to_owned(), b"a short message".to_vec())]);
    }
}

#[test]
fn moving_codes_are_read_one_by_one() {
    if !has("tmux") || !has("zbarimg") {
        return;
    }
    let folder = long();
    let pane = Pane::run(folder.path(), (200, 70), "countersign qr show a.bin --fps 1");
    pane.shows("q ends");
    pane.press(&["Space"]);
    pane.shows("paused");
    let mut receiver = Receiver::new(1 << 20);
    for _ in 0..30 {
        let screen = pane.screen();
        let text = read(&picture(&screen, folder.path()));
        if let Taken::Done(parcel) = receiver.take(&text) {
            let sent = fs::read(folder.path().join("a.bin")).expect("a file");
            assert_eq!(parcel.files(), [("a.bin".to_owned(), sent)]);
            return;
        }
        let number: u32 = screen
            .split_once("code ")
            .and_then(|(_, rest)| rest.split(',').next()?.parse().ok())
            .expect("a counter");
        pane.press(&["n"]);
        pane.shows(&format!("code {}, any", number + 1));
    }
    panic!("{:?}", receiver.progress());
}

#[test]
fn a_terminal_that_is_too_small_is_told() {
    if !has("tmux") {
        return;
    }
    let folder = desk(b"a short message");
    let screen = Pane::run(folder.path(), (40, 20), "countersign qr show a.bin").end();
    let told = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("the terminal is too small: 40 × 20 characters"), "{screen}");
}

#[test]
fn the_terminal_is_put_back_on_every_way_out() {
    if !has("tmux") {
        return;
    }
    for way in ["q", "C-c", "C-d", "Escape", "TERM", "INT", "HUP"] {
        let folder = long();
        let line = "sh -c 'echo $$ > pid; exec countersign qr show a.bin'";
        let pane = Pane::run(folder.path(), (200, 70), line);
        pane.shows("q ends");
        if way.len() == 1 || way.contains('-') || way == "Escape" {
            pane.press(&[way]);
        } else {
            let pid = fs::read_to_string(folder.path().join("pid")).expect("a number");
            run(Command::new("kill").args(["-s", way, pid.trim()]), "").ok();
        }
        let screen = pane.end();
        assert!(screen.contains("a.bin") && !screen.contains("q ends"), "{way}: {screen}");
        let modes = |name: &str| fs::read(folder.path().join(name)).expect("the terminal's modes");
        assert_eq!(modes("before"), modes("after"), "{way}");
        let flags = pane.tmux(&["display", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(flags.trim(), "0 1", "{way}: its own screen, with a cursor");
    }
}

#[test]
fn keys_step_and_change_speed_and_density() {
    if !has("tmux") {
        return;
    }
    let folder = long();
    let pane = Pane::run(folder.path(), (200, 60), "countersign qr show a.bin --density 25");
    pane.shows("denser does not fit in here");
    for (key, shown) in [
        ("+", "11 a second"),
        ("Up", "12 a second"),
        ("-", "11 a second"),
        ("<", "density 22"),
        (">", "density 23"),
        ("n", "paused"),
    ] {
        pane.press(&[key]);
        pane.shows(shown);
    }
    // A window that becomes smaller gets smaller codes.
    pane.tmux(&["resize-window", "-x", "100", "-y", "30"]);
    pane.shows("density 8");
    pane.press(&["q"]);
    pane.end();
}

#[test]
fn who_has_nothing_to_read_says_so_with_a_key() {
    if !has("tmux") {
        return;
    }
    let folder = desk(b"a short message");
    fs::create_dir(folder.path().join("pictures")).expect("a new folder");
    let pane = Pane::run(folder.path(), (120, 30), "countersign qr scan pictures");
    pane.shows("looking for codes; q ends");
    pane.press(&["q"]);
    assert!(pane.end().contains("no code was found"));
    let modes = |name: &str| fs::read(folder.path().join(name)).expect("the terminal's modes");
    assert_eq!(modes("before"), modes("after"));
}

/// Keys for codes and answers to questions take turns at one terminal.
#[test]
fn an_operator_goes_through_a_session_at_one_terminal() {
    if !has("tmux") {
        return;
    }
    let s = Scenario::new();
    s.certify("alice").ok();
    let request = s.on_stick(".request.asc").remove(0);
    s.countersign(&["qr", "show", &request, "--output", "request.gif"]).ok();
    s.pass(30);
    let airgap = program("airgap");
    let line = format!(
        "{} session run --practice-card card --camera request.gif --screen --fps 1 --time {} ; \
         echo ended $?",
        airgap.display(),
        s.now()
    );
    let pane = Pane::run(s.root(), (200, 70), &line);
    pane.shows("Type Yes to consent");
    pane.press(&["Yes", "Enter"]);
    pane.shows("PIN (3 tries left): ");
    assert!(pane.screen().contains("the answers will be about"));
    pane.press(&[PIN, "Enter"]);
    pane.shows("q ends");
    pane.press(&["+", "Space"]);
    pane.shows("paused");
    pane.press(&["q"]);
    pane.shows("Has the other side read it all?");
    pane.press(&["Again", "Enter"]);
    pane.shows("q ends");
    pane.press(&["C-c"]);
    pane.shows("Has the other side read it all?");
    pane.press(&["Yes", "Enter"]);
    let screen = pane.end();
    assert!(screen.contains("ended 0") && screen.contains("1 signed"), "{screen}");
    let modes = |name: &str| fs::read(s.path(name)).expect("the terminal's modes");
    assert_eq!(modes("before"), modes("after"));
    assert_eq!(s.events().iter().filter(|e| e.get("answered").is_some()).count(), 1);
}

/// A real terminal with a theme and blurred letters, as people see it.
#[test]
fn a_screenshot_of_a_terminal_is_read_by_another_program() {
    if !["Xvfb", "xterm", "import", "zbarimg"].into_iter().all(has) {
        return;
    }
    let folder = desk(b"a short message");
    let display = Display::open();
    for (size, colours) in [("8", ["#002b36", "#839496"]), ("11", ["#ffffdd", "#000000"])] {
        let line = "countersign qr show a.bin; read forever";
        let line = line.replace("countersign", &program("countersign").to_string_lossy());
        let mut xterm = Command::new("xterm");
        xterm.args(["-geometry", "150x60+0+0", "-fa", "Monospace", "-fs", size]);
        xterm.args(["-bg", colours[0], "-fg", colours[1], "-e", "sh", "-c", &line]);
        let xterm = xterm.current_dir(folder.path()).env("DISPLAY", display.name()).spawn();
        let mut xterm = xterm.expect("xterm runs");
        let shot = folder.path().join("shot.png");
        let mut text = String::new();
        for _ in 0..100 {
            let mut import = Command::new("import");
            import.args(["-window", "root"]).arg(&shot).env("DISPLAY", display.name());
            run(&import, "").ok();
            text = read(&shot);
            if !text.is_empty() {
                break;
            }
        }
        let _ = xterm.kill();
        let _ = xterm.wait();
        assert!(matches!(Receiver::new(1 << 20).take(&text), Taken::Done(_)), "{size}: {text:?}");
    }
}
