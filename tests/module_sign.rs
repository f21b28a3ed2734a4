//! A developer signs modules, with gpg or with a key file, and a PBX's gpg trusts the result.
#![allow(missing_docs)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use countersign_tests::namespace::Mount;
use countersign_tests::run::run;
use countersign_tests::workshop::{KEYS, TODAY, Workshop, bound_by_modes, names};
use countersign_tests::{Run, program};

/// gpg of a PBX trusts what is in this module's folder, and so do we.
#[track_caller]
fn is_trusted(w: &Workshop, module: &str, who: &str) {
    let file = fs::read(w.path(module).join("module.sig")).expect("a module.sig");
    let told = w.world.verify(&[who], TODAY + 1, &file);
    assert_eq!(told.line, "GOODSIG VALIDSIG TRUST_FULLY");
    w.by_keys(&["module", "verify", module]).ok().says("good").says("FreePBX: 129 Good");
}

#[test]
fn a_module_signed_with_gpg_or_a_key_file_is_trusted_by_gpg() {
    let w = Workshop::new();
    let one = &w.world.fingerprint("one")[24..];
    let folder = w.module("blacklist");
    let run = w.as_person("dev", &["module", "sign", "blacklist"]).ok();
    let run = run.says("blacklist/module.sig: 3 files signed").says("certified by");
    run.says(one);
    is_trusted(&w, "blacklist", "dev");
    let file = folder.join("module.sig");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o644);
    let text = fs::read_to_string(&file).expect("text");
    let key = w.world.fingerprint("dev");
    let config = format!(
        "[config]\nversion=2\nhash=sha256\nsignedwith={key}\nsignedby='countersign {}'\n\
         repo=manual\ntype=public\n[hashes]\na.php = ",
        env!("CARGO_PKG_VERSION")
    );
    assert!(text.contains(&config) && text.contains("\n;# End\n-----BEGIN"), "{text}");

    fs::write(folder.join("a.php"), "<?php // new\n").expect("a writable folder");
    w.by_keys(&["module", "verify", "blacklist"]).ends(4).says("a.php is altered");
    w.by_keys(&["module", "sign", "blacklist", "--key-file", "dev.key"]).ok();
    is_trusted(&w, "blacklist", "dev");

    // The certification may be known from elsewhere than the key file.
    let minimal = ["--armor", "--export-options", "export-minimal", "--export-secret-keys"];
    w.write("bare.key", w.world.gpg("dev", TODAY, &minimal));
    let sign = ["module", "sign", "blacklist", "--key-file", "bare.key"];
    w.run(&[&sign[..], &["--masters", "masters"]].concat()).ends(3).says("not certified by any");
    w.by_keys(&sign).ok();
    is_trusted(&w, "blacklist", "dev");
    w.as_person("dev", &["module", "sign", "blacklist", "--quiet"]).ok().never_says("signed");
    assert_eq!(names(&folder), ["a.php", "assets", "module.sig", "module.xml"]);
}

#[test]
fn of_several_secret_keys_the_one_that_a_master_certified_signs() {
    let mut w = Workshop::new();
    for other in ["ended", "revoked", "never"] {
        w.world.person(other, "ed25519", "never");
    }
    w.world.certify("one", "ended", 10, &["--default-cert-expire", "20d"], &[]);
    w.world.certify("two", "revoked", 10, &[], &[]);
    w.world.revoke("two", "revoked", 25, &["y"], &[]);
    let everybody = ["ended", "revoked", "never"];
    everybody.iter().for_each(|name| w.world.import("never", &w.world.secret(name)));
    w.publish(&["dev", "ended", "revoked", "never"]);
    w.module("blacklist");

    let none = w.as_person("never", &["module", "sign", "blacklist"]).ends(3);
    let none = none.says("no key may sign modules").says("not certified by any master");
    let none = none.says("certification expired on").says("revoked on").says("hint: ");
    for name in everybody {
        assert!(none.has(&w.world.fingerprint(name)), "{name}: {}", none.told());
    }
    assert!(!w.path("blacklist/module.sig").exists());

    w.world.import("never", &w.world.secret("dev"));
    let dev = w.world.fingerprint("dev");
    let run = w.as_person("never", &["module", "sign", "blacklist"]).ok();
    run.says(&format!("with {dev}, certified by"));
    is_trusted(&w, "blacklist", "dev");

    let wrong = ["module", "sign", "blacklist", "--local-user", "never@example.org"];
    let before = fs::read(w.path("blacklist/module.sig")).expect("a file");
    w.as_person("never", &wrong).ends(3).says("not certified by any master");
    assert_eq!(fs::read(w.path("blacklist/module.sig")).expect("a file"), before);

    w.world.certify("two", "never", 30, &[], &[]);
    w.publish(&["never"]);
    let several = w.as_person("never", &["module", "sign", "blacklist"]).ends(2);
    let several = several.says("several keys may sign").says("hint: name one: --local-user");
    let several = several.says(&dev).says(&w.world.fingerprint("never"));
    several.never_says(&w.world.fingerprint("ended"));
    w.as_person("never", &["module", "sign", "blacklist", "-u", "never@example.org"]).ok();
    is_trusted(&w, "blacklist", "never");
}

