//! Rules about a certification by one master that rests on another's.

use crate::certificate::{Certificate, Opinion};
use crate::fingerprint::Fingerprint;
use crate::module::Keyring;
use crate::module::chain::{Certifier, Chain, Lapse, Moments, Word};
use crate::operation::{Agreement, Recertify};
use crate::policy::{Context, RotationConsent, Rule, Subject, Verdict};
use crate::safe::Safe;

/// Whether the developers have to ask anew is the authority's to say.
pub const CONSENT: Rule = Rule {
    name: "rotation-consent",
    demand: "rotation.consent lets a certification that stands be the developer's consent",
    check: |s| match s.policy().rotation.consent {
        RotationConsent::OnFile => Verdict::holds("the certification that stands"),
        RotationConsent::Fresh => Verdict::broken(
            "the policy asks for a new request by the developer (rotation.consent is \"fresh\")",
            ASK,
        ),
    },
};

/// The earlier consent, and what it was worth to another master.
pub const STANDING_CERTIFICATION: Rule = Rule {
    name: "standing-certification",
    demand: "each user ID asked for is certified by another master of this authority, and that \
             certification counts now",
    check: |s| match standing(s.context, s.certificate, s.master.fingerprint(), user_ids(s)) {
        Ok(standing) if standing.iter().any(|s| s.opinion.introduces.is_some()) => Verdict::warns(
            "the key is a trusted introducer by the certification that stands: this one is an \
             ordinary one",
        ),
        Ok(standing) => {
            let by = standing.iter().map(|s| s.master.key_id()).collect::<Vec<_>>();
            let since = standing.iter().map(|s| s.opinion.created).min();
            let since = since.map_or(String::new(), |at| format!(", since {}", at.date()));
            Verdict::holds(format!("by {}{since}", first_of(by)))
        }
        Err(reason) => Verdict::broken(reason, ASK),
    },
};

/// Nobody agrees to a text by somebody else's request.
pub const RECORDED_AGREEMENT: Rule = Rule {
    name: "recorded-agreement",
    demand: "the request names the agreement that the certifications that stand record, and none \
             where they record none or not the same",
    check: |s| {
        let Some(asked) = s.asked::<Recertify>() else { return Verdict::not_asked() };
        let Ok(standing) = standing(s.context, s.certificate, s.master.fingerprint(), user_ids(s))
        else {
            return Verdict::not_asked();
        };
        let in_force = &s.policy().certify.agreement;
        let recorded = recorded(&standing, &in_force.notation);
        match (&asked.agreement, recorded) {
            (asked, recorded) if *asked != recorded => {
                let named = |a: &Option<Agreement>| {
                    a.as_ref().map_or("none".to_owned(), |a| a.sha256.to_string())
                };
                Verdict::broken(
                    format!(
                        "the request names the agreement {}, on record is {}",
                        named(asked),
                        named(&recorded)
                    ),
                    "make the request with: countersign request recertify FINGERPRINT",
                )
            }
            (Some(agreement), _) if agreement == in_force => {
                Verdict::holds(format!("accepted, {}", agreement.sha256.short()))
            }
            (Some(agreement), _) => Verdict::holds(format!(
                "{} was accepted, in force is {}",
                agreement.sha256.short(),
                in_force.sha256.short()
            )),
            (None, _) => Verdict::holds("none on record"),
        }
    },
};

/// What is left where the record does not do.
pub const ASK: &str = "have the developer ask: countersign request certify --accept-agreement FILE";

/// A certification that another request can rest on.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The user ID.
    pub user_id: String,
    /// Who certified it.
    pub master: Fingerprint,
    /// What was said.
    pub opinion: Opinion,
}

/// For each of `user_ids`, the newest certification that counts by a master other than `asked`.
///
/// # Errors
/// Why one of them has none, in words.
pub fn standing(
    context: &Context<'_>,
    certificate: Option<&Certificate>,
    asked: Fingerprint,
    user_ids: &[String],
) -> Result<Vec<Standing>, String> {
    let Some(certificate) = certificate else { return Err("there is no certificate".into()) };
    let keyring = Keyring::from_certificates(context.masters, []);
    let moments = Moments { signed: context.now, now: context.now };
    let chain = Chain::of(&keyring, certificate, moments);
    let of_each = |user_id: &String| {
        let about = |w: &&Word<'_>| w.opinion.user_id.value() == user_id.as_bytes();
        let other = |w: &&Word<'_>| w.by.certificate().fingerprint() != asked;
        let all: Vec<&Word<'_>> = chain.words.iter().filter(about).collect();
        let words: Vec<&Word<'_>> = all.iter().copied().filter(other).collect();
        let newest = words.iter().filter(|w| w.counts()).max_by_key(|w| w.opinion.created);
        // One master's revocation is the authority's word, whichever master certified before.
        let revoked = all.iter().filter(|w| matches!(w.lapse, Some(Lapse::Revoked { .. })));
        let last = revoked.max_by_key(|w| w.opinion.created);
        if let (Some(newest), Some(last)) = (newest, last)
            && last.opinion.created >= newest.opinion.created
        {
            return Err(why(user_id, &[last]));
        }
        match newest {
            Some(Word { by: Certifier::Master(master), opinion, .. }) => Ok(Standing {
                user_id: user_id.clone(),
                master: master.fingerprint(),
                opinion: opinion.clone(),
            }),
            Some(Word { by: Certifier::Introducer(_), .. }) | None => Err(why(user_id, &words)),
        }
    };
    user_ids.iter().map(of_each).collect()
}

/// The agreement that all of these certifications record, if it is one and the same.
pub fn recorded(standing: &[Standing], notation: &str) -> Option<Agreement> {
    let of_one = |s: &Standing| {
        let mut named = s.opinion.notations.iter().filter(|(name, _)| name == notation);
        let sha256 = named.next()?.1.parse().ok()?;
        named.next().is_none().then(|| Agreement { sha256, notation: notation.to_owned() })
    };
    let first = standing.first().and_then(of_one)?;
    standing.iter().all(|s| of_one(s).as_ref() == Some(&first)).then_some(first)
}

fn why(user_id: &str, words: &[&Word<'_>]) -> String {
    let shown = Safe(user_id);
    let last = words.iter().max_by_key(|w| w.opinion.created);
    match last.and_then(|w| Some((w, w.lapse.as_ref()?))) {
        Some((word, lapse)) => {
            let by = word.by.certificate().fingerprint().key_id();
            format!("the certification of {shown} by {by} does not count: {lapse}")
        }
        None => format!("no other master of this authority certified {shown}"),
    }
}

fn user_ids<'a>(s: &Subject<'a>) -> &'a [String] {
    s.request.operation().user_ids()
}

/// The masters' key ids, each once.
fn first_of(mut by: Vec<String>) -> String {
    by.sort();
    by.dedup();
    by.join(" and ")
}
