//! What belongs in a list, against a PHP loop like FreePBX's, and what only a user can test.
#![allow(missing_docs)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use countersign::module::tree::{Remark, Selection, Tree};

/// Lists and hashes a folder as FreePBX's packaging tool does.
const SCRIPT: &str = r#"
function files($folder, $prefix) {
    foreach (scandir($folder) as $name) {
        if ($name[0] == '.') continue;
        if (is_dir("$folder/$name")) files("$folder/$name", "$prefix$name/");
        elseif ("$prefix$name" != 'module.sig')
            echo $prefix, $name, ' = ', hash_file('sha256', "$folder/$name"), "\n";
    }
}
files($argv[1], '');
"#;

fn write(folder: &Path, name: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, name.repeat(5000)).expect("written");
}

#[test]
fn files_order_and_digests_are_those_of_freepbx() {
    let folder = tempfile::tempdir().expect("a folder");
    let outside = tempfile::tempdir().expect("a folder");
    for name in [
        "module.xml",
        "module.sig",
        "B",
        "b",
        "a/x",
        "a/module.sig",
        "a-b",
        "a.b/c",
        "a b",
        "ab",
        "é/ü",
        "Z/z/Z",
        "-dash",
        "#x",
        ".hidden/x",
        "a/.htaccess",
        "10",
        "9",
        "a/a/a/a/a/a",
    ] {
        write(folder.path(), name);
    }
    write(outside.path(), "o/p");
    symlink("a", folder.path().join("link")).expect("a link");
    symlink("../B", folder.path().join("a/link")).expect("a link");
    symlink(outside.path().join("o"), folder.path().join("out")).expect("a link");
    let output = Command::new("php").args(["-n", "-r", SCRIPT]).arg(folder.path()).output();
    let Ok(output) = output else { return countersign_tests::skip("php is not installed") };
    let tree = Tree::list(folder.path(), Selection::Public).expect("a list");
    let entries = tree.hash(&|_| {}).expect("hashed");
    let own: String = entries.iter().map(|e| format!("{} = {}\n", e.path, e.sha256)).collect();
    assert_eq!(own, String::from_utf8_lossy(&output.stdout));
    assert!(own.contains("out/p") && own.contains("link/a/a/a/a/a"));
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a");
    write(folder.path(), "closed/b");
    let closed = folder.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("our own folder");
    if fs::read_dir(&closed).is_ok() {
        return countersign_tests::skip("a folder that cannot be read: root reads them all");
    }
    let tree = Tree::list(folder.path(), Selection::Public).expect("a list");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("our own folder");
    assert_eq!(tree.files().len(), 1);
    assert!(matches!(&tree.remarks()[0], Remark::Unreadable { path, .. } if path == "closed"));
}
