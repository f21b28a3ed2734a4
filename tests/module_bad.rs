//! Bad modules and bad lists: never a panic, never good by accident, never much memory.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign::digest::Sha256;
use countersign_tests::namespace::Mount;
use countersign_tests::run::{run, within};
use countersign_tests::workshop::{KEYS, Workshop, bound_by_modes};
use countersign_tests::{Run, program};
use serde_json::Value;

/// What `countersign` may need for one module whatever is in it, in megabytes.
const MEMORY: u32 = 300;

/// What is said of the module `x`, within bounds of memory and time.
#[track_caller]
fn judged(w: &Workshop) -> Value {
    let begin = Instant::now();
    let verify = w.command(&[&["module", "verify", "x", "--json"], &KEYS[..]].concat());
    let run = sane(run(&within(MEMORY, &verify), ""));
    assert!(begin.elapsed() < Duration::from_secs(60), "{}", run.told());
    let value: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.told()));
    assert_eq!(value["strict"]["good"], run.code == 0, "{}", run.told());
    value
}

/// It neither crashed nor ran out of memory, and lines are lines.
#[track_caller]
fn sane(run: Run) -> Run {
    assert!([0, 1, 3, 4].contains(&run.code), "{}", run.told());
    run.never_says("panicked").never_says("memory allocation")
}

/// `x` is not good for this reason, among others; what FreePBX says of it.
#[track_caller]
fn is_bad(w: &Workshop, problem: &str) -> u64 {
    let value = judged(w);
    assert_eq!(value["strict"]["good"], false, "{value}");
    let problems = value["strict"]["problems"].as_array().expect("problems");
    assert!(problems.iter().any(|p| p["name"] == problem), "no {problem} in {value}");
    let explain = ["module", "explain", "x"];
    sane(run(&within(MEMORY, &w.command(&[&explain[..], &KEYS].concat())), ""));
    value["freepbx"]["status"].as_u64().expect("a number")
}

/// A module `x` whose list, signed by `dev`, has these entries.
fn listed(w: &Workshop, entries: &str) {
    w.write("x/a.php", "<?php\n");
    w.write("x/module.sig", w.clearsign("dev", &w.list_of("", entries)));
}

fn entry(path: &str, content: &str) -> String {
    format!("{path} = {}\n", Sha256::of(content.as_bytes()))
}

#[test]
fn the_module_that_the_other_tests_spoil_is_good() {
    let w = Workshop::new();
    listed(&w, &entry("a.php", "<?php\n"));
    let value = judged(&w);
    assert_eq!(
        (&value["strict"]["good"], &value["freepbx"]["status"]),
        (&true.into(), &129.into())
    );
}

#[test]
fn a_signature_file_that_is_too_long_or_no_file() {
    let w = Workshop::new();
    w.module("x");
    let file = File::create(w.path("x/module.sig")).expect("a file");
    file.set_len(500 << 20).expect("a sparse file");
    assert_eq!(is_bad(&w, "unreadable"), 0);
    // 30 MB are read; a line of that length is not.
    let text = w.clearsign("dev", &w.list("", &[("a.php", "<?php\n")]));
    w.write("x/module.sig", text.replace("repo=", &format!("{}repo=", "a".repeat(30 << 20))));
    is_bad(&w, "unreadable");
    w.write("x/module.sig", text.replace("repo=", &format!("{}repo=", "a".repeat(100 << 20))));
    is_bad(&w, "unreadable");
    for (make, target) in [("mkfifo", None), ("ln", Some("/dev/zero")), ("ln", Some("/"))] {
        fs::remove_file(w.path("x/module.sig")).expect("ours");
        match target {
            None => {
                run(Command::new(make).arg(w.path("x/module.sig")), "").ok();
            }
            Some(target) => symlink(target, w.path("x/module.sig")).expect("a link"),
        }
        is_bad(&w, "unreadable");
    }
    fs::remove_file(w.path("x/module.sig")).expect("ours");
    symlink("module.sig", w.path("x/module.sig")).expect("a link");
    let value = judged(&w);
    assert_eq!(value["strict"]["good"], false, "{value}");
}

