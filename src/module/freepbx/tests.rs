//! What FreePBX makes of gpg's answers, where no key is needed.

use super::*;
use crate::fingerprint::Fingerprint;

const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);

fn keyring() -> Keyring {
    Keyring::from_certificates(&[], [])
}

fn said(word: Word, trust: Option<Trust>) -> Answer {
    let key = Fingerprint::from([7; 20]);
    Answer::Valid { word, key, primary: key, trust }
}

fn config(version: &str, form: &str, expires_after: &str) -> Config {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Config { version: some(version), form: some(form), expires_after: some(expires_after) }
}

fn status(answers: &[Answer], config: &Config, files: &[(String, FileState)]) -> u8 {
    let found = Found::Signature { answers, config, files, secure: Secure::Absent };
    verdict(found, &keyring(), NOW).status.number()
}

#[test]
fn each_answer_of_gpg_has_its_number() {
    let public = config("2", "public", "");
    let table = [
        (said(Word::Good, Some(Trust::Fully)), 129),
        (said(Word::Good, Some(Trust::Ultimate)), 129),
        (said(Word::ExpiredSignature, Some(Trust::Fully)), 129),
        (said(Word::RevokedKey, Some(Trust::Ultimate)), 129),
        (said(Word::Good, Some(Trust::Undefined)), 7),
        (said(Word::RevokedKey, Some(Trust::Undefined)), 7),
        (said(Word::Good, Some(Trust::Marginal)), 1),
        (said(Word::ExpiredKey, None), 33),
        (Answer::Bad, 2),
        (Answer::Error(Cause::Unfit), 4),
        (Answer::Error(Cause::NoPublicKey), 4),
    ];
    for (answer, number) in table {
        assert_eq!(status(std::slice::from_ref(&answer), &public, &[]), number, "{answer}");
    }
    assert_eq!(status(&[], &public, &[]), 0, "not OpenPGP");
    assert_eq!(verdict(Found::Nothing, &keyring(), NOW).status, Status::UNSIGNED);
    let two = [Answer::Bad, said(Word::Good, Some(Trust::Fully))];
    assert_eq!(status(&two, &public, &[]), 129, "one trusted signature is enough");
}

#[test]
fn files_count_only_where_gpg_trusts_the_signer() {
    let public = config("2", "public", "");
    let trusted = [said(Word::Good, Some(Trust::Fully))];
    let of = |state: FileState| vec![("a.php".to_owned(), state)];
    assert_eq!(status(&trusted, &public, &of(FileState::Same)), 129);
    assert_eq!(status(&trusted, &public, &of(FileState::SameOutside)), 129);
    assert_eq!(status(&trusted, &public, &of(FileState::Missing)), 130);
    let altered = FileState::Altered { actual: crate::digest::Sha256::ZERO };
    assert_eq!(status(&trusted, &public, &of(altered)), 130);
    assert_eq!(status(&trusted, &public, &[]), 129, "a list that parses to nothing");
    assert_eq!(status(&[Answer::Bad], &public, &of(FileState::Missing)), 2);
}

#[test]
fn a_local_list_needs_no_trust_unless_the_secure_folder_is_there() {
    let local = config("17.0.4", "local", "");
    let files = [("a.php".to_owned(), FileState::Same)];
    assert_eq!(status(&[Answer::Bad], &local, &files), 129);
    assert_eq!(status(&[Answer::Bad], &config("1", "local", ""), &files), 2);
    assert_eq!(status(&[Answer::Bad], &config("1.0", "local", ""), &files), 2);
    assert_eq!(status(&[Answer::Bad], &config("10", "local", ""), &files), 129);
    let unknown = [Answer::Error(Cause::NoPublicKey)];
    assert_eq!(status(&unknown, &local, &files), 4, "gpg has to know some key");
    let missing = [("a.php".to_owned(), FileState::Missing)];
    let answers = [Answer::Bad];
    let with =
        |secure| Found::Signature { answers: &answers, config: &local, files: &files, secure };
    let listed = verdict(with(Secure::Lists(&missing)), &keyring(), NOW);
    assert_eq!(listed.status.number(), 130);
    assert_eq!(verdict(with(Secure::Refused), &keyring(), NOW).path, Path::Exception);
}

#[test]
fn an_end_that_is_past_revokes_a_list_later_than_version_1() {
    let trusted = [said(Word::Good, Some(Trust::Fully))];
    let table = [
        ("2", "12345", 64),
        ("2", "1e3", 64),
        ("2", "soon", 64),
        ("2", "1700000000", 129),
        ("2", "1699999999", 64),
        ("2", "0", 129),
        ("1", "12345", 129),
        ("2", "1900000000", 129),
    ];
    for (version, after, number) in table {
        let config = config(version, "public", after);
        assert_eq!(status(&trusted, &config, &[]), number, "{version} {after}");
    }
}
