//! Codes in a real terminal, read by somebody else: tmux keeps the screen, zbarimg reads it.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::qr::{Receiver, Taken};
use countersign_tests::run::run;
use countersign_tests::{PIN, Scenario, program, skip};
use tempfile::TempDir;

/// Whether a program that a test cannot do without is there.
fn has(name: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
    let there = found.is_ok_and(|output| output.status.success());
    if !there {
        skip(&format!("no {name}"));
    }
    there
}

/// A folder with a message.
fn desk(content: &[u8]) -> TempDir {
    let folder = TempDir::with_prefix("cs").expect("a temporary folder");
    fs::write(folder.path().join("a.bin"), content).expect("a new file");
    folder
}

/// A terminal, kept by tmux. Its socket is in the folder, because that path is short.
struct Pane<'a>(&'a Path);

impl<'a> Pane<'a> {
    /// A terminal of this size in which `line` is run, and nothing after it.
    fn run(folder: &'a Path, (columns, rows): (u32, u32), line: &str) -> Self {
        let pane = Self(folder);
        let line = line.replace("countersign", &program("countersign").to_string_lossy());
        let line = format!(
            "stty -g > before; {line}; stty -g > after; tmux -L t wait-for -S end; \
             tmux -L t wait-for never"
        );
        let (columns, rows) = (columns.to_string(), rows.to_string());
        pane.tmux(&["new-session", "-d", "-x", &columns, "-y", &rows, &line]);
        pane
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-L", "t", "-f", "/dev/null"]).args(arguments).current_dir(self.0);
        run(command.env("TMUX_TMPDIR", self.0).env_remove("TMUX"), "").ok().out
    }

    /// What is on the screen, colours included.
    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-e", "-p", "-J"])
    }

    /// Waits until these words are on the screen.
    #[track_caller]
    fn shows(&self, words: &str) {
        for _ in 0..3_000 {
            if self.screen().contains(words) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("no {words:?} on the screen");
    }

    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"][..], keys].concat());
    }

    /// Waits until the line has ended; the screen then.
    fn end(&self) -> String {
        self.tmux(&["wait-for", "end"]);
        self.screen()
    }
}

impl Drop for Pane<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// The screen as a picture: each character two points high, and each point a few pixels.
fn picture(screen: &str, folder: &Path) -> PathBuf {
    const SCALE: usize = 4;
    let rows: Vec<[Vec<u8>; 2]> = screen.lines().map(points).collect();
    let width = rows.iter().map(|[upper, _]| upper.len()).max().unwrap_or(0);
    let mut pixels = Vec::new();
    for row in rows.iter().flatten() {
        let mut row = row.clone();
        row.resize(width, 128);
        let row: Vec<u8> = row.iter().flat_map(|p| [*p; SCALE]).collect();
        (0..SCALE).for_each(|_| pixels.extend(&row));
    }
    let path = folder.join("screen.pgm");
    let head = format!("P5 {} {} 255\n", width * SCALE, rows.len() * 2 * SCALE);
    fs::write(&path, [head.as_bytes(), &pixels].concat()).expect("a new file");
    path
}

/// One line of a screen: its upper and its lower points. What has no colour of its own is grey, as
/// if on a terminal of that colour.
fn points(line: &str) -> [Vec<u8>; 2] {
    let (mut ink, mut paper) = (128, 128);
    let mut points = [Vec::new(), Vec::new()];
    let mut rest = line.chars();
    while let Some(char) = rest.next() {
        if char == '\u{1b}' {
            let sequence: String = rest.by_ref().take_while(|c| *c != 'm').collect();
            let numbers: Vec<&str> = sequence.trim_start_matches('[').split(';').collect();
            let grey = |number: &str| if number == "16" { 0 } else { 255 };
            match numbers[..] {
                ["38", "5", n] => ink = grey(n),
                ["48", "5", n] => paper = grey(n),
                ["38", "5", n, "48", "5", m] => (ink, paper) = (grey(n), grey(m)),
                _ => (ink, paper) = (128, 128),
            }
            continue;
        }
        let (upper, lower) = match char {
            '▀' => (ink, paper),
            '▄' => (paper, ink),
            '█' => (ink, ink),
            _ => (paper, paper),
        };
        points[0].push(upper);
        points[1].push(lower);
    }
    points
}

/// What zbarimg reads in a picture.
fn read(picture: &Path) -> String {
    let read = run(Command::new("zbarimg").args(["--raw", "--quiet"]).arg(picture), "");
    read.out.trim().to_owned()
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

/// A display of its own without a screen, until it is dropped.
struct Display(std::process::Child, String);

impl Display {
    fn open() -> Self {
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", "1600x1200x24"]);
        server.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
        let mut server = server.spawn().expect("Xvfb runs");
        let mut number = String::new();
        let out = server.stdout.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut number).expect("read");
        Self(server, format!(":{}", number.trim()))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
        let xterm = xterm.current_dir(folder.path()).env("DISPLAY", &display.1).spawn();
        let mut xterm = xterm.expect("xterm runs");
        let shot = folder.path().join("shot.png");
        let mut text = String::new();
        for _ in 0..100 {
            let mut import = Command::new("import");
            import.args(["-window", "root"]).arg(&shot).env("DISPLAY", &display.1);
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
