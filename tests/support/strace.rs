//! The system calls by which a program changes something on disk: listed one by one, and the
//! program killed on entering any of them.
//!
//! strace counts calls for each thread and for each kind of call (`when=`). So the listing follows
//! every thread and proves that one thread alone, the first, touches the folders that matter; a
//! program to be killed is followed in this thread only, and what strace saw last has to be the
//! very call that was listed.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{Run, run, wrap};

/// Calls that change what is on a disk. Not every machine has each of them: hence the marks.
const CALLS: &str = "?write,?pwrite64,?writev,?pwritev,?pwritev2,?fsync,?fdatasync,?sync,?syncfs,\
                     ?sync_file_range,?copy_file_range,?sendfile,?splice,?rename,?renameat,\
                     ?renameat2,?link,?linkat,?symlink,?symlinkat,?unlink,?unlinkat,?rmdir,\
                     ?truncate,?ftruncate,?fallocate,?mkdir,?mkdirat,?open,?openat,?openat2,\
                     ?creat,?chmod,?fchmod,?fchmodat";

/// A call that changes something on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    call: String,
    /// How many calls of this kind there are up to this one, in the same thread.
    nth: usize,
    /// What it changes: paths from the root on, temporary names without their random end.
    paths: Vec<String>,
    /// The journal's event, where it writes one.
    event: Option<String>,
}

impl Point {
    /// Whether it writes the journal's entry of this event.
    pub fn writes(&self, event: &str) -> bool {
        self.event.as_deref() == Some(event)
    }

    /// Whether it writes an entry of the journal.
    pub fn writes_journal(&self) -> bool {
        self.event.is_some()
    }

    /// Whether it puts on the disk what `other` has written, or gives its name.
    pub fn syncs(&self, other: &Self) -> bool {
        ["fsync", "fdatasync"].contains(&self.call.as_str())
            && self.paths.first() == other.paths.first()
    }

    /// Whether it renames something to a name with this ending.
    pub fn renames_to(&self, ending: &str) -> bool {
        self.call.starts_with("rename") && self.paths.last().is_some_and(|p| p.ends_with(ending))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.call, self.paths.join(" "))?;
        self.event.as_ref().map_or(Ok(()), |event| write!(f, " {event}"))
    }
}

/// Whether strace is here and may follow programs.
pub fn is_here() -> bool {
    let mut try_it = Command::new("strace");
    try_it.args(["-f", "-o", "/dev/null", "-e", "trace=?openat", "true"]);
    let quiet = try_it.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Runs `command`, which runs in `root`, and lists its calls that change something in one of the
/// `folders` there, each with what was done before it.
///
/// # Panics
/// Where strace does not run, or another thread than the first changes something there.
pub fn list(command: &Command, input: &str, root: &Path, folders: &[&str]) -> (Vec<Point>, Run) {
    let ran = run(&followed(&["-f"], command, root), input);
    let root = root.canonicalize().expect("it is there");
    let trace = fs::read_to_string(trace(&root)).expect("strace wrote it");
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut points = Vec::new();
    let (first, _) = trace.split_once(' ').expect("a thread's number");
    for line in trace.lines() {
        let (thread, line) = line.split_once(' ').expect("a thread's number");
        let Some(mut point) = read(line.trim_start(), &root) else { continue };
        if thread == first {
            let count = counts.entry(point.call.clone()).or_default();
            *count += 1;
            point.nth = *count;
        }
        let matters = |path: &String| folders.iter().any(|f| Path::new(path).starts_with(f));
        if changes(line) && point.paths.iter().any(matters) {
            assert_eq!(thread, first, "another thread: {line}");
            points.push(point);
        }
    }
    (points, ran)
}

/// Runs `command` in `root` and kills it (SIGKILL) on entering this call, which then does nothing.
///
/// # Panics
/// Where it was not killed just there.
pub fn kill(command: &Command, input: &str, root: &Path, point: &Point) {
    let inject = format!("inject={}:signal=KILL:when={}", point.call, point.nth);
    let ran = run(&followed(&["-e", &inject], command, root), input);
    let root = root.canonicalize().expect("it is there");
    let trace = fs::read_to_string(trace(&root)).expect("strace wrote it");
    let mut last = trace.lines().rev();
    assert_eq!(last.next(), Some("+++ killed by SIGKILL +++"), "{point}: {}", ran.told());
    let mut hit = last.find_map(|line| read(line, &root)).expect("a call");
    hit.nth = point.nth;
    assert_eq!(hit, *point, "killed elsewhere");
}

/// `command` under strace, which writes what it sees into the root. Long enough texts that an
/// entry of the journal can be told by them.
fn followed(how: &[&str], command: &Command, root: &Path) -> Command {
    let mut strace = Command::new("strace");
    strace.args(how).args(["-y", "-s", "200", "-o"]).arg(trace(root));
    strace.arg("-e").arg(format!("trace={CALLS}"));
    wrap(&mut strace, command);
    strace
}

fn trace(root: &Path) -> PathBuf {
    root.join("trace")
}

/// Reads a line like `write(5</tmp/x/station/journal.jsonl>, "…", 338) = 338`; none where a call
/// only ends here. A file without a name has no path.
fn read(line: &str, root: &Path) -> Option<Point> {
    let (call, arguments) = line.split_once('(')?;
    call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(())?;
    let by_name = arguments.starts_with('"') || arguments.starts_with("AT_FDCWD");
    let by_name = by_name || call.ends_with("at");
    let paths = if by_name { named(arguments) } else { opened(arguments).into_iter().collect() };
    let paths: Vec<String> = paths.iter().map(|path| short(&root.join(path), root)).collect();
    let journal = paths == ["station/journal.jsonl"];
    let event = arguments.split_once(r#"\"event\":"#).filter(|_| journal);
    let event = event.and_then(|(_, event)| event.split(r#"\""#).nth(1)).map(str::to_owned);
    Some(Point { call: call.to_owned(), nth: 0, paths, event })
}

/// The path of a call's descriptor.
fn opened(arguments: &str) -> Option<PathBuf> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, rest) = rest.split_once('>')?;
    (!rest.starts_with("(deleted)")).then(|| path.into())
}

/// The paths that a call names, each with the folder that it begins in.
fn named(arguments: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut from = PathBuf::new();
    for (at, part) in arguments.split('"').enumerate() {
        match at % 2 {
            0 => from = opened(part).unwrap_or_default(),
            _ => paths.push(from.join(part)),
        }
    }
    paths
}

/// A path from the root on, without the random end of a temporary name.
fn short(path: &Path, root: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    match path.split_once(".countersign-") {
        Some((folder, _)) => format!("{folder}.countersign-*"),
        None => path,
    }
}

/// Whether it changes anything: opening does where it may make a file that has a name.
fn changes(line: &str) -> bool {
    let opens =
        ["open(", "openat(", "openat2("].iter().any(|call| line.trim_start().starts_with(call));
    !opens || (line.contains("O_CREAT") || line.contains("O_TRUNC")) && !line.contains("O_TMPFILE")
}
