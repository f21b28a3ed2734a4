//! The machine and its firmware, by kind: no serial number, no UUID.

use super::{Fact, Sources};

/// UEFI's own variable (UEFI 2.10 §3.3, table 3-1): four bytes of attributes, then 0 or 1.
const SECURE_BOOT: &str =
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

pub(super) fn hardware(sources: &Sources) -> Vec<Fact> {
    vec![
        Fact::read("vendor", sources.line("sys/class/dmi/id/sys_vendor")),
        Fact::read("product", sources.line("sys/class/dmi/id/product_name")),
        Fact::read("processor", sources.field("proc/cpuinfo", "model name")),
        Fact::read("memory", sources.field("proc/meminfo", "MemTotal")),
    ]
}

pub(super) fn firmware(sources: &Sources) -> Vec<Fact> {
    vec![
        Fact::read("vendor", sources.line("sys/class/dmi/id/bios_vendor")),
        Fact::read("version", sources.line("sys/class/dmi/id/bios_version")),
        Fact::read("date", sources.line("sys/class/dmi/id/bios_date")),
        Fact::read("microcode", sources.field("proc/cpuinfo", "microcode")),
        Fact::read("secure boot", secure_boot(sources)),
    ]
}

fn secure_boot(sources: &Sources) -> Option<&'static str> {
    if !sources.has("sys/firmware/efi") {
        return Some("none: started without EFI");
    }
    match sources.bytes(SECURE_BOOT)?[..] {
        [_, _, _, _, 0] => Some("off"),
        [_, _, _, _, 1] => Some("on"),
        _ => None,
    }
}
