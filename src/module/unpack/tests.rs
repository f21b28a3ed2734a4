use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use tar::EntryType;

use super::*;
use crate::module::archive::BadMember;
use crate::module::archive::tests::make::{Key, Tar, gzip};

fn plain() -> Tar {
    Tar::new().folder("demo/").file("demo/a", b"a").file("demo/b/c", b"c")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|e| e.expect("a name").file_name().into_string().expect("UTF-8")).collect()
}

/// Unpacks into a new folder; nothing is left there where it is refused.
#[track_caller]
fn try_unpack(package: &[u8], demand: &Demand<'_>) -> Result<tempfile::TempDir, UnpackError> {
    let into = tempfile::tempdir().expect("a folder");
    match unpack(package, into.path(), None, demand, &Limits::default()) {
        Ok(unpacked) => {
            assert_eq!(unpacked.folder, into.path().join("demo"));
            assert_eq!(names(into.path()), ["demo"]);
            Ok(into)
        }
        Err(error) => {
            assert_eq!(names(into.path()), [] as [&str; 0], "left behind");
            Err(error)
        }
    }
}

#[test]
fn a_signed_package_is_unpacked() {
    let key = Key::new("ann@example.org");
    let certificates = [&key.certificate];
    let demand = Demand::SignedBy { certificates: &certificates, now: Key::now() };
    let into = try_unpack(&key.sign(&gzip(&plain().bytes())), &demand).expect("unpacked");
    assert_eq!(fs::read(into.path().join("demo/a")).expect("a file"), b"a");
    assert_eq!(fs::read(into.path().join("demo/b/c")).expect("a file"), b"c");
    let mode = |path| fs::metadata(into.path().join(path)).expect("there").permissions().mode();
    assert_eq!(mode("demo/a") & 0o111, 0);
    assert_eq!(mode("demo") & 0o700, 0o700);
}

#[test]
fn nothing_is_left_of_a_package_that_is_refused() {
    let (ann, ben) = (Key::new("ann@example.org"), Key::new("ben@example.org"));
    let bare = gzip(&plain().bytes());
    let mut bad = ann.sign(&bare);
    *bad.last_mut().expect("bytes") ^= 1;
    let certificates = [&ann.certificate];
    let by_ann = Demand::SignedBy { certificates: &certificates, now: Key::now() };
    let refused = [bare.clone(), bad, ben.sign(&bare), ann.sign(&bare)[..200].to_vec()];
    for package in refused {
        assert!(try_unpack(&package, &by_ann).is_err());
    }
    let members = [
        plain().link("demo/link", "/etc"),
        plain().member("demo/hard", EntryType::Link, b""),
        plain().member("demo/pipe", EntryType::Fifo, b""),
        plain().file("demo/../../out", b""),
        plain().file("/tmp/out", b""),
        plain().file("demo/a", b"again"),
        plain().file("other/a", b""),
        plain().claiming("demo/large", 1 << 40),
    ];
    for tar in members {
        assert!(try_unpack(&gzip(&tar.bytes()), &Demand::Nothing).is_err());
    }
}

#[test]
fn what_is_there_is_not_touched() {
    let into = tempfile::tempdir().expect("a folder");
    let package = gzip(&plain().bytes());
    let unpack = |raw_name: Option<&RawName>| {
        unpack(&*package, into.path(), raw_name, &Demand::Nothing, &Limits::default())
    };
    let demo = "demo".parse().expect("a name");
    let target = into.path().join("demo");
    fs::create_dir(&target).expect("a folder");
    for raw_name in [None, Some(&demo)] {
        assert!(matches!(unpack(raw_name), Err(UnpackError::Exists(_))));
    }
    assert_eq!(names(&target), [] as [&str; 0]);
    fs::remove_dir(&target).expect("removed");
    symlink("nowhere", &target).expect("a link");
    for raw_name in [None, Some(&demo)] {
        assert!(matches!(unpack(raw_name), Err(UnpackError::Exists(_))));
    }
    assert_eq!(names(into.path()), ["demo"]);
}

#[test]
fn another_module_is_refused() {
    let into = tempfile::tempdir().expect("a folder");
    let other = "other".parse().expect("a name");
    let package = gzip(&plain().bytes());
    let unpacked =
        unpack(&*package, into.path(), Some(&other), &Demand::Nothing, &Limits::default());
    let Err(UnpackError::Archive(ArchiveError::Member { source, .. })) = unpacked else {
        panic!("{unpacked:?}");
    };
    assert!(matches!(source, BadMember::Top { .. }));
    assert_eq!(names(into.path()), [] as [&str; 0]);
}
