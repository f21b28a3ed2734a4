//! A campaign in this process: developers whom an old master, a software key, certified; a station
//! whose card holds the new one; and a manager who asks.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use countersign::certificate::Certificate;
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::signature::subpacket::NotationDataFlags;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, KeyFlags, SignatureType};

use crate::program;
use crate::run::{Run, run};
use crate::station::{Bench, agreement, master_made};

/// A bench with an old master, and a manager whose key is `maria.key` in its folder.
pub struct Campaign {
    /// The station and its stick.
    pub bench: Bench,
    old: Cert,
}

impl Campaign {
    /// With so many developers, certified by the old master.
    pub fn of(developers: usize) -> Self {
        let (old, maria) = keys().clone();
        let bench = Bench::with(&[public(&old, &[])], &[public(&maria, &[])]);
        let secret = maria.as_tsk().armored().to_vec().expect("bytes");
        fs::write(bench.path("maria.key"), secret).expect("written");
        let campaign = Self { bench, old };
        for n in 0..developers {
            campaign.developer(&format!("Developer {n} <d{n}@example.org>"));
        }
        campaign
    }

    fn developer(&self, user_id: &str) {
        let cert = key(user_id, CipherSuite::Cv25519).strip_secret_key_material();
        let user_id = cert.userids().next().expect("one").userid().clone();
        let signer = self.old.primary_key().key().clone().parts_into_secret().expect("secret");
        let (agreement, flags) = (agreement(), NotationDataFlags::empty().set_human_readable());
        let said = SignatureBuilder::new(SignatureType::GenericCertification)
            .set_hash_algo(HashAlgorithm::SHA512)
            .set_signature_creation_time(SystemTime::from(master_made()))
            .and_then(|b| {
                let digest = agreement.sha256.to_string();
                b.add_notation(agreement.notation, digest, flags, false)
            })
            .and_then(|b| {
                let mut signer = signer.into_keypair()?;
                b.sign_userid_binding(&mut signer, cert.primary_key().key(), &user_id)
            })
            .expect("a certification");
        let packets: Vec<openpgp::Packet> = vec![user_id.into(), said.into()];
        let cert = cert.insert_packets(packets).expect("insert").0;
        let certificate = public(&cert, &[&public(&self.old, &[])]);
        let path = format!("authority/developers/{}.asc", certificate.fingerprint());
        fs::write(self.bench.path(&path), certificate.armored()).expect("written");
    }

    /// `countersign request recertify --all-from` the old master, onto the stick.
    pub fn command(&self) -> Command {
        let mut command = Command::new(program("countersign"));
        command.args(["request", "recertify", "--all-from", &self.old.fingerprint().to_hex()]);
        command.args(["--output", "stick"]).current_dir(self.bench.folder.path());
        command.env_remove("COUNTERSIGN_AUTHORITY");
        command
    }

    /// Runs it with the key file, at the bench's date.
    pub fn ask(&self) -> Run {
        let mut command = self.command();
        command.args(["--key-file", "maria.key", "--time", &self.bench.created.to_string()]);
        run(&command, "")
    }

    /// The requests in the batch.
    pub fn requests(&self) -> Vec<countersign::request::Request> {
        let mut requests = Vec::new();
        let stick = self.bench.stick();
        countersign::exchange::visit_batches(&stick, ".request.asc", 100_000, |path| {
            requests.push(request(&stick.join(path)));
        })
        .expect("a stick");
        requests
    }
}

/// The old master and the manager, made once: an RSA key takes a while.
fn keys() -> &'static (Cert, Cert) {
    static KEYS: OnceLock<(Cert, Cert)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let old = key("Old <old@example.org>", CipherSuite::RSA2k);
        (old, key("Maria <maria@example.org>", CipherSuite::Cv25519))
    })
}

fn request(path: &Path) -> countersign::request::Request {
    let bytes = fs::read(path).expect("a request");
    countersign::request::Request::parse(&bytes, 1 << 20).expect("a request")
}

fn key(user_id: &str, suite: CipherSuite) -> Cert {
    CertBuilder::new()
        .set_creation_time(SystemTime::from(master_made()))
        .set_cipher_suite(suite)
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid(user_id)
        .generate()
        .expect("a key")
        .0
}

fn public(cert: &Cert, masters: &[&Certificate]) -> Certificate {
    let public = cert.clone().strip_secret_key_material().to_vec().expect("bytes");
    Certificate::read(public.as_slice(), masters).expect("a certificate")
}

/// The time between two readings, in milliseconds for each of `count`.
pub fn each(time: std::time::Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e3 / count as f64
}
