//! Keeping this process's memory to itself, while it holds a secret.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, setrlimit};

/// From here on the process leaves no core dump, and no other process of the same user can read its
/// memory or trace it.
///
/// # Errors
/// Where the system refuses.
pub fn keep_memory_private() -> io::Result<()> {
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum })?;
    Ok(rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// The swap spaces in use: memory, and secrets in it, may be written there in the clear.
pub fn swap() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
    names(&table)
}

fn names(table: &str) -> Vec<String> {
    let lines = table.lines().skip(1);
    lines.filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_spaces_are_named() {
        let table = "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 8388604 0 -2\n";
        assert_eq!(names(table), ["/dev/sda2"]);
        assert!(names("Filename Type Size Used Priority\n").is_empty());
        assert!(names("").is_empty());
    }
}
