//! A master's revocation, made in advance: sealed at the station, tested and opened by custodians.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use countersign_tests::custodians::Custodians;
use countersign_tests::run::run;
use countersign_tests::{Consumer, Run, Scenario, people, program, traces};
use serde_json::Value;
use tempfile::TempDir;

fn prepare(s: &Scenario, seal: &[&str]) -> Run {
    let ask = ["request", "prepare-revocation", "--reason", "superseded", "--text", "replaced"];
    let how = ["--key-file", "maria.key", "--output", "stick"];
    s.countersign(&[&ask[..], &how, seal].concat())
}

/// The sealed message in the record.
fn sealed(s: &Scenario) -> String {
    let names = fs::read_dir(s.path("authority/revocations")).expect("sealed revocations");
    let names: Vec<String> =
        names.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].ends_with("-superseded.pgp"), "{names:?}");
    format!("authority/revocations/{}", names[0])
}

/// No file of station, stick or record holds the revocation in clear; one that did would be found.
#[track_caller]
fn nowhere_in_clear(s: &Scenario, packet: &[u8]) {
    use base64::Engine as _;
    // The RSA value alone tells it from the prediction.
    let in_clear = || traces::find(s.root(), &packet[packet.len() - traces::LENGTH..]);
    assert_eq!(in_clear(), None);
    let planted = s.path("stick/planted");
    let text = base64::engine::general_purpose::STANDARD.encode(packet);
    for content in [packet.to_vec(), format!("{{\"signature\":\"{text}\"}}").into_bytes()] {
        fs::write(&planted, content).expect("written");
        assert_eq!(in_clear(), Some(planted.clone()));
        fs::remove_file(&planted).expect("our own file");
    }
}

fn opened_by_gpg(custodians: &Custodians, s: &Scenario, who: &str, message: &str) -> Vec<u8> {
    let file = custodians.path("opened", "pgp");
    let decrypt = ["--try-secret-key", who, "--output", &file, "--decrypt"];
    let message = s.path(message).display().to_string();
    people::gpg(&custodians.home(), &[&decrypt[..], &[&message]].concat()).ok();
    fs::read(&file).expect("gpg wrote it")
}

#[test]
fn sealed_to_custodians_tested_by_each_and_published_by_one() {
    let custodians = Custodians::cora_and_cyril();
    let s = custodians.authority();
    s.certify("alice").ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    let both = [
        "--custodian",
        &custodians.path("cora", "asc"),
        "--custodian",
        &custodians.path("cyril", "asc"),
    ];
    prepare(&s, &both).ok().says("sealed to").says("cyril@example.org");
    s.session().run().ok().says("PREPARE").says("sealed to").says("1 signed");
    let answers = s.on_stick(".response.json");
    s.countersign(&["response", "verify", &answers[0]]).ok().says("NOT CHECKED");
    s.install().ok().says("NOT CHECKED");
    let message = sealed(&s);

    // gpg opens it, and what it finds is just one revocation.
    let packet = opened_by_gpg(&custodians, &s, "cyril", &message);
    assert_eq!(packet, opened_by_gpg(&custodians, &s, "cora", &message));
    nowhere_in_clear(&s, &packet);
    s.airgap(&["journal", "verify"]).ok().says("3 signatures").says("the chain holds");
    s.airgap(&["journal", "show"]).ok().says("made and SEALED");

    // Each custodian tests it, and nothing changes.
    for who in ["cora", "cyril"] {
        let key = custodians.path(who, "key");
        s.countersign(&["revocation", "test", &message, "--key-file", &key])
            .ok()
            .says("byte for byte")
            .says("superseded (code 1)")
            .says("1 developer, 0 modules would stop");
    }
    nowhere_in_clear(&s, &packet);
    let consumer = Consumer::new(&s);
    consumer.import_record(&people::fingerprint("alice"));
    assert!(consumer.trusts(&people::fingerprint("alice")), "nothing is published");

    // One of them publishes it: gpg believes it, with the guard only once that is gone.
    let key = custodians.path("cora", "key");
    let open = |output: &str, more: &[&str], typed: &str| {
        let line = ["revocation", "open", &message, "--key-file", &key, "--output", output];
        s.countersign_with(&[&line[..], more].concat(), typed)
    };
    open("revocation.asc", &[], "yes\n").ends(3).says("nobody confirmed");
    assert!(!s.path("revocation.asc").exists());
    open("guarded.asc", &["--guard"], "1 developer, 0 modules\n").ok();
    consumer.gpg(&["--import", "guarded.asc"], "").says("no valid OpenPGP data found");
    assert!(consumer.trusts(&people::fingerprint("alice")), "the colon keeps gpg off");
    for file in ["guarded.asc", "revocation.asc"] {
        if file == "revocation.asc" {
            open(file, &[], "1 developer, 0 modules\n").ok();
        }
        // The drill tries both forms, with gpg itself.
        s.countersign(&["revocation", "drill", "--certificate", file])
            .ok()
            .says("gpg, run: gpg (GnuPG)")
            .never_says("NOTE our model")
            .says("if this revocation were published: 1 developer, 0 modules would stop");
    }
    consumer.gpg(&["--import", "revocation.asc"], "").ok();
    assert!(consumer.distrusts(&people::fingerprint("alice")));
}

