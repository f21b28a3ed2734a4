//! Who may ask.

use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::policy::signers::{Fault, Signer, owner};
use crate::policy::{Person, Rule, Subject, Verdict};

/// The owner of the key to be certified signed the request with that key.
pub const PROOF_OF_POSSESSION: Rule = Rule {
    name: "requester-signature",
    demand: "the request is signed by the very key that is to be certified",
    check: by_owner,
};

/// Somebody asks who may: for what only a manager may ask.
pub const REQUESTER_ALLOWED: Rule = Rule {
    name: "requester-allowed",
    demand: "the request is signed by a manager whose may_request names the operation",
    check: by_manager,
};

fn by_owner(s: &Subject<'_>) -> Verdict {
    let Some(key) = owner(s).map(Certificate::fingerprint) else { return Verdict::not_asked() };
    if s.signed.is_empty() {
        return unsigned();
    }
    let mut own = 0;
    for one in &s.signed {
        match (&one.by, &one.fault) {
            (Signer::Manager(_) | Signer::Stranger, _) => {}
            (Signer::Owner(_), None) => own += 1,
            (Signer::Owner(_), Some(fault)) => return faulty(fault, None),
        }
    }
    match s.signed.first() {
        Some(first) if own == 0 => other_signature(&first.by, first.fault.as_ref(), key),
        _ => Verdict::holds(format!("signed by {key}")),
    }
}

fn by_manager(s: &Subject<'_>) -> Verdict {
    let operation = s.request.operation().name();
    if s.signed.is_empty() {
        return unsigned();
    }
    let (mut asking, mut faults, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for one in &s.signed {
        let Signer::Manager(manager) = one.by else { continue };
        match &one.fault {
            _ if !manager.may_request.contains(&operation) => others.push(Person::of(manager)),
            None => asking.push(format!("{} ({})", manager.name, manager.fingerprint)),
            Some(fault) => faults.push((fault, Person::of(manager))),
        }
    }
    match (asking.is_empty(), faults.first(), others.first()) {
        (false, ..) => Verdict::holds(format!("asked by {}", asking.join(", "))),
        (true, Some((fault, person)), _) => faulty(fault, Some(person)),
        (true, None, Some(person)) => Verdict::broken(
            format!("{} may not ask for {operation}", person.name),
            format!("have somebody sign who may, or add {operation} to may_request"),
        ),
        (true, None, None) => Verdict::broken(
            "the signature over the request is not by any manager of this authority",
            "have a manager whom the policy names sign the request, unchanged",
        ),
    }
}

fn unsigned() -> Verdict {
    Verdict::broken("the request is not signed", "sign it with countersign request")
}

/// The requester's own signature does not count.
fn faulty(fault: &Fault, person: Option<&Person>) -> Verdict {
    let whose = person.map(|person| format!("{person}: ")).unwrap_or_default();
    match fault {
        Fault::OtherText | Fault::Stranger(_) => Verdict::broken(
            format!(
                "{whose}the signature over the request is bad: the text was altered after signing"
            ),
            "make the request again and carry it unchanged",
        ),
        Fault::Weak(algorithm) => Verdict::broken(
            format!("{whose}the request is signed over {algorithm}"),
            "sign it over SHA-512, as countersign does",
        ),
        Fault::Unusable(reason) => {
            Verdict::broken(format!("{whose}{reason}"), "sign the request with a key that is valid")
        }
    }
}

fn other_signature(by: &Signer<'_>, fault: Option<&Fault>, expected: Fingerprint) -> Verdict {
    let who = match (by, fault) {
        (_, Some(Fault::Stranger(issuer))) => issuer.clone(),
        (Signer::Manager(manager), _) => manager.fingerprint.to_string(),
        (Signer::Owner(_) | Signer::Stranger, _) => "somebody else".to_owned(),
    };
    Verdict::broken(
        format!(
            "the request is signed by {who}, not by {expected}, whose certification it asks for, \
             or it was altered after signing"
        ),
        "sign the request with the key that is to be certified",
    )
}
