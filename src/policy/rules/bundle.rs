//! Rules about a trust bundle's head and the keyring that it names.

use crate::bundle::{Contents, Head, Serial};
use crate::operation::TrustBundle;
use crate::policy::{KeyringFile, Kind, Rule, Subject, Verdict};
use crate::safe::{Safe, counted};
use crate::time::Timestamp;

const AGAIN: &str = "build the bundle again from an up-to-date record: countersign bundle build";
const NO_KEYRING: &str = "no keyring to look at";

/// A bundle is newer than every other.
pub const BUNDLE_SERIAL: Rule = Rule {
    name: "bundle-serial",
    demand: "the serial number is higher, and the date later, than in every bundle that a master \
             signed",
    check: |s| {
        let Some(head) = head(s) else { return Verdict::not_asked() };
        let signed = s.history.decisions.iter().filter(|d| d.kind == Kind::Bundled);
        let serials = signed.clone().flat_map(|d| &d.names);
        let highest = serials.filter_map(|name| name.parse().ok().map(Serial)).max();
        if let Some(highest) = highest.filter(|highest| *highest >= head.serial) {
            return Verdict::broken(
                format!("the serial number is {}, and {highest} was signed", head.serial),
                format!("countersign bundle build --serial {}", highest.next()),
            );
        }
        match signed.map(|d| d.created).max() {
            Some(last) if last >= head.made => Verdict::broken(
                format!("a bundle made at {last} was signed, this one was made at {}", head.made),
                "make a new request; is a clock wrong?",
            ),
            Some(last) => Verdict::holds(format!("{}, the last one is of {last}", head.serial)),
            None if head.serial == Serial(0) => {
                Verdict::broken("serial numbers begin with 1", "build the bundle again")
            }
            None => Verdict::holds(format!("{}, no other was signed here", head.serial)),
        }
    },
};

/// It ends when policy says.
pub const BUNDLE_DATES: Rule = Rule {
    name: "bundle-dates",
    demand: "it was made when the request was, ends after that and within bundle.valid_days, and \
             has just bundle.grace_days of grace",
    check: |s| {
        let Some(head) = head(s) else { return Verdict::not_asked() };
        let policy = &s.policy().bundle;
        let longest = head.made.after(policy.valid_days.saturating_mul(Timestamp::DAY));
        let wrong = |reason: String| Verdict::broken(reason, AGAIN);
        if head.made != s.request.created() {
            let asked = s.request.created();
            return wrong(format!("it was made at {}, the request at {asked}", head.made));
        }
        if head.expires <= s.now() || head.expires > longest {
            return wrong(format!("it ends at {}, policy allows {longest}", head.expires));
        }
        if head.grace_days != policy.grace_days {
            let (actual, allowed) = (head.grace_days as usize, policy.grace_days);
            let actual = counted(actual, "day");
            return wrong(format!("it has {actual} of grace, policy says {allowed}"));
        }
        Verdict::holds(format!("until {}", head.expires))
    },
};

/// What is blocked can be read, and what is not blocked any more is said.
pub const BUNDLE_BLOCKED: Rule = Rule {
    name: "bundle-blocked",
    demand: "each blocked module has a version and a reason that a screen shows, is dated before \
             the bundle, and stands there once; what the last bundle blocked and this one does not \
             is said",
    check: |s| {
        let Some(head) = head(s) else { return Verdict::not_asked() };
        for (at, blocked) in head.blocked.iter().enumerate() {
            let (module, version) = (&blocked.module, Safe(&blocked.version));
            if let Err(error) = blocked.check() {
                return Verdict::broken(format!("{module} {version}: {error}"), AGAIN);
            }
            if blocked.since > head.made {
                return Verdict::broken(format!("{module} {version} is dated later"), AGAIN);
            }
            if head.blocked[..at].iter().any(|other| other.same(blocked)) {
                return Verdict::broken(format!("{module} {version} stands there twice"), AGAIN);
            }
        }
        let last = s.evidence.last_bundle.iter().flat_map(|last| &last.blocked);
        let gone = last.filter(|old| !head.blocked.iter().any(|new| new.same(old)));
        let gone: Vec<String> =
            gone.map(|b| format!("{} {}", b.module, Safe(&b.version))).collect();
        match gone.is_empty() {
            true => Verdict::holds(counted(head.blocked.len(), "module")),
            false => Verdict::warns(format!("NO LONGER BLOCKED: {}", gone.join(", "))),
        }
    },
};

