//! A whole history, checked by anybody: every way to hide, add or change a signature that somebody
//! without a card has, and every honest history that may look like one.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use countersign::authority::{Authority, StationId};
use countersign::digest::Sha256;
use countersign::fingerprint::Fingerprint;
use countersign::journal::{self, Basis, Entry, Event, Moment};
use countersign::sealed::SealedMessage;
use countersign::time::Timestamp;
use countersign_tests::custodians::Custodians;
use countersign_tests::history::{chained, entries};
use countersign_tests::people::{self, fingerprint, gpg, make_key, with_pins};
use countersign_tests::run::run;
use countersign_tests::{Consumer, PIN, Run, Scenario, forge, program};
use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::parse::Parse as _;
use openpgp::serialize::Serialize as _;
use openpgp::types::SignatureType;

/// Alice was certified in a first session and Bob in a second one, and all of it was published.
fn history() -> Scenario {
    let s = Scenario::new();
    two_sessions(&s);
    s.verify().ok().says("nothing is missing");
    s
}

fn two_sessions(s: &Scenario) {
    for name in ["alice", "bob"] {
        s.certify(name).ok();
        s.session().run().ok();
        s.publish();
        s.clear_stick();
    }
}

/// `airgap session record`.
fn record(s: &Scenario) -> Run {
    let pins = s.path("pins");
    fs::write(&pins, format!("{PIN}\n")).expect("a writable folder");
    let mut command = with_pins(&program("airgap"), &pins);
    s.pass(1);
    command.args(["session", "record", "--practice-card", "card", "--out", "stick"]);
    command.arg("--time").arg(s.now().to_string()).current_dir(s.root());
    run(&command, "")
}

fn position(entries: &[Entry], which: impl Fn(&Event) -> bool) -> usize {
    entries.iter().position(|entry| which(&entry.event)).expect("there is one")
}

fn last(entries: &[Entry], which: impl Fn(&Event) -> bool) -> usize {
    entries.iter().rposition(|entry| which(&entry.event)).expect("there is one")
}

fn before(time: Timestamp, seconds: u32) -> Timestamp {
    Timestamp::from_unix(time.unix() - seconds)
}

fn is_start(event: &Event) -> bool {
    matches!(event, Event::SessionStarted { .. })
}

fn is_signed(event: &Event) -> bool {
    matches!(event, Event::Signed { .. })
}

fn is_announced(event: &Event) -> bool {
    matches!(event, Event::RecordAnnounced { .. })
}

fn is_record(event: &Event) -> bool {
    matches!(event, Event::RecordAnnounced { .. } | Event::RecordSigned { .. })
}

/// Makes the counters fit again after `less` signatures were taken out, as a forger would.
fn count_less(entries: &mut [Entry], less: u32) {
    for entry in entries {
        match &mut entry.event {
            Event::Counter { count, .. } | Event::RecordAnnounced { count, .. } => *count -= less,
            _ => {}
        }
    }
}

// Honest histories.

#[test]
fn gpg_and_sha256sum_find_in_a_record_what_it_says() {
    let s = history();
    let journal = fs::read_to_string(s.published_journal()).expect("a journal");
    let consumer = Consumer::new(&s);
    let records = s.published(".record.asc");
    assert_eq!(records.len(), 2);
    for path in records {
        let name = path.display().to_string();
        let told = consumer.gpg(&["--status-fd", "1", "--verify", &name], "").ok();
        told.says("GOODSIG").never_says("BADSIG");
        let text = forge::body(&fs::read_to_string(&path).expect("a record"));
        let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let number = record["journal"]["last"].as_u64().expect("a number");
        let line = journal.lines().nth(usize::try_from(number).expect("small")).expect("a line");
        let sum = run(&Command::new("sha256sum"), line).ok().out;
        assert_eq!(sum.split(' ').next(), record["journal"]["head"].as_str());
        let first = run(&Command::new("sha256sum"), journal.lines().next().expect("a line")).out;
        assert_eq!(first.split(' ').next(), record["station"].as_str());
    }
}

