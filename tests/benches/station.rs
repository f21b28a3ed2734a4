//! What the station costs beside the card, and what people use today.
//!
//! `cargo bench -p countersign-tests` prints one table. Each measurement runs in a process of its
//! own, so that its peak memory is its own. Times are wall clock on an otherwise idle machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use airgap::card::Card;
use countersign::certificate::Certificate;
use countersign::exchange::Stick;
use countersign_tests::failing::{Failing, Plan};
use countersign_tests::flood::flooded;
use countersign_tests::station::{Bench, Script};
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::parse::Parse as _;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::KeyFlags;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["session", count, ..] => session(count.parse().expect("a number")),
        ["read", file] => read(Path::new(file)),
        _ => all(),
    }
}

fn all() {
    println!("certifications of different keys, one session, practice card (RSA-4096)");
    for count in [1_000, 10_000] {
        print!("  airgap, {count:>6} requests: ");
        flush();
        own(&["session", &count.to_string()]);
    }
    println!("  (what grows: sequoia's cache of verified signatures, some 0.17 kB a request)");
    gpg_quick_sign(1_000);
    println!("a certificate flooded with foreign certifications");
    flood(100_000);
}

fn flush() {
    std::io::Write::flush(&mut std::io::stdout()).expect("written");
}

/// Runs one measurement in a process of its own; it prints the rest of the line.
fn own(arguments: &[&str]) {
    let program = std::env::current_exe().expect("a path");
    let status = Command::new(program).args(arguments).status().expect("runs");
    assert!(status.success());
}

fn session(count: usize) {
    let bench = Bench::new();
    for n in 0..count {
        bench.ask(&[&format!("Developer {n} <d{n}@example.org>")]);
    }
    let mut couriers = bench.couriers();
    let answers = bench.path("answers");
    std::fs::create_dir(&answers).expect("a folder");
    couriers.outbox = Box::new(Stick::new(answers));
    let plan = Plan::new(None);
    reset_peak();
    let before = resident();
    let start = Instant::now();
    let card = || Card::over(Box::new(Failing::new(bench.card(), plan.clone())));
    let options = bench.options();
    let tally = bench.carry(&mut couriers, &options, &mut Script::silent(), card).expect("signs");
    let all = start.elapsed();
    assert_eq!(tally.signed, count);
    let grown = peak().saturating_sub(before);
    assert!(grown < 2_500 + count as u64 / 4, "the session took {grown} kB of memory");
    let card = plan.spent();
    let each = |d: Duration| d.as_secs_f64() * 1e3 / count as f64;
    println!(
        "{:.2} ms each beside the card ({:.1} ms in the card), peak memory {} kB, {} kB of it \
         before the session",
        each(all - card),
        each(card),
        peak(),
        before
    );
}

/// The same work by gpg, with a software key: one process for each key, as its users script it.
fn gpg_quick_sign(count: usize) {
    let home = tempfile::Builder::new().prefix("gpg").tempdir().expect("a folder");
    let gpg = |arguments: &[&str]| {
        Command::new("gpg")
            .env("GNUPGHOME", home.path())
            .args(["--batch", "--quiet", "--yes", "--pinentry-mode", "loopback"])
            .args(["--passphrase", "", "--no-auto-check-trustdb", "--trust-model", "always"])
            .args(arguments)
            .output()
    };
    let made = gpg(&["--quick-generate-key", "M <m@example.org>", "rsa4096", "cert,sign", "never"]);
    if made.is_err() {
        println!("  gpg is not installed: no comparison");
        return;
    }
    let mut ring = Vec::new();
    let mut fingerprints = Vec::new();
    for n in 0..count {
        let cert = developer(&format!("Developer {n} <d{n}@example.org>"));
        fingerprints.push(cert.fingerprint().to_hex());
        ring.extend(cert.strip_secret_key_material().to_vec().expect("bytes"));
    }
    let path = home.path().join("ring.pgp");
    std::fs::write(&path, ring).expect("written");
    gpg(&["--import", &path.display().to_string()]).expect("imports");
    let start = Instant::now();
    for fingerprint in &fingerprints {
        let signed = gpg(&["--quick-sign-key", fingerprint]).expect("signs");
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    }
    let each = start.elapsed().as_secs_f64() * 1e3 / count as f64;
    println!(
        "  gpg --quick-sign-key, {count} keys: {each:.1} ms each, RSA-4096 in software included"
    );
    let software = rsa_4096();
    println!(
        "  (one RSA-4096 signature in software: {software:.1} ms; gpg beside it: {:.1} ms each)",
        each - software
    );
    let _ = Command::new("gpgconf").env("GNUPGHOME", home.path()).args(["--kill", "all"]).output();
}