#[test]
fn sealed_by_a_passphrase_that_the_operator_types_back() {
    let s = Scenario::new();
    prepare(&s, &["--passphrase"]).ok().says("PASSPHRASE");
    // Wrong three times: nothing is signed, and the next session asks for a new one.
    let before = s.watch();
    s.session().answers(&"Yes\n".repeat(10)).run().ends(6).says("nobody proved");
    s.nothing_signed_since(&before);
    assert!(s.on_stick(".response.json").is_empty());

    let words = in_a_dialogue(&s);
    s.airgap(&["journal", "verify"]).ok().says("the chain holds");
    let installed = s.install().ok().says("only whoever has the passphrase can tell");
    let message = sealed(&s);
    installed.says(&format!("revocation test {message} --passphrase"));
    for kept in ["station/journal.jsonl", &message] {
        let content = fs::read(s.path(kept)).expect("a file");
        assert!(!String::from_utf8_lossy(&content).contains(&words), "{kept}");
    }
    for name in s.on_stick(".txt") {
        assert!(!fs::read_to_string(s.path(&name)).expect("a summary").contains(&words));
    }
    let test = |typed: &str| {
        fs::write(s.path("typed"), typed).expect("written");
        let mut shell = Command::new("sh");
        let line = format!("exec \"$0\" revocation test {message} --passphrase-fd 3 3<typed");
        shell.args(["-c", &line]).arg(program("countersign")).current_dir(s.root());
        run(&shell, "")
    };
    test(&words.to_uppercase()).ok().says("byte for byte");
    test("aardvark absurd").ends(4).says("not sealed for this key or passphrase");

    // gpg opens it with the same words.
    let home = TempDir::with_prefix("cs").expect("a home");
    people::new_home(home.path());
    let mut gpg = Command::new("gpg");
    gpg.arg("--homedir").arg(home.path()).args(["--batch", "--no-tty", "--pinentry-mode"]);
    gpg.args(["loopback", "--passphrase", &words, "--output", "opened", "--decrypt"]);
    gpg.arg(&message).current_dir(s.root());
    run(&gpg, "").ok();
    people::kill_agent(home.path());
    let master = fs::read(s.path("opened")).expect("gpg wrote it");
    assert!(master.len() > 500, "a signature of RSA-4096");
}

/// A session in which the operator types the passphrase that is on the screen: its words.
fn in_a_dialogue(s: &Scenario) -> String {
    use std::io::{Read as _, Write as _};
    let mut session = s.session().command();
    session.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = session.spawn().expect("airgap runs");
    let (mut input, mut output) = (child.stdin.take(), child.stdout.take());
    let mut shown = String::new();
    let mut words = None;
    input.as_mut().expect("piped").write_all(b"Yes\n").expect("typed");
    let mut byte = [0];
    while output.as_mut().expect("piped").read(&mut byte).expect("read") > 0 {
        shown.push(char::from(byte[0]));
        if words.is_none() && shown.ends_with("Type the passphrase from the paper: ") {
            let line = shown.lines().rev().find(|l| l.starts_with("    ")).expect("the words");
            words = Some(line.trim().to_owned());
            writeln!(input.as_mut().expect("piped"), "{}", line.trim()).expect("typed");
        }
    }
    assert!(child.wait().expect("ends").success(), "{shown}");
    words.expect("a passphrase was shown")
}

