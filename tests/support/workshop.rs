//! A developer's machine and a PBX: modules in a folder, the masters' certificates in files, and
//! gpg homes whose past is real, so that no program needs another clock.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use countersign::digest::Sha256;
use countersign::time::Timestamp;
use tempfile::TempDir;

use crate::run::{Run, run};
use crate::signers::World;
use crate::{forge, program};

/// The day of a workshop's world that is today.
pub const TODAY: u32 = 100;

/// `masters/*.asc` and `keys/*.asc` are the world's certificates as [`Workshop::publish`] left
/// them; everything runs in the folder that they are in.
pub struct Workshop {
    /// Who signs, and who certifies.
    pub world: World,
    root: TempDir,
}

impl Workshop {
    /// With the masters `one` and `two`, and `dev`, whom `one` alone certified ninety days ago.
    pub fn new() -> Self {
        let workshop = Self::uncertified();
        workshop.world.certify("one", "dev", 10, &[], &[]);
        workshop.publish(&["dev"]);
        workshop
    }

    /// The same before anybody certified anybody.
    pub fn uncertified() -> Self {
        let now = Timestamp::from(SystemTime::now()).unix();
        Self::of(World::since(now - TODAY * 86_400))
    }

    /// Around any world.
    pub fn of(world: World) -> Self {
        let workshop =
            Self { world, root: TempDir::with_prefix("cs").expect("a temporary folder") };
        for folder in ["masters", "keys"] {
            fs::create_dir(workshop.path(folder)).expect("a new folder");
        }
        workshop
    }

    /// Writes the masters' certificates and these people's, as they are now, and `NAME.key`.
    pub fn publish(&self, people: &[&str]) {
        for name in ["one", "two"] {
            self.write(&format!("masters/{name}.asc"), self.world.public(name));
        }
        for name in people {
            self.write(&format!("keys/{name}.asc"), self.world.public(name));
            let key = self.world.secret(name);
            self.write(&format!("{name}.key"), key);
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
        fs::write(path, content).expect("a writable folder");
    }

    /// Makes a module with three files.
    pub fn module(&self, name: &str) -> PathBuf {
        self.write(&format!("{name}/module.xml"), module_xml(name, "17.0.1"));
        self.write(&format!("{name}/a.php"), "<?php\n");
        self.write(&format!("{name}/assets/x.js"), "x()\n");
        self.path(name)
    }

    /// Makes a module and lets `who` sign it with their key file.
    pub fn signed(&self, name: &str, who: &str) -> PathBuf {
        let folder = self.module(name);
        let key = format!("{who}.key");
        self.by_keys(&["module", "sign", name, "--key-file", &key]).ok();
        folder
    }

    /// A list of these files, with `more` lines in its configuration, signed by `dev`.
    pub fn list(&self, more: &str, files: &[(&str, &str)]) -> String {
        let entries: String = files
            .iter()
            .map(|(path, content)| format!("{path} = {}\n", Sha256::of(content.as_bytes())))
            .collect();
        self.list_of(more, &entries)
    }

    /// The same with these lines for entries.
    pub fn list_of(&self, more: &str, entries: &str) -> String {
        let entry = format!("a.php = {}\n", Sha256::of(b"<?php\n"));
        self.world.text("dev", more).replace(&entry, entries)
    }

    /// A text signed by the key file of `who`, now.
    pub fn clearsign(&self, who: &str, text: &str) -> String {
        forge::sign(&self.path(&format!("{who}.key")), text, SystemTime::now().into())
    }

    /// Runs `countersign` in the folder.
    pub fn run(&self, arguments: &[&str]) -> Run {
        run(&self.command(arguments), "")
    }

    /// The same with the world's keys named.
    pub fn by_keys(&self, arguments: &[&str]) -> Run {
        self.run(&[arguments, &KEYS].concat())
    }

    /// The same as somebody with a gpg home.
    pub fn as_person(&self, name: &str, arguments: &[&str]) -> Run {
        let mut command = self.command(&[arguments, &KEYS].concat());
        command.env("GNUPGHOME", self.world.home(name));
        run(&command, "")
    }

    /// What is run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("countersign"));
        command.args(arguments).current_dir(self.root.path());
        command.env("GNUPGHOME", self.path("nobody")).env_remove("COUNTERSIGN_AUTHORITY");
        command
    }
}

impl Default for Workshop {
    fn default() -> Self {
        Self::new()
    }
}

/// The keys that the world's people are judged with.
pub const KEYS: [&str; 4] = ["--masters", "masters", "--keyring", "keys"];

/// What a module says of itself.
pub fn module_xml(name: &str, version: &str) -> String {
    format!(
        "<module>\n  <rawname>{name}</rawname>\n  <name>A module</name>\n  \
         <version>{version}</version>\n  <license>GPLv3+</license>\n</module>\n"
    )
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    run(Command::new("id").arg("-u"), "").ok().out.trim() == "0"
}

/// `program`, run by somebody whom the modes of files bind: root is another user for that.
pub fn bound_by_modes(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command
}