#[test]
fn the_power_goes_while_the_card_signs_a_record_and_the_next_one_covers_it() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.session().run().ok();
    let path = s.path("station/journal.jsonl");
    let whole = entries(&fs::read_to_string(&path).expect("a journal"));
    let cut = last(&whole, is_announced) + 1;
    fs::write(&path, chained(&whole[..cut])).expect("written");
    fs::remove_file(s.path(&s.on_stick(".record.asc")[0])).expect("our own file");

    // Nobody but the station says so yet, and it is no reason to suspect anybody.
    for run in [s.airgap(&["journal", "verify"]), {
        s.publish();
        s.verify()
    }] {
        let run = run.ends(6).says("2 signatures after the last record: in none yet");
        run.says("2 signatures in no record").says("airgap session record").never_says("WRONG");
    }
    record(&s).ok();
    s.airgap(&["journal", "verify"]).ok().says("the record under way when the session before");
    s.publish();
    let run = s.verify().ok().says("1 signed record").says("nothing is missing");
    run.says("1 signature that the cards counted and the journal does not have");
    record(&s).ok().says("it goes out once more");
    s.publish();
    s.verify().ok();
}

#[test]
fn a_request_that_was_signed_half_way_and_refused_is_accounted_for() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.session().run().ok();
    // Cut off behind the first of two signatures.
    let journal = s.path("station/journal.jsonl");
    let whole = entries(&fs::read_to_string(&journal).expect("a journal"));
    let cut = position(&whole, is_signed) + 1;
    fs::write(&journal, chained(&whole[..cut])).expect("written");
    s.clear_answers();
    fs::remove_file(s.path(&s.on_stick(".record.asc")[0])).expect("our own file");
    let explained = ["--explain-counter", "killed in the middle of a test"];
    s.session().answers("No\nshe has left\n").with(&explained).run().says("1 refused");
    s.countersign(&["response", "install", "stick"]).ends(3);
    s.publish_journal().ok();
    s.verify().ends(6).says("1 signature in no record").never_says("WRONG");
    s.clear_stick();
    s.certify("bob").ok();
    s.session().with(&explained).run().ok();
    s.publish();
    s.verify().ok().says("2 signatures, 1 signed record").says("killed in the middle of a test");
}

#[test]
fn refusals_alone_need_no_record_and_the_next_one_lists_them() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.session().answers("No\nnot today\n").run().says("1 refused");
    s.publish();
    s.verify().ok();
    s.clear_stick();
    s.certify("bob").ok();
    s.session().run().ok();
    s.publish();
    s.verify().ok();
    let text = fs::read_to_string(&s.published(".record.asc")[0]).expect("a record");
    assert!(text.contains("\"refused\"") && text.contains("\"operator\""), "{text}");
}

#[test]
fn a_master_revoked_in_the_session_and_one_revoked_in_advance_are_in_the_history() {
    let custodians = Custodians::cora_and_cyril();
    let s = custodians.authority();
    let prepare = ["request", "prepare-revocation", "--reason", "superseded", "--text", "gone"];
    let cora = custodians.path("cora", "asc");
    let how = ["--key-file", "maria.key", "--output", "stick", "--custodian", &cora];
    s.countersign(&[&prepare[..], &how].concat()).ok();
    s.certify("alice").ok();
    s.session().run().ok().says("2 signed");
    s.publish();
    s.verify().ok().says("3 signatures, 1 signed record");
    s.clear_stick();
    let revoke = [
        "request",
        "revoke-key",
        "--reason",
        "compromised",
        "--text",
        "lost",
        "--master",
        &master_one(&s),
        "--accept-stop",
        "1",
    ];
    s.countersign(&[&revoke[..], &["--key-file", "maria.key", "--output", "stick"]].concat()).ok();
    s.session().run().ok().says("1 signed");
    s.publish();
    s.verify().ok().says("4 signatures, 2 signed records");
}

