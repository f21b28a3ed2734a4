//! The verdicts on a module, row by row, with keys made and used by gpg: what our model of gpg
//! answers is what gpg answers, and the number is the one that FreePBX shows.

use countersign_tests::signers::World;
use countersign_tests::verdicts::{Case, TRUSTED, UNDEFINED, of, of_dev};

#[test]
fn certified_by_the_new_the_old_or_both_masters() {
    for masters in [&["one"][..], &["two"], &["one", "two"]] {
        let world = World::new();
        for master in masters {
            world.certify(master, "dev", 10, &[], &[]);
        }
        of_dev(&world).says(TRUSTED, 129);
    }
}

#[test]
fn signed_by_a_master_itself() {
    let world = World::new();
    let case = of("one", &world);
    case.says("GOODSIG VALIDSIG TRUST_ULTIMATE", 129);
    world.revoke_key("one", 25, "1");
    // gpg warns, and calls it trusted.
    case.says("REVKEYSIG VALIDSIG TRUST_ULTIMATE", 129);
}

#[test]
fn not_certified() {
    let world = World::new();
    of_dev(&world).says(UNDEFINED, 7);
}

#[test]
fn text_outside_the_block_or_another_form_of_message() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    let text = world.text("dev", "");
    let plain = world.sign("dev", 20, &text, &[]);
    let outside = [b"before\n", plain.as_slice(), b"after\n"].concat();
    let returns = String::from_utf8_lossy(&plain).replace('\n', "\r\n").into_bytes();
    let inline = world.signed("dev", 20, &text, &["--armor", "--sign"]);
    let binary = world.signed("dev", 20, &text, &["--sign"]);
    let other = world.sign("two", 20, &text, &[]);
    let two_blocks = [plain.as_slice(), &other].concat();
    for file in [outside, returns, inline, binary, two_blocks] {
        Case { world: &world, people: &["dev"], day: 30, file }.says(TRUSTED, 129);
    }
}

#[test]
fn something_critical_that_nobody_knows() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    let text = world.text("dev", "");
    let file = world.sign("dev", 20, &text, &["--sig-notation", "!foo@example.org=bar"]);
    Case { world: &world, people: &["dev"], day: 30, file }.says("BADSIG", 2);
}

#[test]
fn the_signature_or_the_key_has_expired() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    let file = world.sign("dev", 20, &world.text("dev", ""), &["--default-sig-expire", "5d"]);
    let case = Case { world: &world, people: &["dev"], day: 30, file };
    case.says("EXPSIG VALIDSIG TRUST_FULLY", 129);

    let mut world = World::new();
    world.person("short", "ed25519", "1y");
    world.certify("one", "short", 10, &[], &[]);
    let file = world.sign("short", 20, &world.text("short", ""), &[]);
    let case = Case { world: &world, people: &["short"], day: 400, file };
    case.says("EXPKEYSIG VALIDSIG", 33);
}

#[test]
fn a_certification_that_was_taken_back() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    world.revoke("one", "dev", 25, &["y"], &[]);
    of_dev(&world).says(UNDEFINED, 64);
    // Altered: gpg names no key, so FreePBX asks about all keys that it has.
    let mut case = of_dev(&world);
    case.file = String::from_utf8_lossy(&case.file).replace("manual", "Manual").into_bytes();
    case.says("BADSIG", 64);
    world.certify("two", "dev", 26, &[], &[]);
    of_dev(&world).says(TRUSTED, 129);
}

#[test]
fn one_of_two_certifications_taken_back() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    world.certify("two", "dev", 10, &[], &[]);
    world.revoke("one", "dev", 25, &["y"], &[]);
    of_dev(&world).says(TRUSTED, 129);
}

#[test]
fn one_of_two_user_ids_taken_back() {
    let world = World::new();
    let key = world.fingerprint("dev");
    world.gpg("dev", 1, &["--quick-add-uid", &key, "Dev <dev@example.net>"]);
    world.certify("one", "dev", 10, &[], &[]);
    world.revoke("one", "dev", 25, &["y", "n"], &[]);
    of_dev(&world).says(TRUSTED, 129);
}

#[test]
fn taken_back_and_certified_anew() {
    let mut world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    world.revoke("one", "dev", 25, &["y"], &[]);
    world.person("other", "ed25519", "never");
    world.certify("one", "dev", 27, &["--force-sign-key"], &[]);
    of_dev(&world).says(TRUSTED, 129);
}

