//! The practice card through openpgp-card, as the station uses a card.

mod support;

use std::{
    error::Error as StdError,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::Instant,
};

use countersign_practice_card::{Error, PracticeCard};
use openpgp_card::{
    Card,
    ocard::{
        KeyType,
        algorithm::AlgoSimple,
        crypto::{HashAlgo, SigningAlgo},
        data::{Fingerprint, TouchPolicy},
    },
    state::Open,
};
use rsa::{
    Pkcs1v15Sign,
    sha2::{Digest, Sha512},
};
use secrecy::SecretString;
use support::{import, public_key, rsa_2048, sign_and_verify};

/// Tells the process that is to be killed which folder it writes to, and its parent that it has.
const FOLDER: &str = "PRACTICE_CARD_TEST_FOLDER";
const WRITTEN: &str = "written to the card";

type TestResult = Result<(), Box<dyn StdError>>;

#[test]
fn fresh_card_has_its_status_and_its_pins() -> TestResult {
    let mut card = in_memory()?;
    let mut card = card.transaction()?;
    assert_eq!(card.application_identifier()?.ident(), "0000:01020304");
    assert_eq!(card.pw_status_bytes()?.err_count_pw1(), 3);
    assert_eq!(card.digital_signature_count()?, 0);
    card.verify_user_signing_pin(user_pin())?;
    card.verify_user_pin(user_pin())?;
    card.verify_admin_pin(admin_pin())?;
    Ok(())
}

#[test]
fn wrong_pin_counts_down_and_the_right_one_resets_the_counter() -> TestResult {
    let mut card = in_memory()?;
    let mut card = card.transaction()?;
    assert!(card.verify_user_signing_pin("654321".to_string().into()).is_err());
    card.invalidate_cache()?;
    assert_eq!(card.pw_status_bytes()?.err_count_pw1(), 2);
    card.verify_user_signing_pin(user_pin())?;
    card.invalidate_cache()?;
    assert_eq!(card.pw_status_bytes()?.err_count_pw1(), 3);
    Ok(())
}

#[test]
fn data_and_key_are_there_after_reopening() -> TestResult {
    let folder = tempfile::tempdir()?;
    let key = rsa_2048();
    {
        let mut card = open(folder.path())?;
        let mut card = card.transaction()?;
        card.as_admin_card(Some(admin_pin()))?.set_cardholder_name("Rehearsal")?;
        import(&mut card, key, admin_pin())?;
        card.verify_user_signing_pin(user_pin())?;
        sign_and_verify(&mut card, &key.to_public_key())?;
        assert_eq!(card.digital_signature_count()?, 1);
    }

    let mut card = open(folder.path())?;
    let mut card = card.transaction()?;
    assert_eq!(card.cardholder_name()?, "Rehearsal");
    assert_eq!(card.digital_signature_count()?, 1);
    assert_eq!(public_key(&card.card().public_key(KeyType::Signing)?)?, key.to_public_key());
    card.verify_user_signing_pin(user_pin())?;
    sign_and_verify(&mut card, &key.to_public_key())?;
    card.invalidate_cache()?;
    assert_eq!(card.digital_signature_count()?, 2);
    Ok(())
}

#[test]
fn one_pin_may_serve_many_signatures() -> TestResult {
    let key = rsa_2048();
    let mut card = in_memory()?;
    let mut card = card.transaction()?;
    import(&mut card, key, admin_pin())?;

    card.verify_user_signing_pin(user_pin())?;
    sign_and_verify(&mut card, &key.to_public_key())?;
    assert!(
        sign_and_verify(&mut card, &key.to_public_key()).is_err(),
        "a PIN is valid for one signature by default"
    );

    card.as_admin_card(Some(admin_pin()))?.set_user_pin_signing_validity(false)?;
    card.verify_user_signing_pin(user_pin())?;
    for _ in 0..3 {
        sign_and_verify(&mut card, &key.to_public_key())?;
    }
    card.invalidate_cache()?;
    assert_eq!(card.digital_signature_count()?, 4);
    Ok(())
}

#[test]
fn card_makes_its_own_key() -> TestResult {
    let mut card = in_memory()?;
    let mut card = card.transaction()?;
    let (public, _) = card
        .as_admin_card(Some(admin_pin()))?
        .generate_key(|_, _, _| Ok(Fingerprint::from([7; 20])), KeyType::Signing)?;
    card.verify_user_signing_pin(user_pin())?;
    sign_and_verify(&mut card, &public_key(&public)?)?;
    assert_eq!(card.fingerprint(KeyType::Signing)?, Some(Fingerprint::from([7; 20])));
    Ok(())
}

#[test]
fn two_cards_make_different_keys() -> TestResult {
    // A generator with a fixed seed gives every card the same keys.
    let mut moduli = Vec::new();
    for _ in 0..2 {
        let mut card = in_memory()?;
        let mut card = card.transaction()?;
        let mut admin = card.as_admin_card(Some(admin_pin()))?;
        admin.set_algorithm(KeyType::Signing, AlgoSimple::NIST256)?;
        let (public, _) =
            admin.generate_key(|_, _, _| Ok(Fingerprint::from([7; 20])), KeyType::Signing)?;
        moduli.push(format!("{public}"));
    }
    assert_ne!(moduli[0], moduli[1]);
    Ok(())
}

