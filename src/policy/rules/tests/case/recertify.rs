//! A case about a developer whom another master certified.

use super::*;

impl Case {
    /// Alice was certified by the old master, and the new one is asked.
    pub(in crate::policy::rules::tests) fn recertify() -> Self {
        let mut case = Self::certify();
        let old = read(&keys().second);
        let named = Named { name: "Old".into(), fingerprint: old.fingerprint() };
        case.policy.masters.insert(0, named);
        case.masters.insert(0, old);
        case.signer = keys().maria.clone();
        let agreement = case.policy.certify.agreement.clone();
        case.operation = Operation::Recertify(Recertify {
            certificate: CertificateBlock::new(Vec::new()),
            user_ids: vec!["Alice <alice@example.org>".into()],
            expires: Some(case.created.after(365 * DAY)),
            agreement: Some(agreement),
            policy_uri: None,
        });
        case.said_by_old(Ok);
        case
    }

    pub(in crate::policy::rules::tests) fn recertification(&mut self) -> &mut Recertify {
        match &mut self.operation {
            Operation::Recertify(asked) => asked,
            _ => panic!("this case is about a recertification"),
        }
    }

    /// What the old master said of Alice: a certification that records the agreement, bent.
    pub(in crate::policy::rules::tests) fn said_by_old(
        &mut self,
        bend: impl Fn(SignatureBuilder) -> openpgp::Result<SignatureBuilder>,
    ) {
        let agreement = &self.policy.certify.agreement;
        let flags = NotationDataFlags::empty().set_human_readable();
        let (alice, mut signer) = (&keys().alice, secret(&keys().second));
        let user_id = alice.userids().next().expect("a user ID").userid().clone();
        let said = SignatureBuilder::new(SignatureType::GenericCertification)
            .set_hash_algo(HashAlgorithm::SHA512)
            .set_signature_creation_time(std::time::SystemTime::from(BORN.after(DAY)))
            .and_then(|b| {
                b.add_notation(&agreement.notation, agreement.sha256.to_string(), flags, false)
            })
            .and_then(bend)
            .and_then(|b| b.sign_userid_binding(&mut signer, alice.primary_key().key(), &user_id))
            .expect("a certification");
        let packets: Vec<openpgp::Packet> = vec![user_id.into(), said.into()];
        let cert = alice.clone().strip_secret_key_material().insert_packets(packets);
        let bytes = cert.expect("insert").0.to_vec().expect("bytes");
        let masters: Vec<&Certificate> = self.masters.iter().collect();
        let certificate = Certificate::read(bytes.as_slice(), &masters).expect("a certificate");
        self.recertification().certificate = CertificateBlock::new(certificate.to_bytes());
    }

    /// Adds packets to the certificate of a recertification.
    pub(in crate::policy::rules::tests) fn add_packets(&mut self, packets: Vec<openpgp::Packet>) {
        let masters: Vec<&Certificate> = self.masters.iter().collect();
        let bytes = self.operation.certificate().expect("one").untrusted_bytes().to_vec();
        let read = Certificate::read(bytes.as_slice(), &masters).expect("a certificate");
        let read = read.with_packets(packets, &masters).expect("a certificate");
        self.recertification().certificate = CertificateBlock::new(read.to_bytes());
    }
}
