//! A bench's manager and custodian, and what they ask for and open.

use std::sync::OnceLock;

use countersign::certificate::Certificate;
use countersign::operation::{
    CertificateBlock, KeyReason, Operation, OperationName, PrepareRevocation, Seal,
};
use countersign::policy::{Manager, Named, Policy};
use countersign::request::{Draft, Request};
use countersign::response::{self, Response};
use countersign::sealed::{Custodian, Opener, open, secret_keys};
use countersign::time::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::KeyFlags;

use crate::forge::clearsign;
use crate::station::Bench;

/// A manager, a custodian: made once, long before any master.
fn person(cell: &'static OnceLock<Cert>, name: &str) -> &'static Cert {
    cell.get_or_init(|| {
        let made = Timestamp::parse("2026-01-01").expect("a date");
        let flags = KeyFlags::empty().set_certification().set_signing();
        let builder = CertBuilder::new().set_primary_key_flags(flags).add_userid(name);
        let builder = builder.add_transport_encryption_subkey();
        builder.set_creation_time(std::time::SystemTime::from(made)).generate().expect("a key").0
    })
}

/// Who asks for what a key's owner cannot ask for.
pub fn manager() -> &'static Cert {
    static CELL: OnceLock<Cert> = OnceLock::new();
    person(&CELL, "Maria <maria@example.org>")
}

/// The manager's certificate.
pub fn manager_certificate() -> Certificate {
    let public = manager().clone().strip_secret_key_material().to_vec().expect("bytes");
    Certificate::read(public.as_slice(), &[]).expect("a certificate")
}

/// Who keeps sealed revocations.
pub fn custodian() -> &'static Cert {
    static CELL: OnceLock<Cert> = OnceLock::new();
    person(&CELL, "Cora <cora@example.org>")
}

fn fingerprint(cert: &Cert) -> countersign::fingerprint::Fingerprint {
    cert.fingerprint().try_into().expect("version 4")
}

/// Names both in a policy.
pub fn name_in(policy: &mut Policy) {
    let may_request = OperationName::ALL.iter().copied();
    policy.managers.push(Manager {
        name: "Maria".into(),
        fingerprint: fingerprint(manager()),
        may_request: may_request.filter(|name| *name != OperationName::Certify).collect(),
    });
    policy.custodians.push(Named { name: "Cora".into(), fingerprint: fingerprint(custodian()) });
}

impl Bench {
    /// Puts a request for the master's own revocation, sealed, on the stick.
    pub fn prepare(&self) -> Request {
        let public = custodian().clone().strip_secret_key_material().to_vec().expect("bytes");
        let read = Custodian::read(&public, self.created).expect("a custodian");
        let operation = Operation::PrepareRevocation(PrepareRevocation {
            certificate: CertificateBlock::new(self.master.to_bytes()),
            reason: KeyReason::Compromised,
            text: String::new(),
            seal: Seal::Custodians(vec![CertificateBlock::new(read.to_bytes().to_vec())]),
        });
        let draft = Draft::new(self.created, self.master.fingerprint(), operation);
        let signed = clearsign(manager(), &draft.text(), self.created);
        let request = Request::parse(&signed, 1 << 20).expect("a request");
        std::fs::write(self.stick().join(request.file_name()), request.text()).expect("written");
        request
    }

    /// Opens the answer to such a request: it is just what was asked for. Returns its last bytes,
    /// which nobody can predict.
    pub fn opened(&self, request: &Request) -> Vec<u8> {
        let name = request.file_name().replace("request.asc", "response.json");
        let bytes = std::fs::read(self.stick().join(name)).expect("an answer");
        let response = Response::parse(&bytes).expect("a response");
        let sealed = response.unopened(request, &self.master).expect("a sealed answer");
        let message = sealed.message().untrusted_bytes().expect("a message");
        let key = custodian().as_tsk().to_vec().expect("bytes");
        let opener = Opener::Keys(secret_keys(&key).expect("secret keys"));
        let packet = open(&message, &opener).expect("opens");
        response::reveal(request, &self.master, &packet)
            .expect("the revocation that was asked for");
        packet[packet.len() - 100..].to_vec()
    }
}
