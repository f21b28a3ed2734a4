//! The kernel, the system, and its swap. The kernel's command line is not read: it names disks.

use super::{Fact, Sources};

pub(super) fn kernel(sources: &Sources) -> Vec<Fact> {
    // Not /proc/version, which tells who built the kernel and on which host.
    vec![
        Fact::read("release", sources.line("proc/sys/kernel/osrelease")),
        Fact::read("version", sources.line("proc/sys/kernel/version")),
    ]
}

pub(super) fn system(sources: &Sources) -> Vec<Fact> {
    let text = sources.list("etc/os-release");
    let name = text.as_ref().and_then(|text| {
        let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(value.trim().trim_matches(['"', '\'']))
    });
    vec![Fact::read("name", name)]
}

/// Kind and size: the first column may name a disk, or a volume that is named after the host.
pub(super) fn swap(sources: &Sources) -> Vec<Fact> {
    let Some(text) = sources.line("proc/swaps") else {
        return vec![Fact::read("swap", None::<&str>)];
    };
    let areas = text.lines().skip(1).take(64).map(|line| {
        let mut columns = line.split_whitespace().rev();
        // From the right: priority, used, size, type.
        let (size, kind) = (columns.nth(2), columns.next());
        match (size, kind) {
            (Some(size), Some(kind @ ("file" | "partition"))) => {
                Fact::new(kind, format!("{size} kB"))
            }
            _ => Fact::read("swap", None::<&str>),
        }
    });
    let areas: Vec<Fact> = areas.collect();
    if areas.is_empty() { vec![Fact::new("swap", "none")] } else { areas }
}
