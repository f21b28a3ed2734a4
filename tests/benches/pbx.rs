//! A whole PBX: 150 modules verified, beside what FreePBX does today, which is gpg once for each
//! module and PHP's hash_file for each of its files.
//!
//! `cargo bench -p countersign-tests --bench pbx`. The keyring has two masters and one developer;
//! the cache is warm; each contender runs five times and the fastest counts.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use countersign::module::strict::WeakChains;
use countersign::module::tree::{Selection, Tree};
use countersign::module::{Config, Form, Installed, Keyring, Manifest};
use countersign::time::Timestamp;
use countersign_tests::signers::World;

const MODULES: usize = 150;
const FILES: usize = 60;
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["verify", masters, people, modules] => {
            verify(Path::new(masters), Path::new(people), Path::new(modules));
        }
        _ => all(),
    }
}

fn all() {
    let now = Timestamp::from(SystemTime::now());
    let world = World::since(now.unix() - 40 * Timestamp::DAY);
    world.certify("one", "dev", 5, &[], &[]);
    let place = tempfile::Builder::new().prefix("pbx").tempdir().expect("a folder");
    let path = |name: &str| {
        let path = place.path().join(name);
        fs::create_dir_all(&path).expect("a folder");
        path
    };
    let (masters, people, modules) = (path("masters"), path("people"), path("modules"));
    for name in ["one", "two"] {
        fs::write(masters.join(format!("{name}.asc")), world.public(name)).expect("written");
    }
    fs::write(people.join("dev.asc"), world.public("dev")).expect("written");
    let bytes = (0..MODULES).map(|n| make(&world, &modules, n)).sum::<u64>();
    println!("{MODULES} modules, {} files, {:.0} MB", MODULES * FILES, bytes as f64 / 1e6);

    let own = fastest(|| {
        let program = std::env::current_exe().expect("a path");
        let mut command = Command::new(program);
        command.arg("verify").args([&masters, &people, &modules]);
        command
    });
    println!("  countersign, strict and as FreePBX       {:8.0} ms", millis(own));
    let home = world.pbx(&["dev"], 30);
    let gpg = fastest(|| php(&home, &modules, "signatures"));
    println!("  gpg once for each, no file looked at     {:8.0} ms", millis(gpg));
    let both = fastest(|| php(&home, &modules, "files"));
    println!("  gpg once for each, PHP's hash_file       {:8.0} ms", millis(both));
    println!("  times as fast: {:.1}", both.as_secs_f64() / own.as_secs_f64());
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// One module of a PBX, signed by the developer on day 10; how many bytes it has.
fn make(world: &World, modules: &Path, n: usize) -> u64 {
    let folder = modules.join(format!("module{n}"));
    let mut bytes = 0;
    for file in 0..FILES {
        let path = folder.join(format!("views/part{}/f{file}.php", file % 7));
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let length = 500 + (n * 7919 + file * 104_729) % 15_000;
        let content: Vec<u8> = (0..length).map(|b| (b * 31 + n + file) as u8).collect();
        bytes += length as u64;
        fs::write(path, content).expect("written");
    }
    let tree = Tree::list(&folder, Selection::Public).expect("listed");
    let config = Config {
        form: Form::Public,
        version: 2,
        signed_with: world.fingerprint("dev"),
        signed_by: "bench".into(),
        repo: "manual".into(),
        raw_name: None,
        timestamp: None,
        expires_after: None,
    };
    let list = Manifest { config, entries: tree.hash(&|_| {}).expect("hashed") };
    let signed = world.sign("dev", 10, &list.text(), &[]);
    fs::write(folder.join("module.sig"), signed).expect("written");
    bytes
}

/// What `countersign module verify` does, in a process of its own.
fn verify(masters: &Path, people: &Path, modules: &Path) {
    let none: [countersign::certificate::Certificate; 0] = [];
    let masters = Keyring::of(&none).folder(masters).finish().others().to_vec();
    let keyring = Keyring::of(&masters).folder(people).finish();
    let now = Timestamp::from(SystemTime::now());
    for entry in fs::read_dir(modules).expect("modules") {
        let folder = entry.expect("a module").path();
        let module = Installed::read(&folder, Path::new("/"), &|_| {}).expect("read");
        let verdict = module.strict(&keyring, WeakChains::Refuse, now);
        assert!(verdict.is_good(), "{:?}", verdict.problems);
        assert_eq!(module.freepbx(&keyring, now).status.number(), 129);
    }
}

/// As FreePBX asks: gpg's status on a descriptor of its own, the text on standard output.
const GPG: &str = r#"
foreach (glob($argv[2] . '/*') as $m) {
    $p = proc_open(['gpg', '--homedir', $argv[1], '--no-tty', '--status-fd', '3', '--output', '-',
        "$m/module.sig"], [1 => ['pipe', 'w'], 2 => ['file', '/dev/null', 'w'], 3 => ['pipe', 'w']], $pipes);
    $text = stream_get_contents($pipes[1]);
    $status = stream_get_contents($pipes[3]);
    proc_close($p);
    if (!strpos($status, 'TRUST_FULLY')) { echo "$m: $status"; exit(1); }
    if ($argv[3] === 'files') files($m, $text);
}
function files($m, $text) {
    foreach (parse_ini_string($text, true)['hashes'] as $path => $hash) {
        if (hash_file('sha256', "$m/$path") !== $hash) { echo "$m/$path"; exit(1); }
    }
}
"#;

fn php(home: &Path, modules: &Path, what: &str) -> Command {
    let mut command = Command::new("php");
    command.args(["-n", "-r", GPG]).args([home, modules]).arg(what);
    command
}

fn fastest(command: impl Fn() -> Command) -> Duration {
    let run = |_| {
        let mut command = command();
        command.env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        let begin = Instant::now();
        let output = command.output().expect("runs");
        let time = begin.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        time
    };
    (0..ROUNDS).map(run).min().expect("at least once")
}
