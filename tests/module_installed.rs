//! Modules judged where a PBX has them installed: files, links and lists elsewhere in its system.
#![allow(missing_docs)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use countersign_tests::namespace;
use countersign_tests::workshop::{Workshop, is_root};
use serde_json::Value;

/// Files of the framework: as they are listed, and where they are installed.
const INSTALLED: [(&str, &str); 5] = [
    ("amp_conf/sbin/amportal", "usr/sbin/amportal"),
    ("amp_conf/bin/retrieve", "var/lib/asterisk/bin/retrieve"),
    ("amp_conf/htdocs/admin/index.php", "var/www/html/admin/index.php"),
    ("amp_conf/agi-bin/x.agi", "var/lib/asterisk/agi-bin/x.agi"),
    ("amp_conf/sounds/x.wav", "var/lib/asterisk/sounds/x.wav"),
];

/// The framework, signed, and then installed under `root`; its folder.
fn framework(w: &Workshop) -> String {
    let framework = format!("{MODULES}/framework");
    for (listed, _) in INSTALLED {
        w.write(&format!("{framework}/{listed}"), listed);
    }
    w.write(&format!("{framework}/amp_conf/astetc/x.conf"), "configured otherwise");
    w.module(&framework);
    w.by_keys(&["module", "sign", &framework, "--key-file", "dev.key"]).ok();
    // The files are moved to where they work, as FreePBX's installer does.
    for (listed, to) in INSTALLED {
        w.write(&format!("root/{to}"), listed);
    }
    fs::remove_dir_all(w.path(&format!("{framework}/amp_conf"))).expect("ours");
    framework
}

const MODULES: &str = "root/var/www/html/admin/modules";

#[test]
fn the_frameworks_files_are_found_where_they_were_installed() {
    let w = Workshop::new();
    let framework = framework(&w);
    let verify = ["module", "verify", &framework, "--root", "root"];
    w.by_keys(&verify).ok().says("good framework certified by").says("FreePBX: 129 Good");
    w.write("root/usr/sbin/amportal", "altered");
    // A clean copy in the folder does not stand for what is installed.
    let copy = format!("{framework}/amp_conf/sbin/amportal");
    w.write(&copy, INSTALLED[0].0);
    w.by_keys(&verify).ends(4).says("amp_conf/sbin/amportal is altered");
    fs::remove_dir_all(w.path(&format!("{framework}/amp_conf"))).expect("ours");
    let run = w.by_keys(&verify).ends(4).says("amp_conf/sbin/amportal is altered");
    run.says("130 Module has been tampered");
    fs::remove_file(w.path("root/usr/sbin/amportal")).expect("ours");
    w.by_keys(&verify).ends(4).says("amp_conf/sbin/amportal is missing").says("130 Module");
    // Another module has no files elsewhere.
    fs::rename(w.path(&framework), w.path(&format!("{MODULES}/core"))).expect("renamed");
    let core = format!("{MODULES}/core");
    let run = w.by_keys(&["module", "verify", &core, "--root", "root", "--json"]).ends(4);
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(value["freepbx"]["details"].as_array().map(Vec::len), Some(6), "{value}");
}

#[test]
fn a_link_leads_where_it_leads_on_that_system() {
    let w = Workshop::new();
    let framework = framework(&w);
    let verify = ["module", "verify", &framework, "--root", "root"];
    fs::rename(w.path("root/usr"), w.path("root/moved")).expect("renamed");
    symlink("/moved", w.path("root/usr")).expect("a link");
    w.by_keys(&verify).ok();
    // What is on this system only is not there.
    w.write("host", "amp_conf/sbin/amportal");
    fs::rename(w.path("root/moved/sbin/amportal"), w.path("root/amportal")).expect("renamed");
    symlink(w.path("host"), w.path("root/moved/sbin/amportal")).expect("a link");
    w.by_keys(&verify).ends(4).says("amp_conf/sbin/amportal is missing");
    fs::remove_file(w.path("root/moved/sbin/amportal")).expect("ours");
    symlink("../../../../amportal", w.path("root/moved/sbin/amportal")).expect("a link");
    w.by_keys(&verify).ok();
    let nowhere = ["module", "verify", &framework, "--root", "nowhere"];
    w.by_keys(&nowhere).ends(4).says("error: nowhere cannot be used as a system's root");
}

#[test]
fn a_local_list_is_never_strictly_good_whatever_freepbx_says() {
    let w = Workshop::uncertified();
    w.publish(&["dev"]);
    w.module("custom");
    let files = [("a.php", "<?php\n"), ("assets/x.js", "x()\n")];
    let secure = w.clearsign("dev", &w.list("", &files));
    let tag = w.list("", &[("custom.sig", &secure)]);
    let tag = tag.replace("repo=manual\ntype=public", "repo=local\ntype=local");
    let tag = tag.replace(";# End\n", "");
    w.write("custom/module.sig", w.clearsign("dev", &tag));
    let verify = ["module", "verify", "custom", "--root", "root"];
    fs::create_dir(w.path("root")).expect("a new folder");
    // Without the folder FreePBX believes the tag alone.
    let plain = w.list("", &files).replace("type=public", "type=local");
    w.write("bypass/a.php", "<?php\n");
    w.write("bypass/assets/x.js", "x()\n");
    w.write("bypass/module.sig", w.clearsign("dev", &plain));
    let bypass = w.by_keys(&["module", "verify", "bypass", "--root", "root"]).ends(4);
    bypass.says("129 Good").says("FreePBX believes any key, and even an altered text");
    if !is_root() {
        return namespace::run_this_test_inside();
    }
    w.write("root/etc/freepbx.secure/custom.sig", &secure);
    assert_eq!(fs::metadata(w.path("root/etc")).map(|m| m.uid()).ok(), Some(0));
    let run = w.by_keys(&[&verify[..], &["--details"]].concat()).ends(4).says("129 Good");
    let run = run.says("other-form: it says type=local: the files are listed under");
    run.says("not-certified").says("it goes by the list under /etc/freepbx.secure");
    w.write("custom/a.php", "<?php // altered\n");
    w.by_keys(&verify).ends(4).says("130 Module has been tampered");
    w.write("custom/a.php", "<?php\n");
    // A list that the tag does not name, or that is a link: FreePBX throws an exception.
    let path = w.path("root/etc/freepbx.secure/custom.sig");
    w.write("root/etc/freepbx.secure/custom.sig", format!("{secure};more\n"));
    w.by_keys(&verify).ends(4).says("FreePBX: 0");
    fs::remove_file(&path).expect("ours");
    w.write("root/custom.sig", &secure);
    symlink("../../custom.sig", &path).expect("a link");
    w.by_keys(&verify).ends(4).says("FreePBX: 0");
}
