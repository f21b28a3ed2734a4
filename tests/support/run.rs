//! Running a program, and saying what it must have said.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Longest that any program of a test may take, in seconds: it would hang.
const PATIENCE: &str = "120";

/// What a program did.
#[derive(Debug)]
pub struct Run {
    /// The command line, for messages.
    pub line: String,
    /// The exit status.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// It ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.ends(0)
    }

    /// It ended with this status.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.told());
        self
    }

    /// These words are in its output, whatever lines they were broken into.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.has(words), "no {words:?} in {}", self.told());
        self
    }

    /// These words are not.
    #[track_caller]
    pub fn never_says(self, words: &str) -> Self {
        assert!(!self.has(words), "{words:?} in {}", self.told());
        self
    }

    /// Whether these words are in its output.
    pub fn has(&self, words: &str) -> bool {
        let words = flat(words);
        flat(&self.out).contains(&words) || flat(&self.err).contains(&words)
    }

    /// Everything, for the message of a failed test.
    pub fn told(&self) -> String {
        format!("{}\nstatus {}\n{}\n{}", self.line, self.code, self.out, self.err)
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs `command` with `input` on its standard input.
///
/// # Panics
/// Where it cannot be run, or hangs.
pub fn run(command: &Command, input: &str) -> Run {
    let mut limited = Command::new("timeout");
    limited.arg(PATIENCE);
    wrap(&mut limited, command);
    limited.env("RUST_BACKTRACE", "0");
    let mut child = limited
        // gpg reads arguments and chooses words by the locale.
        .env("LC_ALL", "C.UTF-8")
        .env_remove("LANGUAGE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("timeout is part of coreutils");
    // A program that ends without reading closes the pipe, which is its good right.
    let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("a child can be waited for");
    let run = Run {
        line: format!("{command:?}"),
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert_ne!(run.code, 124, "hung: {}", run.told());
    run
}

/// `command` with so little memory that it dies where it needs more (`RLIMIT_DATA`: heap and
/// stacks, not the program's own text).
pub fn within(megabytes: u32, command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"ulimit -d "$0"; exec "$@""#]).arg((megabytes * 1024).to_string());
    wrap(&mut limited, command);
    limited
}

/// Gives `outer` the line of `inner` as arguments, and all else that it is to be run with.
pub(crate) fn wrap(outer: &mut Command, inner: &Command) {
    outer.arg(inner.get_program()).args(inner.get_args());
    if let Some(folder) = inner.get_current_dir() {
        outer.current_dir(folder);
    }
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
}

/// The folder that cargo built the programs in.
pub fn built_in() -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    test.ancestors().nth(2).map(Path::to_owned).expect("tests are built into deps/")
}
