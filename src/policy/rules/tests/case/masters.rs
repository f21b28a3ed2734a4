//! Cases about the masters themselves.

use sequoia_openpgp::serialize::SerializeInto as _;

use super::{BORN, Case, DAY, keys, read};
use crate::certificate::Certificate;
use crate::operation::{
    CertificateBlock, CrossCertify, KeyReason, Operation, OperationName, PrepareRevocation,
    RenewMaster, RevokeKey, Seal, Stops, TransitionStatement, TrustSignature,
};
use crate::policy::Named;
use crate::sealed::Custodian;

const MASTER: &str = "M <m@example.org>";

impl Case {
    pub(in crate::policy::rules::tests) fn cross_certify() -> Self {
        let (mut case, second) = Self::of_two_masters();
        case.operation = Operation::CrossCertify(CrossCertify {
            certificate: CertificateBlock::new(second.to_bytes()),
            user_ids: vec!["N <n@example.org>".into()],
            expires: None,
            trust: Some(TrustSignature { depth: 1, amount: 120 }),
        });
        case
    }

    pub(in crate::policy::rules::tests) fn transition() -> Self {
        let (mut case, second) = Self::of_two_masters();
        case.operation = Operation::TransitionStatement(TransitionStatement {
            authority: case.policy.name.clone(),
            old: case.master,
            new: second.fingerprint(),
            effective: BORN.after(30 * DAY),
            remarks: vec!["The old card is full.".into()],
        });
        case
    }

    pub(in crate::policy::rules::tests) fn renew() -> Self {
        let (mut case, _) = Self::of_two_masters();
        case.operation = Operation::RenewMaster(RenewMaster {
            certificate: CertificateBlock::new(case.masters[0].to_bytes()),
            user_ids: vec![MASTER.into()],
            expires: Some(case.now.after(365 * DAY)),
        });
        case
    }

    pub(in crate::policy::rules::tests) fn revoke_key() -> Self {
        let (mut case, _) = Self::of_two_masters();
        case.operation = Operation::RevokeKey(RevokeKey {
            certificate: CertificateBlock::new(case.masters[0].to_bytes()),
            subkey: None,
            reason: KeyReason::Superseded,
            text: "replaced".into(),
            stops: Stops::default(),
        });
        case
    }

    pub(in crate::policy::rules::tests) fn prepare_revocation() -> Self {
        let (mut case, _) = Self::of_two_masters();
        let public = keys().cora.clone().strip_secret_key_material().to_vec().expect("bytes");
        let cora = Custodian::read(&public, case.created).expect("a custodian");
        let named = Named { name: "Cora".into(), fingerprint: cora.fingerprint() };
        case.policy.custodians.push(named);
        case.operation = Operation::PrepareRevocation(PrepareRevocation {
            certificate: CertificateBlock::new(case.masters[0].to_bytes()),
            reason: KeyReason::Compromised,
            text: String::new(),
            seal: Seal::Custodians(vec![CertificateBlock::new(cora.to_bytes().to_vec())]),
        });
        case
    }

    pub(in crate::policy::rules::tests) fn prepared(&mut self) -> &mut PrepareRevocation {
        match &mut self.operation {
            Operation::PrepareRevocation(asked) => asked,
            _ => panic!("this case is about a prepared revocation"),
        }
    }

    pub(in crate::policy::rules::tests) fn sealed_to(&mut self) -> &mut Vec<CertificateBlock> {
        match &mut self.prepared().seal {
            Seal::Custodians(blocks) => blocks,
            Seal::Passphrase => panic!("this case is about custodians"),
        }
    }

    pub(in crate::policy::rules::tests) fn cross(&mut self) -> &mut CrossCertify {
        match &mut self.operation {
            Operation::CrossCertify(asked) => asked,
            _ => panic!("this case is about two masters"),
        }
    }

    pub(in crate::policy::rules::tests) fn statement(&mut self) -> &mut TransitionStatement {
        match &mut self.operation {
            Operation::TransitionStatement(asked) => asked,
            _ => panic!("this case is about a statement"),
        }
    }

    pub(in crate::policy::rules::tests) fn renewal(&mut self) -> &mut RenewMaster {
        match &mut self.operation {
            Operation::RenewMaster(asked) => asked,
            _ => panic!("this case is about a renewal"),
        }
    }

    pub(in crate::policy::rules::tests) fn key_revocation(&mut self) -> &mut RevokeKey {
        match &mut self.operation {
            Operation::RevokeKey(asked) => asked,
            _ => panic!("this case is about a master's revocation"),
        }
    }

    fn of_two_masters() -> (Self, Certificate) {
        let mut case = Self::certify();
        let second = read(&keys().second);
        let named = Named { name: "Second".into(), fingerprint: second.fingerprint() };
        case.policy.masters.push(named);
        case.masters.push(second.clone());
        let all = OperationName::ALL.iter().copied();
        case.policy.managers[0].may_request = all.collect();
        case.signer = keys().maria.clone();
        (case, second)
    }
}
