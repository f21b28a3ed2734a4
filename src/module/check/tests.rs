use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;

const XML: &str = "<module>\n<rawname>demo</rawname>\n<version>17.0.1</version>\n\
    <license>GPLv3+</license>\n</module>\n";

/// A module without fault, and what a test does to it.
struct Module(tempfile::TempDir);

impl Module {
    fn new() -> Self {
        let module = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir_all(module.path("sub")).expect("a folder");
        module.write("module.xml", XML);
        module.write("sub/page.php", "<?php");
        module
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join("demo").join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::write(self.path(path), content).expect("written");
    }

    fn link(&self, path: &str, to: &str) {
        symlink(to, self.path(path)).expect("a link");
    }

    /// Concern, path and line of each finding.
    fn findings(&self) -> Vec<(Concern, String, Option<u32>)> {
        let findings = check(&self.path(""), Selection::Public).expect("a folder");
        findings.into_iter().map(|f| (f.concern, f.path, f.line)).collect()
    }

    #[track_caller]
    fn has_only(&self, concern: Concern, path: &str, line: Option<u32>) {
        assert_eq!(self.findings(), [(concern, path.to_owned(), line)]);
    }
}

#[test]
fn a_module_without_fault_has_no_findings() {
    assert_eq!(Module::new().findings(), []);
}

#[test]
fn each_odd_file_is_found() {
    let module = Module::new();
    module.write("a(1).php", "");
    module.write(".hidden", "");
    fs::write(module.path("").join(OsStr::from_bytes(b"caf\xe9")), "").expect("written");
    module.link("in", "sub/page.php");
    module.link("out", "/etc/hostname");
    module.link("none", "nothing");
    module.link("sub/loop", "..");
    let pipe = module.path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).expect("a pipe");
    // Its first page is never mapped: reading it fails, for root too.
    module.link("memory", "/proc/self/mem");
    let mut found = module.findings();
    found.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.name().cmp(b.0.name())));
    let expected = [
        (Concern::HiddenFile, ".hidden"),
        (Concern::BadName, "a(1).php"),
        (Concern::NameNotUtf8, "caf\u{fffd}"),
        (Concern::LinkInside, "in"),
        (Concern::LinkOutside, "memory"),
        (Concern::Unreadable, "memory"),
        (Concern::LinkDangling, "none"),
        (Concern::LinkOutside, "out"),
        (Concern::SpecialFile, "pipe"),
        (Concern::LinkLoop, "sub/loop"),
    ];
    let expected = expected.map(|(concern, path)| (concern, path.to_owned(), None));
    assert_eq!(found, expected);
}

#[test]
fn module_xml_is_judged_with_its_line() {
    let module = Module::new();
    let cases = [
        ("<rawname>demo</rawname>", "", Concern::NoRawName, None),
        ("<rawname>demo</rawname>", "<rawname>../x</rawname>", Concern::BadRawName, Some(2)),
        ("<rawname>demo</rawname>", "<rawname>other</rawname>", Concern::OtherRawName, Some(2)),
        ("<version>17.0.1</version>", "", Concern::NoVersion, None),
        ("<version>17.0.1</version>", "<version>v1</version>", Concern::BadVersion, Some(3)),
        ("<license>GPLv3+</license>", "<license/>", Concern::NoLicence, None),
        ("<license>GPLv3+</license>", "<license>Mine</license>", Concern::OtherLicence, Some(4)),
        ("</version>", "", Concern::BadModuleXml, Some(5)),
    ];
    for (from, to, concern, line) in cases {
        module.write("module.xml", &XML.replace(from, to));
        module.has_only(concern, "module.xml", line);
    }
    fs::remove_file(module.path("module.xml")).expect("removed");
    module.has_only(Concern::NoModuleXml, "module.xml", None);
}

#[test]
fn a_module_sig_that_cannot_be_read_is_found() {
    let module = Module::new();
    module.write("module.sig", "[hashes]\n");
    module.has_only(Concern::BadSignatureFile, "module.sig", None);
}

#[test]
fn every_concern_has_a_name_of_its_own() {
    let names: std::collections::HashSet<_> = Concern::ALL.iter().map(|c| c.name()).collect();
    assert_eq!(names.len(), Concern::ALL.len());
    assert_eq!(Concern::BadName.severity(), Severity::Error);
    assert_eq!(Concern::HiddenFile.severity(), Severity::Warning);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    assert!(check(&Module::new().path("none"), Selection::Public).is_err());
}
