//! Signed texts against GnuPG: what it takes, what it puts out, what it makes; and real ones.
#![allow(missing_docs)]

use countersign::module::{Deviation, Manifest, SignedText, SignedTextError, write_signed};
use countersign_tests::modules::{Signers, freepbx, signatures};
use sequoia_openpgp::Cert;

const TEXT: &[u8] = b"one\n- dash\n-dash\nFrom me\n\nlast\n";

/// How many of the signatures one of the keys made.
fn verified(text: &SignedText, keys: &[Cert]) -> usize {
    let made = |s: &&sequoia_openpgp::packet::Signature| {
        keys.iter().any(|key| s.verify_document(key.primary_key().key()).is_ok())
    };
    text.signatures().iter().filter(made).count()
}

fn edit(signed: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(signed.to_vec()).expect("ASCII");
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

fn returns(signed: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(signed).replace('\n', "\r\n").into_bytes()
}

#[test]
fn whatever_gpg_accepts_is_read_with_the_same_text_and_signatures() {
    let Some(signers) = Signers::new() else { return };
    let [ann, ben] = Signers::NAMES;
    let one = signers.sign(TEXT, &[ann], &["--digest-algo", "SHA512", "--clearsign"]);
    let two = signers.sign(b"other\n", &[ben], &["--clearsign"]);
    let both = signers.sign(TEXT, &[ann, ben], &["--clearsign"]);
    let inline = signers.sign(TEXT, &[ann], &["--sign"]);
    let armored = signers.sign(TEXT, &[ann], &["--sign", "--armor"]);
    let mode_t = signers.sign(TEXT, &[ann], &["--sign", "--textmode", "--armor"]);
    let both_inline = signers.sign(TEXT, &[ann, ben], &["--sign", "--compress-algo", "none"]);
    let with_blanks = signers.sign(b"a \t\nb\r\nc\n", &[ann], &["--clearsign"]);
    let nested = signers.sign(&one, &[ben], &["--clearsign"]);
    let end = "-----END PGP SIGNATURE-----\n";
    use Deviation::*;
    let cases: Vec<(&str, Vec<u8>, Vec<Deviation>)> = vec![
        ("plain", one.clone(), vec![]),
        ("before", [b"x\n", &one[..]].concat(), vec![TextBefore]),
        ("empty line before", [b"\n", &one[..]].concat(), vec![TextBefore]),
        ("after", [&one[..], b"x\n"].concat(), vec![TextAfter]),
        ("two blocks", [&one[..], &two].concat(), vec![SeveralBlocks]),
        ("between", [&one[..], b"x\n", &two].concat(), vec![TextBetween, SeveralBlocks]),
        ("two signatures", both, vec![SeveralSignatures]),
        ("carriage returns", returns(&one), vec![CarriageReturns]),
        ("one carriage return", edit(&one, "one\n", "one\r\n"), vec![CarriageReturns]),
        ("blanks", edit(&one, "one\n", "one \t\n"), vec![TrailingBlanks]),
        (
            "blanks and a return",
            edit(&one, "one\n", "one \r\n"),
            vec![CarriageReturns, TrailingBlanks],
        ),
        ("signed blanks", with_blanks, vec![CarriageReturns, TrailingBlanks]),
        ("no escape", edit(&one, "- -dash", "-dash"), vec![UnescapedDash]),
        ("escaped needlessly", edit(&one, "\none", "\n- one"), vec![]),
        (
            "blanks after a marker",
            edit(&one, "SIGNATURE-----", "SIGNATURE----- "),
            vec![TrailingBlanks],
        ),
        ("two hashes", edit(&one, "Hash: SHA512", "Hash: SHA1, SHA512"), vec![]),
        ("two headers", edit(&one, "Hash: ", "Hash: SHA1\nHash: "), vec![Header]),
        ("another hash", edit(&one, "Hash: SHA512", "Hash: SHA256"), vec![HashHeader]),
        ("no hash", edit(&one, "Hash: SHA512\n", ""), vec![HashHeader]),
        ("a comment", edit(&one, "Hash: SHA512\n", "Comment: x\n"), vec![Header, HashHeader]),
        ("a blank for a line", edit(&one, "\n\n", "\n \n"), vec![Header]),
        ("no end", edit(&one, end, ""), vec![NoEnd]),
        ("inline", inline, vec![Inline]),
        ("armored", armored.clone(), vec![Inline]),
        ("text mode", mode_t, vec![Inline]),
        ("armored, before", [b"x\n", &armored[..]].concat(), vec![TextBefore, Inline]),
        ("armored, after", [&armored[..], b"x\n"].concat(), vec![TextAfter, Inline]),
        ("two inline signatures", both_inline, vec![SeveralSignatures, Inline]),
        ("a block in a block", nested, vec![]),
        ("changed", edit(&one, "last", "lost"), vec![]),
        ("a line more", edit(&one, "last\n", "last\n\n"), vec![]),
    ];
    let keys = signers.certificates();
    for (name, file, deviations) in cases {
        let (output, status) = signers.read(&file);
        let good = status.matches("[GNUPG:] VALIDSIG").count();
        let read = SignedText::parse(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            read.text().escape_ascii().to_string(),
            output.escape_ascii().to_string(),
            "{name}"
        );
        let mut found = read.deviations().to_vec();
        found.sort();
        let mut expected = deviations;
        expected.sort();
        assert_eq!(found, expected, "{name}");
        if !found.contains(&HashHeader) {
            assert_eq!(verified(&read, &keys), good, "{name}: {status}");
        } else {
            assert_eq!(good, 0, "{name}: {status}");
        }
    }
}

#[test]
fn what_gpg_makes_nothing_of_is_not_read() {
    let Some(signers) = Signers::new() else { return };
    let [ann, _] = Signers::NAMES;
    let one = signers.sign(TEXT, &[ann], &["--clearsign"]);
    let inline = signers.sign(TEXT, &[ann], &["--sign", "--armor"]);
    let text = String::from_utf8(one.clone()).expect("ASCII");
    let (before, signature) =
        text.split_at(text.find("-----BEGIN PGP SIGNATURE").expect("a signature"));
    let checksum = signature.lines().rev().nth(1).expect("a checksum");
    let stored = signers.sign(TEXT, &[], &["--store"]);
    let detached = signers.sign(TEXT, &[ann], &["--detach-sign"]);
    let inline_plain = signers.sign(TEXT, &[ann], &["--sign", "--compress-algo", "none"]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("text", TEXT.to_vec()),
        ("no signature", before.into()),
        ("half a text", before[..before.len() / 2].into()),
        ("a byte order mark", ["\u{feff}", &text].concat().into()),
        ("a wrong checksum", edit(&one, checksum, "=AAAA")),
        ("an empty signature", edit(&one, &signature[29..signature.len() - 28], "\n\n")),
        ("a block within", edit(&one, "one\n", &text)),
        ("five dashes", edit(&one, "one\n", "----- one\n")),
        ("a message for a signature", [before, &String::from_utf8_lossy(&inline)].concat().into()),
        ("a block and a message", [&one[..], &inline].concat()),
        ("not signed", stored),
        ("detached, armored", signature.into()),
        ("detached", detached),
        ("twice, binary", inline_plain.repeat(2)),
        ("zeros", vec![0; 1000]),
        ("a packet that never ends", [b"\xa3\x01".to_vec(), vec![0xff; 1000]].concat()),
    ];
    for (name, file) in cases {
        let read = SignedText::parse(&file);
        assert!(read.is_err(), "{name}: {read:?}");
        let (_, status) = signers.read(&file);
        let good = status.contains("VALIDSIG") && !status.contains("BADSIG");
        assert!(!good, "{name}: {status}");
    }
}

#[test]
fn files_and_lines_too_long_are_refused_before_they_cost_anything() {
    let endless = std::io::repeat(b'a');
    assert!(matches!(SignedText::read(endless), Err(SignedTextError::TooLong)));
    let mut line = b"-----BEGIN PGP SIGNED MESSAGE-----\n\n".to_vec();
    line.resize(30 << 20, b'a');
    let read = SignedText::parse(&line);
    assert!(matches!(read, Err(SignedTextError::LineTooLong { line: 3 })), "{read:?}");
}

#[test]
fn a_message_that_unpacks_to_more_than_is_read_is_refused() {
    let Some(signers) = Signers::new() else { return };
    let bomb = signers.sign(&vec![b'a'; 80 << 20], &[Signers::NAMES[0]], &["--sign"]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(SignedText::parse(&bomb), Err(SignedTextError::OpenPgp(_))));
}

#[test]
fn more_signatures_than_anybody_makes_are_refused() {
    let Some(signers) = Signers::new() else { return };
    let one = signers.sign(TEXT, &[Signers::NAMES[0]], &["--sign", "--compress-algo", "none"]);
    // A one-pass signature packet is 15 bytes long (RFC 9580 §5.4).
    let mut flood = one[..15].repeat(100_000);
    flood.extend_from_slice(&one[15..]);
    assert!(matches!(SignedText::parse(&flood), Err(SignedTextError::OpenPgp(_))));
}

#[test]
fn a_block_is_written_as_gpg_writes_it() {
    let Some(signers) = Signers::new() else { return };
    for text in ["one\n-dash\n- dash\nFrom me\nFrom\n\n--\nlast\n", "no end", "x\n\n\n", "\u{e9}\n"]
    {
        let signed = signers.sign(
            text.as_bytes(),
            &[Signers::NAMES[0]],
            &["--digest-algo", "SHA512", "--clearsign"],
        );
        let read = SignedText::parse(&signed).expect("gpg's own");
        let written = write_signed(text, &read.signatures()[0]).expect("written");
        assert_eq!(written, String::from_utf8(signed).expect("UTF-8"));
    }
}

#[test]
fn real_signatures_are_read_and_verify() {
    let Some(folder) = freepbx() else { return };
    let key = |name: &str| {
        use sequoia_openpgp::parse::Parse as _;
        Cert::from_file(folder.join("keys").join(name)).expect("a key")
    };
    let keys = [key("B53D215A755231A3.key"), key("86CE877469D2EAD9.key")];
    let found = signatures(&folder.join("signatures"));
    assert!(found.len() >= 45);
    for (name, file) in found {
        let read = SignedText::parse(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(read.deviations(), [], "{name}");
        assert_eq!(verified(&read, &keys), 1, "{name}");
        let manifest = Manifest::parse(read.text()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(manifest.text().as_bytes(), read.text(), "{name}");
    }
}

#[test]
fn odd_lists_are_read_where_they_are_written_as_the_tools_write_them() {
    let Some(folder) = freepbx() else { return };
    let expected = [
        ("backblaze-odd", Some(1)),
        ("routepermissions-dsa", Some(16)),
        ("simpledialer-fake", None),
    ];
    for (name, file) in signatures(&folder.join("odd")) {
        let Ok(signed) = SignedText::parse(&file) else {
            assert!(name.starts_with("simpledialer-fake"), "{name}");
            continue;
        };
        let odd = expected.iter().find(|(odd, _)| name.starts_with(odd));
        match (Manifest::parse(signed.text()), odd) {
            (Ok(manifest), None) => assert_eq!(manifest.text().as_bytes(), signed.text()),
            (Err(error), Some((_, line))) => assert_eq!(Some(error.line), *line, "{name}"),
            (read, _) => panic!("{name}: {read:?}"),
        }
    }
}

#[test]
fn odd_signatures_are_read_where_they_are_openpgp() {
    let Some(folder) = freepbx() else { return };
    for (name, file) in signatures(&folder.join("odd")) {
        let read = SignedText::parse(&file);
        if name.starts_with("simpledialer-fake") {
            assert!(matches!(read, Err(SignedTextError::Armor(_))), "{read:?}");
        } else {
            let read = read.unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(read.signatures().len(), 1, "{name}");
            assert_eq!(read.deviations(), [], "{name}");
        }
    }
}
