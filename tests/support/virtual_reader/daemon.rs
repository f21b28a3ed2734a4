//! A pcscd with a configuration and a `/run/pcscd` of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{Error, Skip, ports::Ports, process::Process};
use crate::namespace;

/// Where distributions put the driver of vsmartcard's reader.
const DRIVERS: [&str; 3] = [
    "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/lib64/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
];

/// Folders for system programs, which the PATH of an ordinary user lacks.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// Runs pcscd until standard input is closed, so that it does not outlive a test that was killed.
///
/// pcscd refuses a second one by its pid file, and knows no option for another place: hence the private folder. A
/// system without /run/pcscd gets an empty /run to have it in. A pcscd that asks polkit whom it serves would not reach
/// it from here.
const SCRIPT: &str = r#"
set -e
if [ ! -d /run/pcscd ]; then
    mount -t tmpfs tmpfs /run
    mkdir /run/pcscd
fi
mount --bind "$1" /run/pcscd
case $("$2" --help) in
    *--disable-polkit*) polkit=--disable-polkit ;;
    *) polkit= ;;
esac
"$2" --foreground $polkit --config "$3" &
cat >/dev/null
kill -KILL $!
wait || true
"#;

pub(super) struct Daemon {
    // The process ends before its folder is removed.
    _process: Process,
    _run: TempDir,
    ports: Ports,
    socket: PathBuf,
    log: PathBuf,
}

impl Daemon {
    pub(super) fn start(state: &Path) -> Result<Self, Error> {
        let pcscd = pcscd()?;
        let driver = DRIVERS
            .into_iter()
            .find(|path| Path::new(path).exists())
            .ok_or(Error::Skip(Skip::Driver))?;
        let namespace = namespace::way().ok_or(Error::Skip(Skip::Namespaces))?;
        let ports = Ports::reserve()?;

        let configuration = state.join("pcscd.conf.d");
        write_configuration(&configuration, driver, ports.first())?;
        // Not in `state`: the name of a socket must not be longer than 107 bytes.
        let run = TempDir::with_prefix("reader")
            .map_err(|source| Error::Write { path: "reader".into(), source })?;

        let mut command = Command::new("unshare");
        command
            .args(namespace)
            .args(["sh", "-c", SCRIPT, "sh"])
            .arg(run.path())
            .arg(pcscd)
            .arg(&configuration);
        let log = state.join("pcscd.log");
        let process = Process::start(command, &log)?;
        Ok(Self { socket: run.path().join("pcscd.comm"), _process: process, _run: run, ports, log })
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn port(&self) -> u16 {
        self.ports.first()
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }
}

fn write_configuration(folder: &Path, driver: &str, port: u16) -> Result<(), Error> {
    let file = folder.join("reader.conf");
    fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.into(), source })?;
    let text = format!(
        "FRIENDLYNAME \"Virtual reader\"\nDEVICENAME /dev/null:{port}\nLIBPATH {driver}\nCHANNELID {port:#06X}\n"
    );
    fs::write(&file, text).map_err(|source| Error::Write { path: file, source })
}

fn pcscd() -> Result<PathBuf, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(SYSTEM_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join("pcscd"))
        .find(|program| program.exists())
        .ok_or(Error::Skip(Skip::Pcscd))
}
