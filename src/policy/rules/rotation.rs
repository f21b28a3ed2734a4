//! Rules about the masters themselves: one certifying another, its own end, its successor.

use crate::certificate::{Certificate, lenient};
use crate::fingerprint::Fingerprint;
use crate::operation::{
    CrossCertify, KeyReason, RenewMaster, RevokeKey, Stops, TransitionStatement,
};
use crate::policy::{Context, Rule, Subject, Verdict};
use crate::safe::{Safe, is_unsafe};
use crate::time::Timestamp;

/// Only a master of the same authority is certified as one.
pub const OTHER_MASTER: Rule = Rule {
    name: "other-master",
    demand: "the certificate is that of another master whom the policy names",
    check: |s| {
        let Some(key) = s.certificate.map(Certificate::fingerprint) else {
            return Verdict::not_asked();
        };
        let mend = "name the other master in the policy, at the station too, or certify the key \
                    as a developer's";
        if key == s.master.fingerprint() {
            return Verdict::broken("a master does not certify itself", mend);
        }
        match s.policy().masters.iter().find(|m| m.fingerprint == key) {
            Some(named) => Verdict::holds(format!("{key} ({})", named.name)),
            None => Verdict::broken(format!("{key} is not a master of this authority"), mend),
        }
    },
};

/// A certification between masters that ends has to last a while.
pub const CROSS_END: Rule = Rule {
    name: "cross-end",
    demand: "a certification between masters has no end, or one that is at least 30 days away",
    check: |s| match s.asked::<CrossCertify>() {
        Some(asked) => end(s, asked.expires, Verdict::holds("no end")),
        None => Verdict::not_asked(),
    },
};

/// A master's new end is in the future.
pub const NEW_END: Rule = Rule {
    name: "new-end",
    demand: "a master that is renewed has no end, or one that is at least 30 days away",
    check: |s| match s.asked::<RenewMaster>() {
        Some(asked) => end(s, asked.expires, Verdict::warns("the master will never end")),
        None => Verdict::not_asked(),
    },
};

fn end(s: &Subject<'_>, expires: Option<Timestamp>, without: Verdict) -> Verdict {
    match expires {
        None => without,
        Some(at) if at.since(s.now()) < 30 * Timestamp::DAY => {
            let mend = "give a later date, or none";
            Verdict::broken(format!("it would end at {at}, and now it is {}", s.now()), mend)
        }
        Some(at) => Verdict::holds(format!("until {at}")),
    }
}

/// How far one master's word carries another's.
pub const CROSS_TRUST: Rule = Rule {
    name: "cross-trust",
    demand: "a master vouches for another one's certifications at depth 1 and amount 120, or not \
             at all",
    check: |s| {
        let Some(asked) = s.asked::<CrossCertify>() else { return Verdict::not_asked() };
        match asked.trust {
            None => Verdict::holds("its word does not carry the other's"),
            Some(trust) if trust.depth == 1 && trust.amount == 120 => {
                Verdict::warns("whoever trusts this master alone will trust the other one as well")
            }
            Some(trust) => Verdict::broken(
                format!("depth {}, amount {}", trust.depth, trust.amount),
                "make the request with countersign request cross-certify",
            ),
        }
    },
};

/// A statement is about two masters of this authority, one of them the one that is asked.
pub const TRANSITION_MASTERS: Rule = Rule {
    name: "transition-masters",
    demand: "the statement names this authority, two of its masters, and the asked one is one of \
             them; neither is revoked",
    check: |s| {
        let Some(asked) = s.asked::<TransitionStatement>() else { return Verdict::not_asked() };
        let mend = "make the request with countersign request transition-statement";
        if asked.authority != s.policy().name {
            let reason = format!("the statement is of {}", Safe(&asked.authority));
            return Verdict::broken(reason, mend);
        }
        if asked.old == asked.new {
            return Verdict::broken("old and new master are the same", mend);
        }
        if ![asked.old, asked.new].contains(&s.master.fingerprint()) {
            let reason = "the asked master is neither the old nor the new one";
            return Verdict::broken(reason, mend);
        }
        for key in [asked.old, asked.new] {
            let named = s.policy().masters.iter().any(|m| m.fingerprint == key);
            match s.context.masters.iter().find(|m| m.fingerprint() == key) {
                Some(master) if named && !master.is_revoked(s.now()) => {}
                Some(_) if named => {
                    return Verdict::broken(format!("{key} is revoked"), mend);
                }
                _ => return Verdict::broken(format!("{key} is not a master here"), mend),
            }
        }
        Verdict::holds(format!("{} follows {}", asked.new, asked.old))
    },
};

/// Most lines of remarks.
const MAX_REMARKS: usize = 40;
/// Longest line of remarks, in characters.
const MAX_REMARK: usize = 78;