#[test]
fn a_master_that_went_is_vouched_for_by_those_who_stayed() {
    let s = Scenario::of_masters(&["two", "one"]);
    let key = |name: &str| {
        let path = s.path(&format!("{name}.asc"));
        let cert = Cert::from_bytes(&fs::read(path).expect("a certificate")).expect("one");
        cert.fingerprint().to_hex()
    };
    let (one, two) = (key("one"), key("two"));
    s.certify_with("alice", &["--master", &one]).ok();
    s.session().card("card-one").run().ok();
    s.publish();
    s.clear_stick();
    s.verify().ok();
    let policy = s.path("authority/policy.toml");
    let text = fs::read_to_string(&policy).expect("a policy");
    let at = text.find(&one).expect("named");
    let begin = text[..at].rfind("[[master]]").expect("a table");
    let end = at + text[at..].find("[[").expect("another table");
    fs::write(&policy, format!("{}{}", &text[..begin], &text[end..])).expect("written");
    s.airgap_told(&["station", "update", "--authority", "authority"], "Yes\n").ok();
    let alone = "only a former master vouches";
    s.airgap(&["journal", "verify"]).ends(6).says(alone);
    s.publish_journal().ok();
    s.verify().ends(6).says(alone).never_says("WRONG");
    s.certify_with("bob", &["--master", &two]).ok();
    s.session().card("card-two").run().ok();
    s.publish();
    s.airgap(&["journal", "verify"]).ok();
    s.verify().ok().says("2 signed records");
    // Without its certificate nobody could tell what it signed.
    fs::remove_file(s.path(&format!("authority/masters/{one}.asc"))).expect("our own file");
    s.verify().ends(1).says("is not one of this authority's");
}

// What somebody without a card can do.

#[test]
fn last_entries_that_were_cut_are_missed_by_whatever_else_is_known() {
    let s = history();
    let cut = |entries: &mut Vec<Entry>| entries.truncate(last(entries, is_start));
    let run = s.forged(cut).ends(4);
    run.says("was cut: it has").says("is on record, and in no journal");
    // The record taken away, then the answer: the certificate still has the signature.
    fs::remove_file(&s.published(".record.asc")[1]).expect("our own file");
    s.forged(cut).ends(4).says("is on record, and in no journal").never_says("was cut");
    let journal = entries(&fs::read_to_string(s.published_journal()).expect("a journal"));
    let Event::Signed { request, .. } = &journal[last(&journal, is_signed)].event else { panic!() };
    let answer = s.path(&format!("authority/responses/{request}.response.json"));
    fs::remove_file(answer).expect("our own file");
    let run = s.forged(cut).ends(4).never_says("in no journal WRONG");
    run.says(&format!("made on {} at", fingerprint("bob"))).says("is in no journal");
    // What nothing online knows of can be cut: docs/threat-model.md says so.
    fs::remove_file(s.path(&format!("authority/developers/{}.asc", fingerprint("bob"))))
        .expect("our own file");
    s.forged(cut).ok();
}

#[test]
fn no_entry_that_a_record_covers_can_be_taken_out_doubled_or_moved() {
    let s = history();
    let authority = Authority::open(&s.path("authority")).expect("a record");
    let request = |id| authority.request(id);
    let basis = Basis { masters: authority.masters(), former: &[], request: &request };
    let honest = fs::read_to_string(s.published_journal()).expect("a journal");
    let whole = entries(&honest);
    assert_eq!(chained(&whole), honest);
    let holds = |text: &str| {
        let audited = journal::audit(text.as_bytes(), &basis);
        audited.is_ok_and(|a| a.findings.is_empty() && a.uncovered.signatures() == 0)
    };
    assert!(holds(&honest));
    let covered = last(&whole, is_announced);
    for at in 0..=covered {
        let mut without = whole.clone();
        without.remove(at);
        assert!(!holds(&chained(&without)), "without {at}: {:?}", whole[at].event);
        let mut doubled = whole.clone();
        doubled.insert(at, whole[at].clone());
        assert!(!holds(&chained(&doubled)), "twice {at}: {:?}", whole[at].event);
        let mut moved = whole.clone();
        moved.swap(at, at + 1);
        assert!(!holds(&chained(&moved)), "moved {at}: {:?}", whole[at].event);
        let mut later = whole.clone();
        later[at].at = later[at].at.after(1);
        assert!(!holds(&chained(&later)), "later {at}: {:?}", whole[at].event);
    }
}