#[test]
fn taken_back_by_a_master_that_is_not_rsa() {
    let mut world = World::empty(countersign_tests::signers::BEGIN);
    world.master("one", "ed25519", "never");
    world.person("dev", "ed25519", "never");
    world.certify("one", "dev", 10, &[], &[]);
    world.revoke("one", "dev", 25, &["y"], &[]);
    of_dev(&world).says(UNDEFINED, 7);
}

#[test]
fn a_certification_that_cannot_be_taken_back() {
    let world = World::new();
    world.certify_for_good("one", "dev", 10);
    world.certify("one", "dev", 11, &["--force-sign-key"], &[]);
    of_dev(&world).says(TRUSTED, 129);
    let before = world.public("dev");
    world.revoke("one", "dev", 25, &["y"], &[]);
    assert!(world.public("dev").len() > before.len(), "it bears a revocation");
    of_dev(&world).says(TRUSTED, 129);
}

#[test]
fn the_developers_key_revoked_by_its_owner() {
    for reason in ["0", "1", "2", "3"] {
        let world = World::new();
        world.certify("one", "dev", 10, &[], &[]);
        let case = of_dev(&world);
        world.revoke_key("dev", 25, reason);
        case.says("REVKEYSIG VALIDSIG TRUST_UNDEFINED", 7);
    }
}

#[test]
fn a_user_id_revoked_by_its_owner() {
    let world = World::new();
    let key = world.fingerprint("dev");
    world.gpg("dev", 1, &["--quick-add-uid", &key, "Dev <dev@example.net>"]);
    world.certify("one", "dev", 10, &[], &["Dev <dev@example.net>"]);
    of_dev(&world).says(TRUSTED, 129);
    world.gpg("dev", 25, &["--quick-revoke-uid", &key, "Dev <dev@example.net>"]);
    of_dev(&world).says(UNDEFINED, 7);
}

#[test]
fn the_masters_key_expired_or_revoked() {
    let mut world = World::new();
    world.master("short", "rsa2048", "1y");
    world.certify("short", "dev", 10, &[], &[]);
    of_dev(&world).says(TRUSTED, 129);
    let mut case = of_dev(&world);
    case.day = 400;
    case.says(UNDEFINED, 7);
    case.file = world.sign("short", 20, &world.text("short", ""), &[]);
    case.says("EXPKEYSIG VALIDSIG", 33);
    world.certify("one", "dev", 10, &[], &[]);
    world.revoke_key("one", 26, "2");
    of_dev(&world).says(TRUSTED, 129);
    case.file = of_dev(&world).file;
    case.says(UNDEFINED, 7);
}

#[test]
fn a_revocation_by_a_master_whose_key_has_ended() {
    let mut world = World::new();
    world.master("short", "rsa2048", "1y");
    world.certify("short", "dev", 10, &[], &[]);
    world.revoke("short", "dev", 25, &["y"], &[]);
    let mut case = of_dev(&world);
    case.says(UNDEFINED, 64);
    case.day = 400;
    case.says(UNDEFINED, 7);
}

#[test]
fn text_altered_garbage_and_an_unknown_key() {
    let mut world = World::new();
    world.person("stranger", "ed25519", "never");
    world.certify("one", "dev", 10, &[], &[]);
    let mut case = of_dev(&world);
    case.file = String::from_utf8_lossy(&case.file).replace("manual", "Manual").into_bytes();
    case.says("BADSIG", 2);
    case.file = b"nothing that is signed\n".to_vec();
    case.says("", 0);
    case.file = world.sign("stranger", 20, &world.text("stranger", ""), &[]);
    case.says("ERRSIG NO_PUBKEY", 4);
}

#[test]
fn sha1_certifications_count_until_2019() {
    for (begin, line, number) in [(1_500_000_000, TRUSTED, 129), (1_600_000_000, UNDEFINED, 7)] {
        let world = World::since(begin);
        let sha1 = ["--cert-digest-algo", "SHA1", "--allow-weak-key-signatures"];
        world.certify("one", "dev", 10, &sha1, &[]);
        of_dev(&world).says(line, number);
    }
}

