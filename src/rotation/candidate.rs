//! Whether a developer can be certified by another master as things are, by the record alone.

use crate::authority::{Authority, AuthorityError, Developer};
use crate::certificate::{Certificate, Standing};
use crate::operation::{CertificateBlock, Object, Operation, Recertify};
use crate::policy::rules::recertification::{recorded, standing};
use crate::policy::{Evidence, Policy, Violation};
use crate::request::Draft;
use crate::time::Timestamp;

/// What is wanted for each developer.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The master that is to certify.
    pub master: &'a Certificate,
    /// Until when; None: for good.
    pub expires: Option<Timestamp>,
    /// When it is asked for.
    pub now: Timestamp,
}

/// What can be done for one developer.
#[derive(Debug)]
pub enum Candidate {
    /// Nothing is left to do: the master has certified whatever counts.
    Done,
    /// This can be asked for.
    Ready(Box<Draft>),
    /// It cannot, for these reasons.
    Blocked(Vec<Violation>),
}

impl Candidate {
    /// Judges one developer by every rule that a request would be judged by.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record is damaged.
    pub fn of(
        authority: &Authority,
        developer: &Developer,
        wanted: Wanted<'_>,
    ) -> Result<Self, AuthorityError> {
        let Wanted { master, expires, now } = wanted;
        let (certificate, context) = (&developer.certificate, authority.context(now));
        let asked = master.fingerprint();
        let (mut user_ids, mut certified, mut why) = (Vec::new(), 0, None);
        for user_id in certificate.valid_user_ids(now) {
            match standing(&context, Some(certificate), asked, std::slice::from_ref(&user_id)) {
                Ok(_) if counts(certificate, &user_id, master, now) => certified += 1,
                Ok(_) => user_ids.push(user_id),
                Err(_) if counts(certificate, &user_id, master, now) => certified += 1,
                Err(reason) => why = why.or(Some(reason)),
            }
        }
        if user_ids.is_empty() {
            return Ok(match why {
                Some(reason) if certified == 0 => Self::Blocked(vec![no_consent(reason)]),
                None if certified == 0 => {
                    Self::Blocked(vec![no_consent("no user ID of the key is valid".into())])
                }
                Some(_) | None => Self::Done,
            });
        }
        let standing = standing(&context, Some(certificate), asked, &user_ids);
        let notation = &context.policy.certify.agreement.notation;
        let agreement = standing.ok().and_then(|standing| recorded(&standing, notation));
        let operation = Operation::Recertify(Recertify {
            certificate: CertificateBlock::new(certificate.to_bytes()),
            user_ids,
            expires,
            agreement,
            policy_uri: context.policy.certify.policy_uri.clone(),
        });
        let draft = Draft::new(now, asked, operation);
        let history = authority.history(&Object::Key(certificate.fingerprint()))?;
        Ok(match Policy::lint(&context, &draft, &history, &Evidence::default()) {
            Ok(()) => Self::Ready(Box::new(draft)),
            Err(rejection) => Self::Blocked(rejection.violations()),
        })
    }
}

fn counts(certificate: &Certificate, user_id: &str, master: &Certificate, now: Timestamp) -> bool {
    certificate.user_id(user_id).is_some_and(|user_id| {
        matches!(certificate.standing(user_id, master, now), Standing::Certified { .. })
    })
}

fn no_consent(reason: String) -> Violation {
    Violation {
        rule: crate::policy::rules::recertification::STANDING_CERTIFICATION.name.to_owned(),
        reason,
        mend: crate::policy::rules::recertification::ASK.to_owned(),
    }
}
