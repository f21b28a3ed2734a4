//! A consumer under attack: every refusal has its word, ends with status 4, and leaves the state as
//! it was.
#![allow(missing_docs)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::bundles::{Forger, certified, software};
use countersign_tests::run::run;
use countersign_tests::workshop::{bound_by_modes, is_root};
use countersign_tests::{Run, program};
use sequoia_openpgp as openpgp;
use tempfile::TempDir;

use openpgp::cert::Cert;
use openpgp::serialize::SerializeInto as _;

/// A machine with the master's certificate, and whatever bundle it is served.
struct Pbx(TempDir);

impl Pbx {
    fn of(master: &Cert) -> Self {
        let pbx = Self(TempDir::with_prefix("cs").expect("a temporary folder"));
        let public = master.clone().strip_secret_key_material();
        fs::write(pbx.path("master.pgp"), public.to_vec().expect("bytes")).expect("written");
        pbx
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What is served is looked at.
    fn served(&self, bundle: &[u8]) -> Run {
        fs::write(self.path("new.bundle"), bundle).expect("written");
        run(&self.verify(&program("countersign"), &[]), "")
    }

    fn verify(&self, program: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(program);
        let state = ["--state", "state", "--masters", "master.pgp"];
        command.args(["bundle", "verify", "new.bundle"]).args(state).args(more);
        command.current_dir(self.0.path()).env_remove("COUNTERSIGN_AUTHORITY");
        command
    }

    fn state(&self) -> Option<Vec<u8>> {
        fs::read(self.path("state")).ok()
    }

    /// What is served is refused with this word, and nothing is learned from it.
    #[track_caller]
    fn refuses(&self, bundle: &[u8], word: &str) -> Run {
        let before = self.state();
        let run = self.served(bundle).ends(4).says(&format!("because: {word}: ")).says("hint: ");
        assert_eq!(self.state(), before, "{}", run.told());
        run.never_says("panicked")
    }
}

#[test]
fn rollback_and_freeze_and_foreign_bundles_are_refused() {
    let mut forger = Forger::new();
    let pbx = Pbx::of(&forger.signer);
    let first = forger.file();
    pbx.served(&first).ok().says("serial 1").says("pinned from now on");
    forger.serial = 2;
    let second = forger.file();
    pbx.served(&second).ok();
    pbx.served(&second).ok();
    pbx.refuses(&first, "older").says("it is serial 1, and serial 2 was seen here");
    // The same number with somebody more in it.
    let eve = certified(&software("Eve <eve@example.org>"), &forger.signer);
    forger.developers.push(eve.clone());
    pbx.refuses(&forger.file(), "another");
    forger.serial = 3;
    // A certified developer signs it.
    let master = std::mem::replace(&mut forger.signer, eve);
    pbx.refuses(&forger.file(), "foreign").says("a developer's key, signed it");
    forger.signer = software("Nobody <nobody@example.org>");
    pbx.refuses(&forger.file(), "foreign");
    pbx.refuses(&Forger { serial: 9, ..Forger::new() }.file(), "successor");
    // Years later.
    forger.signer = master;
    let third = forger.file();
    fs::write(pbx.path("new.bundle"), &third).expect("written");
    let late = pbx.verify(&program("countersign"), &["--time", "2099-01-01"]);
    run(&late, "").ends(4).says("because: expired: it was good until");
    pbx.served(&third).ok();
}

#[test]
fn a_head_with_the_keyring_of_another_bundle_is_mixed() {
    let mut forger = Forger::new();
    let pbx = Pbx::of(&forger.signer);
    let first = forger.file();
    pbx.served(&first).ok();
    forger.serial = 2;
    // As long as the other one, or it would show at once: signatures may begin with zeros.
    let mut as_long = (0..50).map(|_| {
        let dev = certified(&software("Dev <dev@example.com>"), &forger.signer);
        forger.developers = vec![dev];
        forger.file()
    });
    let second = as_long.find(|second| second.len() == first.len()).expect("one of fifty");
    let end = |bytes: &[u8]| {
        let marker = b"-----END PGP SIGNATURE-----\n";
        let at = bytes.windows(marker.len()).position(|w| w == marker).expect("an end");
        at + marker.len()
    };
    let mixed = [&second[..end(&second)], &first[end(&first)..]].concat();
    assert_eq!(mixed.len(), second.len());
    pbx.refuses(&mixed, "mixed").says("damaged, or of another bundle");
}

#[test]
fn files_that_are_cut_longer_or_no_bundle_are_damaged() {
    let forger = Forger::new();
    let pbx = Pbx::of(&forger.signer);
    let good = forger.file();
    for bytes in [
        &b""[..],
        b"no bundle at all",
        &good[..40],
        &good[..good.len() - 1],
        &[&good[..], b"\n"].concat(),
        &[b"\xef\xbb\xbf", &good[..]].concat(),
        &vec![b'-'; 5 << 20],
    ] {
        pbx.refuses(bytes, "damaged");
    }
    pbx.served(&good).ok();
}

#[test]
fn a_successor_is_followed_with_the_old_masters_signature_only() {
    let mut forger = Forger::new();
    let pbx = Pbx::of(&forger.signer);
    pbx.served(&forger.file()).ok();
    let (old, new) = (forger.masters[0].clone(), software("New master <keys@example.org>"));
    forger.serial = 2;
    forger.masters = vec![old.clone(), new.clone()];
    for signer in [&old, &new] {
        forger.signer = signer.clone();
        let run = pbx.refuses(&forger.file(), "successor");
        run.says(&new.fingerprint().to_hex());
    }
    forger.masters[1] = certified(&new, &old);
    forger.made = forger.made.after(5);
    forger.signer = new.clone();
    let followed = format!("{} hands over to {}", old.fingerprint(), new.fingerprint());
    pbx.served(&forger.file()).ok().says(&followed);
    // It is in the state: said once, and followed without the old one from then on.
    forger.serial = 3;
    forger.masters = vec![new];
    pbx.served(&forger.file()).ok().never_says("hands over").says("is not named in it");
}

#[test]
fn a_state_that_is_damaged_is_not_taken_for_none() {
    let forger = Forger::new();
    let pbx = Pbx::of(&forger.signer);
    pbx.served(&forger.file()).ok();
    let whole = pbx.state().expect("a state");
    for half in [&whole[..whole.len() / 2], b"", b"{}"] {
        fs::write(pbx.path("state"), half).expect("written");
        let refused = pbx.served(&forger.file()).ends(4).says("state is damaged");
        refused.says("hint: bring back a copy");
        assert_eq!(pbx.state().as_deref(), Some(half));
    }
}

#[test]
fn a_bundle_is_not_gone_by_where_the_state_cannot_be_kept() {
    let forger = Forger::new();
    let pbx = Pbx::of(&forger.signer);
    fs::write(pbx.path("new.bundle"), forger.file()).expect("written");
    fs::set_permissions(pbx.0.path(), fs::Permissions::from_mode(0o555)).expect("ours");
    let bound = bound_by_modes(&program("countersign"));
    if is_root() && run(bound_by_modes(Path::new("true")).arg(""), "").code != 0 {
        countersign_tests::skip("nobody else than root can run here");
        return;
    }
    let mut command = bound;
    let line = ["bundle", "verify", "new.bundle", "--state", "state", "--masters", "master.pgp"];
    command.args(line).current_dir(pbx.0.path());
    run(&command, "").ends(1).says("state cannot be written").never_says("good");
    fs::set_permissions(pbx.0.path(), fs::Permissions::from_mode(0o755)).expect("ours");
}

#[test]
fn whom_to_believe_has_to_be_said() {
    let forger = Forger::new();
    let pbx = Pbx::of(&forger.signer);
    fs::write(pbx.path("new.bundle"), forger.file()).expect("written");
    let mut command = Command::new(program("countersign"));
    command.args(["bundle", "verify", "new.bundle"]).current_dir(pbx.0.path());
    command.env_remove("COUNTERSIGN_AUTHORITY");
    run(&command, "").ends(1).says("--masters PATH").says("--authority DIR");
    let mut both = Command::new(program("countersign"));
    both.args(["module", "verify", "x", "--bundle", "new.bundle", "--keyring", "k"]);
    run(both.current_dir(pbx.0.path()), "").ends(2).says("cannot be used with");
    // A bundle that is shown is not believed.
    let mut shown = Command::new(program("countersign"));
    shown.args(["bundle", "show", "new.bundle"]).current_dir(pbx.0.path());
    run(&shown, "").ok().says("Forgery, trust bundle 1").says("dev@example.org");
    let by_nobody = Forger { signer: software("N <n@example.org>"), ..forger };
    fs::write(pbx.path("new.bundle"), by_nobody.file()).expect("written");
    run(&shown, "").ends(4).says("signed by NOBODY THAT IT NAMES");
}
