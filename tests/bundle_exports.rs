//! A bundle in the forms that others eat, judged by those others: gpg, dpkg.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::bundles::{
    certify, certify_by, master_key, module, publish, revoke_by, software,
};
use countersign_tests::flood::flooded;
use countersign_tests::people::{fingerprint, kill_agent, new_home};
use countersign_tests::run::run;
use countersign_tests::workshop::names;
use countersign_tests::{Run, Scenario, skip};
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertParser};
use openpgp::packet::Packet;
use openpgp::parse::{PacketParser, PacketParserResult, Parse as _};

/// A new gpg home, a minute ahead of the scenario's clock.
struct Gpg<'a> {
    s: &'a Scenario,
    home: PathBuf,
}

impl<'a> Gpg<'a> {
    fn new(s: &'a Scenario, name: &str) -> Self {
        let home = s.path(name);
        new_home(&home);
        let time = s.now().unix() + 60;
        let conf = format!("batch\nno-tty\ntrust-model pgp\nfaked-system-time {time}\n");
        fs::write(home.join("gpg.conf"), conf).expect("written");
        Self { s, home }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new("gpg");
        command.args(arguments).current_dir(self.s.root()).env("GNUPGHOME", &self.home);
        run(&command, "")
    }

    /// gpg's validity of the key: the second field of its line.
    fn validity(&self, name: &str) -> String {
        self.run(&["--check-trustdb"]).ok();
        let key = fingerprint(name);
        let listing = self.run(&["--with-colons", "--list-keys", &key]).ok().out;
        let line = listing.lines().find(|l| l.starts_with("pub:")).expect("a key");
        line.split(':').nth(1).expect("a field").to_owned()
    }
}

impl Drop for Gpg<'_> {
    fn drop(&mut self) {
        kill_agent(&self.home);
    }
}

/// Writes the bundle in this form into a new folder.
#[track_caller]
fn export(s: &Scenario, bundle: &str, form: &str) -> PathBuf {
    let run = s.countersign(&["bundle", "export", bundle, "--format", form, "--output", form]);
    run.ok().says(" files");
    s.path(form)
}

/// Two masters; Alice by both, Bob revoked, Carol half revoked, Dave by the old one alone.
fn published() -> (Scenario, String) {
    let s = Scenario::of_masters(&["one", "two"]);
    certify_by(&s, &["alice", "bob", "carol", "dave"], "one");
    certify_by(&s, &["alice", "bob", "carol"], "two");
    module(&s, "blacklist", "17.0.1", "alice");
    module(&s, "toys", "1.0", "bob");
    s.pass(60);
    revoke_by(&s, "bob", "one");
    revoke_by(&s, "bob", "two");
    revoke_by(&s, "carol", "two");
    let ask = ["--master", &master_key(&s, "one")];
    countersign_tests::bundles::ask(&s, &ask).ok().says("HALF REVOKED");
    s.session().run().ok();
    s.install().ok();
    (s, "authority/bundles/1.bundle".to_owned())
}

/// gpg and FreePBX's question to it say of each what the bundle says.
#[track_caller]
fn as_the_bundle_says(gpg: &Gpg<'_>) {
    for (name, validity) in [("alice", "f"), ("carol", "f"), ("dave", "f")] {
        assert_eq!(gpg.validity(name), validity, "{name}");
    }
    assert!(!"fmu".contains(&gpg.validity("bob")), "{}", gpg.validity("bob"));
    let listed = gpg.run(&["--with-colons", "--check-sigs", &fingerprint("bob")]).ok().out;
    for master in ["one", "two"] {
        let line = format!("rev:!::1:{}", &master_key(gpg.s, master)[24..]);
        assert!(listed.contains(&line), "{listed}");
    }
    let good = gpg.run(&["--status-fd", "1", "--verify", "blacklist/module.sig"]).ok();
    good.says("GOODSIG").says("TRUST_FULLY");
    let revoked = gpg.run(&["--status-fd", "1", "--verify", "toys/module.sig"]).ok();
    revoked.says("GOODSIG").never_says("TRUST_FULLY").never_says("TRUST_ULTIMATE");
}

