//! The emulation of PHP's INI parser, and the rule for names, against PHP itself.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use countersign::module::ini::{self, Array, Value};
use countersign::module::judge;
use countersign_tests::modules::is_modelled;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

/// For each line (a text in hex), what PHP makes of it, in one line.
const SCRIPT: &str = r#"
function show($v) {
    if (!is_array($v)) return bin2hex($v);
    $all = [];
    foreach ($v as $k => $w) $all[] = bin2hex((string)$k) . '=' . show($w);
    return '(' . implode(',', $all) . ')';
}
while (($line = fgets(STDIN)) !== false) {
    $r = @parse_ini_string(hex2bin(rtrim($line)), true);
    echo $r === false ? 'false' : show($r), "\n";
}
"#;

/// What PHP makes of each text; nothing where there is no PHP.
fn php(texts: &[Vec<u8>]) -> Option<Vec<String>> {
    let mut command = Command::new("php");
    command.args(["-n", "-d", "memory_limit=-1", "-r", SCRIPT]).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        countersign_tests::skip("php is not installed");
        return None;
    };
    let mut input = String::new();
    for text in texts {
        text.iter().for_each(|b| write!(input, "{b:02x}").expect("written"));
        input.push('\n');
    }
    let mut pipe = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("php ends");
    writer.join().expect("no panic").expect("php reads all");
    let lines: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), texts.len());
    Some(lines)
}

fn php_version() -> String {
    let version = Command::new("php").args(["-n", "-r", "echo 'PHP ', PHP_VERSION;"]).output();
    String::from_utf8_lossy(&version.expect("php has just been there").stdout).into_owned()
}

fn show(array: &Array) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut all, b| {
            write!(all, "{b:02x}").expect("written");
            all
        })
    };
    let entry = |(key, value): (&[u8], &Value)| match value {
        Value::Text(text) => format!("{}={}", hex(key), hex(text)),
        Value::Array(inner) => format!("{}={}", hex(key), show(inner)),
    };
    format!("({})", array.iter().map(entry).collect::<Vec<_>>().join(","))
}

fn agree(texts: &[Vec<u8>]) {
    let Some(answers) = php(texts) else { return };
    let mut wrong = Vec::new();
    for (text, answer) in texts.iter().zip(answers) {
        let own = ini::parse(text).map_or("false".to_owned(), |all| show(&all));
        if own != answer {
            wrong.push(format!("{}\n  php: {answer}\n  own: {own}", text.escape_ascii()));
        }
    }
    if !wrong.is_empty() && is_modelled(&php_version(), "8.2.") {
        let some = wrong[..wrong.len().min(12)].join("\n");
        panic!("{} of {}:\n{some}", wrong.len(), texts.len());
    }
}

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A list with this name in it.
fn list(name: &[u8]) -> Vec<u8> {
    let start = format!("[config]\nversion=2\n[hashes]\nbefore = {DIGEST}\n");
    let end = format!(" = {DIGEST}\nafter = {DIGEST}\n;# End\n");
    [start.as_bytes(), name, end.as_bytes()].concat()
}

/// Every character at every place, words that PHP knows, and what else is nasty.
fn names() -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    for b in 0..=255u8 {
        let one = [b];
        for (before, after) in
            [("", "x"), ("a", "x"), ("a", ""), ("", ""), ("a ", " x"), ("a/", "/x"), ("a.", ".x")]
        {
            names.push([before.as_bytes(), &one, after.as_bytes()].concat());
        }
        names.push([b, b].to_vec());
    }
    for word in ["yes", "no", "true", "false", "on", "off", "null", "none"] {
        for word in [word.to_owned(), word.to_uppercase(), word[..1].to_uppercase() + &word[1..]] {
            for name in ["", "x", ".php", " ", "/x", "-", "\t", " x", "[", "[]"] {
                names.push(format!("{word}{name}").into_bytes());
            }
            for name in ["x", "a ", " ", "a/", "[", "'"] {
                names.push(format!("{name}{word}").into_bytes());
            }
        }
    }
    let nasty: [&[u8]; 34] = [
        b"",
        b" ",
        b"'",
        b"''",
        b"'a'",
        b"it's",
        b"a\\",
        b"a\\\\",
        b"\\",
        b"a[]",
        b"a[b]",
        b"a[b",
        b"a]",
        b"]",
        b"[a]",
        b"[]",
        b"a[ b ]",
        b"a['x']",
        b"a[\"x\"]",
        b"${a}",
        b"$a",
        b"a b  c",
        b"-",
        b"--",
        b"- a",
        b"#a",
        b"//",
        b"..",
        b"0",
        b"007",
        b"-5",
        b"1.5",
        b"99999999999999999999",
        b"\xef\xbb\xbfa",
    ];
    names.extend(nasty.iter().map(|name| name.to_vec()));
    names.extend(["é", "日本", "e\u{301}", "\u{202e}x", "\u{a0}"].map(|n| n.as_bytes().to_vec()));
    names.extend([b"caf\xe9".to_vec(), vec![b'a'; 70_000], vec![b' '; 5000]]);
    names
}

