//! What a campaign of thousands costs: making the batch, and signing it, beside the card.
//!
//! `cargo bench -p countersign-tests --bench campaign` prints one table; build the programs in the
//! same profile first (`cargo build --workspace --bins --release`). Each session runs in a process
//! of its own, so that its peak memory is its own.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use airgap::card::Card;
use countersign_tests::campaign::{Campaign, each};
use countersign_tests::failing::{Failing, Plan};
use countersign_tests::station::{PIN, Script};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["campaign", count, ..] => campaign(count.parse().expect("a number")),
        ["gpg", count, ..] => with_gpg(count.parse().expect("a number")),
        _ => {
            for line in [["campaign", "1000"], ["campaign", "10000"], ["gpg", "200"]] {
                let program = std::env::current_exe().expect("a path");
                let status = Command::new(program).args(line).status().expect("runs");
                assert!(status.success());
            }
        }
    }
}

fn campaign(count: usize) {
    let campaign = Campaign::of(count);
    println!("{count} developers");
    let mut command = campaign.command();
    command.args(["--key-file", "maria.key", "--time", &campaign.bench.created.to_string()]);
    let (time, peak) = watched(&mut command);
    println!(
        "  request recertify, key file: {:.1} s, {:.2} ms each, peak memory {peak} kB",
        time.as_secs_f64(),
        each(time, count)
    );
    let (again, _) = watched(&mut command);
    println!("  the same again, nothing to make: {:.1} s", again.as_secs_f64());
    let plan = Plan::new(None);
    reset_peak();
    let before = status("VmRSS:");
    let start = Instant::now();
    let card = || Card::over(Box::new(Failing::new(campaign.bench.card(), plan.clone())));
    let mut console = Script::saying(&[&count.to_string()], &[PIN]).forgetting();
    let tally = campaign.bench.run(&mut console, card).expect("signs");
    let all = start.elapsed();
    assert_eq!(tally.signed, count);
    println!(
        "  session: {:.2} ms each beside the card ({:.1} ms in the card), memory {before} kB \
         before, {} kB at its peak",
        each(all - plan.spent(), count),
        each(plan.spent(), count),
        status("VmHWM:")
    );
    let mut install = Command::new(countersign_tests::program("countersign"));
    install.args(["response", "install", "stick"]).current_dir(campaign.bench.folder.path());
    let (time, peak) = watched(&mut install);
    println!("  response install: {:.2} ms each, peak memory {peak} kB", each(time, count));
}

/// The same by gpg, which is called once for each request.
fn with_gpg(count: usize) {
    let campaign = Campaign::of(count);
    let home = tempfile::Builder::new().prefix("gpg").tempdir().expect("a folder");
    let mut import = Command::new("gpg");
    import.env("GNUPGHOME", home.path()).args(["--batch", "--quiet", "--import"]);
    if import.arg(campaign.bench.path("maria.key")).status().is_err() {
        println!("gpg is not installed: no comparison");
        return;
    }
    let mut command = campaign.command();
    command.args(["--local-user", "maria@example.org"]).env("GNUPGHOME", home.path());
    let (time, _) = watched(&mut command);
    println!("request recertify, gpg with Ed25519: {:.1} ms each, of {count}", each(time, count));
    let _ = Command::new("gpgconf").env("GNUPGHOME", home.path()).args(["--kill", "all"]).output();
}

/// How long a program takes, and its peak resident memory in kB, as far as it was seen.
fn watched(command: &mut Command) -> (Duration, u64) {
    let start = Instant::now();
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it is built");
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        peak = field(&path, "VmHWM:").max(peak);
        match child.try_wait().expect("it can be waited for") {
            Some(status) => {
                assert!(status.success(), "{command:?}");
                return (start.elapsed(), peak);
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn status(name: &str) -> u64 {
    field("/proc/self/status", name)
}

fn field(path: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Forgets the peak so far (proc(5), clear_refs); where that is not allowed it stays in.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