/// Milliseconds for one RSA-4096 signature by nettle, as a yardstick.
fn rsa_4096() -> f64 {
    let builder = CertBuilder::new().set_cipher_suite(CipherSuite::RSA4k).add_userid("M");
    let (cert, _) = builder.generate().expect("a key");
    let key = cert.primary_key().key().clone().parts_into_secret().expect("secret");
    let mut pair = key.into_keypair().expect("a key pair");
    let user_id = openpgp::packet::UserID::from("x");
    let rounds = 50;
    let start = Instant::now();
    for _ in 0..rounds {
        user_id.certify(&mut pair, &cert, None, None, None).expect("signs");
    }
    start.elapsed().as_secs_f64() * 1e3 / f64::from(rounds)
}

fn developer(user_id: &str) -> Cert {
    CertBuilder::new()
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid(user_id)
        .generate()
        .expect("a key")
        .0
}

fn flood(count: u32) {
    let folder = tempfile::Builder::new().prefix("flood").tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("flooded.pgp");
    let alice = developer("Alice <a@example.org>").strip_secret_key_material();
    let builder = CertBuilder::new().set_cipher_suite(CipherSuite::RSA4k).add_userid("Stranger");
    let (stranger, _) = builder.generate().expect("a key");
    std::fs::write(&path, flooded(&alice, &stranger, count)).expect("written");
    let megabytes = std::fs::metadata(&path).expect("a file").len() >> 20;
    print!("  countersign, {count:>6} ({megabytes} MB): ");
    flush();
    own(&["read", &path.display().to_string()]);
    let home = tempfile::Builder::new().prefix("gpg").tempdir().expect("a folder");
    let start = Instant::now();
    let import = Command::new("gpg")
        .env("GNUPGHOME", home.path())
        .args(["--batch", "--quiet", "--import"])
        .arg(&path)
        .output();
    match import {
        Ok(_) => println!("  gpg --import,{count:>7}: {:.2} s", start.elapsed().as_secs_f64()),
        Err(_) => println!("  gpg is not installed: no comparison"),
    }
    let _ = Command::new("gpgconf").env("GNUPGHOME", home.path()).args(["--kill", "all"]).output();
}

fn read(path: &Path) {
    let clean = std::fs::File::open(path).expect("a file");
    reset_peak();
    let start = Instant::now();
    let certificate = Certificate::read(clean, &[]).expect("a certificate");
    let time = start.elapsed().as_secs_f64();
    let kept = certificate.to_bytes().len();
    assert!(Cert::from_bytes(&certificate.to_bytes()).is_ok());
    println!(
        "{time:.2} s, peak memory {} kB, {} dropped, {kept} bytes kept",
        peak(),
        certificate.dropped().foreign_signatures
    );
}

/// Peak resident memory of this process, in kB.
fn peak() -> u64 {
    status("VmHWM:")
}

/// Resident memory of this process now, in kB.
fn resident() -> u64 {
    status("VmRSS:")
}

fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(field)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Forgets the peak so far (proc(5), clear_refs); where that is not allowed it stays in.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
