//! The files of a machine: those that tell what they should, and those that must not be read.

use std::fs;
use std::path::Path;

/// In every file that must not be read, and beside much that is.
pub(super) const MARK: &str = "SECRET-7F3A";

/// Files that tell what they should.
const TOLD: &[(&str, &str)] = &[
    ("sys/class/dmi/id/sys_vendor", "Example Computers\n"),
    ("sys/class/dmi/id/product_name", "Station 3000\n"),
    ("sys/class/dmi/id/bios_vendor", "Example BIOS\n"),
    ("sys/class/dmi/id/bios_version", "1.27\n"),
    ("sys/class/dmi/id/bios_date", "03/14/2026\n"),
    ("proc/sys/kernel/osrelease", "6.12.1-amd64\n"),
    ("proc/sys/kernel/version", "#1 SMP Debian 6.12.1-1\n"),
    ("proc/meminfo", "MemTotal:        8048120 kB\nMemFree:         100 kB\n"),
    ("sys/class/net/lo/operstate", "unknown\n"),
    ("sys/class/net/eth0/operstate", "down\n"),
    ("sys/class/net/enx0123456789ab/operstate", "up\n"),
    ("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\x06\0\0\0\x01"),
    ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
];

/// Files that tell more than they should.
const MIXED: &[(&str, &str)] = &[
    (
        "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Example CPU @ 2 GHz\nmicrocode\t: 0x2f\nSerial\t\t: MARK\n",
    ),
    (
        "proc/swaps",
        "Filename\tType\t\tSize\tUsed\tPriority\n/dev/MARK\tpartition\t976892\t0\t-2\n\
         /swap\\040MARK\tfile\t4\t0\t-3\n/dev/x\tMARK\t4\t0\t-3\n",
    ),
    ("etc/os-release", "NAME=\"MARK\"\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nX=MARK\n"),
    (
        "var/lib/dpkg/status",
        "Package: pcscd\nStatus: install ok installed\nMaintainer: MARK\nVersion: 2.3-1\n\
         Description: MARK\n Version: 9\n\nPackage: MARK-tool\nStatus: hold ok installed\n\
         Version: 1\n\nPackage: linux-image-6.12\nStatus: install ok installed\nVersion: 6.12-1\n\n\
         Package: gnupg\nStatus: deinstall ok config-files\nVersion: 2.4\n",
    ),
];

/// Files that must not be read at all.
pub(super) const FORBIDDEN: &[&str] = &[
    "sys/class/dmi/id/product_serial",
    "sys/class/dmi/id/board_serial",
    "sys/class/dmi/id/chassis_serial",
    "sys/class/dmi/id/product_uuid",
    "sys/class/dmi/id/chassis_asset_tag",
    "sys/class/net/eth0/address",
    "sys/class/net/enx0123456789ab/address",
    "sys/class/net/lo/address",
    "proc/sys/kernel/hostname",
    "proc/version",
    "proc/cmdline",
    "etc/hostname",
    "etc/hosts",
    "etc/machine-id",
    "etc/passwd",
    "var/lib/dbus/machine-id",
    "dev/disk/by-id/x",
    "dev/disk/by-uuid/x",
];

/// A file below `root`, with the mark where it says MARK.
pub(super) fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("below the root")).expect("a new folder");
    fs::write(path, text.replace("MARK", MARK)).expect("a new file");
}

/// The machine.
pub(super) fn machine() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (path, text) in TOLD.iter().chain(MIXED) {
        write(root.path(), path, text);
    }
    for path in FORBIDDEN {
        write(root.path(), path, "MARK\n");
    }
    root
}
