//! What hashing a module costs, beside the tools that people use for it.
//!
//! `cargo bench -p countersign-tests --bench modules` prints one table for each tree. CPU time is
//! that of the processes, from the shell's `time`; wall clock is that of an otherwise idle machine.
//! With the cache cold where the kernel's may be dropped (root). `MODULES_BENCH_GB=0` leaves the
//! big file out.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign::module::tree::{Selection, Tree};
use sha2::Digest as _;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["list", folder] => drop(tree(folder)),
        ["hash", folder] => drop(tree(folder).hash(&|_| {}).expect("hashed")),
        ["read", folder] => read(folder, Hashing::Without),
        ["one-by-one", folder] => read(folder, Hashing::With),
        ["memory", folder] => memory(folder),
        _ => all(),
    }
}

fn tree(folder: &str) -> Tree {
    Tree::list(Path::new(folder), Selection::Public).expect("a list")
}

fn all() {
    let place = tempfile::Builder::new().prefix("modules").tempdir().expect("a folder");
    println!("{}", machine());
    let small = Sample::new(place.path(), "3,000 files", 20);
    small.fill(3_000, |n| format!("d{}/f{n}", n / 100), |random| 1_000 + random % 38_000);
    small.measure();
    let framework = Sample::new(place.path(), "a tree like framework", 20);
    let name = |n: u64| {
        let (library, version, package) = (n / 1200, n / 60, n / 6);
        format!("amp_conf/htdocs/admin/l{library}/v{version}/p{package}/F{n}.php")
    };
    framework.fill(8_200, name, |random| 200 << (random % 9));
    framework.measure();
    let gigabytes = std::env::var("MODULES_BENCH_GB").map_or(2, |n| n.parse().expect("a number"));
    if gigabytes > 0 {
        let big = Sample::new(place.path(), "one big file", 1);
        big.fill(1, |_| "big".to_owned(), |_| gigabytes << 30);
        big.measure();
    }
}

/// The processor, and whether it hashes in hardware.
fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(": ").nth(1).unwrap_or("?").to_owned()
    };
    let sha = if text.contains("sha_ni") { "with" } else { "without" };
    let (model, mhz) = (field("model name"), field("cpu MHz"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} × {model}, {mhz} MHz, {sha} SHA instructions")
}

/// Cycles in a second, as the kernel tells them.
fn hertz() -> f64 {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("cpu MHz")).unwrap_or_default();
    line.split(": ").nth(1).and_then(|mhz| mhz.parse().ok()).unwrap_or(f64::NAN) * 1e6
}

/// A tree, its list, and how often each tool goes over it.
struct Sample {
    name: &'static str,
    folder: PathBuf,
    list: PathBuf,
    rounds: u32,
}

/// One way to hash a tree.
struct Contender {
    name: &'static str,
    command: String,
    environment: &'static [(&'static str, &'static str)],
}

impl Sample {
    fn new(place: &Path, name: &'static str, rounds: u32) -> Self {
        let folder = place.join(name.replace([' ', ','], "-"));
        fs::create_dir(&folder).expect("a folder");
        let list = folder.with_extension("list");
        Self { name, folder, list, rounds }
    }

