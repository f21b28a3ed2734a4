//! What a trust bundle of 10,000 developers costs, and a flooded certificate beside gpg.
//!
//! `cargo bench -p countersign-tests --bench bundle`; `-- 1000` for as many developers. Two masters
//! (RSA-4096) certified each of them (Ed25519). Each measurement runs in a process of its own, so
//! that its peak memory is its own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use countersign::authority::Authority;
use countersign::bundle::{Accepted, Bundle, Contents, Diff, Pinned, Serial, State, compose};
use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::module::{SignedText, author};
use countersign::operation::Agreement;
use countersign::policy::{Named, Policy};
use countersign::time::Timestamp;
use countersign_tests::bundles::software;
use countersign_tests::flood::flooded;
use countersign_tests::forge::clearsign;
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::parse::Parse as _;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::KeyFlags;

const FLOOD: u32 = 300_000;

fn main() {
    let arguments: Vec<String> = std::env::args().filter(|a| a != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["build", place] => build(Path::new(place)),
        ["verify", place] => verify(Path::new(place)),
        ["lookup", place] => lookup(Path::new(place)),
        ["everybody", place] => everybody(Path::new(place)),
        ["diff", place] => diff(Path::new(place)),
        ["read", file] => read(Path::new(file)),
        [count] => all(count.parse().expect("a number")),
        _ => all(10_000),
    }
}

fn all(count: usize) {
    let place = tempfile::Builder::new().prefix("bundle").tempdir().expect("a folder");
    prepare(place.path(), count);
    println!("a bundle of {count} developers, each certified by two masters (RSA-4096)");
    for what in ["build", "verify", "lookup", "everybody", "diff"] {
        own(&[what, &place.path().display().to_string()]);
    }
    flood(place.path());
}

/// An authority's record with so many developers, and one module's signature.
fn prepare(place: &Path, count: usize) {
    let masters = ["one", "two"].map(|name| {
        let flags = KeyFlags::empty().set_certification().set_signing();
        let builder = CertBuilder::new().set_cipher_suite(CipherSuite::RSA4k);
        let user_id = format!("Master {name} <keys@example.org>");
        builder.set_primary_key_flags(flags).add_userid(user_id).generate().expect("a key").0
    });
    let read: Vec<Certificate> = masters.iter().map(public).collect();
    let named = |m: &Certificate| Named { name: "M".into(), fingerprint: m.fingerprint() };
    let notation = "agreement-sha256@example.org".to_owned();
    let agreement = Agreement { sha256: Sha256::of("I agree."), notation };
    let mut policy = Policy::with_defaults("Example", named(&read[0]), agreement);
    policy.masters = read.iter().map(named).collect();
    let folder = place.join("authority");
    let authority = Authority::create(&folder, &policy, b"I agree.", &read, &[]);
    authority.expect("a record");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (masters, folder) = (&masters, &folder);
            scope.spawn(move || {
                for n in (thread..count).step_by(threads) {
                    developer(n, masters, folder, place);
                }
            });
        }
    });
    let key = masters[1].as_tsk().to_vec().expect("bytes");
    fs::write(place.join("two.key"), key).expect("written");
}

fn developer(n: usize, masters: &[Cert], folder: &Path, place: &Path) {
    let cert = software(&format!("Developer {n} <d{n}@example.org>"));
    let user_id = cert.userids().next().expect("a user ID").userid().clone();
    let mut packets: Vec<openpgp::Packet> = vec![user_id.clone().into()];
    for master in masters {
        let key = master.primary_key().key().clone().parts_into_secret().expect("secret");
        let mut pair = key.into_keypair().expect("a key pair");
        packets.push(user_id.certify(&mut pair, &cert, None, None, None).expect("signs").into());
    }
    let certified = cert.clone().insert_packets(packets).expect("its own").0;
    let bytes = certified.strip_secret_key_material().to_vec().expect("bytes");
    let name = format!("developers/{}.asc", cert.fingerprint().to_hex());
    fs::write(folder.join(name), bytes).expect("written");
    if n == 0 {
        let signed = clearsign(&cert, "a list", SystemTime::now().into());
        fs::write(place.join("module.sig"), signed).expect("written");
    }
}

fn build(place: &Path) {
    let authority = Authority::open(&place.join("authority")).expect("a record");
    let now = Timestamp::from(SystemTime::now());
    let start = Instant::now();
    let composed = compose(&authority, Serial(1), now, Vec::new(), &|| {}).expect("composed");
    let built = start.elapsed();
    let start = Instant::now();
    let nothing = |_: &mut dyn FnMut(_, &_)| Ok::<_, ()>(());
    let found = Contents::of(&composed.keyring, authority.masters(), nothing).expect("read");
    let judged = start.elapsed();
    assert!(found.flaws.is_empty(), "{:?}", found.flaws);
    let bytes = composed.keyring.len() as u64;
    say("build", built, &format!("{:.1} MB, {} a developer", mb(bytes), bytes / found.developers));
    say("read anew, as the station does", judged, "");
    let key = Cert::from_file(place.join("two.key")).expect("a key");
    let mut file = clearsign(&key, &composed.head.text(), now);
    file.extend(&composed.keyring);
    fs::write(place.join("1.bundle"), &file).expect("written");
    // A second one, in which one developer is missing.
    let people = place.join("authority/developers");
    let one = fs::read_dir(people).expect("listed").flatten().next().expect("one").path();
    fs::remove_file(one).expect("ours");
    let later = now.after(1);
    let composed = compose(&authority, Serial(2), later, Vec::new(), &|| {}).expect("composed");
    let mut file = clearsign(&key, &composed.head.text(), later);
    file.extend(&composed.keyring);
    fs::write(place.join("2.bundle"), &file).expect("written");
}

