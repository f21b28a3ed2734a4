//! Rules about what a certification says, and about what was said before.

use crate::certificate::Certificate;
use crate::operation::{Certify, Recertify};
use crate::policy::{Kind, Rule, Subject, Verdict};
use crate::time::Timestamp;

/// The agreement that was accepted is the one in force.
pub const AGREEMENT: Rule = Rule {
    name: "agreement",
    demand: "the request accepts the key-signing agreement in force, by its digest",
    check: |s| {
        let Some(asked) = s.asked::<Certify>() else { return Verdict::not_asked() };
        let wanted = &s.policy().certify.agreement;
        if asked.agreement == *wanted {
            return Verdict::holds(format!("accepted, {}", wanted.sha256.short()));
        }
        Verdict::broken(
            format!(
                "the agreement accepted is {} ({}), in force is {} ({})",
                asked.agreement.sha256, asked.agreement.notation, wanted.sha256, wanted.notation
            ),
            "read the agreement in force and make a new request that accepts it",
        )
    },
};

/// The policy URI is the authority's.
pub const POLICY_URI: Rule = Rule {
    name: "policy-uri",
    demand: "the certification names certify.policy_uri, or none where none is set",
    check: |s| {
        let asked = s.asked::<Certify>().map(|asked| &asked.policy_uri);
        let asked = asked.or(s.asked::<Recertify>().map(|asked| &asked.policy_uri));
        let Some(asked) = asked else { return Verdict::not_asked() };
        let none = "none".to_owned();
        let wanted = s.policy().certify.policy_uri.as_ref();
        if asked.as_ref() == wanted {
            return Verdict::holds(wanted.unwrap_or(&none));
        }
        Verdict::broken(
            format!(
                "the request names the policy {}, in force is {}",
                asked.as_ref().unwrap_or(&none),
                wanted.unwrap_or(&none)
            ),
            "make the request again with the authority's present records",
        )
    },
};

/// The certification ends when policy allows.
pub const VALIDITY: Rule = Rule {
    name: "validity",
    demand: "the certification lasts between a day and certify.max_validity_days, and has an end \
             where certify.must_expire says so",
    check: |s| {
        let policy = &s.policy().certify;
        let longest = policy.max_validity_days;
        let Some(expires) = s.request.operation().expires() else {
            return if policy.must_expire {
                Verdict::broken("the certification would never end", "ask with --validity 2y")
            } else {
                Verdict::warns("the certification never ends")
            };
        };
        let length = expires.since(s.request.created());
        if length < Timestamp::DAY || expires <= s.now() {
            return Verdict::broken(
                format!("the certification would end at {expires}"),
                "ask for a validity of at least a day",
            );
        }
        if length > longest.saturating_mul(Timestamp::DAY) {
            return Verdict::broken(
                format!(
                    "the certification would last {} days, policy allows {longest}",
                    length.div_ceil(Timestamp::DAY)
                ),
                format!("ask with --validity {longest}d or less"),
            );
        }
        Verdict::holds(format!("{} days, until {expires}", length / Timestamp::DAY))
    },
};

/// Only named keys become trusted introducers.
pub const TRUST: Rule = Rule {
    name: "trust",
    demand: "only keys that certify.introducer names become trusted introducers, at depth 1 and \
             at most with the amount named there",
    check: |s| {
        let Some(asked) = s.asked::<Certify>() else { return Verdict::not_asked() };
        let Some(trust) = asked.trust else { return Verdict::holds("an ordinary certification") };
        let Some(key) = s.certificate.map(Certificate::fingerprint) else {
            return Verdict::not_asked();
        };
        let mend = "leave --trust away, or have the policy name this key as introducer";
        let named = s.policy().certify.introducers.iter().find(|i| i.fingerprint == key);
        match named {
            _ if trust.depth != 1 => {
                Verdict::broken(format!("depth {} is never granted", trust.depth), mend)
            }
            None => Verdict::broken(format!("{key} is not named as an introducer"), mend),
            Some(named) if !(1..=named.max_amount).contains(&trust.amount) => Verdict::broken(
                format!("amount {}, policy allows {}", trust.amount, named.max_amount),
                mend,
            ),
            Some(_) => Verdict::warns(format!(
                "a TRUSTED INTRODUCER: this key will be able to certify others (amount {})",
                trust.amount
            )),
        }
    },
};

/// Later than, and in knowledge of, what the master said before.
pub const PREVIOUS_DECISIONS: Rule = Rule {
    name: "previous-decisions",
    demand: "the certification is newer than every earlier decision on this key; renewing one and \
             certifying again after a revocation are shown as such",
    check: |s| {
        let earlier = earlier(s);
        let Some(last) = earlier.iter().max_by_key(|(at, kind)| (*at, *kind == Kind::Revoked))
        else {
            return Verdict::holds("never certified by this master before");
        };
        if s.request.created() <= last.0 {
            return Verdict::broken(
                format!(
                    "the request was made at {}, but the master decided on this key at {}",
                    s.request.created(),
                    last.0
                ),
                "make a new request",
            );
        }
        match last.1 {
            Kind::SignedModule | Kind::Stated | Kind::Bundled => Verdict::not_asked(),
            Kind::Renewed { .. } | Kind::KeyRevoked | Kind::RevocationPrepared => {
                Verdict::not_asked()
            }
            Kind::Revoked => Verdict::warns(format!(
                "certification was REVOKED at {}: signing this makes the key trusted AGAIN",
                last.0
            )),
            Kind::Certified { expires: Some(at) } if at <= s.now() => {
                Verdict::holds(format!("certified at {}, which ended at {at}", last.0))
            }
            Kind::Certified { expires } => Verdict::warns(format!(
                "certified already at {}, until {}: this is a renewal",
                last.0,
                expires.map_or("no end".to_owned(), |t| t.to_string())
            )),
        }
    },
};

/// What the master decided about the key, by the record and by the certificate itself.
pub(super) fn earlier(s: &Subject<'_>) -> Vec<(Timestamp, Kind)> {
    let past = s.history.past(s.master.fingerprint(), s.certificate.map(|c| (c, s.master)));
    past.into_iter().map(|d| (d.created, d.kind)).collect()
}