#[test]
fn an_entry_that_was_changed_does_not_fit_the_record_after_it() {
    let s = history();
    let run = s.forged(|entries| {
        let at = position(entries, |e| matches!(e, Event::Consented { .. }));
        if let Event::Consented { user_ids, .. } = &mut entries[at].event {
            user_ids[0] = "Eve Example <eve@example.org>".into();
        }
    });
    let run = run.ends(4).says("the record is not the one that follows from this journal");
    run.says("the journal says something else of request").never_says("did not announce");
}

#[test]
fn a_session_dropped_with_its_record_leaves_a_gap_and_records_that_do_not_fit() {
    let s = history();
    let drop = |entries: &mut Vec<Entry>| {
        let (from, to) = (position(entries, is_start), last(entries, is_start));
        entries.drain(from..to);
    };
    let run = s.forged(drop).ends(4).says("the record is not the one that follows");
    run.says("is on record, and in no journal").says("is not in its journal");
    let run = s.forged(|entries| {
        drop(entries);
        count_less(entries, 3);
    });
    run.ends(4).says("the record is not the one that follows").never_says("the counter of card");
}

#[test]
fn a_history_without_any_record_is_vouched_for_by_nobody() {
    let s = history();
    for path in s.published(".record.asc") {
        fs::remove_file(path).expect("our own file");
    }
    s.verify().ok();
    let run = s.forged(|entries| {
        let second = last(entries, is_start);
        let mut less = 0;
        for entry in entries.iter_mut().skip(second) {
            if let Event::Counter { count, .. } = &mut entry.event {
                *count -= 1;
            }
        }
        for entry in entries.iter_mut() {
            if let Event::Counter { count, moment: Moment::After, .. } = &mut entry.event {
                *count -= 1;
                less += 1;
            }
        }
        assert_eq!(less, 2);
        entries.retain(|entry| !is_record(&entry.event));
    });
    run.ends(6).says("3 signatures in no record").never_says("WRONG").never_says("agree");
}

#[test]
fn a_journal_of_another_first_entry_is_another_stations() {
    let s = history();
    let run = s.forged(|entries| entries[0].at = before(entries[0].at, 60));
    run.ends(4).says("in the place of station").says("the record is not the one that follows");
    // Under its own name the records have no journal.
    let path = s.published_journal();
    let text = fs::read_to_string(&path).expect("a journal");
    let mut forged = entries(&text);
    forged[0].at = before(forged[0].at, 60);
    let forged = chained(&forged);
    let line = forged.lines().next().expect("a line");
    let name = format!("{}.jsonl", StationId::of(Sha256::of(line)));
    fs::write(path.with_file_name(name), forged).expect("written");
    fs::remove_file(&path).expect("our own file");
    s.verify().ends(4).says("and its journal is not on record");
}

