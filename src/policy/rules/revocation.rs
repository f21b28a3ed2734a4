//! Rules about taking certifications back.

use std::collections::BTreeSet;

use super::certification::earlier;
use crate::operation::{PrepareRevocation, RevokeCertification, RevokeKey};
use crate::policy::{Kind, Rule, Verdict};
use crate::safe::{Safe, is_unsafe};

/// On every user ID, or the key stays trusted through the one left out.
pub const EVERY_USER_ID: Rule = Rule {
    name: "every-user-id",
    demand: "the revocation covers every user ID that this master ever certified, and no other",
    check: |s| {
        let Some(asked) = s.asked::<RevokeCertification>() else { return Verdict::not_asked() };
        let mend = "make the request with: countersign request revoke FINGERPRINT";
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        let certified = s.history.certified_user_ids(certificate, s.master);
        let named: BTreeSet<&str> = asked.user_ids.iter().map(String::as_str).collect();
        if named.len() != asked.user_ids.len() {
            return Verdict::broken("a user ID is named twice", mend);
        }
        if let Some(left_out) = certified.iter().find(|id| !named.contains(id.as_str())) {
            let reason = format!(
                "{} was certified too: the key would stay trusted through it",
                Safe(left_out)
            );
            return Verdict::broken(reason, mend);
        }
        if let Some(other) = named.iter().find(|id| !certified.contains(**id)) {
            let reason = format!("this master never certified {}", Safe(other));
            return Verdict::broken(reason, mend);
        }
        Verdict::holds(format!("all {} that were certified", certified.len()))
    },
};

/// A text that can be published.
pub const REASON_TEXT: Rule = Rule {
    name: "reason-text",
    demand: "the reason's text is one line of at most 200 characters that a screen shows as it is",
    check: |s| {
        let certification = s.asked::<RevokeCertification>().map(|asked| &asked.text);
        let key = s.asked::<RevokeKey>().map(|asked| &asked.text);
        let prepared = s.asked::<PrepareRevocation>().map(|asked| &asked.text);
        let Some(text) = certification.or(key).or(prepared) else {
            return Verdict::not_asked();
        };
        let chars = text.chars().count();
        let mend = "give a short plain --text";
        if chars > 200 {
            return Verdict::broken(format!("the reason has {chars} characters"), mend);
        }
        match text.chars().find(|c| is_unsafe(*c)) {
            Some(c) => {
                let reason = format!("the reason holds the character U+{:04X}", u32::from(c));
                Verdict::broken(reason, mend)
            }
            None => Verdict::holds(format!("{chars} characters")),
        }
    },
};

/// Later than what it takes back, or consumers would not see it.
pub const NEWER_THAN_CERTIFICATION: Rule = Rule {
    name: "newer-than-certification",
    demand: "the revocation is newer than every certification that it takes back",
    check: |s| {
        let earlier = earlier(s);
        let certified = earlier.iter().filter(|(_, kind)| matches!(kind, Kind::Certified { .. }));
        let revoked = earlier.iter().filter(|(_, kind)| *kind == Kind::Revoked);
        let newest = certified.map(|(at, _)| *at).max();
        let revoked = revoked.map(|(at, _)| *at).max();
        match newest {
            Some(at) if s.request.created() <= at => Verdict::broken(
                format!(
                    "the request was made at {}, the key certified at {at}",
                    s.request.created()
                ),
                "make a new request",
            ),
            Some(at) if revoked.is_some_and(|r| r >= at) => {
                Verdict::warns("the certification is revoked already: this revokes it once more")
            }
            Some(at) => Verdict::holds(format!("certified at {at}")),
            None => Verdict::holds("nothing to take back"),
        }
    },
};
