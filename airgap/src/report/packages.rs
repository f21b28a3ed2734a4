//! Debian's packages: how many, one digest over all of them, and those that a station rests on.

use countersign::digest::Sha256;

use super::{Fact, Sources};

/// Named where they are installed. A name that ends in `*` stands for all that begin so.
const NAMED: [&str; 8] = [
    "gnupg",
    "libc6",
    "libccid",
    "libhogweed*",
    "libnettle*",
    "libpcsclite1",
    "linux-image-*",
    "pcscd",
];
/// Most packages that are named.
const MOST: usize = 32;

pub(super) fn facts(sources: &Sources) -> Vec<Fact> {
    let Some(status) = sources.list("var/lib/dpkg/status") else {
        return vec![Fact::read("packages", None::<&str>)];
    };
    let mut installed = installed(&status);
    installed.sort_unstable();
    let lines: String =
        installed.iter().map(|(name, version)| format!("{name} {version}\n")).collect();
    let named = installed.iter().filter(|(name, _)| is_named(name)).take(MOST);
    let facts = [
        Fact::new("installed", installed.len().to_string()),
        Fact::new("list sha256", Sha256::of(lines).to_string()),
    ];
    facts.into_iter().chain(named.map(|(name, version)| Fact::new(name, version))).collect()
}

fn is_named(name: &str) -> bool {
    NAMED.iter().any(|named| match named.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *named,
    })
}

/// Name and version of each package that is installed: dpkg's status file is paragraphs of
/// `Field: value` (deb822), and the third word of `Status` says what is on the disk.
fn installed(status: &str) -> Vec<(&str, &str)> {
    let paragraphs = status.split("\n\n");
    paragraphs
        .filter_map(|paragraph| {
            let field = |name: &str| {
                let mut lines = paragraph.lines();
                lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
            };
            let is_installed = field("Status")?.split_whitespace().nth(2) == Some("installed");
            is_installed.then_some((field("Package")?, field("Version")?))
        })
        .collect()
}
