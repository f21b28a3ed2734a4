pub(in crate::module) mod make;

use std::io;

use ::tar::EntryType;

use self::make::{Key, Tar, gzip};
use super::*;
use crate::digest::Sha256;
use crate::module::{Entry, FileState};
use crate::time::Timestamp;

/// Reads a package, and all of its files; the paths of its members.
fn read_all(
    package: &[u8],
    demand: &Demand<'_>,
    limits: &Limits,
) -> Result<(Contents, Vec<String>), ArchiveError> {
    let mut paths = Vec::new();
    let contents = read(package, None, demand, limits, |member| {
        paths.push(member.path.to_owned());
        match &mut member.kind {
            Kind::Folder => Ok(()),
            Kind::File { content, .. } => io::copy(content, &mut io::sink()).map(drop),
        }
    })?;
    Ok((contents, paths))
}

fn unsigned(package: &[u8]) -> Result<(Contents, Vec<String>), ArchiveError> {
    read_all(package, &Demand::Nothing, &Limits::default())
}

/// The reason why the tar is refused.
#[track_caller]
fn refused(tar: &Tar) -> BadMember {
    match unsigned(&gzip(&tar.bytes())) {
        Err(ArchiveError::Member { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

fn plain() -> Tar {
    Tar::new().folder("demo/").file("demo/a", b"a").file("demo/b/c", b"c")
}

#[test]
fn a_plain_package_is_read() {
    let (contents, paths) = unsigned(&gzip(&plain().bytes())).expect("read");
    assert_eq!(paths, ["", "a", "b/c"]);
    assert_eq!((contents.raw_name.as_str(), contents.files), ("demo", 2));
    assert_eq!(contents.signatures, []);
    let dotted = Tar::new().folder("./demo/").file("./demo/a", b"a");
    assert_eq!(unsigned(&gzip(&dotted.bytes())).expect("read").1, ["", "a"]);
}

#[test]
fn what_no_package_holds_is_refused() {
    let deep = format!("demo/{}a", "d/".repeat(66));
    let cases: Vec<(Tar, BadMember)> = vec![
        (Tar::new().link("demo/a", "/etc/passwd"), BadMember::Link),
        (Tar::new().member("demo/a", EntryType::Link, b""), BadMember::Link),
        (Tar::new().member("demo/a", EntryType::GNULongLink, b""), BadMember::Link),
        (Tar::new().member("demo/a", EntryType::Char, b""), BadMember::Special),
        (Tar::new().member("demo/a", EntryType::Block, b""), BadMember::Special),
        (Tar::new().member("demo/a", EntryType::Fifo, b""), BadMember::Special),
        (Tar::new().member("demo/a", EntryType::GNUSparse, b""), BadMember::Type('S')),
        (Tar::new().member("demo/a", EntryType::Continuous, b""), BadMember::Type('7')),
        (Tar::new().member("demo/a/", EntryType::Directory, b"x"), BadMember::Content),
        (Tar::new().file("/demo/a", b""), BadMember::Absolute),
        (Tar::new().file("demo/../../a", b""), BadMember::Part("..".into())),
        (Tar::new().file("../demo/a", b""), BadMember::Part("..".into())),
        (Tar::new().file("demo//a", b""), BadMember::Part(String::new())),
        (Tar::new().file("demo/a/", b""), BadMember::Part(String::new())),
        (Tar::new().file("././demo/a", b""), BadMember::Part(".".into())),
        (Tar::new().file("demo/a\nb", b""), BadMember::Control(10)),
        (Tar::new().member(b"demo/caf\xe9", EntryType::Regular, b""), BadMember::NotUtf8),
        (Tar::new().file("demo", b""), BadMember::TopFile),
        (
            Tar::new()
                .member("x", EntryType::XHeader, &make::pax("path", &deep))
                .file("short", b""),
            BadMember::TooDeep,
        ),
        (Tar::new().file(".demo/a", b""), BadMember::TopName(".demo".into())),
        (plain().file("demo/a", b"b"), BadMember::Twice),
        (plain().folder("demo/"), BadMember::Twice),
        (plain().folder("demo/a/"), BadMember::Twice),
        (plain().file("demo/b", b""), BadMember::Twice),
        (plain().file("demo/a/b", b""), BadMember::UnderAFile),
    ];
    for (tar, reason) in cases {
        assert_eq!(refused(&tar), reason);
    }
    let expected = "demo".parse().expect("a name");
    let top = BadMember::Top { actual: "other".into(), expected };
    assert_eq!(refused(&plain().file("other/a", b"")), top);
    let other = "other".parse().expect("a name");
    let package = gzip(&plain().bytes());
    let read = read(&*package, Some(&other), &Demand::Nothing, &Limits::default(), |_| Ok(()));
    assert!(
        matches!(read, Err(ArchiveError::Member { source: BadMember::Top { .. }, .. })),
        "{read:?}"
    );
}

#[test]
fn folders_that_are_only_implied_count_as_members() {
    let tar = (0..40).fold(Tar::new(), |tar, n| tar.file(&format!("demo/{n}/{n}/{n}"), b""));
    let limits = Limits { members: 100, ..Limits::default() };
    let package = gzip(&tar.bytes());
    let read = read_all(&package, &Demand::Nothing, &limits);
    assert!(matches!(read, Err(ArchiveError::Limit(Exceeded::Members { limit: 100 }))), "{read:?}");
}

#[test]
fn extension_headers_change_a_path_and_nothing_else() {
    let long = format!("demo/{}", "deep/".repeat(60));
    let good = Tar::new()
        .member("pax_global_header", EntryType::XGlobalHeader, &make::pax("comment", "x"))
        .member("l", EntryType::GNULongName, format!("{long}a\0").as_bytes())
        .file("short", b"1")
        .member("x", EntryType::XHeader, &make::pax("path", &format!("{long}b")))
        .file("short", b"2");
    let (_, paths) = unsigned(&gzip(&good.bytes())).expect("read");
    let inner = "deep/".repeat(60);
    assert_eq!(paths, [format!("{inner}a"), format!("{inner}b")]);

    let longest = "a".repeat(70_000);
    let pax = |key, value| Tar::new().member("x", EntryType::XHeader, &make::pax(key, value));
    let global = make::pax("path", "demo/a");
    let bad = [
        pax("size", "1").file("demo/a", b"a"),
        pax("linkpath", "b").file("demo/a", b"a"),
        pax("GNU.sparse.major", "1").file("demo/a", b"a"),
        pax("path", "demo/a"),
        pax("path", "demo/a").member("l", EntryType::GNULongName, b"demo/b\0").file("c", b""),
        Tar::new().member("x", EntryType::XHeader, b"99 path=demo/a\n").file("demo/a", b""),
        Tar::new().member("g", EntryType::XGlobalHeader, &global).file("demo/a", b""),
        Tar::new().member("l", EntryType::GNULongName, longest.as_bytes()).file("demo/a", b""),
    ];
    for tar in bad {
        assert!(matches!(refused(&tar), BadMember::Extension(_)));
    }
    let nul = Tar::new().member("l", EntryType::GNULongName, b"demo/a\0b\0").file("demo/a", b"");
    assert_eq!(refused(&nul), BadMember::Control(0));
    let traversal = pax("path", "demo/../../a").file("demo/a", b"a");
    assert_eq!(refused(&traversal), BadMember::Part("..".into()));
}

#[test]
fn limits_are_kept() {
    let exceeded = |package: &[u8], limits: Limits| match unsigned_within(package, &limits) {
        Err(ArchiveError::Limit(exceeded)) => exceeded,
        other => panic!("{other:?}"),
    };
    let limits = Limits::default();
    let small = Limits { bytes: 2000, ..limits };
    assert_eq!(exceeded(&gzip(&plain().bytes()), small), Exceeded::Bytes { limit: 2000 });
    let two = Limits { members: 2, ..limits };
    assert_eq!(exceeded(&gzip(&plain().bytes()), two), Exceeded::Members { limit: 2 });
    let huge = Tar::new().claiming("demo/a", 1 << 40);
    assert_eq!(exceeded(&gzip(&huge.bytes()), limits), Exceeded::Bytes { limit: limits.bytes });
    let endless = Tar::new().claiming("demo/a", u64::MAX);
    assert!(unsigned(&gzip(&endless.bytes())).is_err());
    let bomb = gzip(&Tar::new().file("demo/zeros", &vec![0; 80 << 20]).bytes());
    assert!(bomb.len() < 1 << 20);
    let dense = Limits { ratio: 100, ..limits };
    assert_eq!(exceeded(&bomb, dense), Exceeded::Ratio { limit: 100 });
    assert!(unsigned_within(&bomb, &Limits::NONE).is_ok());
}

fn unsigned_within(package: &[u8], limits: &Limits) -> Result<Contents, ArchiveError> {
    read_all(package, &Demand::Nothing, limits).map(|(contents, _)| contents)
}

#[test]
fn every_truncated_package_is_refused() {
    let key = Key::new("ann@example.org");
    let bare = gzip(&plain().bytes());
    for package in [key.sign(&bare), bare] {
        assert!(unsigned(&package).is_ok());
        for length in 0..package.len() {
            assert!(unsigned(&package[..length]).is_err(), "{length} bytes");
        }
    }
    // Cut within the tar, in gzip that is whole.
    let tar = plain().bytes();
    for length in [0, 100, 512, 1024, 1025, 1536] {
        assert!(unsigned(&gzip(&tar[..length])).is_err(), "{length} bytes");
    }
}

#[test]
fn nothing_may_follow() {
    let key = Key::new("ann@example.org");
    let tar = plain().bytes();
    let bare = gzip(&tar);
    let tail = |package: &[u8], tail: &[u8]| [package, tail].concat();
    let bad = [
        gzip(&tail(&tar, b"x")),
        gzip(&tail(&tar, &tar)),
        tail(&bare, b"x"),
        tail(&bare, b"\0"),
        tail(&bare, &bare),
        key.sign(&tail(&bare, b"x")),
        tail(&key.sign(&bare), b"x"),
        tail(&key.sign(&bare), b"\0\0\0\0"),
        tail(&key.sign(&bare), &key.sign(&bare)),
        tail(&key.sign(&bare), &make::literal(&bare)),
        make::two_literals(&bare),
        b"x".to_vec(),
        Vec::new(),
    ];
    for (n, package) in bad.iter().enumerate() {
        assert!(unsigned(package).is_err(), "case {n}");
    }
    assert!(unsigned(&gzip(&tail(&tar, &[0; 10_240]))).is_ok(), "GNU tar pads with zeros");
}

#[test]
fn only_a_good_signature_by_those_who_count_is_accepted() {
    let (ann, ben) = (Key::new("ann@example.org"), Key::new("ben@example.org"));
    let bare = gzip(&plain().bytes());
    let signed = ann.sign(&bare);
    let by = |package: &[u8], key: &Key| {
        let certificates = [&key.certificate];
        let demand = Demand::SignedBy { certificates: &certificates, now: Key::now() };
        read_all(package, &demand, &Limits::default()).map(|(contents, _)| contents)
    };
    let contents = by(&signed, &ann).expect("signed by ann");
    let good = Standing::Good { certificate: ann.certificate.fingerprint() };
    assert_eq!(contents.signatures[0].standing, good);
    assert_eq!(contents.signatures[0].hash, "SHA512");
    assert!(matches!(by(&signed, &ben), Err(ArchiveError::OtherSigner(_))));
    assert!(matches!(by(&bare, &ann), Err(ArchiveError::Unsigned)));
    assert!(matches!(by(&make::literal(&bare), &ann), Err(ArchiveError::Unsigned)));

    let mut bad = signed.clone();
    *bad.last_mut().expect("bytes") ^= 1;
    assert!(matches!(by(&bad, &ann), Err(ArchiveError::BadSignature)));
    let other = gzip(&plain().file("demo/more", b"").bytes());
    assert!(matches!(
        by(&make::transplant(&signed, &other), &ann),
        Err(ArchiveError::BadSignature)
    ));
    let both = unsigned(&signed).expect("well-formed").0;
    assert_eq!(both.signatures[0].standing, Standing::Unknown);
}

#[test]
fn a_signature_of_another_day_or_by_a_revoked_key_does_not_count() {
    let ann = Key::new("ann@example.org");
    let signed = ann.sign(&gzip(&plain().bytes()));
    let by = |certificate: &crate::certificate::Certificate, now| {
        let certificates = [certificate];
        let demand = Demand::SignedBy { certificates: &certificates, now };
        read_all(&signed, &demand, &Limits::default())
    };
    let before = Timestamp::from_unix(Key::now().unix() - 3600);
    assert!(matches!(by(&ann.certificate, before), Err(ArchiveError::UnusableKey(_))));
    assert!(matches!(by(&ann.revoked(), Key::now()), Err(ArchiveError::UnusableKey(_))));
    assert!(by(&ann.certificate, Key::now().after(3600)).is_ok());
}

#[test]
fn a_compressed_message_is_read_and_nothing_may_follow_in_it() {
    let key = Key::new("ann@example.org");
    let signed = key.sign(&gzip(&plain().bytes()));
    let read = unsigned(&make::compressed(&signed, b"", b""));
    assert!(read.is_ok(), "{read:?}");
    assert!(unsigned(&make::compressed(&signed, b"x", b"")).is_err());
    assert!(unsigned(&make::compressed(&signed, b"", b"x")).is_err());
    let twice = make::compressed(&make::compressed(&signed, b"", b""), b"", b"");
    assert!(unsigned(&twice).is_err());
    let whole = make::compressed(&signed, b"", b"");
    for length in 0..whole.len() {
        assert!(unsigned(&whole[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_visitor_that_fails_is_not_a_damaged_package() {
    let package = gzip(&plain().bytes());
    let full = |_: &mut Member<'_>| Err(io::ErrorKind::StorageFull.into());
    let read = read(&*package, None, &Demand::Nothing, &Limits::default(), full);
    assert!(matches!(read, Err(ArchiveError::Visit { .. })), "{read:?}");
}

#[test]
fn a_package_is_held_against_a_list() {
    let raw_name = "demo".parse().expect("a name");
    let entry =
        |path: &str, content: &str| Entry { path: path.to_owned(), sha256: Sha256::of(content) };
    let package = gzip(&plain().file("demo/module.sig", b"").file("demo/.x", b"").bytes());
    let entries = [entry("b/c", "c"), entry("a", "other"), entry("gone", "")];
    let comparison = compare(&*package, &raw_name, &entries, &Limits::default()).expect("read");
    let expected = [
        ("b/c".to_owned(), FileState::Same),
        ("a".to_owned(), FileState::Altered { actual: Sha256::of("a") }),
        ("gone".to_owned(), FileState::Missing),
    ];
    assert_eq!(comparison.listed, expected);
    assert_eq!(comparison.unlisted, [".x"]);
    let twice = gzip(&plain().file("demo/a", b"a").bytes());
    assert!(compare(&*twice, &raw_name, &entries, &Limits::default()).is_err());
}

#[test]
fn any_bytes_are_refused_without_a_panic() {
    use proptest::prelude::*;
    let key = Key::new("ann@example.org");
    let packages = [gzip(&plain().bytes()), key.sign(&gzip(&plain().bytes()))];
    proptest!(|(which in 0..2usize, at in 0..2000usize, byte: u8, tar: bool)| {
        let mut bytes = if tar { plain().bytes() } else { packages[which].clone() };
        let at = at % bytes.len();
        bytes[at] = byte;
        let package = if tar { gzip(&bytes) } else { bytes };
        let _ = unsigned(&package);
    });
}