#[test]
fn a_records_signature_is_by_the_counted_card_announced_and_its_own() {
    let s = Scenario::of_masters(&["one", "two"]);
    let show: serde_json::Value =
        serde_json::from_str(&s.countersign(&["authority", "show", "--json"]).ok().out)
            .expect("JSON");
    let master = |at: usize| show["masters"][at].as_str().expect("a fingerprint").to_owned();
    for name in ["alice", "bob"] {
        s.certify_with(name, &["--master", &master(0)]).ok();
        s.session().card("card-one").run().ok();
        s.publish();
        s.clear_stick();
    }
    s.verify().ok();
    let two: Fingerprint = master(1).parse().expect("a fingerprint");
    let by_two = |entries: &mut Vec<Entry>| {
        let at = last(entries, is_announced);
        if let Event::RecordAnnounced { master, .. } = &mut entries[at].event {
            *master = two;
        }
    };
    s.forged(by_two).ends(4).says(&format!("a signature by {two}, where the card of"));
    let exchanged = |entries: &mut Vec<Entry>| {
        let (first, second) =
            (position(entries, is_announced) + 1, last(entries, is_announced) + 1);
        entries[second].event = entries[first].event.clone();
    };
    s.forged(exchanged).ends(4).says("the record's signature: ");
    let unannounced = |entries: &mut Vec<Entry>| {
        entries.remove(last(entries, is_announced));
    };
    s.forged(unannounced).ends(4).says("a record was signed that the entry before did not");
    let after_counting = |entries: &mut Vec<Entry>| {
        let at = last(entries, is_announced);
        let after = entries.remove(at + 2);
        entries.insert(at, after);
    };
    s.forged(after_counting).ends(4).says("a signature before the card's counter was read");
    let stranger = |entries: &mut Vec<Entry>| {
        let at = last(entries, is_announced);
        if let Event::RecordAnnounced { master, .. } = &mut entries[at].event {
            *master = Fingerprint::from([7; 20]);
        }
    };
    s.forged(stranger).ends(4).says("is not one of the authority's masters");
    let dated = |entries: &mut Vec<Entry>| {
        let at = last(entries, is_announced);
        if let Event::RecordAnnounced { created, .. } = &mut entries[at].event {
            *created = before(*created, 86_400);
        }
    };
    s.forged(dated).ends(4).says("the record is dated at another time");
}

#[test]
fn a_key_of_ones_own_among_the_former_masters_vouches_for_nothing() {
    let s = history();
    // The true master stands where the forger's would: the policy names another one.
    let one = fs::read_dir(s.path("authority/masters")).expect("masters").next();
    let one = one.expect("one").expect("a file").path();
    let one = one.file_stem().expect("a name").to_string_lossy().into_owned();
    let cert = Cert::from_bytes(&fs::read(s.path("two.asc")).expect("a file")).expect("one");
    let two = cert.fingerprint().to_hex();
    fs::copy(s.path("two.asc"), s.path(&format!("authority/masters/{two}.asc"))).expect("a copy");
    let policy = s.path("authority/policy.toml");
    let text = fs::read_to_string(&policy).expect("a policy");
    fs::write(&policy, text.replace(&one, &two)).expect("written");
    let run = s.verify().ends(6).says("only a former master vouches").never_says("agree");
    run.says(&format!("by {one}, a master once"));
}

#[test]
fn a_sealed_signature_and_one_without_its_request_hide_nothing() {
    let s = history();
    let sealed = |entries: &mut Vec<Entry>| {
        let at = last(entries, is_signed);
        if let Event::Signed { request, statement, .. } = entries[at].event {
            let (sha256, message) = (Sha256::of("anything"), SealedMessage::new(b"anything"));
            entries[at].event = Event::Sealed { request, statement, sha256, message };
        }
    };
    s.forged(sealed).ends(4).says("only a master's own revocation is sealed");
    // A second consent, to something else, between two signatures of one request.
    let otherwise = |entries: &mut Vec<Entry>| {
        let consent = position(entries, |e| matches!(e, Event::Consented { .. }));
        let mut again = entries[consent].clone();
        if let Event::Consented { statements, .. } = &mut again.event {
            statements.fill(Sha256::of("something else"));
        }
        let second = position(entries, is_signed) + 1;
        assert!(is_signed(&entries[second].event), "alice has two user IDs");
        again.at = entries[second].at;
        if let Event::Signed { signature, .. } = &mut entries[second].event {
            *signature = serde_json::from_str("\"AAAA\"").expect("a block");
        }
        entries.insert(second, again);
    };
    s.forged(otherwise).ends(4).says("asks for other signatures than were consented to");
    let spoilt = |entries: &mut Vec<Entry>| {
        let at = last(entries, is_signed);
        let other = entries[position(entries, is_signed)].event.clone();
        let (Event::Signed { signature: from, .. }, Event::Signed { signature: to, .. }) =
            (other, &mut entries[at].event)
        else {
            panic!("both are signatures")
        };
        *to = from;
    };
    s.forged(spoilt).ends(4).says("the signature differs from the prediction");
    let again = |entries: &mut Vec<Entry>| {
        let from = last(entries, |e| matches!(e, Event::Consented { .. }));
        let to = last(entries, is_signed);
        let twice: Vec<Entry> = entries[from..=to].to_vec();
        entries.splice(to + 1..to + 1, twice);
    };
    s.forged(again).ends(4).says("was signed to its end before");
    let journal = entries(&fs::read_to_string(s.published_journal()).expect("a journal"));
    let Event::Signed { request, .. } = &journal[last(&journal, is_signed)].event else { panic!() };
    fs::remove_file(s.path(&format!("authority/requests/{request}.request.asc"))).expect("ours");
    s.verify().ends(4).says("was signed, and its text is not on record");
}

