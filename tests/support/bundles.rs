//! Trust bundles of a scenario's authority, made and signed as people do it.

use std::fs;

use crate::Run;
use crate::people::fingerprint;
use crate::scenario::Scenario;

/// Asks for the next bundle onto an empty stick.
pub fn ask(s: &Scenario, more: &[&str]) -> Run {
    s.clear_stick();
    let ask = ["bundle", "build", "--key-file", "maria.key", "--output", "stick"];
    s.countersign(&[&ask[..], more].concat())
}

/// Makes the next bundle, has it signed, and installs it. Returns its file's name.
#[track_caller]
pub fn publish(s: &Scenario) -> String {
    ask(s, &[]).ok();
    s.session().run().ok().says("1 signed with 1 signature");
    let installed = s.install().ok();
    let at = installed.out.find("authority/bundles/").expect("a path");
    installed.out[at..].split_whitespace().next().expect("a name").to_owned()
}

/// Certifies these people with the scenario's card.
#[track_caller]
pub fn certify(s: &Scenario, names: &[&str]) {
    certify_by(s, names, "one");
}

/// The same with the card of this master.
#[track_caller]
pub fn certify_by(s: &Scenario, names: &[&str], master: &str) {
    s.clear_stick();
    let key = master_key(s, master);
    for name in names {
        s.certify_with(name, &["--master", &key]).ok();
    }
    s.session().card(&format!("card-{master}")).run().ok();
    s.install().ok();
    s.clear_stick();
}

/// Takes somebody's certifications by this master back.
#[track_caller]
pub fn revoke_by(s: &Scenario, name: &str, master: &str) {
    s.clear_stick();
    let (key, master_key) = (fingerprint(name), master_key(s, master));
    let ask = ["request", "revoke", &key, "--key-file", "maria.key", "--output", "stick"];
    s.countersign(&[&ask[..], &["--master", &master_key]].concat()).ok();
    s.session().card(&format!("card-{master}")).run().ok();
    s.install().ok();
    s.clear_stick();
}

/// The fingerprint of a master of the scenario.
pub fn master_key(s: &Scenario, name: &str) -> String {
    let bytes = fs::read(s.path(&format!("{name}.asc"))).expect("a master");
    let read = countersign::certificate::Certificate::read(bytes.as_slice(), &[]);
    read.expect("a certificate").fingerprint().to_string()
}

/// Makes a module and lets somebody sign it with their key file, by the authority's record.
#[track_caller]
pub fn module(s: &Scenario, name: &str, version: &str, who: &str) {
    let folder = s.path(name);
    fs::create_dir_all(&folder).expect("a folder");
    let xml = crate::workshop::module_xml(name, version);
    fs::write(folder.join("module.xml"), xml).expect("written");
    fs::write(folder.join("a.php"), "<?php\n").expect("written");
    s.countersign(&["module", "sign", name, "--key-file", &format!("{who}.key")]).ok();
}