/// What people add to a statement can be read as it stands.
pub const TRANSITION_REMARKS: Rule = Rule {
    name: "transition-remarks",
    demand: "the remarks are at most 40 lines of 78 characters that a screen shows as they are",
    check: |s| {
        let Some(asked) = s.asked::<TransitionStatement>() else { return Verdict::not_asked() };
        let mend = "give short plain lines with --remark";
        if asked.remarks.len() > MAX_REMARKS {
            return Verdict::broken(format!("{} lines of remarks", asked.remarks.len()), mend);
        }
        for remark in &asked.remarks {
            let plain = !remark.chars().any(is_unsafe) && remark.trim_end() == remark;
            if !plain || remark.chars().count() > MAX_REMARK {
                return Verdict::broken(format!("the line {:.100}", Safe(remark)), mend);
            }
        }
        Verdict::holds(format!("{} lines", asked.remarks.len()))
    },
};

/// A master signs about its own key here, nobody else's.
pub const OWN_CERTIFICATE: Rule = Rule {
    name: "own-certificate",
    demand: "the certificate is that of the very master that is asked",
    check: |s| {
        let Some(key) = s.certificate.map(Certificate::fingerprint) else {
            return Verdict::not_asked();
        };
        if key == s.master.fingerprint() {
            return Verdict::holds("the master's own");
        }
        Verdict::broken(
            format!("the certificate is that of {key}"),
            "ask the master that it belongs to",
        )
    },
};

/// Left out, a user ID would go on with the old end, and a consumer may go by it.
pub const EVERY_OWN_USER_ID: Rule = Rule {
    name: "every-own-user-id",
    demand: "each user ID of the master that is not revoked is renewed, and no other",
    check: |s| {
        let Some(asked) = s.asked::<RenewMaster>() else { return Verdict::not_asked() };
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        let mend = "make the request with countersign request renew-master";
        let valid = certificate.valid_user_ids(s.now());
        if let Some(left_out) = valid.iter().find(|id| !asked.user_ids.contains(id)) {
            return Verdict::broken(format!("{} is left out", Safe(left_out)), mend);
        }
        if asked.user_ids.len() != valid.len() {
            return Verdict::broken("a user ID is revoked, unknown or named twice", mend);
        }
        Verdict::holds(format!("all {}", valid.len()))
    },
};

/// A subkey that is to be revoked is there.
pub const OWN_SUBKEY: Rule = Rule {
    name: "own-subkey",
    demand: "a subkey that is to be revoked is a signing subkey of the master",
    check: |s| {
        let Some(asked) = s.asked::<RevokeKey>() else { return Verdict::not_asked() };
        match (asked.subkey, s.certificate) {
            (Some(subkey), Some(certificate)) if certificate.subkey(subkey).is_none() => {
                let reason = format!("{subkey} is no signing subkey of the master");
                Verdict::broken(reason, "list them with gpg --list-keys --with-subkey-fingerprint")
            }
            (Some(subkey), _) => Verdict::holds(subkey.to_string()),
            (None, _) => Verdict::holds("the whole key"),
        }
    },
};

/// A master goes when another one is there.
pub const SUCCESSOR: Rule = Rule {
    name: "successor",
    demand: "another master of the policy is valid before one is superseded or retired",
    check: |s| {
        let Some(asked) = s.asked::<RevokeKey>() else { return Verdict::not_asked() };
        let successor = successor(s.context, s.master.fingerprint());
        match (successor, asked.subkey, asked.reason) {
            (_, Some(_), _) => Verdict::holds("the master itself stays"),
            (Some(key), None, _) => Verdict::holds(format!("{key} goes on")),
            (None, None, KeyReason::Compromised) => {
                Verdict::warns("NO OTHER MASTER is left: everything signed by this one stops")
            }
            (None, None, KeyReason::Superseded | KeyReason::Retired) => Verdict::broken(
                "no other master of this authority is valid",
                "bring in the successor first: countersign rotation plan --successor FILE",
            ),
        }
    },
};

/// Another master of the authority that is alive and not revoked.
fn successor(context: &Context<'_>, gone: Fingerprint) -> Option<Fingerprint> {
    let time = std::time::SystemTime::from(context.now);
    let policy = lenient(context.now);
    let alive = |m: &&Certificate| {
        m.fingerprint() != gone
            && !m.is_revoked(context.now)
            && m.cert().with_policy(&policy, time).is_ok_and(|valid| valid.alive().is_ok())
    };
    context.masters.iter().find(alive).map(Certificate::fingerprint)
}

/// Nothing stops by surprise.
pub const EFFECT: Rule = Rule {
    name: "effect",
    demand: "a master that is superseded or retired stops at most rotation.may_stop developers, by \
             the requester's record; what stops is told",
    check: |s| {
        let Some(asked) = s.asked::<RevokeKey>() else { return Verdict::not_asked() };
        let Stops { developers, modules } = asked.stops;
        let most = s.policy().rotation.may_stop;
        match (asked.subkey, asked.reason) {
            (Some(_), _) => Verdict::holds("what the subkey signed stops, nothing else"),
            (None, _) if developers == 0 && modules == 0 => Verdict::holds("nothing stops"),
            (None, KeyReason::Superseded | KeyReason::Retired) if developers > most => {
                Verdict::broken(
                    format!("{} would stop, policy allows {most}", asked.stops),
                    "have them certified by the other master first, or revoke their \
                     certifications, or have rotation.may_stop raised",
                )
            }
            (None, _) => {
                let what = asked.stops.to_string().to_uppercase();
                Verdict::warns(format!("WITH THIS MASTER STOP: {what}"))
            }
        }
    },
};