#[test]
fn what_stands_after_the_last_record_is_said_to_be_in_none() {
    let s = history();
    // Signatures that are good, put behind the last record with a consent that nobody gave.
    let appended = |entries: &mut Vec<Entry>| {
        let (from, to) = (last(entries, is_start), last(entries, is_announced));
        let kept: Vec<Entry> = entries.drain(from..).collect();
        let count = kept.iter().rev().find_map(|e| match e.event {
            Event::Counter { count, .. } => Some(count),
            _ => None,
        });
        let until = to - from;
        entries.extend(kept[..until].iter().cloned());
        if let Some(mut entry) =
            kept.iter().rfind(|e| matches!(e.event, Event::Counter { .. })).cloned()
        {
            if let Event::Counter { count: read, .. } = &mut entry.event {
                *read = count.expect("it was counted") - 1;
            }
            entries.push(entry);
        }
    };
    for path in &s.published(".record.asc")[1..] {
        fs::remove_file(path).expect("our own file");
    }
    let run = s.forged(appended).ends(6).says("1 signature after the last record: in none yet");
    run.never_says("WRONG").never_says("agree");
    // A gap explained there is shown with its words, and who reads them can ask.
    let explained = |entries: &mut Vec<Entry>| {
        let mut entry = entries[entries.len() - 1].clone();
        entry.event = Event::CounterExplained {
            card: "A\u{1b}[2J".into(),
            unknown: 3,
            explanation: "a test\u{202e}".into(),
        };
        entries.push(entry);
    };
    let run = s.forged(explained).ok().says("3 signatures that the cards counted");
    assert!(!run.out.contains(['\u{1b}', '\u{202e}']), "{}", run.out);
}

#[test]
fn a_counter_that_nobody_explained_is_found() {
    let s = history();
    let run = s.forged(|entries| {
        let second = last(entries, is_start);
        for entry in entries.iter_mut().skip(second) {
            if let Event::Counter { count, .. } = &mut entry.event {
                *count += 2;
            }
        }
    });
    run.ends(4).says("the counter of card").says("and nobody explained it");
}

#[test]
fn an_answer_that_is_not_installed_and_one_of_another_station_are_named() {
    let s = history();
    s.certify("carol").ok();
    s.session().run().ok();
    s.publish_journal().ok();
    s.verify().ends(4).says("and its answer is not on record").says("2 things not");
    s.publish();
    s.verify().ok();
    // The same card at a station whose journal nobody publishes.
    s.clear_stick();
    fs::rename(s.path("station"), s.path("hidden")).expect("a rename");
    s.airgap(&["station", "init", "--authority", "authority"]).ok();
    s.certify("dave").ok();
    s.session().run().ok();
    s.install().ok();
    let run = s.verify().ends(4).says("is on record, and in no journal");
    run.says(&format!("made on {} at", fingerprint("dave")));
    // And with it, both agree: each card is counted by each station for itself.
    s.publish();
    s.verify().ok();
}