#[test]
fn half_a_million_entries() {
    let w = Workshop::new();
    let digest = Sha256::of(b"<?php\n").to_string();
    let mut entries = String::with_capacity(40 << 20);
    for at in 0..500_000 {
        writeln!(entries, "{at} = {digest}").expect("written");
    }
    listed(&w, &entries);
    assert!(fs::metadata(w.path("x/module.sig")).expect("a file").len() > 32 << 20);
    is_bad(&w, "unreadable");
    // What is read, and is more than a list may have.
    let end = entries.match_indices('\n').nth(200_000).expect("lines").0 + 1;
    listed(&w, &entries[..end]);
    is_bad(&w, "list");
}

#[test]
fn entries_that_no_list_may_have() {
    let w = Workshop::new();
    let good = entry("a.php", "<?php\n");
    let upper = |text: &str| {
        let (path, digest) = text.split_once(" = ").expect("an entry");
        format!("{path} = {}", digest.to_uppercase())
    };
    fs::create_dir_all(w.path("x/sub")).expect("a folder");
    w.write("outside.php", "<?php\n");
    let lists = [
        good.repeat(2),
        format!("{good}{}", entry("a.php", "other")),
        format!("{good}{}", entry(&w.path("outside.php").display().to_string(), "<?php\n")),
        format!("{good}{}", entry("../outside.php", "<?php\n")),
        format!("{good}{}", entry("sub/../a.php", "<?php\n")),
        format!("{good}{}", entry("./a.php", "<?php\n")),
        format!("{good}{}", entry("a\0.php", "<?php\n")),
        format!("{good}{}", entry("a\u{1b}[2J.php", "<?php\n")),
        format!("{good}\n{}", entry("b.php", "<?php\n")),
        upper(&good),
        format!("{good}{}", entry("yes", "")),
        format!("{good}{}", entry("(x)", "")),
        format!("{good};{}", entry("b.php", "")),
        String::new(),
    ];
    for entries in lists {
        listed(&w, &entries);
        let value = judged(&w);
        is_bad(&w, "list");
        assert!(!value.to_string().contains('\u{1b}'), "{value}");
    }
}

#[test]
fn a_name_in_another_encoding_or_with_a_newline() {
    let w = Workshop::new();
    let good = entry("a.php", "<?php\n");
    for name in [&b"caf\xe9.php"[..], b"a\nb.php"] {
        listed(&w, &good);
        let path = w.path("x").join(std::ffi::OsStr::from_bytes(name));
        fs::write(&path, "<?php\n").expect("a writable folder");
        is_bad(&w, "file-unlisted");
        let verify = [&["module", "verify", "x", "--details"], &KEYS[..]].concat();
        let told = w.run(&verify).ends(4);
        assert!(!told.out.contains("a\nb"), "{}", told.told());
        fs::remove_file(path).expect("ours");
    }
    let text = w.list_of("", &good);
    let sign = |text: &[u8]| {
        let mut gpg = Command::new("gpg");
        gpg.arg("--homedir").arg(w.world.home("dev")).args(["--batch", "--clearsign"]);
        let child = gpg.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("gpg runs");
        std::io::Write::write_all(&mut child.stdin.take().expect("piped"), text).expect("read");
        child.wait_with_output().expect("gpg ends").stdout
    };
    let latin = text.replace(";# End", "caf@.php = 00\n;# End").into_bytes();
    let latin: Vec<u8> = latin.iter().map(|b| if *b == b'@' { 0xe9 } else { *b }).collect();
    w.write("x/module.sig", sign(&latin));
    is_bad(&w, "list");
}

#[test]
fn text_around_the_block_several_blocks_and_several_signatures() {
    let w = Workshop::new();
    listed(&w, &entry("a.php", "<?php\n"));
    let good = fs::read_to_string(w.path("x/module.sig")).expect("text");
    let other = w.clearsign("dev", "other\n");
    let signature = "-----BEGIN PGP SIGNATURE-----\n";
    let cases = [
        (format!("before\n{good}"), "text-before", 129),
        (format!("{good}after\n"), "text-after", 129),
        (format!("{good}{other}"), "several-blocks", 129),
        (format!("{good}between\n{other}"), "text-between", 129),
        (good.replace(signature, &format!("more = x\n{signature}")), "text-altered", 2),
        (good.replace('\n', "\r\n"), "carriage-returns", 129),
        (good.replace(signature, ""), "unreadable", 0),
    ];
    for (file, problem, number) in cases {
        w.write("x/module.sig", file);
        assert_eq!(is_bad(&w, problem), number, "{problem}");
    }
    // The second signature's key is nobody's.
    let text = w.list_of("", &entry("a.php", "<?php\n"));
    w.world.import("dev", &w.world.secret("two"));
    let both = ["--local-user", "dev@example.org", "--local-user", "two@example.org"];
    let file = w.world.sign("dev", 50, &text, &both);
    w.write("x/module.sig", file);
    assert_eq!(is_bad(&w, "several-signatures"), 129);
}