#[test]
fn without_gpg_or_a_secret_key_it_is_said_what_to_do() {
    let w = Workshop::new();
    w.module("blacklist");
    let run = w.by_keys(&["module", "sign", "blacklist", "--gpg", "no-such-gpg"]).ends(1);
    run.says("no-such-gpg cannot be run").says("hint: install gnupg, or use --key-file");
    w.write("public.asc", w.world.public("dev"));
    let run = w.by_keys(&["module", "sign", "blacklist", "--key-file", "public.asc"]).ends(1);
    run.says("holds no secret key");
    fs::create_dir(w.path("nobody")).expect("a home");
    fs::set_permissions(w.path("nobody"), fs::Permissions::from_mode(0o700)).expect("ours");
    let run = w.by_keys(&["module", "sign", "blacklist"]).ends(1).says("no such secret key");
    run.says("hint: gpg --quick-generate-key");
    w.run(&["module", "sign", "blacklist"]).ends(1).says("hint: or the masters' certificates");
    assert_eq!(names(&w.path("blacklist")), ["a.php", "assets", "module.xml"]);
}

#[test]
fn what_is_asked_for_stands_in_the_list_and_holds() {
    let w = Workshop::new();
    let folder = w.module("blacklist");
    let sign = |more: &[&str]| {
        let how = ["module", "sign", "blacklist", "--key-file", "dev.key"];
        w.by_keys(&[&how[..], more].concat())
    };
    let text = || fs::read_to_string(folder.join("module.sig")).expect("text");
    let expires = ["--expires-after", "2090-01-01", "--repo", "extended", "--rawname"];
    sign(&[&expires[..], &["--signed-by", "Build 7 <build@example.org>"]].concat()).ok();
    let expected = "signedby='Build 7 <build@example.org>'\nrepo=extended\n";
    assert!(text().contains(expected), "{}", text());
    assert!(text().contains("rawname=blacklist\n"), "{}", text());
    is_trusted(&w, "blacklist", "dev");
    let later = ["module", "verify", "blacklist", "--time", "2090-01-02"];
    w.by_keys(&later).ends(4).says("the list was good until").says("64 Module has been revoked");
    fs::rename(&folder, w.path("whitelist")).expect("renamed");
    let moved = w.by_keys(&["module", "verify", "whitelist"]).ends(4);
    moved.says("rawname is blacklist, but the folder is whitelist").says("129 Good");
    fs::rename(w.path("whitelist"), &folder).expect("renamed");

    let before = text();
    sign(&["--expires-after", "2020-01-01"]).ends(4).says("the list was good until");
    for odd in [["--repo", "two words"], ["--signed-by", "a\nb"], ["--signed-by", "a'b"]] {
        sign(&odd)
            .ends(2)
            .says("--repo takes one word of a-z, 0-9 and -, --signed-by one line without '");
    }
    sign(&["--profile", "official", "--expires-after", "2090-01-01"]).ends(2).says("hint: leave");
    assert_eq!(text(), before, "nothing of this was written");

    w.write("blacklist/i18n/de.po", "x");
    w.write("blacklist/README.txt", "x");
    w.write("blacklist/.htaccess", "x");
    sign(&["--profile", "official"]).ok().says("4 files signed");
    assert!(text().contains("version=1\n") && text().contains("\ntimestamp="), "{}", text());
    assert!(text().contains("\n.htaccess = ") && text().contains("repo=standard\n"), "{}", text());
    assert!(!text().contains("i18n") && !text().contains("README"), "{}", text());
    is_trusted(&w, "blacklist", "dev");
}

/// The old `module.sig` is still there, byte for byte, and nothing beside it.
#[track_caller]
fn left_alone(w: &Workshop, run: Run, code: i32, says: &str) {
    let run = run.ends(code).says(says);
    let name = "blacklist/module.sig";
    assert_eq!(fs::read(w.path(name)).expect("it is there"), b"old", "{}", run.told());
    let left = names(&w.path("blacklist"));
    assert!(left.iter().all(|name| !name.contains("countersign")), "{left:?}");
}

