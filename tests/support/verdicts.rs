//! One verdict asked three times: of gpg, of our model of gpg, and of our model of FreePBX.

use std::process::Command;

use countersign::module::freepbx::{Config, Found, Secure, verdict};
use countersign::module::{FileState, SignedText, gpg};

use crate::modules::is_modelled;
use crate::run::run;
use crate::signers::{Told, World};

/// gpg's words for a signature that is trusted fully.
pub const TRUSTED: &str = "GOODSIG VALIDSIG TRUST_FULLY";
/// gpg's words for a good signature by a key that nobody certified.
pub const UNDEFINED: &str = "GOODSIG VALIDSIG TRUST_UNDEFINED";

/// A module as a PBX finds it on a day: who is in its keyring, and the file.
pub struct Case<'a> {
    /// Where it happens.
    pub world: &'a World,
    /// Who is in the PBX's keyring beside the masters.
    pub people: &'a [&'a str],
    /// The day on which it is found.
    pub day: u32,
    /// The `module.sig`.
    pub file: Vec<u8>,
}

impl Case<'_> {
    /// gpg says `line`, our model of gpg says the same, and FreePBX's number is `number`.
    #[track_caller]
    pub fn says(&self, line: &str, number: u8) -> &Self {
        let Told { line: told, number: real } =
            self.world.verify(self.people, self.day, &self.file);
        if (told.as_str(), real) != (line, number) && is_modelled(&gpg_version(), "2.2.") {
            panic!("gpg itself: {told}, {real} instead of {line}, {number}");
        }
        let keyring = self.world.keyring(self.people);
        let now = self.world.day(self.day);
        let answers = match SignedText::parse(&self.file) {
            Ok(text) => gpg::answers(&text, &keyring, now),
            Err(_) => Vec::new(),
        };
        let ours: Vec<String> = answers.iter().map(ToString::to_string).collect();
        assert_eq!(ours.join(" "), line, "our model of gpg");
        let config = Config { version: Some("2".into()), ..Config::default() };
        let files = [("a.php".to_owned(), FileState::Same)];
        let secure = Secure::Absent;
        let found = Found::Signature { answers: &answers, config: &config, files: &files, secure };
        assert_eq!(verdict(found, &keyring, now).status.number(), number, "our FreePBX");
        self
    }
}

/// What `dev` signed on day 20, found on day 30.
pub fn of_dev(world: &World) -> Case<'_> {
    of("dev", world)
}

/// What somebody signed on day 20, found on day 30 where only `dev` is known.
pub fn of<'a>(who: &str, world: &'a World) -> Case<'a> {
    let file = world.sign(who, 20, &world.text(who, ""), &[]);
    Case { world, people: &["dev"], day: 30, file }
}

fn gpg_version() -> String {
    let text = run(Command::new("gpg").arg("--version"), "").ok().out;
    text.lines().next().unwrap_or_default().to_owned()
}
