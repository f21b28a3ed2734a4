//! A machine made of files, with things in it that must not get out.

mod machine;

use std::fs;
use std::path::Path;

use countersign::authority::Authority;
use countersign::digest::Sha256;
use countersign::operation::Agreement;
use countersign::policy::{Named, Policy};
use countersign::time::Timestamp;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use super::{Fact, Item, ItemName, NOT_READABLE, Report, Sources, Subject, cards};
use crate::card::Selector;
use crate::station::Station;
use machine::{FORBIDDEN, MARK, machine, write};

fn date() -> Timestamp {
    Timestamp::parse("2026-11-22").expect("a date")
}

/// A station of an authority with one master.
fn station(folder: &Path) -> Station {
    use countersign::certificate::Certificate;
    use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
    use sequoia_openpgp::serialize::SerializeInto as _;
    let builder = CertBuilder::new().set_cipher_suite(CipherSuite::RSA2k).add_userid("M");
    let (master, _) = builder.generate().expect("a key");
    let bytes = master.strip_secret_key_material().to_vec().expect("bytes");
    let master = Certificate::read(bytes.as_slice(), &[]).expect("a certificate");
    let named = Named { name: "M".into(), fingerprint: master.fingerprint() };
    let text = b"I agree.\n";
    let agreement =
        Agreement { sha256: Sha256::of(text), notation: "agreement-sha256@example.org".into() };
    let policy = Policy::with_defaults("Example", named, agreement);
    let record = folder.join("record");
    Authority::create(&record, &policy, text, &[master], &[]).expect("a record");
    Station::create(&folder.join("station"), &record, date()).expect("a station")
}

/// A report about a machine.
fn report(root: &Path, card: &Selector, without: &[ItemName]) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    let station = station(folder.path());
    let subject = Subject { station: &station, card, confirmed: date(), clock: date().after(5) };
    Report::make(&subject, &Sources { root: root.to_owned() }, without)
}

/// No card of this machine has a say in these tests.
fn no_card() -> Selector {
    Selector::Practice("no/such/card".into())
}

fn facts(report: &Report, item: ItemName) -> Vec<(&str, &str)> {
    let item = report.items.iter().find(|there| there.item == item).expect("the item");
    item.facts.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect()
}

#[test]
fn a_report_says_what_the_machine_is() {
    let root = machine();
    let report = report(root.path(), &no_card(), &[]);
    assert_eq!(report.items.iter().map(|i| i.item).collect::<Vec<_>>(), ItemName::ALL);
    let expected: &[(ItemName, &[(&str, &str)])] = &[
        (
            ItemName::Hardware,
            &[
                ("vendor", "Example Computers"),
                ("product", "Station 3000"),
                ("processor", "Example CPU @ 2 GHz"),
                ("memory", "8048120 kB"),
            ],
        ),
        (
            ItemName::Firmware,
            &[
                ("vendor", "Example BIOS"),
                ("version", "1.27"),
                ("date", "03/14/2026"),
                ("microcode", "0x2f"),
                ("secure boot", "on"),
            ],
        ),
        (ItemName::Kernel, &[("release", "6.12.1-amd64"), ("version", "#1 SMP Debian 6.12.1-1")]),
        (ItemName::System, &[("name", "Debian GNU/Linux 13 (trixie)")]),
        (ItemName::Network, &[("enx…", "up"), ("eth0", "down")]),
        (ItemName::Swap, &[("partition", "976892 kB"), ("file", "4 kB"), ("swap", NOT_READABLE)]),
        (
            ItemName::Clock,
            &[
                ("confirmed", "2026-11-22T00:00:00Z"),
                ("machine", "2026-11-22T00:00:05Z"),
                ("clock source", "tsc"),
            ],
        ),
        (ItemName::Cards, &[("cards", NOT_READABLE)]),
    ];
    for (item, facts_of_it) in expected {
        assert_eq!(facts(&report, *item), *facts_of_it, "{item}");
    }
}

#[test]
fn packages_are_counted_and_one_digest_stands_for_all() {
    let root = machine();
    let report = report(root.path(), &no_card(), &[]);
    let list = format!("{MARK}-tool 1\nlinux-image-6.12 6.12-1\npcscd 2.3-1\n");
    let digest = Sha256::of(list).to_string();
    let expected = [
        ("installed", "3"),
        ("list sha256", &digest),
        ("linux-image-6.12", "6.12-1"),
        ("pcscd", "2.3-1"),
    ];
    assert_eq!(facts(&report, ItemName::Packages), expected);
}

