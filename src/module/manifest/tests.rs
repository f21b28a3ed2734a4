use proptest::prelude::*;

use super::*;
use crate::module::{BadName, ini, judge};

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn public() -> Manifest {
    Manifest {
        config: Config {
            form: Form::Public,
            version: 2,
            signed_with: "0BDE0BFA09946D732091E26E1588A7366BD35B34".to_owned(),
            signed_by: "countersign".to_owned(),
            repo: "manual".to_owned(),
            raw_name: None,
            timestamp: None,
            expires_after: None,
        },
        entries: ["a b", "module.xml", "views/é.php"]
            .map(|path| Entry { path: path.to_owned(), sha256: Sha256::of(path) })
            .to_vec(),
    }
}

fn fails(text: &str) -> ManifestError {
    Manifest::parse(text.as_bytes()).expect_err(text)
}

#[test]
fn the_public_form_is_written_as_the_public_tool_writes_it() {
    let mut manifest = public();
    manifest.entries.truncate(1);
    let expected = format!(
        "{HEADER}[config]\nversion=2\nhash=sha256\n\
         signedwith=0BDE0BFA09946D732091E26E1588A7366BD35B34\nsignedby=countersign\n\
         repo=manual\ntype=public\n[hashes]\na b = {}\n;# End\n",
        Sha256::of("a b")
    );
    assert_eq!(manifest.text(), expected);
    assert!(HEADER.lines().take(7).all(|line| line.len() == 49));
    assert!(SYSTEM_HEADER.lines().take(7).all(|line| line.len() == 49));
}

#[test]
fn the_header_is_that_of_freepbxs_own_modules_to_the_byte() {
    let digest = "7710c16ac0ac96f1c4f3b77afcee300e39da16e19f5d853fe13fa35a2717d5dc";
    assert_eq!(Sha256::of(HEADER).to_string(), digest);
}

#[test]
fn every_form_reads_back_as_written() {
    let mut forms = vec![public()];
    let mut official = public();
    official.config = Config {
        form: Form::Official,
        version: 1,
        signed_by: "FreePBX Mirror Servers <security@freepbx.org>".to_owned(),
        repo: "standard".to_owned(),
        timestamp: Some("1698399980.2265".to_owned()),
        ..official.config
    };
    forms.push(official);
    let mut local = public();
    local.config.form = Form::Local;
    local.config.raw_name = Some("gpgtest".parse().expect("a name"));
    local.config.expires_after = Some(Timestamp::from_unix(12345));
    forms.push(local.clone());
    local.config.repo = "local".to_owned();
    local.entries.truncate(1);
    forms.push(local);
    let mut system = public();
    system.config.form = Form::System;
    system.entries[0].path = "/usr/local/asterisk/agi".to_owned();
    system.entries.truncate(1);
    forms.push(system);
    for manifest in forms {
        let text = manifest.text();
        assert_eq!(Manifest::parse(text.as_bytes()).as_ref(), Ok(&manifest), "{text}");
    }
}