    /// Writes files with these names and lengths, the same in every run, and their list.
    fn fill(&self, count: u64, name: impl Fn(u64) -> String, length: impl Fn(u64) -> u64) {
        let mut random: u64 = 6;
        let mut list = Vec::new();
        let block: Vec<u8> =
            (0..1u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for n in 0..count {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let path = self.folder.join(name(n));
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            let mut file = File::create(&path).expect("a file");
            let mut left = length(random >> 33);
            while left > 0 {
                let now = left.min(block.len() as u64);
                file.write_all(&block[..now as usize]).expect("written");
                left -= now;
            }
            list.extend_from_slice(path.as_os_str().as_encoded_bytes());
            list.push(0);
        }
        fs::write(&self.list, list).expect("written");
    }

    fn contenders(&self) -> Vec<Contender> {
        let own = std::env::current_exe().expect("a path");
        let (own, folder, list) = (own.display(), self.folder.display(), self.list.display());
        let plain = |name, command| Contender { name, command, environment: &[] };
        let mine = |what: &str| format!("'{own}' {what} '{folder}'");
        let over_list = |tool: &str| format!("xargs -0 {tool} < '{list}' > /dev/null");
        let php = "foreach (explode(\"\\0\", rtrim(file_get_contents($argv[1]), \"\\0\")) as $f) \
                   hash_file(\"sha256\", $f);";
        vec![
            plain("SHA-256 of as much memory", mine("memory")),
            plain("reading alone, one thread", mine("read")),
            plain("reading and SHA-256, one thread", mine("one-by-one")),
            plain("countersign: listing alone", mine("list")),
            Contender {
                name: "countersign, one thread",
                command: mine("hash"),
                environment: &[("RAYON_NUM_THREADS", "1")],
            },
            plain("countersign", mine("hash")),
            plain("openssl dgst -sha256", over_list("openssl dgst -sha256 -r")),
            Contender {
                name: "openssl without SHA instructions",
                command: over_list("openssl dgst -sha256 -r"),
                environment: &[("OPENSSL_ia32cap", ":~0x20000000")],
            },
            plain("sha256sum", over_list("sha256sum")),
            plain("PHP, hash_file in a loop", format!("php -n -r '{php}' '{list}'")),
        ]
    }

    fn measure(&self) {
        let lengths = lengths(&self.folder);
        let (files, bytes) = (lengths.len(), lengths.iter().sum::<u64>());
        println!("\n{}: {files} files, {:.1} MB, cache warm", self.name, bytes as f64 / 1e6);
        println!(
            "{:34}{:>9}{:>9}{:>9}{:>9}{:>9}{:>12}",
            "", "CPU ms", "user", "system", "wall ms", "B/cycle", "calls/file"
        );
        for contender in self.contenders() {
            if !contender.works() {
                println!("{:34} is not installed", contender.name);
                continue;
            }
            let time = contender.time(self.rounds);
            let cpu = time.user + time.system;
            let calls = contender.calls().map(|n| format!("{:.1}", n as f64 / files as f64));
            println!(
                "{:34}{:9.1}{:9.1}{:9.1}{:9.1}{:9.2}{:>12}",
                contender.name,
                cpu * 1e3,
                time.user * 1e3,
                time.system * 1e3,
                time.wall * 1e3,
                bytes as f64 / (cpu * hertz()),
                calls.unwrap_or_default()
            );
        }
        self.measure_cold();
    }

    /// Once, with nothing in the cache.
    fn measure_cold(&self) {
        println!("cache cold, wall clock");
        for contender in self.contenders().into_iter().filter(Contender::works) {
            let _ = Command::new("sync").status();
            if fs::write("/proc/sys/vm/drop_caches", "3").is_err() {
                println!("  only root can drop the cache");
                return;
            }
            println!("  {:34}{:9.1}", contender.name, contender.time(1).wall * 1e3);
        }
    }
}

/// Seconds for one round.
struct Time {
    wall: f64,
    user: f64,
    system: f64,
}

impl Contender {
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", script]).envs(self.environment.iter().copied());
        command.env("RUST_BACKTRACE", "0").env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    fn works(&self) -> bool {
        self.shell(&self.command).output().is_ok_and(|output| output.status.success())
    }

    fn time(&self, rounds: u32) -> Time {
        let run = &self.command;
        let script = format!(
            "TIMEFORMAT='%3R %3U %3S'; time for ((i = 0; i < {rounds}; i++)); do {run} 2>/dev/null; done"
        );
        let output = self.shell(&script).output().expect("bash runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        let [wall, user, system] = numbers[..] else { panic!("{text}") };
        let each = |all: f64| all / f64::from(rounds);
        Time { wall: each(wall), user: each(user), system: each(system) }
    }

    /// System calls of one round, where strace can count them.
    fn calls(&self) -> Option<u64> {
        let script = format!("strace -f -c -o /dev/fd/2 bash -c {}", quoted(&self.command));
        let output = self.shell(&script).output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let total = text.lines().find(|line| line.trim_end().ends_with(" total"))?;
        total.split_whitespace().nth(3)?.parse().ok()
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn lengths(folder: &Path) -> Vec<u64> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            all.extend(lengths(&entry.path()));
        } else {
            all.push(entry.metadata().expect("a file").len());
        }
    }
    all
}

/// The least that hashing costs: the digests of as many bytes in as many pieces, from memory.
fn memory(folder: &str) {
    let bytes = vec![1; 64 << 10];
    for length in lengths(Path::new(folder)) {
        let mut hash = sha2::Sha256::new();
        let mut left = length as usize;
        while left > 0 {
            let now = left.min(bytes.len());
            hash.update(&bytes[..now]);
            left -= now;
        }
        std::hint::black_box(hash.finalize());
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hashing {
    With,
    Without,
}

/// The plainest loop: open, read to the end, close.
fn read(folder: &str, hashing: Hashing) {
    let folder = Path::new(folder);
    let list = fs::read(folder.with_extension("list")).expect("the list");
    let mut bytes = vec![0; 64 << 10];
    for path in list.split(|b| *b == 0).filter(|path| !path.is_empty()) {
        let path = std::str::from_utf8(path).expect("UTF-8");
        let mut file = File::open(path).expect("a file");
        let mut hash = sha2::Sha256::new();
        loop {
            let count = file.read(&mut bytes).expect("read");
            if count == 0 {
                break;
            }
            if hashing == Hashing::With {
                hash.update(&bytes[..count]);
            }
        }
        std::hint::black_box(hash.finalize());
    }
}