/// The station sees what the head stands for.
pub const BUNDLE_KEYRING: Rule = Rule {
    name: "bundle-keyring",
    demand: "the keyring lies beside the request, with the length and the digest that the head \
             names",
    check: |s| {
        let Some(head) = head(s) else { return Verdict::not_asked() };
        let name = crate::bundle::keyring_name(head.serial);
        match &s.evidence.keyring {
            KeyringFile::Absent => Verdict::broken(
                "only the head came: whom it would have everybody trust is not known here",
                format!("put {name} beside the request"),
            ),
            KeyringFile::Unreadable(reason) => Verdict::broken(
                format!("{name} cannot be read: {}", Safe(reason)),
                "copy it to the stick again",
            ),
            KeyringFile::Read(found)
                if found.bytes == head.keyring.bytes
                    && found.sha256 == Some(head.keyring.sha256) =>
            {
                Verdict::holds(format!("{} bytes, hashed here", found.bytes))
            }
            KeyringFile::Read(_) => Verdict::broken(
                format!("{name} is not the keyring that the head names"),
                "copy it to the stick again, with the request that it was made for",
            ),
        }
    },
};

/// Whoever has the bundle trusts these.
pub const BUNDLE_MASTERS: Rule = Rule {
    name: "bundle-masters",
    demand: "head and keyring name this authority and just the masters of its policy, in its order",
    check: |s| {
        let Some(head) = head(s) else { return Verdict::not_asked() };
        let policy = s.policy();
        if head.authority != policy.name {
            let actual = Safe(&head.authority).to_string();
            return Verdict::broken(format!("it is of {actual}, not {}", policy.name), AGAIN);
        }
        let expected: Vec<_> = policy.masters.iter().map(|m| (m.fingerprint, &m.name)).collect();
        let named: Vec<_> = head.masters.iter().map(|m| (m.fingerprint, &m.name)).collect();
        if named != expected {
            return Verdict::broken("the head names other masters than the policy", AGAIN);
        }
        match contents(s) {
            None => Verdict::holds(NO_KEYRING),
            Some(found) if found.masters.iter().eq(expected.iter().map(|(key, _)| key)) => {
                let masters = counted(named.len(), "master");
                Verdict::holds(format!("{masters}, each with its certificate"))
            }
            Some(_) => Verdict::broken("the keyring holds other masters than the policy", AGAIN),
        }
    },
};

/// Nobody is in it of whom no master said anything.
pub const BUNDLE_DEVELOPERS: Rule = Rule {
    name: "bundle-developers",
    demand: "every certificate in the keyring is minimal and stands there once, a master of this \
             authority certified each developer's or took that back, and there are as many as the \
             head says",
    check: |s| {
        let Some(head) = head(s) else { return Verdict::not_asked() };
        let Some(found) = contents(s) else { return Verdict::holds(NO_KEYRING) };
        if let Some((whose, flaw)) = found.flaws.first() {
            return Verdict::broken(format!("{whose}: {flaw}"), AGAIN);
        }
        if found.developers != u64::from(head.developers) {
            let (actual, said) = (found.developers, head.developers);
            return Verdict::broken(format!("{actual} are in it, the head says {said}"), AGAIN);
        }
        Verdict::holds(format!("{}, each read here", found.developers))
    },
};

/// No revocation that was signed here is left out.
pub const BUNDLE_DECISIONS: Rule = Rule {
    name: "bundle-decisions",
    demand: "every revocation that a master signed, by the records here, is in the keyring",
    check: |s| {
        let Some(_) = head(s) else { return Verdict::not_asked() };
        let Some(found) = contents(s) else { return Verdict::holds(NO_KEYRING) };
        let missing = &found.missing;
        if let Some((key, at)) = missing.revocations.first() {
            let more = match missing.revocations.len() {
                1 => String::new(),
                n => format!(", and {} more", n - 1),
            };
            return Verdict::broken(
                format!("the revocation of {key}, made at {at}, is not in it{more}"),
                "install the answer to that request first, then build the bundle again",
            );
        }
        match missing.certifications {
            0 => Verdict::holds("all that the records here know"),
            n => Verdict::warns(format!(
                "{n} certifications that were signed here are not in it: ended since, or never \
                 installed"
            )),
        }
    },
};

fn head<'a>(s: &Subject<'a>) -> Option<&'a Head> {
    s.asked::<TrustBundle>().map(|asked| &asked.head)
}

/// The keyring, where it could be read.
fn contents<'a>(s: &Subject<'a>) -> Option<&'a Contents> {
    match &s.evidence.keyring {
        KeyringFile::Read(contents) => Some(contents),
        KeyringFile::Absent | KeyringFile::Unreadable(_) => None,
    }
}