#[test]
fn php_and_the_emulation_agree_on_every_nasty_name() {
    agree(&names().iter().map(|name| list(name)).collect::<Vec<_>>());
}

#[test]
fn php_and_the_emulation_agree_on_every_nasty_value() {
    let value = |name: &Vec<u8>| [b"[config]\nsignedby=", &name[..], b"\nrepo=x\n"].concat();
    let section = |name: &Vec<u8>| [b"[", &name[..], b"]\na=b\n"].concat();
    let alone = |name: &Vec<u8>| [b"a=", &name[..]].concat();
    let names = names();
    agree(&names.iter().map(value).collect::<Vec<_>>());
    agree(&names.iter().map(section).collect::<Vec<_>>());
    agree(&names.iter().map(alone).collect::<Vec<_>>());
    agree(&names);
}

/// The scanner takes the character behind a backslash along, and at the end there is none.
#[test]
fn a_dollar_and_a_backslash_at_the_end() {
    let values =
        [r"x$\", r"$\", r"x $\", r" $\", r"x y$\", r"x$\$\", r"x$$\", r"$$\", r"x$\b", r"x$"];
    let more = [r"x\", r"\$\", r"(1)$\", r"1|2 $\", "\"x$\\", "on $\\", "$\\\n", "x $\\\n"];
    let texts: Vec<Vec<u8>> = values
        .iter()
        .chain(&more)
        .flat_map(|value| {
            [format!("a={value}"), format!("b=1\na={value}"), format!("[s]\na = {value}")]
        })
        .map(String::into_bytes)
        .collect();
    agree(&texts);
}

#[test]
fn php_and_the_emulation_agree_on_random_texts() {
    let piece = prop_oneof![
        6 => "[a-c ]{0,3}",
        4 => Just("\n".to_owned()),
        3 => "[\\[\\]=;'\"$\\{\\}\\\\()!&|^~\t\r .0-9-]",
        1 => Just(" = ".to_owned()),
        1 => Just("[h]\n".to_owned()),
        1 => Just("a[".to_owned()),
        1 => Just("${".to_owned()),
        1 => "(true|on|yes|false|off|no|none|null|NULL|Yes)",
        1 => "-?[0-9]{1,20}",
    ];
    let texts = prop::collection::vec(piece, 0..25).prop_map(|parts| parts.concat().into_bytes());
    let rounds: u32 =
        std::env::var("PROPTEST_CASES").map_or(20_000, |n| n.parse().expect("a number"));
    let mut runner = TestRunner::new(Config::default());
    let mut all = Vec::new();
    for _ in 0..rounds {
        all.push(texts.new_tree(&mut runner).expect("a text").current());
    }
    agree(&all);
}

#[test]
fn a_name_is_good_if_and_only_if_php_reads_it_as_written() {
    let names = names();
    let lists: Vec<_> = names.iter().map(|name| list(name)).collect();
    let Some(answers) = php(&lists) else { return };
    let whole = |name: &[u8]| show(&ini::parse(&list(name)).expect("a list"));
    let model = whole(b"NAME");
    for (name, answer) in names.iter().zip(answers) {
        let hex = name.iter().fold(String::new(), |all, b| all + &format!("{b:02x}"));
        let as_written = answer == model.replace("4e414d45", &hex);
        let judged = judge(name);
        // Names that PHP would read, and that are refused for what they are.
        let for_itself = str::from_utf8(name).map_or(true, |text| {
            text.starts_with('/')
                || text.len() > 255
                || text.chars().any(char::is_control)
                || text.split('/').any(|part| matches!(part, "" | "." | ".."))
        });
        let agree = judged.is_ok() == as_written || (judged.is_err() && for_itself);
        if !agree && is_modelled(&php_version(), "8.2.") {
            panic!("{}: {judged:?}, PHP: {answer}", name.escape_ascii());
        }
    }
}
