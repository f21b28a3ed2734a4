//! A PBX that verifies with gpg, and what FreePBX makes of gpg's words.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::World;
use crate::people::{kill_agent, new_home};
use crate::run::run;

/// What gpg told a PBX.
#[derive(Debug)]
pub struct Told {
    /// The status lines that matter, in one line.
    pub line: String,
    /// What FreePBX makes of them, before it looks at any file.
    pub number: u8,
}

impl World {
    /// The gpg home of a PBX that has the masters, trusted ultimately, and these people.
    pub fn pbx(&self, people: &[&str], day: u32) -> PathBuf {
        let home = self.root.path().join("pbx");
        let _ = fs::remove_dir_all(&home);
        new_home(&home);
        let file = self.root.path().join("public.asc");
        let mut trust = String::new();
        for name in self.masters.iter().chain(people) {
            fs::write(&file, self.public(name)).expect("a writable folder");
            self.gpg("pbx", day, &["--import", &file.display().to_string()]);
        }
        for master in &self.masters {
            trust += &format!("{}:6:\n", self.fingerprint(master));
        }
        fs::write(&file, trust).expect("a writable folder");
        self.gpg("pbx", day, &["--import-ownertrust", &file.display().to_string()]);
        home
    }

    /// What gpg tells a PBX that has the masters and these people in its keyring.
    pub fn verify(&self, people: &[&str], day: u32, signature: &[u8]) -> Told {
        let home = self.pbx(people, day);
        let module = self.root.path().join("module.sig");
        fs::write(&module, signature).expect("a writable folder");
        let told = self.as_freepbx_asks(day, &module);
        kill_agent(&home);
        told
    }

    fn as_freepbx_asks(&self, day: u32, module: &Path) -> Told {
        let time = format!("{}!", self.day(day).unix());
        let ask = |arguments: &[&str]| {
            let mut gpg = Command::new("gpg");
            gpg.arg("--homedir").arg(self.home("pbx")).args(["--no-tty", "--disable-dirmngr"]);
            gpg.args(["--no-auto-key-retrieve", "--faked-system-time", &time]).args(arguments);
            run(&gpg, "").out
        };
        let output = self.root.path().join("output").display().to_string();
        let module = module.display().to_string();
        let _ = fs::remove_file(&output);
        let status = ask(&["--status-fd", "1", "--output", &output, &module]);
        let lines = status.lines().filter_map(|l| l.strip_prefix("[GNUPG:] "));
        let words: Vec<&str> = lines.clone().filter_map(|l| l.split(' ').next()).collect();
        let signed_by = lines.clone().filter_map(|l| l.strip_prefix("VALIDSIG ")).next_back();
        let signed_by = signed_by.and_then(|l| l.split(' ').next());
        let listed = ask(&[&["--with-colons", "--check-sigs"], signed_by.as_slice()].concat());
        let number = freepbx_number(&words, &listed, &self.master_ids());
        let matters = |w: &&&str| MATTERS.contains(w);
        let line: Vec<&str> = words.iter().filter(matters).copied().collect();
        Told { line: line.join(" "), number }
    }

    fn master_ids(&self) -> Vec<String> {
        self.masters.iter().map(|m| self.fingerprint(m)[24..].to_owned()).collect()
    }
}

/// The status lines that FreePBX knows, and the others about a signature.
const MATTERS: [&str; 12] = [
    "GOODSIG",
    "EXPSIG",
    "EXPKEYSIG",
    "REVKEYSIG",
    "VALIDSIG",
    "BADSIG",
    "ERRSIG",
    "NO_PUBKEY",
    "TRUST_UNDEFINED",
    "TRUST_MARGINAL",
    "TRUST_FULLY",
    "TRUST_ULTIMATE",
];

/// FreePBX 17's `checkSig`, written down once more and apart from ours: gpg's words and colon
/// listing to a number; 129 stands for "goes on to the files".
fn freepbx_number(words: &[&str], listed: &str, masters: &[String]) -> u8 {
    let said = |word: &str| words.contains(&word);
    if said("NO_PUBKEY") {
        return 4;
    }
    if said("TRUST_FULLY") || said("TRUST_ULTIMATE") {
        return 129;
    }
    let revoked = |id: &String| listed.lines().any(|l| l.starts_with(&format!("rev:!::1:{id}")));
    if masters.iter().any(revoked) {
        return 64;
    }
    let bits = [
        ("VALIDSIG", 1),
        ("BADSIG", 2),
        ("TRUST_UNDEFINED", 2 | 4),
        ("ERRSIG", 4),
        ("EXPKEYSIG", 32),
    ];
    bits.iter().filter(|(word, _)| said(word)).fold(0, |number, (_, bit)| number | bit)
}
