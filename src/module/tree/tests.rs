use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::digest::Sha256;
use crate::module::{Comparison, FileState};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        for file in files {
            folder.write(file, file);
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("written");
    }

    fn list(&self, selection: Selection) -> Tree {
        Tree::list(self.0.path(), selection).expect("a list")
    }

    fn names(&self, selection: Selection) -> Vec<String> {
        self.list(selection).files().iter().map(|file| file.path.clone()).collect()
    }

    fn compare(&self, paths: &[&str]) -> Comparison {
        let entry = |path: &&str| Entry { path: (*path).to_owned(), sha256: Sha256::of(path) };
        let entries: Vec<_> = paths.iter().map(entry).collect();
        self.list(Selection::Public).compare(&entries, &|_| Where::Here, &|_| {})
    }

    fn state(&self, path: &str) -> FileState {
        self.compare(&[path]).listed.remove(0).1
    }
}

const SOME: [&str; 12] = [
    "B",
    "a.txt",
    "a/b",
    "a/i18n/de.po",
    "a/module.sig",
    "a-b",
    "i18n/x",
    "module.sig",
    "module.xml",
    ".htaccess",
    ".git/config",
    "z/.htaccess",
];

#[test]
fn each_selection_lists_what_its_tool_lists_in_its_order() {
    let folder = Folder::new(&SOME);
    let public =
        ["B", "a/b", "a/i18n/de.po", "a/module.sig", "a-b", "a.txt", "i18n/x", "module.xml"];
    // A folder stands where its name stands, without a slash.
    assert_eq!(folder.names(Selection::Public), public);
    let official = [".htaccess", "B", "a/b", "a/module.sig", "a-b", "module.xml", "z/.htaccess"];
    assert_eq!(folder.names(Selection::Official), official);
    let hidden = |path: &str| Remark::Hidden { path: path.to_owned() };
    let remarks = [hidden(".git"), hidden(".htaccess"), hidden("z/.htaccess")];
    assert_eq!(folder.list(Selection::Public).remarks(), remarks);
}