#[test]
fn the_first_line_that_is_wrong_is_named() {
    let text = public().text();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let error = fails(&text.replacen(from, to, 1));
        (error.line, error.problem)
    };
    let line = format!("a b = {}\n", Sha256::of("a b"));
    let form = |expected| Problem::Form { expected };
    let ends = |expected| Problem::Ends { expected };
    let value = |key, actual: &str| Problem::Value { key, actual: actual.to_owned() };
    let name = Problem::Name;
    let header = |at| Problem::Header { expected: HEADER.lines().nth(at).unwrap_or_default() };
    let cases = [
        (with("Module Signature", "Module signature"), (2, header(1))),
        (with("invalid!", "good!   "), (6, header(5))),
        (with("#\n\n[", "#\n["), (8, header(7))),
        (with("[config]", "[Config]"), (9, form("[config]"))),
        (with("version=2", "version=3"), (10, value("version", "3"))),
        (with("version=2", "version = 2"), (10, Problem::UnknownKey("version ".to_owned()))),
        (with("version=2\n", "version=2\nversion=2\n"), (11, Problem::Order("version"))),
        (with("hash=sha256", "hash=md5"), (11, value("hash", "md5"))),
        (with("hash=sha256\n", ""), (15, Problem::Missing("hash"))),
        (
            with("repo=manual\ntype=public\n", "type=public\nrepo=manual\n"),
            (14, Problem::Order("type")),
        ),
        (with("type=public", "type=private"), (15, value("type", "private"))),
        (with("type=public", "type=system"), (15, value("type", "system"))),
        (with("type=public", "typ"), (15, form("key=value"))),
        (with("type=public", "licence=GPL"), (15, Problem::UnknownKey("licence".to_owned()))),
        (
            with("type=public\n", "type=public\ntimestamp=1.23456\n"),
            (16, value("timestamp", "1.23456")),
        ),
        (with("type=public\n", "type=public\nexpiresafter=x\n"), (16, value("expiresafter", "x"))),
        (
            with("=0BDE0BFA09946D732091E26E1588A7366BD35B34", "=0x1"),
            (12, value("signedwith", "0x1")),
        ),
        (with("=countersign", "='countersign'"), (13, Problem::Spelling)),
        (with("=countersign", "=a b"), (13, Problem::Spelling)),
        (with("=countersign", "='a'b'"), (13, value("signedby", "'a'b'"))),
        (with("[hashes]\n", ""), (16, Problem::UnknownKey("a b ".to_owned()))),
        (with(&line, &line.repeat(2)), (18, Problem::Twice { first: 17 })),
        (with(&line, &line.to_uppercase()), (17, Problem::Digest)),
        (with(" = ", "="), (17, form("path = digest"))),
        (with("a b = ", "/a = "), (17, name(BadName::Absolute))),
        (with("a b = ", "a/../b = "), (17, name(BadName::Part("..".to_owned())))),
        (with("a b = ", "a\0b = "), (17, name(BadName::Control(0)))),
        (with("a b = ", "a=b = "), (17, name(BadName::Breaks('=')))),
        (with("a b = ", "No = "), (17, name(BadName::Reserved("No".to_owned())))),
        (with("\n;# End\n", "\r\n;# End\n"), (19, Problem::Digest)),
        (with(";# End\n", ""), (19, ends(";# End"))),
        (with(";# End\n", ";# End"), (20, form("path = digest"))),
        (with(";# End\n", ";# End\n\n"), (21, Problem::After)),
    ];
    for (actual, expected) in cases {
        assert_eq!(actual, expected);
    }
}

#[test]
fn names_that_are_not_utf8_are_named() {
    let text = public().text();
    let at = text.find("a b = ").expect("an entry");
    let mut bytes = text.into_bytes();
    bytes[at] = 0xe9;
    let error = Manifest::parse(&bytes).expect_err("Latin-1");
    assert_eq!((error.line, error.problem), (17, Problem::Name(BadName::NotUtf8)));
}

#[test]
fn an_empty_list_and_one_without_end_are_refused() {
    let mut manifest = public();
    manifest.entries.clear();
    assert_eq!(fails(&manifest.text()).problem, Problem::Entries(0));
    let mut text = public().text().replace(";# End\n", "");
    for n in 0..MAX_ENTRIES {
        text.push_str(&format!("{n} = {DIGEST}\n"));
    }
    assert_eq!(fails(&text).problem, Problem::TooMany);
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes: Vec<u8>, at in 0..2000usize, with: u8) {
        let _ = Manifest::parse(&bytes);
        let mut text = public().text().into_bytes();
        let length = text.len();
        text[at % length] = with;
        if let Ok(manifest) = Manifest::parse(&text) {
            prop_assert_eq!(manifest.text().into_bytes(), text);
        }
    }

    #[test]
    fn what_is_written_reads_back(paths in prop::collection::btree_set("[ -~éü]{1,3}", 1..20)) {
        let mut manifest = public();
        manifest.entries = paths
            .into_iter()
            .filter(|path| judge(path.as_bytes()).is_ok())
            .map(|path| Entry { sha256: Sha256::of(&path), path })
            .collect();
        prop_assume!(!manifest.entries.is_empty());
        let text = manifest.text();
        let read = Manifest::parse(text.as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&manifest));
        let all = ini::parse(text.as_bytes()).expect("FreePBX reads it");
        let Some(ini::Value::Array(hashes)) = all.get(b"hashes") else { panic!("no [hashes]") };
        let names: Vec<_> = hashes.iter().map(|(name, _)| name.to_vec()).collect();
        let written: Vec<_> = manifest.entries.iter().map(|e| e.path.clone().into_bytes()).collect();
        prop_assert_eq!(names, written, "FreePBX reads other names than were written");
    }
}
