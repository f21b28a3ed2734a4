//! Reading a manifest, line by line.

use std::collections::HashMap;

use super::{Config, END, Entry, Form, HEADER, Key, MAX_ENTRIES, Manifest, SYSTEM_HEADER};
use crate::digest::Sha256;
use crate::module::lines::{Line, Lines};
use crate::module::path::{BadName, judge, judge_absolute};
use crate::time::Timestamp;

/// Why a text is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ManifestError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text ends where more is expected.
    #[error("it ends here, {expected} is missing")]
    Ends {
        /// What is missing.
        expected: &'static str,
    },
    /// Not a line of the header.
    #[error("it is not this line of the header: {expected}")]
    Header {
        /// The header's line.
        expected: &'static str,
    },
    /// Not `[config]`, or not `key=value` under it.
    #[error("it is not {expected}")]
    Form {
        /// What belongs there.
        expected: &'static str,
    },
    /// A key that nobody knows.
    #[error("[config] has no key {0:?}")]
    UnknownKey(String),
    /// A key for the second time, or before one that belongs in front of it.
    #[error("{0} stands twice or in the wrong place")]
    Order(&'static str),
    /// A key that every form has is not there.
    #[error("{0} is missing from [config]")]
    Missing(&'static str),
    /// A value that its key cannot have.
    #[error("{actual:?} is no value for {key}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value, clipped.
        actual: String,
    },
    /// A name that cannot stand in a list.
    #[error("a file has a name that cannot be listed: {0}")]
    Name(BadName),
    /// Not a digest.
    #[error("its digest is not 64 lower-case hex digits")]
    Digest,
    /// A file that is listed already.
    #[error("the file is listed already, in line {first}")]
    Twice {
        /// Where.
        first: usize,
    },
    /// No file at all, or another number of them than the local form's one.
    #[error("the list has {0} files")]
    Entries(usize),
    /// More files than anybody reads.
    #[error("the list has more than {MAX_ENTRIES} files")]
    TooMany,
    /// Text after the end.
    #[error("there is text after the list's end")]
    After,
    /// What is written has the same meaning and another spelling.
    #[error("it is spelled differently from what FreePBX's tools write")]
    Spelling,
}

impl Problem {
    fn at(self, line: usize) -> ManifestError {
        ManifestError { line, problem: self }
    }
}

pub(super) fn read(untrusted: &[u8]) -> Result<Manifest, ManifestError> {
    let mut lines = Lines::new(untrusted);
    let system = header(&mut lines)?;
    expect(&mut lines, "[config]")?;
    let config = config(&mut lines, system)?;
    let entries = entries(&mut lines, &config)?;
    let manifest = Manifest { config, entries };
    same(&manifest.text(), untrusted)?;
    Ok(manifest)
}

/// Whether a header is the system form's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    Module,
    System,
}

fn header(lines: &mut Lines<'_>) -> Result<Header, ManifestError> {
    let mut kind = None;
    for (module, system) in HEADER.lines().zip(SYSTEM_HEADER.lines()) {
        let line = lines.next().ok_or(Problem::Ends { expected: "the header" }.at(0))?;
        let expected = if kind == Some(Header::System) { system } else { module };
        let content = line.content();
        if kind.is_none() && module != system {
            kind = Some(if content == system.as_bytes() { Header::System } else { Header::Module });
            if kind == Some(Header::System) {
                continue;
            }
        }
        if content != expected.as_bytes() {
            return Err(Problem::Header { expected }.at(line.number));
        }
    }
    Ok(kind.unwrap_or(Header::Module))
}

fn expect(lines: &mut Lines<'_>, expected: &'static str) -> Result<(), ManifestError> {
    match lines.next() {
        Some(line) if line.content() == expected.as_bytes() => Ok(()),
        Some(line) => Err(Problem::Form { expected }.at(line.number)),
        None => Err(Problem::Ends { expected }.at(0)),
    }
}

fn config(lines: &mut Lines<'_>, header: Header) -> Result<Config, ManifestError> {
    let mut values: Vec<Value> = Vec::new();
    let end = loop {
        let line = lines.next().ok_or(Problem::Ends { expected: "[hashes]" }.at(0))?;
        if line.content() == b"[hashes]" {
            break line.number;
        }
        let text = str::from_utf8(line.content()).unwrap_or_default();
        let pair = text.split_once('=').ok_or(Problem::Form { expected: "key=value" });
        let (name, value) = pair.map_err(|problem| problem.at(line.number))?;
        let key = Key::ALL.into_iter().find(|key| key.as_str() == name);
        let key = key.ok_or_else(|| Problem::UnknownKey(clip(name)).at(line.number))?;
        if values.iter().any(|value| value.0 == key) {
            return Err(Problem::Order(key.as_str()).at(line.number));
        }
        values.push(Value(key, value.to_owned(), line.number));
    };
    let config = build(&values, header, end)?;
    for (Value(actual, _, line), (expected, _)) in values.iter().zip(config.lines()) {
        if *actual != expected {
            return Err(Problem::Order(actual.as_str()).at(*line));
        }
    }
    Ok(config)
}

/// A key, its value and its line.
struct Value(Key, String, usize);