#[test]
fn what_the_servers_leave_out_is_told_apart_by_what_it_is() {
    let harmless = ["i18n/de/m.mo", "i18n/m.pot", "notes.txt"];
    let strays = ["README.txt/evil.php", "i18n/de/evil.php", "i18n/evil"];
    let folder = Folder::new(&[harmless, strays].concat());
    let tree = folder.list(Selection::Official);
    assert!(tree.files().is_empty());
    for remark in tree.remarks() {
        match remark {
            Remark::LeftOut { path } => assert!(harmless.contains(&path.as_str()), "{path}"),
            Remark::Stray { path } => assert!(strays.contains(&path.as_str()), "{path}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tree.remarks().len(), 6);
}

#[test]
fn every_file_is_hashed_and_progress_tells_all_bytes() {
    let folder = Folder::new(&["a", "b/c"]);
    folder.write("big", &"x".repeat(1_000_000));
    folder.write("exactly", &"x".repeat(64 << 10));
    folder.write("empty", "");
    let told = AtomicU64::new(0);
    let tree = folder.list(Selection::Public);
    let entries = tree.hash(&|bytes| _ = told.fetch_add(bytes, Ordering::Relaxed));
    let entries = entries.expect("hashed");
    let expected: Vec<_> = ["a", "b/c", "big", "empty", "exactly"]
        .map(|path| {
            let content = fs::read(folder.path(path)).expect("a file");
            Entry { path: path.to_owned(), sha256: Sha256::of(content) }
        })
        .to_vec();
    assert_eq!(entries, expected);
    assert_eq!(told.into_inner(), 1_000_000 + (64 << 10) + 4);
}

#[test]
fn a_list_is_held_against_the_files() {
    let folder = Folder::new(&["same", "altered", "extra", "b/extra", ".hidden", "module.sig"]);
    folder.write("altered", "x");
    let found = folder.compare(&["same", "altered", "missing", "same/missing"]);
    let states = [
        ("same", FileState::Same),
        ("altered", FileState::Altered { actual: Sha256::of("x") }),
        ("missing", FileState::Missing),
        ("same/missing", FileState::Missing),
    ];
    assert_eq!(found.listed, states.map(|(path, state)| (path.to_owned(), state)));
    assert_eq!(found.unlisted, ["b/extra", "extra"]);
}

#[test]
fn a_path_that_leads_out_by_its_words_is_not_followed() {
    let folder = Folder::new(&["m/a"]);
    folder.write("out", "../out");
    let tree = Tree::list(&folder.path("m"), Selection::Public).expect("a list");
    for path in ["../out", "/etc/passwd", "a/../../out", "a\0"] {
        let entry = Entry { path: path.to_owned(), sha256: Sha256::of("../out") };
        let found = tree.compare(&[entry], &|_| Where::Here, &|_| {});
        assert!(matches!(found.listed[0].1, FileState::Unreadable { .. }), "{path}: {found:?}");
    }
}

#[test]
fn mapped_paths_are_read_elsewhere_or_not_at_all() {
    let folder = Folder::new(&["m/a", "m/b", "system/agi"]);
    let tree = Tree::list(&folder.path("m"), Selection::Public).expect("a list");
    let entry = |path: &str| Entry { path: path.to_owned(), sha256: Sha256::of("system/agi") };
    let place = |path: &str| match path {
        "b" => Where::Nowhere,
        _ => Where::At(folder.path("system/agi")),
    };
    let found = tree.compare(&[entry("b"), entry("amp_conf/agi-bin/agi")], &place, &|_| {});
    assert_eq!(found.listed, [("amp_conf/agi-bin/agi".to_owned(), FileState::Same)]);
}

#[test]
fn links_are_followed_and_never_unnoticed() {
    let folder = Folder::new(&["m/a", "m/d/e", "out/f"]);
    let inside = folder.path("m");
    for (link, to) in [("la", "a"), ("ld", "d"), ("lo", "../out"), ("lf", "../out/f"), ("x", "no")]
    {
        symlink(to, inside.join(link)).expect("a link");
    }
    symlink(inside.join("a"), inside.join("absolute")).expect("a link");
    let tree = Tree::list(&inside, Selection::Public).expect("a list");
    let files: Vec<_> = tree.files().iter().map(|f| (f.path.as_str(), f.place)).collect();
    use Place::{Inside, Outside};
    let expected = [
        ("a", Inside),
        ("absolute", Inside),
        ("d/e", Inside),
        ("la", Inside),
        ("ld/e", Inside),
        ("lf", Outside),
        ("lo/f", Outside),
    ];
    assert_eq!(files, expected);
    let link = |path: &str, to: &str, place| Remark::Link {
        path: path.to_owned(),
        to: to.to_owned(),
        place,
    };
    assert!(tree.remarks().contains(&link("la", "a", Inside)));
    assert!(tree.remarks().contains(&link("lo", "../out", Outside)));
    let dangling = Remark::Dangling { path: "x".to_owned(), to: "no".to_owned() };
    assert!(tree.remarks().contains(&dangling));

    let mut entries = tree.hash(&|_| {}).expect("hashed");
    assert_eq!(entries[6].sha256, Sha256::of("out/f"));
    entries.push(Entry { path: "x".to_owned(), sha256: Sha256::ZERO });
    let found = tree.compare(&entries, &|_| Where::Here, &|_| {});
    for ((path, state), (name, place)) in found.listed.iter().zip(expected) {
        let expected = if place == Inside { FileState::Same } else { FileState::SameOutside };
        assert_eq!((path.as_str(), state), (name, &expected));
    }
    assert_eq!(found.listed[7].1, FileState::Missing);
}

#[test]
fn loops_of_links_end() {
    let folder = Folder::new(&["a/b"]);
    symlink("..", folder.path("a/up")).expect("a link");
    symlink(".", folder.path("here")).expect("a link");
    symlink("self", folder.path("self")).expect("a link");
    let tree = folder.list(Selection::Public);
    assert_eq!(folder.names(Selection::Public), ["a/b"]);
    let looping = |path: &str| Remark::Loop { path: path.to_owned() };
    assert_eq!(tree.remarks(), ["a/up", "here", "self"].map(looping));
    assert_eq!(folder.state("self"), FileState::Missing);
    assert_eq!(
        folder.state("here/here/here/a/b"),
        FileState::Altered { actual: Sha256::of("a/b") }
    );
}

#[test]
fn links_that_multiply_folders_are_refused() {
    let folder = Folder::new(&["20/file"]);
    for n in 0..20 {
        fs::create_dir(folder.path(&n.to_string())).expect("a folder");
        for link in ["a", "b"] {
            let path = folder.path(&n.to_string()).join(link);
            symlink(format!("../{}", n + 1), path).expect("a link");
        }
    }
    let listed = Tree::list(&folder.path("0"), Selection::Public);
    assert!(matches!(listed, Err(TreeError::TooMany { .. })), "{listed:?}");
}

#[test]
fn folders_without_end_are_refused() {
    let folder = Folder::new(&[]);
    fs::create_dir_all(folder.path(&"d/".repeat(MAX_DEPTH + 2))).expect("folders");
    let listed = Tree::list(folder.0.path(), Selection::Public);
    assert!(matches!(listed, Err(TreeError::TooDeep { .. })), "{listed:?}");
}

#[test]
fn pipes_sockets_and_devices_are_neither_listed_nor_waited_for() {
    let folder = Folder::new(&["a"]);
    let pipe = folder.path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
    let _socket = UnixListener::bind(folder.path("socket")).expect("a socket");
    symlink("/dev/zero", folder.path("zero")).expect("a link");
    assert_eq!(folder.names(Selection::Public), ["a"]);
    let tree = folder.list(Selection::Public);
    for (name, actual) in [("pipe", "a pipe"), ("socket", "a socket"), ("zero", "a device")] {
        let remark = Remark::NotAFile { path: name.to_owned(), actual };
        assert!(tree.remarks().contains(&remark), "{:?}", tree.remarks());
        let reason = format!("it is {actual}");
        assert_eq!(folder.state(name), FileState::Unreadable { reason });
    }
    fs::create_dir(folder.path("folder")).expect("a folder");
    let reason = "it is a folder".to_owned();
    assert_eq!(folder.state("folder"), FileState::Unreadable { reason });
}

#[test]
fn names_that_cannot_be_listed_are_told() {
    let folder = Folder::new(&["a(1).php", "yes"]);
    let latin = folder.0.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    fs::write(latin, "x").expect("written");
    let tree = folder.list(Selection::Public);
    assert_eq!(tree.files(), []);
    let remark = |path: &str, reason| Remark::BadName { path: path.to_owned(), reason };
    let expected = [
        remark("a(1).php", BadName::Breaks('(')),
        remark("caf\u{fffd}", BadName::NotUtf8),
        remark("yes", BadName::Reserved("yes".to_owned())),
    ];
    assert_eq!(tree.remarks(), expected);
    assert_eq!(folder.compare(&[]).unlisted, ["a(1).php", "caf\u{fffd}", "yes"]);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_believed() {
    for (change, content) in [("longer", "xx"), ("shorter", ""), ("as long", "y")] {
        let folder = Folder::new(&[]);
        folder.write("a", "x");
        let tree = folder.list(Selection::Public);
        // The clock of a file system can be as slow as the kernel's tick.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let hashed = tree.hash(&|_| folder.write("a", content));
        let errors = hashed.expect_err(change);
        assert!(matches!(errors[0].source, ReadError::Changed), "{change}: {errors:?}");
    }
}

#[test]
fn a_file_that_goes_away_is_told() {
    let folder = Folder::new(&["a", "b"]);
    let tree = folder.list(Selection::Public);
    fs::remove_file(folder.path("a")).expect("removed");
    let errors = tree.hash(&|_| {}).expect_err("a is gone");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].path, "a");
    assert!(matches!(errors[0].source, ReadError::Missing));
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = Folder::new(&[]);
    // Its first page is never mapped: reading it fails, for root too.
    symlink("/proc/self/mem", folder.path("memory")).expect("a link");
    let state = folder.state("memory");
    assert!(
        matches!(&state, FileState::Unreadable { reason } if reason.starts_with("it cannot be read: ")),
        "{state:?}"
    );
    assert!(folder.list(Selection::Public).hash(&|_| {}).is_err());
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = Folder::new(&["a"]);
    for name in ["none", "a"] {
        let listed = Tree::list(&folder.path(name), Selection::Public);
        assert!(matches!(listed, Err(TreeError::Io { .. })), "{listed:?}");
    }
}