#[test]
fn signatures_by_a_master_behind_the_stations_back_are_found_on_certificates_and_texts() {
    let s = Scenario::without_station();
    let home = s.path("behind");
    people::new_home(&home);
    let key = make_key(&home, &[], &["Behind <behind@example.org>"], "rsa3072");
    let export = |what: &str| gpg(&home, &["--armor", what, &key]).ok().out;
    fs::write(s.path(&format!("authority/masters/{key}.asc")), export("--export"))
        .expect("written");
    let secret = Cert::from_bytes(export("--export-secret-keys").as_bytes()).expect("a key");
    let policy = s.path("authority/policy.toml");
    let text = fs::read_to_string(&policy).expect("a policy");
    let named = format!("[[master]]\nname = \"behind\"\nfingerprint = \"{key}\"\n\n[[manager]]");
    fs::write(&policy, text.replacen("[[manager]]", &named, 1)).expect("written");
    s.airgap(&["station", "init", "--authority", "authority"]).ok();
    s.certify_with("alice", &["--master", &master_one(&s)]).ok();
    s.session().run().ok();
    s.publish();
    s.verify().ok();

    let alice = s.path(&format!("authority/developers/{}.asc", fingerprint("alice")));
    let kept = fs::read(&alice).expect("a certificate");
    let found = format!("the signature that {key} made on {} at", fingerprint("alice"));
    // By gpg itself.
    gpg(&home, &["--import", &alice.display().to_string()]).ok();
    let time = format!("{}!", s.now().after(10).unix());
    let sign = ["--faked-system-time", &time, "--quick-sign-key", &fingerprint("alice")];
    gpg(&home, &sign).ok();
    fs::write(&alice, gpg(&home, &["--armor", "--export", &fingerprint("alice")]).ok().out)
        .expect("written");
    s.pass(20);
    s.verify().ends(4).says(&found);
    people::kill_agent(&home);
    // By a program that names its key by the id alone.
    fs::write(&alice, named_by_id(&secret, &kept, &s)).expect("written");
    s.verify().ends(4).says(&found);
    fs::write(&alice, &kept).expect("written");
    s.verify().ok();
    // Over a list of a module's files.
    fs::create_dir_all(s.path("authority/modules/blacklist")).expect("a folder");
    let list = forge::clearsign(&secret, "[config]\nversion=1\n", s.now());
    fs::write(s.path("authority/modules/blacklist/1.0.module.sig"), list).expect("written");
    let run = s.verify().ends(4).says(&format!("{key} made on 1.0.module.sig at"));
    run.says("1 thing not as it should be");
}

fn master_one(s: &Scenario) -> String {
    let cert = Cert::from_bytes(&fs::read(s.path("one.asc")).expect("a file")).expect("one");
    cert.fingerprint().to_hex()
}

/// The certificate with one more certification, by `master`, whose only issuer is a key id.
fn named_by_id(master: &Cert, certificate: &[u8], s: &Scenario) -> Vec<u8> {
    let certificate = Cert::from_bytes(certificate).expect("a certificate");
    let key = master.primary_key().key().clone().parts_into_secret().expect("secret");
    let mut pair = key.into_keypair().expect("no passphrase");
    let user_id = certificate.userids().next().expect("one").userid().clone();
    let signature = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_signature_creation_time(std::time::SystemTime::from(s.now()))
        .and_then(|b| b.set_issuer(master.keyid()))
        .and_then(|b| b.sign_userid_binding(&mut pair, certificate.primary_key().key(), &user_id))
        .expect("signed");
    assert_eq!(signature.issuer_fingerprints().count(), 0);
    let (certificate, _) = certificate.insert_packets(vec![signature]).expect("merged");
    let mut bytes = Vec::new();
    certificate.serialize(&mut bytes).expect("written");
    bytes
}

// Files.

