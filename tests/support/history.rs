//! A station's journal as it was published, and how somebody without a card would forge it: any
//! entries, chained anew.

use std::fs;
use std::path::PathBuf;

use countersign::digest::Sha256;
use countersign::journal::Entry;

use crate::{Run, Scenario};

/// The entries of a journal.
///
/// # Panics
/// Where it is none.
pub fn entries(journal: &str) -> Vec<Entry> {
    journal.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect()
}

/// A journal of these entries, numbered and chained anew.
///
/// # Panics
/// Never: every entry can be written.
pub fn chained(entries: &[Entry]) -> String {
    let (mut previous, mut text) = (Sha256::ZERO, String::new());
    for (sequence, entry) in (0..).zip(entries) {
        let entry = Entry { sequence, previous, ..entry.clone() };
        let line = serde_json::to_string(&entry).expect("an entry has only string keys");
        previous = Sha256::of(&line);
        text.push_str(&line);
        text.push('\n');
    }
    text
}

impl Scenario {
    /// Takes answers and records from the stick, and the whole journal from the station, into the
    /// record.
    #[track_caller]
    pub fn publish(&self) {
        self.countersign(&["response", "install", "stick"]);
        self.publish_journal().ok();
    }

    /// Takes the station's journal into the record.
    pub fn publish_journal(&self) -> Run {
        let _ = fs::remove_file(self.path("exported.jsonl"));
        self.airgap(&["journal", "export", "--output", "exported.jsonl"]).ok();
        self.countersign(&["journal", "install", "exported.jsonl"])
    }

    /// Verifies all that was published.
    pub fn verify(&self) -> Run {
        self.countersign(&["journal", "verify"])
    }

    /// The files of the record's `journals` with this ending, sorted.
    pub fn published(&self, ending: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path("authority/journals")).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = files.map(|file| file.path()).collect();
        files.retain(|path| path.to_string_lossy().ends_with(ending));
        files.sort();
        files
    }

    /// The only journal on record.
    ///
    /// # Panics
    /// Where there is another number of them.
    pub fn published_journal(&self) -> PathBuf {
        let journals = self.published(".jsonl");
        assert_eq!(journals.len(), 1, "{journals:?}");
        journals[0].clone()
    }

    /// Verifies the record with its journal forged, and puts the true one back.
    ///
    /// # Panics
    /// Where there is no journal on record.
    pub fn forged(&self, forge: impl FnOnce(&mut Vec<Entry>)) -> Run {
        let path = self.published_journal();
        let text = fs::read_to_string(&path).expect("a journal");
        let mut forged = entries(&text);
        forge(&mut forged);
        fs::write(&path, chained(&forged)).expect("a writable record");
        let run = self.verify();
        fs::write(&path, text).expect("a writable record");
        run
    }
}