#[test]
fn gnupg_imports_keyring_and_trust_and_gives_the_right_verdicts() {
    let (s, bundle) = published();
    let folder = export(&s, &bundle, "gnupg");
    assert_eq!(names(&folder), ["import.sh", "keyring.gpg", "ownertrust.txt"]);
    let gpg = Gpg::new(&s, "home");
    let mut script = Command::new(folder.join("import.sh"));
    run(script.current_dir("/").env("GNUPGHOME", &gpg.home), "").ok();
    as_the_bundle_says(&gpg);
    // Nobody is lost or added.
    let listed = gpg.run(&["--with-colons", "--list-keys"]).ok().out;
    assert_eq!(listed.lines().filter(|l| l.starts_with("pub:")).count(), 6);
}

#[test]
fn freepbx_finds_its_key_files() {
    let (s, bundle) = published();
    let folder = export(&s, &bundle, "freepbx");
    let gpg = Gpg::new(&s, "home");
    let mut expected: Vec<String> =
        ["one", "two"].iter().map(|m| format!("{}.key", &master_key(&s, m)[24..])).collect();
    expected.push("signatures".to_owned());
    expected.sort();
    assert_eq!(names(&folder), expected);
    for master in ["one", "two"] {
        let key = master_key(&s, master);
        gpg.run(&["--import", &format!("freepbx/{}.key", &key[24..])]).ok();
        fs::write(s.path("trust"), format!("{key}:6:\n")).expect("written");
        gpg.run(&["--import-ownertrust", "trust"]).ok();
    }
    for name in ["alice", "bob", "carol", "dave"] {
        let file = format!("freepbx/signatures/{}.key", &fingerprint(name)[24..]);
        gpg.run(&["--import", &file]).ok();
    }
    as_the_bundle_says(&gpg);
}

#[test]
fn a_web_key_directory_has_the_names_that_gpg_asks_for() {
    let (s, bundle) = published();
    let folder = export(&s, &bundle, "wkd");
    let gpg = Gpg::new(&s, "home");
    gpg.run(&["--import", "authority/developers"]).ends(2);
    for name in ["alice", "bob", "carol", "dave"] {
        let file = format!("authority/developers/{}.asc", fingerprint(name));
        gpg.run(&["--import", &file]).ok();
    }
    let listed = gpg.run(&["--with-wkd-hash", "--list-keys"]).ok().out;
    let addresses: Vec<(&str, &str)> = listed
        .lines()
        .map(str::trim)
        .filter(|l| l.contains('@') && !l.contains(' '))
        .filter_map(|l| l.split_once('@'))
        .collect();
    assert!(addresses.len() >= 5, "{listed}");
    for (hash, domain) in addresses {
        let direct = folder.join(domain).join(".well-known/openpgpkey");
        let host = folder.join(format!("openpgpkey.{domain}"));
        let advanced = host.join(".well-known/openpgpkey").join(domain);
        for method in [direct, advanced] {
            assert!(method.join("policy").exists());
            let bytes = fs::read(method.join("hu").join(hash)).expect("an address' file");
            let cert = Cert::from_bytes(&bytes).expect("one certificate");
            assert!(cert.userids().all(|u| u.userid().to_string().contains(domain)), "{cert:?}");
        }
    }
    // Alice's two addresses are two files, and neither tells of the other.
    let hu = folder.join("example.net/.well-known/openpgpkey/hu");
    assert_eq!(names(&hu).len(), 1);
    let only = ["bundle", "export", &bundle, "--format", "wkd", "--output", "only"];
    s.countersign(&[&only[..], &["--domain", "Example.NET"]].concat()).ok().says("4 files");
}

#[test]
fn a_certificate_directory_has_a_file_for_each_fingerprint() {
    let (s, bundle) = published();
    let folder = export(&s, &bundle, "certd");
    for key in ["alice", "bob", "carol", "dave"].map(fingerprint) {
        let key = key.to_lowercase();
        let bytes = fs::read(folder.join(&key[..2]).join(&key[2..])).expect("a certificate");
        let cert = Cert::from_bytes(&bytes).expect("one certificate");
        assert_eq!(cert.fingerprint().to_hex().to_lowercase(), key);
    }
    let key = master_key(&s, "one").to_lowercase();
    assert!(folder.join(&key[..2]).join(&key[2..]).exists());
}