#[test]
fn whatever_fails_leaves_the_old_signature_alone() {
    let w = Workshop::new();
    w.module("blacklist");
    w.write("blacklist/module.sig", "old");
    let sign = || w.by_keys(&["module", "sign", "blacklist", "--key-file", "dev.key"]);
    let path = |name: &str| w.path("blacklist").join(name);

    let pipe = path("pipe");
    run(Command::new("mkfifo").arg(&pipe), "").ok();
    left_alone(&w, sign(), 3, "pipe is a pipe");
    fs::remove_file(&pipe).expect("ours");
    symlink("nowhere", path("link")).expect("a link");
    left_alone(&w, sign(), 3, "link leads to nothing: nowhere");
    fs::remove_file(path("link")).expect("ours");
    symlink(".", path("round")).expect("a link");
    left_alone(&w, sign(), 3, "round leads back to where it is");
    fs::remove_file(path("round")).expect("ours");
    let mut wrong = ["module", "sign", "blacklist", "--key-file", "dev.key", "--masters", ""];
    wrong[6] = "masters/two.asc";
    left_alone(&w, w.run(&wrong), 3, "no key may sign modules");
    let no_gpg = ["module", "sign", "blacklist", "--local-user", "dev@example.org", "--gpg"];
    left_alone(&w, w.as_person("dev", &[&no_gpg[..], &["false"]].concat()), 1, "no such secret");

    // A gpg that lists the key and then fails, or makes something else.
    for (last, code, says) in
        [("exit 2", 1, "gpg did not sign"), ("echo signed", 1, "what came back is no signed text")]
    {
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *--clearsign*) cat >/dev/null; {last};; *) exec gpg \"$@\";; esac\n"
        );
        w.write("false-gpg", script);
        fs::set_permissions(w.path("false-gpg"), fs::Permissions::from_mode(0o755)).expect("ours");
        let run = w.as_person("dev", &[&no_gpg[..], &["./false-gpg"]].concat());
        left_alone(&w, run.never_says("panic"), code, says);
    }
    sign().ok();
    is_trusted(&w, "blacklist", "dev");
}

#[test]
fn a_full_disk_leaves_the_old_signature_alone() {
    let w = Workshop::new();
    let Some(_disk) = Mount::tmpfs(w.path("disk"), "size=64k") else { return };
    let folder = w.module("disk/blacklist");
    w.write("disk/blacklist/module.sig", "old");
    let _ = fs::write(w.path("disk/fill"), vec![0; 128 << 10]);
    let run = w.by_keys(&["module", "sign", "disk/blacklist", "--key-file", "dev.key"]).ends(1);
    run.says("disk/blacklist/module.sig cannot be written");
    assert_eq!(fs::read_to_string(folder.join("module.sig")).expect("a text"), "old");
    assert_eq!(names(&folder), ["a.php", "assets", "module.sig", "module.xml"]);
}

#[test]
fn a_file_that_the_developer_cannot_read_is_named() {
    let w = Workshop::new();
    let folder = w.module("blacklist");
    w.write("blacklist/module.sig", "old");
    fs::set_permissions(folder.join("a.php"), fs::Permissions::from_mode(0o000)).expect("ours");
    fs::set_permissions(w.path("."), fs::Permissions::from_mode(0o755)).expect("ours");
    let sign = w.command(&["module", "sign", "blacklist", "--key-file", "dev.key"]);
    let mut command = bound_by_modes(&program("countersign"));
    command.args(sign.get_args()).args(KEYS).current_dir(w.path("."));
    let run = run(&command, "");
    if run.has("setpriv:") {
        return countersign_tests::skip("a file that cannot be read: setpriv cannot run it");
    }
    let run = run.says("a.php cannot be hashed").says("Permission denied");
    left_alone(&w, run, 1, "not every file can be read");
}

#[test]
fn names_that_break_freepbx_are_refused_with_the_reason() {
    use std::os::unix::ffi::OsStrExt as _;

    let w = Workshop::new();
    let folder = w.module("blacklist");
    let bad: [(&[u8], &str); 8] = [
        (b"copy (1).php", "a name breaks its parser"),
        (b"No", "\"No\" is a reserved word of its parser"),
        (b"a;b.php", "\";\" begins a comment"),
        (b" a.php", "spaces at the ends of a name are lost"),
        (b"a\nb.php", "control character U+000A"),
        (b"caf\xe9.php", "it is not UTF-8"),
        (b"a=b.php", "a name breaks its parser"),
        (b"$a.php", "a name breaks its parser"),
    ];
    for (name, _) in bad {
        let path = folder.join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, "x").expect("a writable folder");
    }
    let sign = ["module", "sign", "blacklist", "--key-file", "dev.key"];
    let mut run = w.by_keys(&sign).ends(3).says("the module cannot be signed as it is");
    for (name, why) in bad {
        run = run.says(why);
        let path = folder.join(std::ffi::OsStr::from_bytes(name));
        fs::remove_file(path).expect("ours");
    }
    assert!(!run.err.contains("a\nb") && !folder.join("module.sig").exists(), "{}", run.told());
    for name in ["Ünïcode.php", "a b.php", "-dash.php", "it's.php", "a#b,c+d@e.php"] {
        fs::write(folder.join(name), "x").expect("a writable folder");
    }
    w.by_keys(&sign).ok();
    is_trusted(&w, "blacklist", "dev");
    fs::create_dir(w.path("empty")).expect("a folder");
    let run = w.by_keys(&["module", "sign", "empty", "--key-file", "dev.key"]).ends(3);
    run.says("there is no file to be listed");
    w.module("bad name");
    let run = w.by_keys(&["module", "sign", "bad name", "--key-file", "dev.key"]).ends(1);
    assert!(!w.path("bad name/module.sig").exists(), "{}", run.told());
}