#[test]
fn a_sha1_revocation_made_now() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    let sha1 = ["--cert-digest-algo", "SHA1", "--allow-weak-key-signatures"];
    world.revoke("one", "dev", 25, &["y"], &sha1);
    of_dev(&world).says(TRUSTED, 129);
}

#[test]
fn sha1_under_the_text() {
    let world = World::new();
    world.certify("one", "dev", 10, &[], &[]);
    let file = world.sign("dev", 20, &world.text("dev", ""), &["--digest-algo", "SHA1"]);
    Case { world: &world, people: &["dev"], day: 30, file }.says(TRUSTED, 129);
}

#[test]
fn certifications_that_end_or_have_not_begun() {
    let world = World::new();
    world.certify("one", "dev", 10, &["--default-cert-expire", "15d"], &[]);
    of_dev(&world).says(UNDEFINED, 7);
    world.certify("two", "dev", 60, &[], &[]);
    of_dev(&world).says(TRUSTED, 129);
}

#[test]
fn certified_by_introducers() {
    let mut world = World::new();
    for name in ["mirror", "second", "third"] {
        world.person(name, "ed25519", "never");
        world.certify(name, "dev", 12, &[], &[]);
    }
    let people = ["dev", "mirror", "second", "third"];
    let case = |world| Case { people: &people, ..of_dev(world) };
    case(&world).says(UNDEFINED, 7);
    world.appoint("one", "mirror", 11, "1");
    case(&world).says("GOODSIG VALIDSIG TRUST_MARGINAL", 1);
    world.appoint("one", "second", 11, "1");
    case(&world).says("GOODSIG VALIDSIG TRUST_MARGINAL", 1);
    world.appoint("one", "third", 11, "1");
    case(&world).says(TRUSTED, 129);
    world.appoint("two", "mirror", 13, "2");
    world.appoint("two", "second", 13, "2");
    case(&world).says(TRUSTED, 129);
}

#[test]
fn one_introducer_of_complete_trust() {
    let mut world = World::new();
    world.person("mirror", "ed25519", "never");
    world.certify("mirror", "dev", 12, &[], &[]);
    world.appoint("one", "mirror", 11, "2");
    let case = Case { people: &["dev", "mirror"], ..of_dev(&world) };
    case.says(TRUSTED, 129);
}

#[test]
fn two_signatures_of_which_one_is_trusted() {
    let world = World::new();
    let text = world.text("dev", "");
    let key = world.gpg("one", 0, &["--armor", "--export-secret-keys"]);
    world.import("dev", &key);
    let both = ["--local-user", "dev@example.org", "--local-user", "one@example.org"];
    let file = world.sign("dev", 20, &text, &both);
    let line = format!("{UNDEFINED} GOODSIG VALIDSIG TRUST_ULTIMATE");
    Case { world: &world, people: &["dev"], day: 30, file }.says(&line, 129);
}

#[test]
fn signed_by_a_subkey() {
    let world = World::new();
    let key = world.fingerprint("dev");
    world.gpg("dev", 1, &["--quick-add-key", &key, "ed25519", "sign", "30d"]);
    world.certify("one", "dev", 10, &[], &[]);
    let mut case = of_dev(&world);
    case.says(TRUSTED, 129);
    case.day = 40;
    case.says("EXPKEYSIG VALIDSIG", 33);
    let mut gpg = world.interactive("dev", 25);
    gpg.args(["--edit-key", &key]);
    countersign_tests::run::run(&gpg, "key 1\nrevkey\ny\n0\n\ny\nsave\n").ok();
    case.day = 30;
    case.says("REVKEYSIG VALIDSIG TRUST_FULLY", 129);
}

#[test]
fn a_subkey_falls_with_its_primary_key() {
    let world = World::new();
    let key = world.fingerprint("dev");
    world.gpg("dev", 1, &["--quick-add-key", &key, "ed25519", "sign", "never"]);
    world.certify("one", "dev", 10, &[], &[]);
    let mut case = of_dev(&world);
    case.says(TRUSTED, 129);
    world.gpg("dev", 2, &["--quick-set-expire", &key, "30d"]);
    case.day = 40;
    case.says("EXPKEYSIG VALIDSIG", 33);
    world.revoke_key("dev", 25, "3");
    case.day = 30;
    case.says("REVKEYSIG VALIDSIG TRUST_UNDEFINED", 7);
}