fn taken(place: &Path) -> (Accepted, Duration) {
    let authority = Authority::open(&place.join("authority")).expect("a record");
    let pinned = Pinned::first(authority.masters().to_vec());
    let now = Timestamp::from(SystemTime::now()).after(10);
    reset_peak();
    let start = Instant::now();
    let file = fs::File::open(place.join("1.bundle")).expect("a file");
    let accepted = Bundle::read(file).expect("whole").accept(&pinned, now).expect("taken");
    (accepted, start.elapsed())
}

fn verify(place: &Path) {
    let (accepted, time) = taken(place);
    let start = Instant::now();
    let state: State = accepted.state();
    state.write(&place.join("state")).expect("written");
    say("verify", time, "");
    say("write the state, synced", start.elapsed(), "");
}

fn lookup(place: &Path) {
    let (accepted, before) = taken(place);
    let text = fs::read(place.join("module.sig")).expect("a file");
    let start = Instant::now();
    let text = SignedText::parse(&text).expect("signed");
    let keyring = accepted.keyring_for(text.signatures()).expect("read");
    let found = author(&text.signatures()[0], &keyring);
    assert!(matches!(found, countersign::module::Author::Known(_)));
    let time = start.elapsed();
    say("one lookup", time, "");
    say("verify and one lookup", before + time, "");
}

fn everybody(place: &Path) {
    let (accepted, _) = taken(place);
    let start = Instant::now();
    let keyring = accepted.keyring().expect("read");
    assert!(keyring.others().len() > 10);
    say("read everybody", start.elapsed(), "");
}

fn diff(place: &Path) {
    let read = |name: &str| {
        let file = fs::File::open(place.join(name)).expect("a file");
        Bundle::read(file).expect("whole")
    };
    let (old, new) = (read("1.bundle"), read("2.bundle"));
    let start = Instant::now();
    let diff = Diff::between(&old, &new, SystemTime::now().into()).expect("compared");
    assert_eq!(diff.people.len(), 1);
    say("diff", start.elapsed(), "");
}

/// One certificate with so many foreign signatures, read by us and imported by gpg.
fn flood(place: &Path) {
    let path = place.join("flooded.pgp");
    let alice = software("Alice <a@example.org>").strip_secret_key_material();
    let builder = CertBuilder::new().set_cipher_suite(CipherSuite::RSA4k).add_userid("Stranger");
    let stranger = builder.generate().expect("a key").0;
    fs::write(&path, flooded(&alice, &stranger, FLOOD)).expect("written");
    let bytes = fs::metadata(&path).expect("a file").len();
    println!("a certificate with {FLOOD} foreign signatures, {:.0} MB", mb(bytes));
    own(&["read", &path.display().to_string()]);
    let home = place.join("gpg");
    countersign_tests::people::new_home(&home);
    let mut command = Command::new("gpg");
    command.env("GNUPGHOME", &home).args(["--batch", "--quiet", "--import"]).arg(&path);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    match command.spawn() {
        Err(_) => println!("  gpg is not installed: no comparison"),
        Ok(mut child) => {
            let mut most = 0;
            while child.try_wait().expect("a child").is_none() {
                most = most.max(status(&child.id().to_string(), "VmHWM:"));
                std::thread::sleep(Duration::from_millis(5));
            }
            line("gpg --import", start.elapsed(), most, "");
        }
    }
    countersign_tests::people::kill_agent(&home);
}

fn read(path: &Path) {
    let file = fs::File::open(path).expect("a file");
    reset_peak();
    let start = Instant::now();
    let certificate = Certificate::read(file, &[]).expect("a certificate");
    let kept = certificate.to_bytes().len();
    say("countersign", start.elapsed(), &format!("{kept} bytes kept"));
}

fn public(cert: &Cert) -> Certificate {
    let bytes = cert.clone().strip_secret_key_material().to_vec().expect("bytes");
    Certificate::read(bytes.as_slice(), &[]).expect("reads")
}

/// Runs one measurement in a process of its own; it prints its lines.
fn own(arguments: &[&str]) {
    std::io::stdout().flush().expect("written");
    let program: PathBuf = std::env::current_exe().expect("a path");
    let status = Command::new(program).args(arguments).env("RUST_BACKTRACE", "0").status();
    assert!(status.expect("runs").success());
}

fn say(what: &str, time: Duration, more: &str) {
    line(what, time, status("self", "VmHWM:"), more);
}

fn line(what: &str, time: Duration, kb: u64, more: &str) {
    let ms = time.as_secs_f64() * 1e3;
    println!("  {what:<32} {ms:>10.1} ms, peak {:>5} MB  {more}", kb >> 10);
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn status(process: &str, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(field)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Forgets the peak so far (proc(5), clear_refs); where that is not allowed it stays in.
fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}
