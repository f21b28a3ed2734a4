//! The people of the tests, their keys made by gpg, and a card with a master: made once, kept in
//! the build folder, copied by each test.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program;
use crate::run::{Run, built_in, run};

/// To be raised when what is kept changes.
const EDITION: &str = "people-1";

/// The PINs of every practice card with a master.
pub const PIN: &str = "482916";
const ADMIN_PIN: &str = "48291675";

/// Names, user IDs and algorithms, as gpg takes them.
const PEOPLE: [(&str, &[&str], &str); 6] = [
    (
        "alice",
        &["Alice Example <alice@example.org>", "Alice at work <alice@example.net>"],
        "rsa3072",
    ),
    ("bob", &["Bob Example <bob@example.org>"], "ed25519"),
    ("carol", &["Carol Example <carol@example.org>"], "nistp256"),
    ("dave", &["Dave Example <dave@example.org>"], "ed25519"),
    ("ivan", &["Ivan Introducer <ivan@example.org>"], "ed25519"),
    ("maria", &["Maria Manager <maria@example.org>"], "ed25519"),
];

/// The folder with `gnupg/` (a home with everybody's secret key), `NAME.asc`, `NAME.key`,
/// `NAME.fpr`, and for the masters `one` and `two` `NAME.card/` and `NAME.asc`.
pub fn kept() -> PathBuf {
    let build = built_in();
    let folder = build.parent().unwrap_or(&build).join("tmp");
    fs::create_dir_all(&folder).expect("the build folder is writable");
    let lock = File::create(folder.join(format!("{EDITION}.lock"))).expect("a lock file");
    lock.lock().expect("locks work in the build folder");
    let kept = folder.join(EDITION);
    if !kept.exists() {
        let made = TempDir::with_prefix("cs").expect("a temporary folder");
        make(made.path());
        let half = folder.join(format!("{EDITION}.half"));
        let _ = fs::remove_dir_all(&half);
        copy(made.path(), &half);
        fs::rename(&half, &kept).expect("a rename within one folder");
    }
    kept
}

/// Somebody's fingerprint.
pub fn fingerprint(name: &str) -> String {
    fs::read_to_string(kept().join(format!("{name}.fpr"))).expect("everybody has a fingerprint")
}

/// Copies a folder with its files, without sockets.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).expect("our own folder");
    for entry in fs::read_dir(from).expect("a folder that can be read") {
        let entry = entry.expect("an entry that can be read");
        let kind = entry.file_type().expect("an entry has a type");
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).expect("a file that can be copied");
        }
    }
}

/// gpg with this home, without questions.
pub fn gpg(home: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new("gpg");
    command.arg("--homedir").arg(home).args(["--batch", "--yes", "--no-tty", "--quiet"]);
    command.args(["--pinentry-mode", "loopback", "--passphrase", ""]).args(arguments);
    run(&command, "")
}

/// Ends the agent of a home.
pub fn kill_agent(home: &Path) {
    let _ = run(Command::new("gpgconf").arg("--homedir").arg(home).args(["--kill", "all"]), "");
}

/// The fingerprint of the first key that fits `user`.
pub fn find(home: &Path, user: &str) -> String {
    let listing = gpg(home, &["--with-colons", "--list-keys", user]).ok().out;
    let line = listing.lines().find(|l| l.starts_with("fpr:")).expect("a fingerprint line");
    line.split(':').nth(9).expect("gpg's tenth field").to_owned()
}

/// Makes a key of somebody in `home`: `algorithm` as gpg names it; `options` stand before.
pub fn make_key(home: &Path, options: &[&str], user_ids: &[&str], algorithm: &str) -> String {
    let first = user_ids.first().copied().unwrap_or_default();
    let make = ["--allow-freeform-uid", "--quick-generate-key", first, algorithm, "sign", "5y"];
    gpg(home, &[options, make.as_slice()].concat()).ok();
    let key = find(home, &format!("={first}"));
    for user_id in user_ids.iter().skip(1) {
        gpg(home, &["--quick-add-uid", &key, user_id]).ok();
    }
    key
}

fn make(folder: &Path) {
    let home = folder.join("gnupg");
    new_home(&home);
    for (name, user_ids, algorithm) in PEOPLE {
        let key = make_key(&home, &[], user_ids, algorithm);
        let public = gpg(&home, &["--armor", "--export", &key]).ok().out;
        let secret = gpg(&home, &["--armor", "--export-secret-keys", &key]).ok().out;
        write(&folder.join(format!("{name}.asc")), &public);
        write(&folder.join(format!("{name}.key")), &secret);
        write(&folder.join(format!("{name}.fpr")), &key);
    }
    kill_agent(&home);
    for name in ["one", "two"] {
        let pins = folder.join("pins");
        write(&pins, &format!("{PIN}\n{ADMIN_PIN}\n"));
        let mut command = with_pins(&program("airgap"), &pins);
        command.args(["master", "generate", "--user-id"]);
        command.arg(format!("Example Project master {name} <keys@example.org>"));
        command.arg("--practice-card").arg(folder.join(format!("{name}.card")));
        command.arg("--output").arg(folder.join(format!("{name}.asc")));
        run(&command, "").ok();
        fs::remove_file(&pins).expect("our own file");
    }
}

/// An empty gpg home at a short path.
pub fn new_home(home: &Path) {
    fs::create_dir_all(home).expect("a new folder");
    fs::set_permissions(home, fs::Permissions::from_mode(0o700)).expect("our own folder");
}

/// `program` with the file `pins` as `--pin-fd 3`.
pub fn with_pins(program: &Path, pins: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec 3<"$0"; exec "$@""#]).arg(pins).arg(program);
    command.args(["--pin-fd", "3"]);
    command
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a temporary folder is writable");
}
