//! Our verdict on a module's folder beside FreePBX's, and the sentence that says why they differ.

use std::fs;
use std::path::Path;

use countersign::module::freepbx::{Found, Secure, verdict};
use countersign::module::tree::{Selection, Tree, Where};
use countersign::module::{Reading, explain, gpg, strict};
use countersign_tests::signers::World;

/// A good module in a folder, spoiled; the file states, FreePBX's number, the strict problems, and
/// words of the sentence that says why they differ.
#[track_caller]
fn in_a_folder(
    world: &World,
    text: &str,
    spoil: impl FnOnce(&Path),
    number: u8,
    problems: &[&str],
    words: Option<&str>,
) {
    let root = tempfile::TempDir::with_prefix("cs").expect("a temporary folder");
    let folder = root.path().join("good");
    fs::create_dir(&folder).expect("a new folder");
    fs::write(folder.join("a.php"), "<?php\n").expect("a new file");
    let file = world.sign("dev", 20, text, &[]);
    spoil(&folder);
    let now = world.day(30);
    let keyring = world.keyring(&["dev"]);
    let reading = Reading::parse(&file).expect("a signed text");
    let tree = Tree::list(&folder, Selection::Public).expect("a folder");
    let files = tree.compare(&reading.entries(), &|_| Where::Here, &|_| ());
    let case = strict::Case {
        folder: "good",
        file: Some(Ok(&reading)),
        files: &files,
        remarks: tree.remarks(),
        xml: None,
        keyring: &keyring,
        weak: strict::WeakChains::Refuse,
        now,
    };
    let ours = strict::judge(&case);
    let names: Vec<&str> = ours.problems.iter().map(strict::Problem::name).collect();
    let answers = gpg::answers(&reading.signed, &keyring, now);
    let found = Found::Signature {
        answers: &answers,
        config: &reading.parsed.config,
        files: &reading.files_for_freepbx("good", &files),
        secure: Secure::Absent,
    };
    let theirs = verdict(found, &keyring, now);
    assert_eq!((theirs.status.number(), names.as_slice()), (number, problems), "{theirs:?}");
    let difference = explain::difference(&ours, &theirs);
    match (words, difference) {
        (None, None) => {}
        (Some(words), Some(told)) => assert!(told.contains(words), "{told}"),
        (words, told) => panic!("{words:?} {told:?}"),
    }
}

#[test]
fn files_of_a_good_module() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    let text = world.text("dev", "");
    let spoiled = |spoil: fn(&Path), number, problems: &[&str], words| {
        in_a_folder(&world, &text, spoil, number, problems, words);
    };
    spoiled(|_| {}, 129, &[], None);
    let alter = |folder: &Path| fs::write(folder.join("a.php"), "evil").expect("writable");
    spoiled(alter, 130, &["file-altered"], None);
    let remove = |folder: &Path| fs::remove_file(folder.join("a.php")).expect("writable");
    spoiled(remove, 130, &["file-missing"], None);
    let dangling = |folder: &Path| {
        fs::remove_file(folder.join("a.php")).expect("writable");
        std::os::unix::fs::symlink("nowhere", folder.join("a.php")).expect("a link");
    };
    spoiled(dangling, 130, &["file-missing"], None);
    let add = |folder: &Path| fs::write(folder.join("evil.php"), "evil").expect("writable");
    spoiled(add, 129, &["file-unlisted"], Some("never notices an added one"));
    let hide = |folder: &Path| fs::write(folder.join(".evil.php"), "evil").expect("writable");
    spoiled(hide, 129, &["file-unlisted"], Some("never notices an added one"));
    let lead_out = |folder: &Path| {
        fs::rename(folder.join("a.php"), folder.join("../a.php")).expect("writable");
        std::os::unix::fs::symlink("../a.php", folder.join("a.php")).expect("a link");
    };
    spoiled(lead_out, 129, &["file-outside"], Some("follows links"));
}

#[test]
fn lists_that_freepbx_and_we_read_otherwise() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    let alter = |folder: &Path| fs::write(folder.join("a.php"), "evil").expect("writable");
    let text = world.text("dev", "");
    let stranger = text.replace(&world.fingerprint("dev"), &world.fingerprint("one"));
    let words = Some("never compares signedwith");
    in_a_folder(&world, &stranger, |_| {}, 129, &["signed-with"], words);
    let past = world.text("dev", "expiresafter=12345\n");
    in_a_folder(&world, &past, |_| {}, 64, &["expires-after"], None);
    // The parser fails on the name, so nothing is checked.
    let broken = text.replace(";# End", &format!("b(.php = {}\n;# End", "0".repeat(64)));
    let words = Some("makes nothing of the list");
    in_a_folder(&world, &broken, alter, 129, &["list"], words);
    let local = text.replace("type=public", "type=local");
    in_a_folder(&world, &local, |_| {}, 129, &["other-form"], Some("accepts for a list"));
}

#[test]
fn why_freepbx_says_tampered_or_revoked() {
    let world = World::new();
    let text = world.text("dev", "");
    let words = Some("has looked at no file");
    in_a_folder(&world, &text, |_| {}, 7, &["not-certified"], words);
    let local = text.replace("type=public", "type=local");
    let words = Some("believes any key");
    in_a_folder(&world, &local, |_| {}, 129, &["not-certified", "other-form"], words);
    world.certify("one", "dev", 10, &[], &[]);
    world.certify("two", "dev", 10, &[], &[]);
    world.revoke("one", "dev", 25, &["y"], &[]);
    let words = Some("by every master and for every user ID");
    in_a_folder(&world, &text, |_| {}, 129, &["revoked"], words);
    world.revoke("two", "dev", 26, &["y"], &[]);
    in_a_folder(&world, &text, |_| {}, 64, &["revoked", "not-certified"], None);
}
