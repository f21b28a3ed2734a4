use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use super::*;
use crate::module::archive::tests::make::Key;
use crate::module::archive::{Kind, Member};

const XML: &str = "<module><rawname>demo</rawname><version>17.0.1</version></module>";

/// A module in a folder of another name, and a folder for packages.
struct Module {
    folder: tempfile::TempDir,
    into: tempfile::TempDir,
    key: Key,
}

impl Module {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let into = tempfile::tempdir().expect("a folder");
        let module = Self { folder, into, key: Key::new("ann@example.org") };
        fs::create_dir(module.path("bin")).expect("a folder");
        module.write("module.xml", XML);
        module.write("module.sig", "signed");
        module.write("bin/run", "#!");
        module.write(".hidden", "");
        module.write(".htaccess", "");
        fs::set_permissions(module.path("bin/run"), fs::Permissions::from_mode(0o700))
            .expect("our own file");
        module
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::write(self.path(path), content).expect("written");
    }

    fn package(&self, selection: Selection) -> Result<Package, PackageError> {
        let making = Making {
            selection,
            time: Key::now(),
            sealer: &Sealer::Key(Box::new(self.key.pair())),
            certificate: &self.key.certificate,
        };
        package(self.folder.path(), self.into.path(), &making)
    }

    /// The package's bytes; it is taken away.
    fn bytes(&self) -> Vec<u8> {
        let made = self.package(Selection::Public).expect("made");
        let bytes = fs::read(&made.path).expect("there");
        fs::remove_file(&made.path).expect("removed");
        bytes
    }

    #[track_caller]
    fn refused(&self) -> PackageError {
        let error = self.package(Selection::Public).expect_err("refused");
        let left = fs::read_dir(self.into.path()).expect("a folder").count();
        assert_eq!(left, 0, "left behind");
        error
    }
}

fn members(package: &[u8]) -> Vec<String> {
    let mut paths = Vec::new();
    let note = |member: &mut Member<'_>| {
        paths.push(match &member.kind {
            Kind::Folder => format!("{}/", member.path),
            Kind::File { executable, .. } => format!("{} {executable:?}", member.path),
        });
        Ok(())
    };
    archive::read(package, None, &Demand::Nothing, &Limits::default(), note).expect("read");
    paths
}

#[test]
fn a_package_holds_what_is_listed_and_the_list() {
    let module = Module::new();
    let made = module.package(Selection::Public).expect("made");
    assert_eq!(made.path, module.into.path().join("demo-17.0.1.tgz.gpg"));
    let bytes = fs::read(&made.path).expect("there");
    assert_eq!(members(&bytes), ["/", "bin/", "bin/run Yes", "module.sig No", "module.xml No"]);
    assert_eq!((made.files, made.gpg.bytes), (3, bytes.len() as u64));
    assert!(matches!(module.package(Selection::Public), Err(PackageError::Exists(_))));
    fs::remove_file(&made.path).expect("removed");
    let made = module.package(Selection::Official).expect("made");
    let official = members(&fs::read(&made.path).expect("there"));
    assert!(official.contains(&".htaccess No".to_owned()), "{official:?}");
}

#[test]
fn the_same_module_gives_the_same_bytes() {
    let module = Module::new();
    let first = module.bytes();
    assert_eq!(first, module.bytes());
    let later = SystemTime::now() + Duration::from_secs(9999);
    for path in ["module.xml", "bin/run", "bin"] {
        fs::File::open(module.path(path)).and_then(|f| f.set_modified(later)).expect("ours");
    }
    let writable = fs::Permissions::from_mode(0o666);
    fs::set_permissions(module.path("module.xml"), writable).expect("our own file");
    assert_eq!(first, module.bytes());
    module.write("bin/run", "#?");
    assert_ne!(first, module.bytes());
}

#[test]
fn a_link_within_is_packed_as_what_it_leads_to() {
    let module = Module::new();
    symlink("bin", module.path("tools")).expect("a link");
    symlink("module.xml", module.path("copy")).expect("a link");
    let members = members(&module.bytes());
    assert!(members.contains(&"copy No".to_owned()), "{members:?}");
    assert!(members.contains(&"tools/run Yes".to_owned()), "{members:?}");
}

#[test]
fn what_cannot_be_packed_is_refused() {
    type Spoil = fn(&Module);
    let cases: [(&str, Spoil); 6] = [
        ("out", |m| symlink("/etc/hostname", m.path("out")).expect("a link")),
        ("none", |m| symlink("nothing", m.path("none")).expect("a link")),
        ("bin/loop", |m| symlink("..", m.path("bin/loop")).expect("a link")),
        ("a(1)", |m| m.write("a(1)", "")),
        ("memory", |m| symlink("/proc/self/mem", m.path("memory")).expect("a link")),
        ("pipe", |m| {
            let mode = rustix::fs::Mode::RUSR;
            rustix::fs::mkfifoat(rustix::fs::CWD, m.path("pipe"), mode).expect("a pipe");
        }),
    ];
    for (path, spoil) in cases {
        let module = Module::new();
        spoil(&module);
        match module.refused() {
            PackageError::Findings(findings) => assert_eq!(findings[0].path, path),
            other => panic!("{path}: {other:?}"),
        }
    }
    let module = Module::new();
    fs::remove_file(module.path("module.sig")).expect("removed");
    symlink("/etc/hostname", module.path("module.sig")).expect("a link");
    assert!(matches!(module.refused(), PackageError::File { .. }));
}

#[test]
fn a_module_without_name_or_version_is_refused() {
    let module = Module::new();
    module.write("module.xml", "<module><rawname>demo</rawname></module>");
    assert!(matches!(module.refused(), PackageError::Missing("version")));
    module.write("module.xml", &XML.replace("17.0.1", "../1"));
    assert!(matches!(module.refused(), PackageError::Version(_)));
    module.write("module.xml", &XML.replace("demo", "../demo"));
    assert!(matches!(module.refused(), PackageError::RawName(_)));
}

#[test]
fn a_package_that_does_not_verify_is_not_kept() {
    let mut module = Module::new();
    module.key.certificate = Key::new("ben@example.org").certificate;
    let error = module.refused();
    let PackageError::Unverified(archive::ArchiveError::OtherSigner(_)) = error else {
        panic!("{error:?}");
    };
}

#[test]
fn a_path_longer_than_old_tars_is_packed() {
    let module = Module::new();
    let deep = format!("{}/{}", "d".repeat(120), "é".repeat(60));
    fs::create_dir(module.path(&"d".repeat(120))).expect("a folder");
    module.write(&deep, "x");
    assert!(members(&module.bytes()).contains(&format!("{deep} No")));
}