#[test]
fn pipes_devices_loops_and_links_in_the_folder() {
    let w = Workshop::new();
    let outside = w.path("outside.php");
    fs::write(&outside, "<?php\n").expect("a writable folder");
    listed(&w, &[entry("a.php", "<?php\n"), entry("b.php", "<?php\n")].concat());
    let b = w.path("x/b.php");
    run(Command::new("mkfifo").arg(&b), "").ok();
    assert_eq!(is_bad(&w, "file-unreadable"), 130);
    for (target, problem, number) in [
        (Path::new("/dev/zero"), "file-unreadable", 130),
        (Path::new("b.php"), "file-missing", 130),
        (Path::new("nowhere"), "file-missing", 130),
        (Path::new("."), "file-unreadable", 130),
        (outside.as_path(), "file-outside", 129),
    ] {
        fs::remove_file(&b).expect("ours");
        symlink(target, &b).expect("a link");
        assert_eq!(is_bad(&w, problem), number, "{}", target.display());
    }
    fs::remove_file(&b).expect("ours");
    fs::write(&b, "<?php\n").expect("a writable folder");
    symlink("..", w.path("x/round")).expect("a link");
    assert_eq!(is_bad(&w, "file-unlisted"), 129);
    fs::remove_file(w.path("x/round")).expect("ours");
    w.write("x/null", "");
    let Some(_null) = Mount::over(w.path("x/null"), &["--bind", "/dev/null"]) else { return };
    assert_eq!(is_bad(&w, "file-unlisted"), 129);
}

#[test]
fn a_tree_that_changes_while_it_is_read() {
    let w = Workshop::new();
    // Large enough to be read in many pieces; somebody appends all the time.
    w.write("x/big", vec![b'x'; 64 << 20]);
    listed(&w, &format!("{}big = {}\n", entry("a.php", "<?php\n"), "0".repeat(64)));
    let script = "while :; do echo x >>big; : >t; mv t t2; rm -f t2; done";
    let mut shell = Command::new("sh");
    let mut writer = shell.args(["-c", script]).current_dir(w.path("x")).spawn().expect("sh runs");
    let runs: Vec<Value> = (0..3).map(|_| judged(&w)).collect();
    let sign = ["module", "sign", "x", "--key-file", "dev.key"];
    let signed = sane(w.by_keys(&sign));
    writer.kill().expect("our own child");
    writer.wait().expect("our own child");
    assert!(runs.iter().all(|value| value["strict"]["good"] == false), "{runs:?}");
    let changed = |value: &Value| value.to_string().contains("it changed while it was read");
    assert!(runs.iter().any(changed), "{runs:?}");
    signed.ends(1).says("it changed while it was read");
}

#[test]
fn files_that_cannot_be_read() {
    let w = Workshop::new();
    listed(&w, &[entry("a.php", "<?php\n"), entry("sub/b.php", "<?php\n")].concat());
    w.write("x/sub/b.php", "<?php\n");
    judged(&w);
    let close = |name: &str, mode: u32| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(w.path(name), mode).expect("ours");
    };
    close(".", 0o755);
    let verify = [&["module", "verify", "x", "--details"], &KEYS[..]].concat();
    let as_nobody = || {
        let mut command = bound_by_modes(&program("countersign"));
        command.args(&verify).current_dir(w.path("."));
        run(&command, "")
    };
    let good = as_nobody();
    if good.has("setpriv:") {
        return countersign_tests::skip("files that cannot be read: setpriv cannot run it");
    }
    good.ok();
    for (name, mode, says) in [
        ("x/a.php", 0, "file-unreadable: a.php cannot be read: it cannot be read: Permission"),
        ("x/sub", 0, "sub/b.php cannot be read"),
        ("x/module.sig", 0, "x/module.sig cannot be opened"),
        ("x", 0, "Permission denied"),
    ] {
        close(name, mode);
        sane(as_nobody()).ends(4).says(says);
        close(name, if w.path(name).is_dir() { 0o755 } else { 0o644 });
    }
}
