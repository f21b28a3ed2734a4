//! A case about a trust bundle.

use super::*;

impl Case {
    pub(in crate::policy::rules::tests) fn trust_bundle() -> Self {
        let mut case = Self::certify();
        let masters: Vec<&Certificate> = case.masters.iter().collect();
        let alice = certified(&keys().alice, &keys().master);
        let alice = Certificate::read(alice.as_slice(), &masters).expect("a certificate");
        case.keyring =
            masters.into_iter().chain([&alice]).flat_map(Certificate::to_bytes).collect();
        case.signer = keys().maria.clone();
        let policy = &case.policy;
        let head = Head {
            format: HeadFormat::Bundle,
            version: Version,
            authority: policy.name.clone(),
            serial: Serial(2),
            made: case.created,
            expires: case.created.after(policy.bundle.valid_days * DAY),
            grace_days: policy.bundle.grace_days,
            masters: vec![MasterName {
                fingerprint: case.master,
                name: policy.masters[0].name.clone(),
            }],
            developers: 1,
            keyring: KeyringDigest {
                bytes: case.keyring.len() as u64,
                sha256: Sha256::of(&case.keyring),
            },
            blocked: Vec::new(),
        };
        case.history.decisions.push(Decision {
            request: RequestId(Sha256::ZERO),
            master: case.master,
            created: BORN.after(DAY),
            kind: Kind::Bundled,
            names: vec!["1".into()],
        });
        case.operation = Operation::TrustBundle(TrustBundle { head });
        case.look(&[]);
        case
    }

    /// Reads the keyring anew; `known` was decided on Alice's key.
    pub(in crate::policy::rules::tests) fn look(&mut self, known: &[Decision]) {
        let key = read(&keys().alice).fingerprint();
        let found = Contents::of(&self.keyring, &self.masters, |each| {
            known.iter().for_each(|decision| each(key, decision));
            Ok::<_, ()>(())
        });
        self.evidence.keyring = KeyringFile::Read(found.expect("nothing fails"));
    }

    /// The bundle's head.
    pub(in crate::policy::rules::tests) fn head(&mut self) -> &mut Head {
        match &mut self.operation {
            Operation::TrustBundle(bundle) => &mut bundle.head,
            _ => panic!("this case is about a bundle"),
        }
    }

    /// Another keyring, which the head names.
    pub(in crate::policy::rules::tests) fn rekey(&mut self, keyring: Vec<u8>) {
        let (bytes, sha256) = (keyring.len() as u64, Sha256::of(&keyring));
        self.head().keyring = KeyringDigest { bytes, sha256 };
        self.keyring = keyring;
        self.look(&[]);
    }
}

/// The certificate with a certification of its first user ID by `by`, in binary.
pub(in crate::policy::rules::tests) fn certified(cert: &Cert, by: &Cert) -> Vec<u8> {
    let user_id = cert.userids().next().expect("a user ID").userid().clone();
    let builder = SignatureBuilder::new(SignatureType::GenericCertification)
        .set_signature_creation_time(std::time::SystemTime::from(BORN.after(DAY)))
        .expect("a time that OpenPGP knows");
    let signature = builder
        .sign_userid_binding(&mut secret(by), cert.primary_key().key(), &user_id)
        .expect("a certification");
    let public = cert.clone().strip_secret_key_material();
    let packets: [openpgp::Packet; 2] = [user_id.into(), signature.into()];
    public.insert_packets(packets).expect("insert").0.to_vec().expect("bytes")
}