#[test]
fn a_debian_package_is_built_of_its_source() {
    let (s, bundle) = published();
    let folder = export(&s, &bundle, "debian");
    if run(Command::new("sh").args(["-c", "command -v dpkg-buildpackage make"]), "").code != 0 {
        skip("dpkg-buildpackage is not installed (dpkg-dev)");
        return;
    }
    let mut build = Command::new("dpkg-buildpackage");
    build.args(["--build=binary", "--no-sign", "--no-check-builddeps"]).current_dir(&folder);
    run(&build, "").ok();
    let package = s.path("example-project-keyring_1_all.deb");
    let list = run(Command::new("dpkg-deb").arg("--contents").arg(&package), "").ok();
    list.says("./usr/share/keyrings/example-project-keyring.gpg");
    let info = run(Command::new("dpkg-deb").arg("--field").arg(&package), "").ok();
    info.says("Package: example-project-keyring").says("Version: 1").says("Architecture: all");
    let out = s.path("unpacked");
    run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&out), "").ok();
    let keyring = out.join("usr/share/keyrings/example-project-keyring.gpg");
    let verify =
        ["--keyring", &keyring.display().to_string(), "blacklist/module.sig"].map(str::to_owned);
    run(Command::new("gpgv").args(verify).current_dir(s.root()), "").ok().says("Good signature");
}

/// Every signature in a file is by somebody who belongs there.
fn belongs(path: &Path, allowed: &[String]) -> usize {
    let mut found = 0;
    let mut parser = PacketParser::from_file(path).expect("OpenPGP");
    while let PacketParserResult::Some(pp) = parser {
        let (packet, next) = pp.next().expect("a packet");
        parser = next;
        if let Packet::Signature(signature) = packet {
            found += 1;
            for issuer in signature.get_issuers() {
                let issuer = issuer.to_hex();
                let known = allowed.iter().any(|key| key.ends_with(&issuer));
                assert!(known, "{}: {issuer}", path.display());
            }
        }
    }
    found
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn a_flood_on_a_master_or_developer_vanishes_in_every_form() {
    const MANY: u32 = 6_000;
    let s = Scenario::new();
    certify(&s, &["alice"]);
    let stranger = software("Stranger <s@example.org>");
    let master = master_key(&s, "one");
    for path in [
        format!("authority/masters/{master}.asc"),
        format!("authority/developers/{}.asc", fingerprint("alice")),
    ] {
        let cert = Cert::from_file(s.path(&path)).expect("a certificate");
        let bytes = flooded(&cert, &stranger, MANY);
        assert!(bytes.len() > 1_000_000);
        fs::write(s.path(&path), bytes).expect("written");
    }
    let bundle = publish(&s);
    let size = s.path(&bundle).metadata().expect("a file").len();
    assert!(size < 12_000, "{size}");
    let allowed = [master, fingerprint("alice")];
    for form in ["freepbx", "gnupg", "wkd", "certd", "debian"] {
        let (mut found, mut signatures) = (Vec::new(), 0);
        files(&export(&s, &bundle, form), &mut found);
        for path in found {
            let text = fs::read(&path).expect("a file");
            let is_text = path.components().any(|c| c.as_os_str() == "debian")
                && path.parent().is_some_and(|p| p.ends_with("debian") || p.ends_with("source"))
                && !path.ends_with("keyring.gpg");
            let skipped = ["import.sh", "ownertrust.txt", "policy"];
            if is_text || text.is_empty() || skipped.iter().any(|n| path.ends_with(n)) {
                continue;
            }
            assert!(CertParser::from_file(&path).expect("certificates").count() > 0);
            signatures += belongs(&path, &allowed);
        }
        assert!((3..30).contains(&signatures), "{form}: {signatures}");
    }
}
