//! Who may ask.

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::policy::StandardPolicy;

use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::policy::{Rule, Subject, Verdict};

/// The owner of the key to be certified signed the request with that key.
pub const PROOF_OF_POSSESSION: Rule = Rule {
    name: "requester-signature",
    demand: "the request is signed by the very key that is to be certified",
    check: |s| {
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        if s.request.signatures().is_empty() {
            return unsigned();
        }
        if let Some(weak) = weak_digest(s) {
            return weak;
        }
        for signature in s.request.signatures() {
            match signed_by(signature, certificate) {
                Some(key) if key == certificate.fingerprint() => {}
                Some(subkey) => {
                    if let Err(reason) = usable(s, certificate, subkey) {
                        let mend = "sign the request with a valid key of the certificate";
                        return Verdict::broken(reason, mend);
                    }
                }
                None => return wrong_signature(signature, certificate.fingerprint()),
            }
        }
        Verdict::holds(format!("signed by {}", certificate.fingerprint()))
    },
};

/// Somebody asks who may: for what only a manager may ask.
pub const REQUESTER_ALLOWED: Rule = Rule {
    name: "requester-allowed",
    demand: "the request is signed by a manager whose may_request names the operation",
    check: by_manager,
};

/// The rules about a request's signatures: before it is signed they cannot hold.
pub const ABOUT_SIGNATURES: &[&str] = &[PROOF_OF_POSSESSION.name, REQUESTER_ALLOWED.name];

fn by_manager(s: &Subject<'_>) -> Verdict {
    let operation = s.request.operation().name();
    let mut names = Vec::new();
    if s.request.signatures().is_empty() {
        return unsigned();
    }
    if let Some(weak) = weak_digest(s) {
        return weak;
    }
    for signature in s.request.signatures() {
        let signer = s.context.managers.iter().find_map(|m| Some((m, signed_by(signature, m)?)));
        let Some((certificate, key)) = signer else {
            return Verdict::broken(
                "the signature over the request is not by any manager of this authority",
                "have a manager whom the policy names sign the request, unchanged",
            );
        };
        let primary = certificate.fingerprint();
        let Some(manager) = s.policy().managers.iter().find(|m| m.fingerprint == primary) else {
            return Verdict::broken(
                format!("{primary} is not named as a manager in the policy"),
                "have a manager whom the policy names sign the request",
            );
        };
        if !manager.may_request.contains(&operation) {
            return Verdict::broken(
                format!("{} may not ask for {operation}", manager.name),
                format!("have somebody sign who may, or add {operation} to may_request"),
            );
        }
        if let Err(reason) = usable(s, certificate, key) {
            return Verdict::broken(reason, "sign with a key that is valid");
        }
        names.push(format!("{} ({primary})", manager.name));
    }
    Verdict::holds(format!("asked by {}", names.join(", ")))
}

/// Which key of `certificate`, if any, made `signature` over the request's text.
fn signed_by(signature: &Signature, certificate: &Certificate) -> Option<Fingerprint> {
    let handles = signature.get_issuers();
    certificate
        .cert()
        .keys()
        .filter(|k| handles.iter().any(|h| h.aliases(k.key().key_handle())))
        .find(|k| signature.verify_document(k.key()).is_ok())
        .and_then(|k| Fingerprint::try_from(k.key().fingerprint()).ok())
}

/// Whether `key` of `certificate` is alive and not revoked, by today's cryptographic standards.
fn usable(s: &Subject<'_>, certificate: &Certificate, key: Fingerprint) -> Result<(), String> {
    if certificate.unverified_revoker() {
        return Err("a declared revoker seems to have revoked the signer's key".to_owned());
    }
    let policy = StandardPolicy::at(s.now());
    let now = std::time::SystemTime::from(s.now());
    let whole = certificate
        .cert()
        .with_policy(&policy, now)
        .map_err(|e| format!("the signer's certificate is not valid: {e}"))?;
    whole.alive().map_err(|e| format!("the signer's certificate is not valid: {e}"))?;
    let valid = whole.keys().alive().revoked(false).for_signing();
    let found = valid.into_iter().any(|k| k.key().fingerprint() == key.into());
    let revoked =
        !matches!(whole.revocation_status(), openpgp::types::RevocationStatus::NotAsFarAsWeKnow);
    if found && !revoked {
        Ok(())
    } else {
        Err(format!("the signing key {key} is revoked, expired or not for signing"))
    }
}

/// A signature over a digest for which somebody can make a second text.
fn weak_digest(s: &Subject<'_>) -> Option<Verdict> {
    use openpgp::types::HashAlgorithm::{SHA256, SHA384, SHA512};
    let weak = |a: &openpgp::types::HashAlgorithm| !matches!(a, SHA256 | SHA384 | SHA512);
    let algorithm = s.request.signatures().iter().map(|s| s.hash_algo()).find(weak)?;
    Some(Verdict::broken(
        format!("the request is signed over {algorithm}"),
        "sign it over SHA-512, as countersign does",
    ))
}

fn unsigned() -> Verdict {
    Verdict::broken("the request is not signed", "sign it with countersign request")
}

fn wrong_signature(signature: &Signature, expected: Fingerprint) -> Verdict {
    let issuer = signature.get_issuers().first().map_or("nobody".to_owned(), ToString::to_string);
    if issuer == expected.to_string() || issuer == expected.key_id() {
        Verdict::broken(
            "the signature over the request is bad: the text was altered after signing",
            "make the request again and carry it unchanged",
        )
    } else {
        Verdict::broken(
            format!(
                "the request is signed by {issuer}, not by {expected}, whose certification it \
                 asks for, or it was altered after signing"
            ),
            "sign the request with the key that is to be certified",
        )
    }
}
