//! Where FreePBX looks for a listed file (`Installer::getDestination`): in the module's folder,
//! but for the module `framework`, whose files are installed all over the system.

use std::path::{Path, PathBuf};

use super::tree::Where;

/// Where a listed file is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// Under the module's folder.
    Module(&'a str),
    /// Under a folder of the system.
    System(SystemFolder, &'a str),
    /// Nowhere: the file is not checked.
    Unchecked,
}

/// A folder that files of `framework` are installed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemFolder {
    /// `ASTVARLIBDIR/sounds`
    Sounds,
    /// `AMPSBIN`
    Sbin,
    /// `AMPBIN`
    Bin,
    /// `AMPWEBROOT`
    WebRoot,
    /// `ASTAGIDIR`
    AgiBin,
}

impl SystemFolder {
    /// Where it is unless the PBX was configured otherwise.
    pub fn usual(self) -> &'static Path {
        Path::new(match self {
            Self::Sounds => "/var/lib/asterisk/sounds",
            Self::Sbin => "/usr/sbin",
            Self::Bin => "/var/lib/asterisk/bin",
            Self::WebRoot => "/var/www/html",
            Self::AgiBin => "/var/lib/asterisk/agi-bin",
        })
    }
}

impl Destination<'_> {
    /// The same for whoever reads the files; `find` says where a path of the system is.
    pub fn place(self, find: impl Fn(&Path) -> Option<PathBuf>) -> Where {
        match self {
            Self::Module(_) => Where::Here,
            Self::System(at, rest) => {
                find(&at.usual().join(rest)).map_or(Where::Missing, Where::At)
            }
            Self::Unchecked => Where::Nowhere,
        }
    }
}

/// Where FreePBX looks for `path`, listed by the module in the folder `raw_name`.
pub fn destination<'a>(raw_name: &str, path: &'a str) -> Destination<'a> {
    const MAPPED: [(&str, SystemFolder); 5] = [
        ("amp_conf/sounds/", SystemFolder::Sounds),
        ("amp_conf/sbin/", SystemFolder::Sbin),
        ("amp_conf/bin/", SystemFolder::Bin),
        ("amp_conf/htdocs/", SystemFolder::WebRoot),
        ("amp_conf/agi-bin/", SystemFolder::AgiBin),
    ];
    const UNCHECKED: [&str; 3] = ["amp_conf/astetc/", "amp_conf/moh/", "upgrades/"];
    // PHP finds methods, and this is one, by their names in any case.
    if !raw_name.eq_ignore_ascii_case("framework") {
        return Destination::Module(path);
    }
    if UNCHECKED.iter().any(|prefix| path.starts_with(prefix)) {
        return Destination::Unchecked;
    }
    let mapped = MAPPED.iter().find_map(|(prefix, to)| Some((*to, path.strip_prefix(prefix)?)));
    mapped.map_or(Destination::Module(path), |(to, rest)| Destination::System(to, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_of_framework_are_looked_for_elsewhere() {
        let path = "amp_conf/htdocs/admin/index.php";
        let mapped = Destination::System(SystemFolder::WebRoot, "admin/index.php");
        assert_eq!(destination("framework", path), mapped);
        let at = mapped.place(|path| Some(path.to_owned()));
        assert_eq!(at, Where::At("/var/www/html/admin/index.php".into()));
        assert_eq!(mapped.place(|_| None), Where::Missing);
        assert_eq!(destination("core", path), Destination::Module(path));
        assert_eq!(destination("framework", "module.xml"), Destination::Module("module.xml"));
        for path in ["amp_conf/astetc/cdr.conf", "amp_conf/moh/a.wav", "upgrades/2.9/a.php"] {
            assert_eq!(destination("framework", path), Destination::Unchecked);
        }
    }
}
