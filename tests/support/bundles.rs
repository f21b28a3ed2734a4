//! Trust bundles of a scenario's authority, made and signed as people do it.

use std::fs;

use countersign::bundle::{Head, HeadFormat, KeyringDigest, MasterName, Serial};
use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::request::Version;
use countersign::time::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::cert::{Cert, CertBuilder};
use openpgp::crypto::KeyPair;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::KeyFlags;

use crate::Run;
use crate::forge::clearsign;
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

/// Masters and developers with software keys, and bundles that no station saw.
pub struct Forger {
    /// The masters, the first one pinned.
    pub masters: Vec<Cert>,
    /// The developers.
    pub developers: Vec<Cert>,
    /// Whose key signs.
    pub signer: Cert,
    /// The serial number.
    pub serial: u32,
    /// When it is made.
    pub made: Timestamp,
}

impl Forger {
    /// One master, one developer whom it certified; everything of this moment.
    pub fn new() -> Self {
        let master = software("Master <keys@example.org>");
        let dev = software("Dev <dev@example.org>");
        let dev = certified(&dev, &master);
        let made = Timestamp::from(std::time::SystemTime::now());
        Self {
            signer: master.clone(),
            masters: vec![master],
            developers: vec![dev],
            serial: 1,
            made,
        }
    }

    /// The bundle's file.
    pub fn file(&self) -> Vec<u8> {
        let alone: Vec<Certificate> = self.masters.iter().map(|m| public(m, &[])).collect();
        let all: Vec<&Certificate> = alone.iter().collect();
        let mut developers: Vec<_> = self.developers.iter().map(|d| public(d, &all)).collect();
        developers.sort_by_key(Certificate::fingerprint);
        let masters = self.masters.iter().map(|m| public(m, &all));
        let keyring: Vec<u8> = masters.chain(developers).flat_map(|c| c.to_bytes()).collect();
        let head = Head {
            format: HeadFormat::Bundle,
            version: Version,
            authority: "Forgery".into(),
            serial: Serial(self.serial),
            made: self.made,
            expires: self.made.after(90 * Timestamp::DAY),
            grace_days: 14,
            masters: alone
                .iter()
                .map(|m| MasterName { fingerprint: m.fingerprint(), name: "M".into() })
                .collect(),
            developers: u32::try_from(self.developers.len()).expect("few"),
            keyring: KeyringDigest { bytes: keyring.len() as u64, sha256: Sha256::of(&keyring) },
            blocked: Vec::new(),
        };
        let mut file = clearsign(&self.signer, &head.text(), self.made);
        file.extend(keyring);
        file
    }
}

impl Default for Forger {
    fn default() -> Self {
        Self::new()
    }
}

/// A key in software that certifies and signs.
pub fn software(user_id: &str) -> Cert {
    let flags = KeyFlags::empty().set_certification().set_signing();
    let builder = CertBuilder::new().set_primary_key_flags(flags).add_userid(user_id);
    builder.generate().expect("a key").0
}

/// `cert` with a certification of its first user ID by `by`, of this moment.
pub fn certified(cert: &Cert, by: &Cert) -> Cert {
    let user_id = cert.userids().next().expect("a user ID").userid().clone();
    let signature = user_id.certify(&mut secret(by), cert, None, None, None).expect("certified");
    let packets: [Packet; 2] = [user_id.into(), signature.into()];
    cert.clone().insert_packets(packets).expect("its own packets").0
}

fn secret(cert: &Cert) -> KeyPair {
    let key = cert.primary_key().key().clone().parts_into_secret().expect("a secret key");
    key.into_keypair().expect("a key pair")
}

fn public(cert: &Cert, masters: &[&Certificate]) -> Certificate {
    let bytes = cert.clone().strip_secret_key_material().to_vec().expect("bytes");
    Certificate::read(bytes.as_slice(), masters).expect("reads")
}
