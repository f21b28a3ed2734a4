//! Real terminals: tmux keeps one, Xvfb has one on a display of its own; what stands on them as a
//! picture, and what another program reads in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::run::run;
use crate::{program, skip};

/// Whether a program that a test cannot do without is there.
pub fn has(name: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
    let there = found.is_ok_and(|output| output.status.success());
    if !there {
        skip(&format!("no {name}"));
    }
    there
}

/// A terminal, kept by tmux. Its socket is in the folder, because that path is short.
pub struct Pane<'a>(&'a Path);

impl<'a> Pane<'a> {
    /// A terminal of this size in which `line` is run, and nothing after it.
    pub fn run(folder: &'a Path, (columns, rows): (u32, u32), line: &str) -> Self {
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

    /// Runs tmux with these arguments; what it printed.
    pub fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-L", "t", "-f", "/dev/null"]).args(arguments).current_dir(self.0);
        run(command.env("TMUX_TMPDIR", self.0).env_remove("TMUX"), "").ok().out
    }

    /// What is on the screen, colours included.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-e", "-p", "-J"])
    }

    /// Waits until these words are on the screen.
    #[track_caller]
    pub fn shows(&self, words: &str) {
        for _ in 0..3_000 {
            if self.screen().contains(words) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("no {words:?} on the screen");
    }

    /// Presses these keys, by tmux's names.
    pub fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"][..], keys].concat());
    }

    /// Waits until the line has ended; the screen then.
    pub fn end(&self) -> String {
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
pub fn picture(screen: &str, folder: &Path) -> PathBuf {
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
pub fn read(picture: &Path) -> String {
    let read = run(Command::new("zbarimg").args(["--raw", "--quiet"]).arg(picture), "");
    read.out.trim().to_owned()
}

/// A display of its own without a screen, until it is dropped.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Opens one. `Xvfb` has to be there.
    pub fn open() -> Self {
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", "1600x1200x24"]);
        server.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().expect("Xvfb runs");
        let mut number = String::new();
        let out = server.stdout.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut number).expect("read");
        Self { server, name: format!(":{}", number.trim()) }
    }

    /// Its name, as in `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
