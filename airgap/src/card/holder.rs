//! Who holds the reader: the commonest question when a card cannot be opened.

use std::fmt;
use std::fs;

/// A process that uses PC/SC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", countersign::safe::Safe(&self.name), self.pid)
    }
}

/// The processes, other than this one and the service itself, that have the PC/SC library loaded
/// or are gpg's smartcard daemon. Processes of other users stay hidden unless this one is root.
pub(super) fn holders() -> Vec<Holder> {
    let own = std::process::id();
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let mut holders: Vec<Holder> = processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own)
        .filter_map(|pid| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned();
            let uses = || {
                let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
                maps.contains("libpcsclite").then_some(())
            };
            let holds = name != "pcscd" && (name == "scdaemon" || uses().is_some());
            holds.then_some(Holder { pid, name })
        })
        .collect();
    holders.sort_by_key(|h| (h.name != "scdaemon", h.pid));
    holders
}