#[test]
fn only_custodians_of_the_policy_with_a_key_of_today() {
    let custodians = Custodians::cora_and_cyril();
    let s = custodians.authority();
    let refused = |file: &str| prepare(&s, &["--custodian", file]).ends(3);
    refused("bob.asc").says("no key for encryption");
    refused(&custodians.path("cora", "key")).says("SECRET");
    let stranger = custodians.path("stranger", "asc");
    custodians
        .gpg(&["--quick-generate-key", "Sly <sly@example.org>", "default", "default", "5y"])
        .ok();
    let export = |name| custodians.gpg(&["--armor", "--export", name]).ok().out;
    fs::write(&stranger, export("sly")).expect("written");
    refused(&stranger).says("custodians").says("the policy names no custodian");

    let cora = people::find(&custodians.home(), "cora");
    custodians.gpg(&["--quick-set-expire", &cora, "1d"]).ok();
    fs::write(&stranger, export("cora")).expect("written");
    s.pass(3 * 86_400);
    refused(&stranger).says("not valid");
    assert!(s.on_stick(".request.asc").is_empty());
}

#[test]
fn an_answer_in_clear_or_to_somebody_else_is_refused() {
    let custodians = Custodians::cora_and_cyril();
    let s = custodians.authority();
    let message_for = |name: &str| {
        s.clear_stick();
        prepare(&s, &["--custodian", &custodians.path(name, "asc")]).ok();
        s.session().run().ok();
        let (path, answer) = s.answer();
        (path, answer["outcome"]["sealed"]["message"].clone())
    };
    let (_, for_cyril) = message_for("cyril");
    let (path, for_cora) = message_for("cora");
    let good = fs::read_to_string(&path).expect("an answer");
    let verify = |text: String| {
        fs::write(&path, text).expect("written");
        let path = path.display().to_string();
        s.countersign(&["response", "install", &path])
    };
    let swapped =
        |to: &Value| good.replace(for_cora.as_str().expect("text"), to.as_str().expect("text"));
    verify(swapped(&for_cyril)).ends(4).says("not for just those whom the request names");
    let damaged = for_cora.as_str().expect("text").replacen('A', "", 1);
    verify(swapped(&Value::from(damaged))).ends(4);
    assert!(!s.path("authority/revocations").exists(), "nothing was kept");

    // A station that hands the revocation out in clear: it is not installed.
    let answer: Value = serde_json::from_str(&good).expect("JSON");
    let (master, id) = (answer["outcome"]["sealed"]["master"].clone(), answer["request"].clone());
    let packet = {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::STANDARD;
        let bytes = engine.decode(for_cora.as_str().expect("text")).expect("base64");
        fs::write(s.path("message.pgp"), bytes).expect("written");
        engine.encode(opened_by_gpg(&custodians, &s, "cora", "message.pgp"))
    };
    let clear = format!(
        "{{\n  \"format\": \"countersign-response\",\n  \"version\": 1,\n  \"request\": {id},\n  \
         \"outcome\": {{\n    \"signed\": {{\n      \"master\": {master},\n      \"signatures\": [\n        \
         \"{packet}\"\n      ]\n    }}\n  }}\n}}\n"
    );
    verify(clear).ends(4).says("IN CLEAR");
    let record = fs::read_to_string(
        s.path("authority/masters").join(format!("{}.asc", master.as_str().expect("text"))),
    )
    .expect("the master");
    assert_eq!(record, fs::read_to_string(s.path("master.asc")).expect("the master"));

    // What is sealed is something else: whoever opens it is told.
    verify(good).ok();
    let (key, other) = (custodians.path("cora", "key"), s.path("other.pgp"));
    let to = ["--recipient", "cora", "--trust-model", "always", "--output"];
    fs::write(s.path("text"), "not a revocation").expect("written");
    let (other, text) = (other.display().to_string(), s.path("text").display().to_string());
    custodians.gpg(&[&to[..], &[&other, "--encrypt", &text]].concat()).ok();
    let request = s.request().display().to_string();
    let test = ["revocation", "test", &other, "--request", &request, "--key-file", &key];
    s.countersign(&test).ends(4);
    let cyril = custodians.path("cyril", "key");
    s.countersign(&["revocation", "test", &sealed(&s), "--key-file", &cyril])
        .ends(4)
        .says("not sealed for this key");
}

#[test]
fn gpg_itself_opens_it_for_the_test() {
    let custodians = Custodians::cora_and_cyril();
    let s = custodians.authority();
    prepare(&s, &["--custodian", &custodians.path("cyril", "asc")]).ok().says("only cyril");
    s.session().run().ok();
    s.install().ok();
    let message = sealed(&s);
    people::copy(&custodians.home(), &s.gnupg());
    s.countersign(&["revocation", "test", &message, "--local-user", "cyril"])
        .ok()
        .says("byte for byte");
    people::kill_agent(&s.gnupg());
}
