//! Packages against GnuPG and GNU tar: what we make is theirs to read, what they make is ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use countersign::certificate::Certificate;
use countersign::module::archive::{self, ArchiveError, Demand, Limits, Standing};
use countersign::module::package::{Making, Package, PackageError, SealError, Sealer, package};
use countersign::module::tree::Selection;
use countersign::module::unpack::{UnpackError, unpack};
use countersign::time::Timestamp;
use countersign_tests::modules::Signers;
use tempfile::TempDir;

const XML: &str = "<module><rawname>demo</rawname><version>17.0.1</version></module>";

/// A module, somebody who signs it, and a folder for packages.
struct Scene {
    signers: Signers,
    folder: TempDir,
}

impl Scene {
    fn new() -> Option<Self> {
        let scene =
            Self { signers: Signers::new()?, folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir_all(scene.path("demo/views")).expect("folders");
        fs::write(scene.path("demo/module.xml"), XML).expect("written");
        fs::write(scene.path("demo/module.sig"), "signed").expect("written");
        fs::write(scene.path("demo/views/läng.php"), vec![7; 300_000]).expect("written");
        Some(scene)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn certificate(&self, name: &str) -> Certificate {
        let bytes = self.signers.gpg(&["--export", name]).stdout;
        Certificate::read(&*bytes, &[]).expect("a certificate")
    }

    /// gpg, told which home to use.
    fn gpg(&self) -> PathBuf {
        let empty = self.signers.file("gpg", b"");
        let home = empty.parent().expect("a home").to_owned();
        let script = "printf '#!/bin/sh\\nexec gpg --homedir %s --batch --pinentry-mode loopback \
            \"$@\"\\n' \"$0\" >\"$1\" && chmod +x \"$1\"";
        let made = Command::new("sh")
            .env("LC_ALL", "C")
            .args(["-c", script])
            .arg(home)
            .arg(&empty)
            .status();
        assert!(made.expect("sh runs").success());
        empty
    }

    fn by_gpg(&self) -> Sealer {
        let key = self.certificate("ann@example.org").fingerprint();
        Sealer::Gpg { program: self.gpg(), key }
    }

    fn by_key(&self) -> Sealer {
        let exported = self.signers.gpg(&["--export-secret-keys", "ann@example.org"]).stdout;
        let (_, secrets) = Certificate::read_key_file(&*exported).expect("a key file");
        Sealer::Key(Box::new(secrets[0].clone().into_keypair().expect("not locked")))
    }

    fn package(&self, sealer: &Sealer, time: Timestamp) -> Result<Package, PackageError> {
        let certificate = self.certificate("ann@example.org");
        let selection = Selection::Public;
        let making = Making { selection, time, sealer, certificate: &certificate };
        package(&self.path("demo"), self.folder.path(), &making)
    }

    /// What `tar | gzip | gpg --sign` makes of the module.
    fn by_tools(&self, options: &[&str]) -> Vec<u8> {
        let tgz = sh("tar -C \"$0\" -cz demo", self.folder.path()).stdout;
        let by: &[&str] = &["ann@example.org"];
        self.signers.sign(&tgz, by, &[options, &["--sign"]].concat())
    }
}

fn sh(script: &str, argument: &Path) -> Output {
    let output = Command::new("sh")
        .env("LC_ALL", "C")
        .args(["-c", script])
        .arg(argument)
        .stdin(Stdio::null())
        .output();
    let output = output.expect("sh runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

#[test]
fn gpg_and_tar_read_what_we_make_and_get_the_same_bytes_again() {
    let Some(scene) = Scene::new() else { return };
    for sealer in [scene.by_gpg(), scene.by_key()] {
        let time = now();
        let made = scene.package(&sealer, time).expect("made");
        let bytes = fs::read(&made.path).expect("there");
        let path = made.path.to_str().expect("UTF-8");

        let (tgz, status) = scene.signers.read(&bytes);
        assert!(status.contains("[GNUPG:] GOODSIG"), "{status}");
        let packets = scene.signers.gpg(&["--list-packets", path]);
        let packets = String::from_utf8_lossy(&packets.stdout).into_owned();
        let literal = format!("mode b (62), created {}, name=\"demo-17.0.1.tgz\"", time.unix());
        assert!(packets.contains(&literal), "{packets}");
        assert!(packets.contains("sigclass 0x00, digest 10,"), "{packets}");

        fs::write(scene.path("demo.tgz"), &tgz).expect("written");
        let listed = sh("tar -tzf \"$0\"", &scene.path("demo.tgz")).stdout;
        let expected =
            "demo/\ndemo/module.sig\ndemo/module.xml\ndemo/views/\ndemo/views/l\\303\\244ng.php\n";
        assert_eq!(String::from_utf8_lossy(&listed), expected);
        let sum = |tool: &str, path: &str| {
            let output = sh(&format!("{tool} <\"$0\""), &scene.path(path)).stdout;
            String::from_utf8_lossy(&output).split(' ').next().map(str::to_owned)
        };
        assert_eq!(sum("md5sum", "demo.tgz"), Some(made.tgz.md5.clone()));
        assert_eq!(sum("sha1sum", "demo.tgz"), Some(made.tgz.sha1.clone()));
        assert_eq!(sum("sha1sum", "demo-17.0.1.tgz.gpg"), Some(made.gpg.sha1.clone()));

        fs::remove_file(&made.path).expect("removed");
        let again = scene.package(&sealer, time).expect("made again");
        assert_eq!((&again.gpg, &again.tgz), (&made.gpg, &made.tgz));
        fs::remove_file(&made.path).expect("removed");
    }
}

#[test]
fn what_gpg_signs_is_unpacked() {
    let Some(scene) = Scene::new() else { return };
    let certificate = scene.certificate("ann@example.org");
    let certificates = [&certificate];
    let demand = Demand::SignedBy { certificates: &certificates, now: now().after(3600) };
    let forms: [(&[&str], &str); 4] = [
        (&[], "SHA"),
        (&["--compress-algo", "zlib"], "SHA"),
        (&["--compress-algo", "none"], "SHA"),
        (&["--digest-algo", "SHA1"], "SHA1"),
    ];
    for (options, hash) in forms {
        let into = tempfile::tempdir().expect("a folder");
        let package = scene.by_tools(options);
        let unpacked = unpack(&*package, into.path(), None, &demand, &Limits::default());
        let unpacked = unpacked.expect("unpacked");
        let signature = &unpacked.contents.signatures[0];
        assert!(signature.hash.starts_with(hash), "{signature:?}");
        let mut diff = Command::new("diff");
        diff.arg("-r").arg(scene.path("demo")).arg(&unpacked.folder);
        assert!(diff.status().expect("diff runs").success());
    }
}

#[test]
fn what_gpg_signs_otherwise_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let certificate = scene.certificate("ben@example.org");
    let certificates = [&certificate];
    let demand = Demand::SignedBy { certificates: &certificates, now: now().after(3600) };
    let into = tempfile::tempdir().expect("a folder");
    let forms: [&[&str]; 5] = [
        &[],
        &["--armor"],
        &["--textmode"],
        &["--compress-algo", "bzip2"],
        &["--local-user", "ben@example.org", "--digest-algo", "MD5"],
    ];
    for options in forms {
        let package = scene.by_tools(options);
        let unpacked = unpack(&*package, into.path(), None, &demand, &Limits::default());
        assert!(matches!(unpacked, Err(UnpackError::Archive(_))), "{options:?}: {unpacked:?}");
        assert_eq!(fs::read_dir(into.path()).expect("a folder").count(), 0, "left behind");
    }
}

#[test]
fn one_of_two_signatures_is_enough_and_a_changed_package_is_not() {
    let Some(scene) = Scene::new() else { return };
    let (ann, ben) = (scene.certificate("ann@example.org"), scene.certificate("ben@example.org"));
    let package = scene.by_tools(&["--local-user", "ben@example.org", "--compress-algo", "none"]);
    let by = |certificates: &[&Certificate], package: &[u8]| {
        let demand = Demand::SignedBy { certificates, now: now().after(3600) };
        archive::read(package, None, &demand, &Limits::default(), |_| Ok(()))
    };
    let standings = |certificates: &[&Certificate]| {
        let contents = by(certificates, &package).expect("good");
        let mut all: Vec<_> = contents.signatures.into_iter().map(|s| s.standing).collect();
        all.sort_by_key(|standing| *standing == Standing::Unknown);
        all
    };
    let good = |of: &Certificate| Standing::Good { certificate: of.fingerprint() };
    assert_eq!(standings(&[&ann]), [good(&ann), Standing::Unknown]);
    assert_eq!(standings(&[&ann, &ben]).len(), 2);
    assert!(!standings(&[&ann, &ben]).contains(&Standing::Unknown));
    // The gzip header's time, which nothing but the signature protects.
    let at = package.windows(3).position(|w| w == [0x1f, 0x8b, 8]).expect("gzip") + 4;
    let mut changed = package.clone();
    changed[at] ^= 1;
    assert!(matches!(by(&[&ann, &ben], &changed), Err(ArchiveError::BadSignature)));
}

#[test]
fn a_key_that_gpg_cannot_use_leaves_nothing_behind() {
    let Some(scene) = Scene::new() else { return };
    let long_ago = Timestamp::from_unix(1_000_000_000);
    let refused = scene.package(&scene.by_gpg(), long_ago).expect_err("the key is younger");
    let PackageError::Seal(SealError::Gpg { words, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert!(words.contains("signing failed"), "{words}");
    let nobody = Sealer::Gpg {
        program: scene.path("no-gpg"),
        key: scene.certificate("ann@example.org").fingerprint(),
    };
    let refused = scene.package(&nobody, now());
    assert!(matches!(refused, Err(PackageError::Seal(SealError::NoGpg { .. }))), "{refused:?}");
    assert_eq!(fs::read_dir(scene.folder.path()).expect("a folder").count(), 1, "left behind");
}
