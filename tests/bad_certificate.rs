//! Certificates that carry more than they should.
#![allow(missing_docs)]

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::bad::{signs_nothing, with_changed_body};
use countersign_tests::flood::flooded;
use countersign_tests::people::{self, fingerprint};
use countersign_tests::{Scenario, elgamal};
use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::parse::Parse as _;
use serde_json::Value;

/// The base64 lines of a request's certificate, replaced.
fn replace_certificate(body: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> String {
    let mut value: Value = serde_json::from_str(body).expect("JSON");
    let lines = &value["operation"]["certify"]["certificate"];
    let lines: Vec<String> = serde_json::from_value(lines.clone()).expect("lines");
    let bytes = change(STANDARD.decode(lines.concat()).expect("base64"));
    let text = STANDARD.encode(bytes);
    let start = body.find("\"certificate\": [").expect("the field");
    let end = start + body[start..].find(']').expect("its end");
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(64)
        .map(|c| format!("        \"{}\"", String::from_utf8_lossy(c)))
        .collect();
    value["operation"]["certify"]["certificate"] = Value::Null;
    format!("{}\"certificate\": [\n{}\n      {}", &body[..start], lines.join(",\n"), &body[end..])
}

#[test]
fn a_certificate_with_foreign_certifications_is_not_minimal() {
    let foreign = foreign_certification();
    let s = with_changed_body(|body| {
        replace_certificate(body, |mut bytes| {
            for _ in 0..10 {
                bytes.extend_from_slice(&foreign);
            }
            bytes
        })
    });
    signs_nothing(&s).ends(3).says("NO certificate").says("not minimal: 10 foreign");
}

#[test]
fn a_certificate_of_an_old_key_that_signs_by_elgamal_is_refused() {
    let old = elgamal::old_key("Bob Example <bob@example.org>");
    for (certificate, words) in [
        (old.primary, "NO key-algorithm the key is ElGamal 2048: ElGamal keys cannot sign safely"),
        (old.public, "NO certificate the certificate is not minimal"),
    ] {
        let s = with_changed_body(|body| replace_certificate(body, |_| certificate.clone()));
        signs_nothing(&s).ends(3).says(words).says("→ make");
    }
}

/// A certification of Bob's user ID by Dave, as one packet.
fn foreign_certification() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("h");
    people::copy(&people::kept().join("gnupg"), &home);
    let (bob, dave) = (fingerprint("bob"), fingerprint("dave"));
    people::gpg(&home, &["--local-user", &dave, "--quick-sign-key", &bob]).ok();
    let file = folder.path().join("bob.gpg");
    let path = file.to_str().expect("a plain path");
    people::gpg(&home, &["--output", path, "--export", &bob]).ok();
    people::kill_agent(&home);
    let bytes = fs::read(&file).expect("an export");
    packets(&bytes).last().expect("packets").to_vec()
}

/// Splits certificates as gpg writes them: old packet format, lengths of one or two bytes.
fn packets(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let [tag, one, two, ..] = *bytes {
        let (header, length) = match tag & 3 {
            0 => (2, usize::from(one)),
            1 => (3, usize::from(one) << 8 | usize::from(two)),
            other => panic!("length type {other}"),
        };
        let (packet, rest) = bytes.split_at(header + length);
        found.push(packet);
        bytes = rest;
    }
    found
}

/// What the programs may need beside the certificate's own kilobytes, in megabytes.
const MEMORY: u32 = 24;

#[test]
fn a_key_flooded_with_certifications_makes_a_minimal_request() {
    let s = Scenario::new().within(MEMORY);
    let key = |name: &str| Cert::from_file(s.path(&format!("{name}.key"))).expect("a key file");
    let (bob, alice) = (key("bob"), key("alice"));
    fs::write(s.path("flooded.key"), flooded(&bob, &alice, 100_000)).expect("a new file");
    let public = flooded(&bob.strip_secret_key_material(), &alice, 100_000);
    assert!(public.len() > 45 << 20);
    fs::write(s.path("flooded.asc"), public).expect("a new file");

    let begin = Instant::now();
    let ask = ["request", "certify", "--accept-agreement", "agreement.txt"];
    s.countersign(&[&ask[..], &["--key-file", "flooded.key", "-o", "stick"]].concat()).ok();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(fs::metadata(s.request()).expect("a request").len() < 5_000);
    s.session().run().ok().says("1 signed with 1 signature");

    let init = ["authority", "init", "--name", "X", "--domain", "example.org", "--authority", "x"];
    let files = ["--master", "one.asc", "--manager", "flooded.asc", "--agreement", "agreement.txt"];
    s.countersign(&[&init[..], &files].concat()).ok();
    let kept = fs::metadata(s.path(&format!("x/managers/{}.asc", fingerprint("bob"))));
    assert!(kept.expect("a manager").len() < 1_000);
}