#[test]
fn touch_is_asked_for_and_its_refusal_is_obeyed() -> TestResult {
    let key = rsa_2048();
    let mut card = PracticeCard::in_memory([1, 2, 3, 4])?;
    let (answer, answers) = mpsc::channel();
    card.on_touch(move || answers.recv().unwrap_or(false));
    let mut card = Card::<Open>::new(card)?;
    let mut card = card.transaction()?;
    import(&mut card, key, admin_pin())?;
    card.as_admin_card(Some(admin_pin()))?.set_touch_policy(KeyType::Signing, TouchPolicy::On)?;

    card.verify_user_signing_pin(user_pin())?;
    answer.send(false)?;
    assert!(sign_and_verify(&mut card, &key.to_public_key()).is_err());
    card.verify_user_signing_pin(user_pin())?;
    answer.send(true)?;
    sign_and_verify(&mut card, &key.to_public_key())
}

#[test]
fn second_opening_of_a_folder_is_refused() -> TestResult {
    let folder = tempfile::tempdir()?;
    let first = PracticeCard::open(folder.path())?;
    let error = PracticeCard::open(folder.path()).err().ok_or("opened twice")?;
    assert!(matches!(error, Error::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!("practice card in {} is in use by another program", folder.path().display())
    );
    drop(first);
    PracticeCard::open(folder.path())?;
    Ok(())
}

#[test]
fn two_folders_are_two_cards_and_keep_their_serial_numbers() -> TestResult {
    let (one, two) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let ident = |folder: &Path| -> Result<String, Box<dyn StdError>> {
        Ok(open(folder)?.transaction()?.application_identifier()?.ident())
    };
    assert_ne!(ident(one.path())?, ident(two.path())?);
    assert_eq!(ident(one.path())?, ident(one.path())?);
    Ok(())
}

#[test]
fn damaged_folder_is_an_error_and_stays_as_it_is() -> TestResult {
    let folder = tempfile::tempdir()?;
    drop(PracticeCard::open(folder.path())?);
    std::fs::write(folder.path().join("external.bin"), "short")?;
    assert!(matches!(PracticeCard::open(folder.path()), Err(Error::Length { actual: 5, .. })));
    std::fs::write(folder.path().join("external.bin"), vec![0; 256 * 512])?;
    assert!(matches!(PracticeCard::open(folder.path()), Err(Error::Flash(_))));
    std::fs::write(folder.path().join("serial"), "other")?;
    std::fs::remove_file(folder.path().join("external.bin"))?;
    assert!(matches!(PracticeCard::open(folder.path()), Err(Error::Serial { .. })));
    Ok(())
}

#[test]
fn answered_command_survives_a_killed_process() -> TestResult {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return write_and_wait_to_be_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir()?;
    let mut process = Command::new(std::env::current_exe()?)
        .args(["--exact", "--nocapture", "answered_command_survives_a_killed_process"])
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(process.stdout.take().ok_or("no output")?);
    let written = output.lines().map_while(Result::ok).any(|line| line.ends_with(WRITTEN));
    process.kill()?;
    process.wait()?;
    assert!(written);
    assert_eq!(open(folder.path())?.transaction()?.url()?, "https://example.org/");
    Ok(())
}

/// The process that the test above kills.
fn write_and_wait_to_be_killed(folder: &Path) -> TestResult {
    let mut card = open(folder)?;
    let mut card = card.transaction()?;
    card.as_admin_card(Some(admin_pin()))?.set_url("https://example.org/")?;
    println!("{WRITTEN}");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

#[test]
fn reset_forgets_the_pin_and_keeps_the_data() -> TestResult {
    const VERIFY: &[u8] = b"\x00\x20\x00\x82\x06123456";
    const IS_VERIFIED: &[u8] = b"\x00\x20\x00\x82";
    let mut card = PracticeCard::in_memory([1, 2, 3, 4])?;
    card.command(b"\x00\xa4\x04\x00\x06\xd2\x76\x00\x01\x24\x01\x00");
    assert_eq!(card.command(VERIFY), [0x90, 0x00]);
    assert_eq!(card.command(IS_VERIFIED), [0x90, 0x00]);
    card.reset();
    assert_eq!(card.command(IS_VERIFIED), [0x63, 0xc3]);
    assert_eq!(card.serial(), [1, 2, 3, 4]);
    Ok(())
}

/// `cargo test -p countersign-practice-card rsa_4096 -- --nocapture` prints what a master key's signature takes.
#[test]
fn rsa_4096_generation_and_signature() -> TestResult {
    let mut card = in_memory()?;
    let mut card = card.transaction()?;
    let mut admin = card.as_admin_card(Some(admin_pin()))?;
    admin.set_algorithm(KeyType::Signing, AlgoSimple::RSA4k)?;
    let begun = Instant::now();
    let (public, _) =
        admin.generate_key(|_, _, _| Ok(Fingerprint::from([7; 20])), KeyType::Signing)?;
    println!("generation {:?}", begun.elapsed());
    admin.set_user_pin_signing_validity(false)?;
    card.verify_user_signing_pin(user_pin())?;
    let digest = Sha512::digest(b"module");
    for _ in 0..5 {
        let begun = Instant::now();
        let signature =
            card.card().signature_for_hash(SigningAlgo::RSA(HashAlgo::SHA512), &digest)?;
        println!("signature {:?}", begun.elapsed());
        public_key(&public)?.verify(Pkcs1v15Sign::new::<Sha512>(), &digest, &signature)?;
    }
    Ok(())
}

fn user_pin() -> SecretString {
    "123456".to_string().into()
}

fn admin_pin() -> SecretString {
    "12345678".to_string().into()
}

fn in_memory() -> Result<Card<Open>, Box<dyn StdError>> {
    Ok(Card::<Open>::new(PracticeCard::in_memory([1, 2, 3, 4])?)?)
}

fn open(folder: &Path) -> Result<Card<Open>, Box<dyn StdError>> {
    Ok(Card::<Open>::new(PracticeCard::open(folder)?)?)
}
