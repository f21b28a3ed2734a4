//! Every text that crosses the gap, good and bad, as files: `data/<type>/good` is read, and
//! nothing of `data/<type>/bad` is.

use std::fs;
use std::path::{Path, PathBuf};

use countersign::digest::Sha256;
use countersign::journal::{Chain, Closing, Event, Ledger, Record};
use countersign::policy::Policy;
use countersign::request::{MAX_BYTES, Request};
use countersign::response::Response;
use countersign::scratch::Scratch;

/// Reads every file of `data/<kind>` and compares with the folder that it lies in.
fn judge(kind: &str, read: impl Fn(&[u8]) -> Result<(), String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(kind);
    let good = files(&folder.join("good"));
    let bad = files(&folder.join("bad"));
    assert!(!good.is_empty() && !bad.is_empty());
    for path in good {
        let bytes = fs::read(&path).expect("a file");
        read(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    for path in bad {
        let bytes = fs::read(&path).expect("a file");
        let error = read(&bytes).expect_err(&path.display().to_string());
        assert!(!error.is_empty(), "{}", path.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|e| e.expect("an entry").path()).collect()
}

#[test]
fn requests() {
    judge("request", |bytes| {
        Request::parse(bytes, MAX_BYTES).map(|_| ()).map_err(|e| e.to_string())
    });
}

#[test]
fn a_request_has_one_id_whatever_its_line_ends() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/request/good");
    let id = |name: &str| {
        let bytes = fs::read(folder.join(name)).expect("a file");
        Request::parse(&bytes, MAX_BYTES).expect("a request").id()
    };
    assert_eq!(id("certify.asc"), id("carriage-returns.asc"));
}

#[test]
fn responses() {
    judge("response", |bytes| Response::parse(bytes).map(|_| ()).map_err(|e| e.to_string()));
}

#[test]
fn journals() {
    judge("journal", |bytes| {
        let mut ledger = Ledger::new(Scratch::in_memory().expect("memory"));
        let mut chain = Chain::new(bytes);
        while let Some(entry) = chain.next() {
            ledger.add(&entry.map_err(|e| e.to_string())?, chain.start()).expect("added");
        }
        Ok(())
    });
}

#[test]
fn records() {
    judge("record", |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
        Record::parse(text).map(|_| ()).map_err(|e| e.to_string())
    });
}

/// Composes every record of a journal again, as the version that wrote it did.
#[test]
fn records_follow_from_their_journal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let journal = fs::read(folder.join("journal/good/records.jsonl")).expect("a journal");
    let mut ledger = Ledger::new(Scratch::in_memory().expect("memory"));
    let mut chain = Chain::new(journal.as_slice());
    let mut texts = Vec::new();
    while let Some(entry) = chain.next() {
        let entry = entry.expect("an entry");
        if let Event::RecordAnnounced { created, master, card, count, record, .. } = &entry.event {
            let (last, head) = (entry.sequence - 1, entry.previous);
            let (created, master, count) = (*created, *master, *count);
            let closing = Closing { created, master, count, last, head, card };
            let text = ledger.uncovered().record(&closing).expect("a record").text();
            assert_eq!(Sha256::of(&text), *record);
            texts.push(text);
        }
        ledger.add(&entry, chain.start()).expect("added");
    }
    let kept = ["signed-and-refused.json", "second.json"];
    let kept = kept.map(|name| fs::read_to_string(folder.join("record/good").join(name)));
    assert_eq!(texts, kept.map(|text| text.expect("a record")));
}

#[test]
fn policies() {
    judge("policy", |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
        Policy::parse(text).map(|_| ()).map_err(|e| e.to_string())
    });
}