#[test]
fn what_tells_one_machine_from_another_is_never_written() {
    let root = machine();
    for text in [
        report(root.path(), &no_card(), &[]).text(),
        report(root.path(), &no_card(), &[]).to_string(),
    ] {
        assert!(text.contains("Station 3000"), "{text}");
        for secret in [MARK, "0123456789ab", "976893"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn what_tells_one_machine_from_another_is_never_read() {
    let root = machine();
    let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).expect("inotify");
    let read = WatchFlags::OPEN | WatchFlags::ACCESS;
    for path in FORBIDDEN {
        inotify::add_watch(&watch, root.path().join(path), read).expect("a watch");
    }
    report(root.path(), &no_card(), &[]);
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    assert!(events.next().is_err(), "one was read");
    // The watch does see who reads.
    fs::read(root.path().join(FORBIDDEN[0])).expect("a file");
    events.next().expect("an event");
}

#[test]
fn what_is_left_out_is_not_even_looked_at() {
    let root = machine();
    let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).expect("inotify");
    for path in ["sys/class/dmi/id/sys_vendor", "var/lib/dpkg/status"] {
        inotify::add_watch(&watch, root.path().join(path), WatchFlags::OPEN).expect("a watch");
    }
    let without = [ItemName::Packages, ItemName::Hardware];
    let left = report(root.path(), &no_card(), &without);
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    assert!(inotify::Reader::new(&watch, &mut buffer).next().is_err());
    assert_eq!(left.left_out, [ItemName::Hardware, ItemName::Packages]);
    assert!(!left.text().contains("pcscd") && !left.text().contains("Station 3000"));
    // Left out later, it is the same.
    let later = report(root.path(), &no_card(), &[]);
    let later = later.without(ItemName::Packages).without(ItemName::Hardware);
    let later = later.without(ItemName::Packages);
    assert_eq!((&later.left_out, later.items.len()), (&left.left_out, left.items.len()));
    assert!(later.to_string().ends_with("left out: hardware, packages\n"));
}

#[test]
fn a_machine_that_tells_nothing_makes_a_report_too() {
    let root = tempfile::tempdir().expect("a folder");
    let report = report(root.path(), &no_card(), &[]);
    for item in [ItemName::Packages, ItemName::Network, ItemName::Swap, ItemName::System] {
        let facts = facts(&report, item);
        assert_eq!(facts.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [NOT_READABLE]);
    }
    assert!(facts(&report, ItemName::Hardware).iter().all(|(_, value)| *value == NOT_READABLE));
    let firmware = facts(&report, ItemName::Firmware);
    assert_eq!(firmware.last(), Some(&("secure boot", "none: started without EFI")));
    assert_eq!(facts(&report, ItemName::Journal)[0], ("entries", "1"));
}

#[test]
fn what_is_no_file_or_too_long_is_not_readable() {
    let root = machine();
    let vendor = root.path().join("sys/class/dmi/id/sys_vendor");
    fs::write(&vendor, "x".repeat((64 << 10) + 1)).expect("a long file");
    let product = root.path().join("sys/class/dmi/id/product_name");
    fs::remove_file(&product).expect("our own file");
    rustix::fs::mkfifoat(rustix::fs::CWD, &product, rustix::fs::Mode::RUSR).expect("a pipe");
    fs::write(root.path().join("proc/swaps"), [0xff, 0xfe]).expect("our own file");
    let status = root.path().join("var/lib/dpkg/status");
    let file = fs::File::create(&status).expect("our own file");
    file.set_len((64 << 20) + 1).expect("a long file");
    for nr in 0..100 {
        write(root.path(), &format!("sys/class/net/veth{nr}/operstate"), "up\n");
    }
    let report = report(root.path(), &no_card(), &[]);
    assert_eq!(
        facts(&report, ItemName::Hardware)[..2],
        [("vendor", NOT_READABLE), ("product", NOT_READABLE)]
    );
    assert_eq!(facts(&report, ItemName::Packages), [("packages", NOT_READABLE)]);
    assert_eq!(facts(&report, ItemName::Swap), [("swap", "none")]);
    let network = facts(&report, ItemName::Network);
    assert!(network.len() <= 66, "{network:?}");
    assert_eq!(network.last(), Some(&("more", "not listed")));
}

#[test]
fn hostile_text_is_written_as_it_is_shown() {
    let root = machine();
    let hostile = "Good\u{202e}live\u{1b}[2J\r\nkernel (1 byte): forged";
    write(root.path(), "sys/class/dmi/id/sys_vendor", hostile);
    write(root.path(), "sys/class/dmi/id/product_name", &"long ".repeat(1_000));
    let report = report(root.path(), &no_card(), &[]);
    let hardware = facts(&report, ItemName::Hardware);
    let escaped = "Good\\u{202e}live\\u{1b}[2J\\u{d}\\u{a}kernel (1 byte): forged";
    assert_eq!(hardware[0], ("vendor", escaped));
    assert_eq!(hardware[1].1.chars().count(), 501);
    let shown = report.to_string();
    assert!(shown.contains(escaped) && shown.contains(hardware[1].1), "{shown}");
    assert!(!shown.lines().any(|line| line.starts_with("kernel (1 byte)")), "{shown}");
    for text in [shown, report.text()] {
        assert!(!text.chars().any(|c| c != '\n' && countersign::safe::is_unsafe(c)));
    }
}

#[test]
fn every_item_is_shown_with_its_reason_and_length() {
    let item = Item {
        item: ItemName::Swap,
        facts: vec![Fact::new("swap", "none"), Fact::new("é", "\u{7f}")],
    };
    let shown =
        "swap (18 bytes): that no key or PIN can reach a disk\n  swap  none\n  é     \\u{7f}\n";
    assert_eq!(item.to_string(), shown.replace("18", &(4 + 4 + 2 + 6).to_string()));
    let root = machine();
    let report = report(root.path(), &no_card(), &[]);
    let shown = report.to_string();
    for item in ItemName::ALL {
        assert!(shown.contains(&format!("): {}\n", item.reason())), "{item}");
        assert_eq!(item.name().parse::<ItemName>().expect("its own name"), item);
        let json = serde_json::to_string(&item).expect("a name");
        assert_eq!(json, format!("{:?}", item.name()));
    }
    for fact in report.items.iter().flat_map(|item| &item.facts) {
        assert!(shown.contains(&fact.name) && shown.contains(&fact.value), "{fact:?}");
    }
    let error = "serials".parse::<ItemName>().expect_err("no item");
    assert!(error.to_string().starts_with("there is no item \"serials\"; there are: software, "));
}

#[test]
fn a_report_reads_back_as_written() {
    let root = machine();
    let report = report(root.path(), &no_card(), &[ItemName::Network]);
    let text = report.text();
    let read: Report = serde_json::from_str(&text).expect("a report");
    assert_eq!(read, report);
    assert_eq!(read.text(), text);
    let begin = "{\n  \"format\": \"countersign-station-report\",\n  \"version\": 1,\n  \"made\": \
                 \"2026-11-22T00:00:00Z\",\n  \"items\": [\n";
    assert!(text.starts_with(begin), "{text}");
    for (from, to) in [("\"version\": 1", "\"version\": 2"), ("-report\"", "-letter\"")] {
        assert!(serde_json::from_str::<Report>(&text.replacen(from, to, 1)).is_err());
    }
    let schema = serde_json::to_string(&schemars::schema_for!(Report)).expect("a schema");
    assert!(ItemName::ALL.iter().all(|item| schema.contains(&format!("\"{item}\""))), "{schema}");
}

#[test]
fn secure_boot_is_on_or_off_or_not_readable() {
    let root = machine();
    let path = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    for (bytes, said) in [
        (&[6, 0, 0, 0, 0][..], "off"),
        (&[6, 0, 0, 0, 2], NOT_READABLE),
        (&[1], NOT_READABLE),
        (&[], NOT_READABLE),
    ] {
        fs::write(root.path().join(path), bytes).expect("our own file");
        let report = report(root.path(), &no_card(), &[]);
        assert_eq!(facts(&report, ItemName::Firmware)[4], ("secure boot", said));
    }
}

#[test]
fn a_readers_serial_number_is_left_out_of_its_name() {
    for (name, plain) in [
        (
            "SCM SCR 3310 [CCID Interface] (53311516C04733) 00 00",
            "SCM SCR 3310 [CCID Interface] 00 00",
        ),
        ("Virtual PCD 00 00", "Virtual PCD 00 00"),
        ("A (1) B (2", "A B"),
        ("(1)", ""),
    ] {
        assert_eq!(cards::without_serial(name), plain);
    }
}