#[test]
fn a_journal_goes_on_where_the_one_on_record_ended_or_stays_out() {
    let s = history();
    let path = s.published_journal();
    let whole = fs::read_to_string(&path).expect("a journal");
    let install = |text: &str| {
        fs::write(s.path("brought.jsonl"), text).expect("written");
        s.countersign(&["journal", "install", "brought.jsonl"])
    };
    let half = &whole[..whole[..whole.len() / 2].rfind('\n').expect("a line") + 1];
    install(half).ok().says("all of it is on record already");
    install(&format!("{half}{{\"sequence\":")).ok().says("all of it is on record already");
    let mut rewritten = entries(&whole);
    let at = rewritten.len() - 1;
    rewritten[at].at = rewritten[at].at.after(60);
    install(&chained(&rewritten)).ends(4).says("differs from the journal on record at byte");
    install(&format!("{whole}{whole}")).ends(4).says("the chain breaks at line");
    let mut back = entries(&whole);
    back[at].at = before(back[at].at, 86_400);
    install(&chained(&back)).ends(4).says("before the entry above it");
    assert_eq!(fs::read_to_string(&path).expect("a journal"), whole);
    fs::write(&path, half).expect("written");
    install(&whole).ok().says("bytes more than were on record");
    // What was added to it, or cut from it, on record.
    fs::write(&path, format!("{whole}{{")).expect("written");
    s.verify().ends(4).says("is whole to byte");
    fs::write(&path, "").expect("written");
    s.verify().ends(4).says("holds no entry");
    // Another station's in its place.
    let other = Scenario::new();
    other.certify("alice").ok();
    other.session().run().ok();
    let theirs = fs::read_to_string(other.path("station/journal.jsonl")).expect("a journal");
    let mut theirs = entries(&theirs);
    // A station is known by its first entry: two that were set up in one second look the same.
    theirs[0].at = before(theirs[0].at, 3_600);
    fs::write(&path, chained(&theirs)).expect("written");
    s.verify().ends(4).says("in the place of station").says("in no journal");
}

#[test]
fn what_is_no_journal_and_no_record_is_refused_within_bounds() {
    let s = history().within(200);
    let before = (s.published(".jsonl"), s.published(".record.asc"));
    let fails = |name: &str, code: i32, words: &str| {
        s.countersign(&["journal", "install", name]).ends(code).says(words);
    };
    run(Command::new("mkfifo").arg(s.path("pipe")), "").ok();
    fails("pipe", 1, "a pipe");
    fails("authority", 1, "a folder");
    fails("missing.jsonl", 1, "missing.jsonl");
    fails("/dev/zero", 1, "a device");
    let write = |name: &str, bytes: &[u8]| fs::write(s.path(name), bytes).expect("written");
    write("empty", b"");
    fails("empty", 4, "holds no entry");
    write("binary", &[0xff; 100_000]);
    fails("binary", 4, "holds no entry");
    write("binary", b"\xff\xfe\n");
    fails("binary", 4, "is not an entry");
    let file = fs::File::create(s.path("long")).expect("a file");
    file.set_len(1 << 32).expect("a sparse file");
    fails("long", 4, "longer than");
    write("deep", format!("{}\n", "[".repeat(4_000_000)).as_bytes());
    fails("deep", 4, "is not an entry");
    // Records: too long, no record, signed by somebody else, another text.
    let signed = |text: &str| forge::sign(&s.path("maria.key"), text, s.now());
    let record = fs::read_to_string(&before.1[0]).expect("a record");
    let body = forge::body(&record);
    write("record.asc", signed(&body).as_bytes());
    fails("record.asc", 4, "is not what the master signed");
    write("record.asc", signed("{}\n").as_bytes());
    fails("record.asc", 4, "is not the record of a session");
    write("record.asc", record.replacen("\"session\": 1", "\"session\": 2", 1).as_bytes());
    fails("record.asc", 4, "is not what the master signed");
    write("record.asc", b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{}\n");
    fails("record.asc", 4, "is not the signed record");
    let mut many = String::from("-----BEGIN PGP SIGNED MESSAGE-----\n\n");
    many.push_str(&"{\"decisions\":[".repeat(3_000_000));
    write("record.asc", many.as_bytes());
    fails("record.asc", 1, "bytes");
    assert_eq!((s.published(".jsonl"), s.published(".record.asc")), before);
    s.verify().ok();
}