fn build(values: &[Value], header: Header, end: usize) -> Result<Config, ManifestError> {
    let find = |key| values.iter().find(|value| value.0 == key);
    let get = |key: Key| find(key).ok_or(Problem::Missing(key.as_str()).at(end));
    let wrong = |Value(key, value, line): &Value| {
        Problem::Value { key: key.as_str(), actual: clip(value) }.at(*line)
    };
    let checked = |key, good: fn(&str) -> bool| {
        get(key).and_then(|v| if good(&v.1) { Ok(v.1.clone()) } else { Err(wrong(v)) })
    };
    checked(Key::Hash, |value| value == "sha256")?;
    let version = checked(Key::Version, |value| matches!(value, "1" | "2"))?;
    let signed_by = get(Key::SignedBy)?;
    Ok(Config {
        form: form(find(Key::Type), header).map_err(wrong)?,
        version: if version == "1" { 1 } else { 2 },
        signed_with: checked(Key::SignedWith, is_key_id)?,
        signed_by: unquoted(&signed_by.1).ok_or_else(|| wrong(signed_by))?,
        repo: checked(Key::Repo, is_word)?,
        raw_name: find(Key::RawName).map(|v| v.1.parse().map_err(|_| wrong(v))).transpose()?,
        timestamp: find(Key::Timestamp)
            .map(|v| if is_timestamp(&v.1) { Ok(v.1.clone()) } else { Err(wrong(v)) })
            .transpose()?,
        expires_after: find(Key::ExpiresAfter)
            .map(|v| v.1.parse().map(Timestamp::from_unix).map_err(|_| wrong(v)))
            .transpose()?,
    })
}

/// The form that `type` and the header make.
fn form(typ: Option<&Value>, header: Header) -> Result<Form, &Value> {
    let named = |name: &str| {
        let forms = [Form::Public, Form::Local, Form::System];
        forms.into_iter().find(|form| form.name() == Some(name))
    };
    let form = match typ {
        Some(value) => named(&value.1).ok_or(value)?,
        None => Form::Official,
    };
    match typ {
        Some(value) if (form == Form::System) != (header == Header::System) => Err(value),
        _ => Ok(form),
    }
}

fn entries(lines: &mut Lines<'_>, config: &Config) -> Result<Vec<Entry>, ManifestError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut ended = config.is_tag();
    let mut last = 0;
    for line in lines.by_ref() {
        last = line.number;
        if !config.is_tag() && line.bytes == END.as_bytes() {
            ended = true;
            break;
        }
        if entries.len() == MAX_ENTRIES {
            return Err(Problem::TooMany.at(line.number));
        }
        let (path, sha256) = entry(&line, config.form)?;
        if let Some(first) = seen.insert(path, line.number) {
            return Err(Problem::Twice { first }.at(line.number));
        }
        entries.push(Entry { path: path.to_owned(), sha256 });
    }
    if !ended {
        return Err(Problem::Ends { expected: ";# End" }.at(last));
    }
    if let Some(line) = lines.next() {
        return Err(Problem::After.at(line.number));
    }
    if entries.is_empty() || (config.is_tag() && entries.len() != 1) {
        return Err(Problem::Entries(entries.len()).at(last));
    }
    Ok(entries)
}

fn entry<'a>(line: &Line<'a>, form: Form) -> Result<(&'a str, Sha256), ManifestError> {
    let expected = "path = digest";
    let content = line.content();
    let middle = content.windows(3).rposition(|window| window == b" = ");
    let middle = middle.ok_or(Problem::Form { expected }.at(line.number))?;
    let (path, digest) = (&content[..middle], &content[middle + 3..]);
    let judged = match form {
        Form::Public | Form::Official | Form::Local => judge(path),
        Form::System => judge_absolute(path),
    };
    let path = judged.map_err(|reason| Problem::Name(reason).at(line.number))?;
    let digest = str::from_utf8(digest).ok().and_then(|digest| digest.parse().ok());
    Ok((path, digest.ok_or(Problem::Digest.at(line.number))?))
}

/// Whether what is read is spelled as it would be written.
fn same(written: &str, untrusted: &[u8]) -> Result<(), ManifestError> {
    if written.as_bytes() == untrusted {
        return Ok(());
    }
    let mut pairs = Lines::new(written.as_bytes()).zip(Lines::new(untrusted));
    let differs = pairs.find(|(own, other)| own.bytes != other.bytes);
    Err(Problem::Spelling.at(differs.map_or(0, |(own, _)| own.number)))
}

/// A key id or a fingerprint.
fn is_key_id(value: &str) -> bool {
    matches!(value.len(), 8 | 16 | 32 | 40) && value.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_word(value: &str) -> bool {
    (1..=32).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Unix seconds with up to four decimals, as PHP writes `microtime(true)`.
fn is_timestamp(value: &str) -> bool {
    let (seconds, decimals) = value.split_once('.').unwrap_or((value, "0"));
    (1..=10).contains(&seconds.len())
        && (1..=4).contains(&decimals.len())
        && [seconds, decimals].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
}

/// The value without the quotes that it must have, or must not.
fn unquoted(value: &str) -> Option<String> {
    let inner = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).unwrap_or(value);
    let good = !inner.is_empty()
        && inner.len() <= MAX_VALUE
        && !inner.chars().any(|c| c.is_control() || c == '\'');
    good.then(|| inner.to_owned())
}

/// Longest value, in bytes.
const MAX_VALUE: usize = 500;

fn clip(text: &str) -> String {
    text.chars().take(80).collect()
}
