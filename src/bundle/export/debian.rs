//! The source of a Debian package that installs the keyring in `/usr/share/keyrings`. It needs
//! dpkg-dev to be built and nothing else: `dpkg-buildpackage --build=binary`.

use super::folder::{Folder, Mode};
use super::{Accepted, ExportError, gnupg};
use crate::safe::Safe;

pub(super) fn write(accepted: &Accepted, folder: &mut Folder) -> Result<(), ExportError> {
    let name = format!("{}-keyring", slug(&accepted.head().authority));
    let package = Package { accepted, name: &name };
    folder.put("keyring.gpg", &gnupg::keyring(accepted)?, Mode::Data)?;
    folder.put("ownertrust.txt", gnupg::ownertrust(accepted).as_bytes(), Mode::Data)?;
    let mut put = |file: &str, text: String, mode| {
        folder.put(&format!("debian/{file}"), text.as_bytes(), mode)
    };
    put("control", package.control(), Mode::Data)?;
    put("changelog", package.changelog(), Mode::Data)?;
    put("copyright", package.copyright(), Mode::Data)?;
    put("rules", package.rules(), Mode::Program)?;
    put("source/format", "3.0 (native)\n".to_owned(), Mode::Data)?;
    Ok(())
}

/// A package being described.
struct Package<'a> {
    accepted: &'a Accepted,
    name: &'a str,
}

impl Package<'_> {
    fn control(&self) -> String {
        let (name, maintainer) = (self.name, self.maintainer());
        let authority = Safe(&self.accepted.head().authority).to_string();
        format!(
            "Source: {name}\n\
             Section: misc\n\
             Priority: optional\n\
             Maintainer: {maintainer}\n\
             Standards-Version: 4.6.2\n\
             Rules-Requires-Root: no\n\
             \n\
             Package: {name}\n\
             Architecture: all\n\
             Depends: ${{misc:Depends}}\n\
             Description: OpenPGP certificates of {authority}\n \
             The masters of the authority and everybody whom they certified, with what was\n \
             revoked: /usr/share/keyrings/{name}.gpg.\n"
        )
    }

    fn changelog(&self) -> String {
        let head = self.accepted.head();
        format!(
            "{} ({}) unstable; urgency=medium\n\n  * Trust bundle {}, good until {}.\n\n -- {}  {}\n",
            self.name,
            head.serial,
            head.serial,
            head.expires.date(),
            self.maintainer(),
            head.made.mail_date(),
        )
    }

    fn copyright(&self) -> String {
        let authority = Safe(&self.accepted.head().authority).to_string();
        format!(
            "Certificates that {authority} published, made into a package by countersign.\n\
             They are facts about keys, and nobody's work.\n"
        )
    }

    fn rules(&self) -> String {
        let name = self.name;
        format!(
            "#!/usr/bin/make -f\n\
             # Without debhelper: there are three files to install.\n\
             root = debian/{name}\n\
             \n\
             build build-arch build-indep binary-arch:\n\
             \n\
             binary: binary-indep\n\
             \n\
             binary-indep:\n\
             \tinstall -D -m 644 keyring.gpg $(root)/usr/share/keyrings/{name}.gpg\n\
             \tinstall -D -m 644 ownertrust.txt $(root)/usr/share/{name}/ownertrust.txt\n\
             \tinstall -D -m 644 debian/copyright $(root)/usr/share/doc/{name}/copyright\n\
             \tinstall -d -m 755 $(root)/DEBIAN\n\
             \tdpkg-gencontrol -p{name} -P$(root)\n\
             \tdpkg-deb --root-owner-group --build $(root) ..\n\
             \n\
             clean:\n\
             \trm -rf $(root) debian/files debian/{name}.substvars\n\
             \n\
             .PHONY: build build-arch build-indep binary binary-arch binary-indep clean\n"
        )
    }

    /// The newest master's user ID, where it is one that the form allows.
    fn maintainer(&self) -> String {
        let last = self.accepted.masters().last();
        let id = last.and_then(|m| m.user_ids().next());
        let id = id.map(|id| Safe(&String::from_utf8_lossy(id.value())).to_string());
        let fits = |id: &String| {
            id.split_once(" <").is_some_and(|(name, rest)| {
                !name.is_empty()
                    && !name.contains(['<', '>', ',', '('])
                    && rest.ends_with('>')
                    && rest.matches(['<', '>']).count() == 1
                    && rest.contains('@')
            })
        };
        id.filter(fits).unwrap_or_else(|| format!("{} <root@localhost>", self.name))
    }
}

/// A name that a package can have (Debian Policy §5.6.1).
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = name.chars().map(plain).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    match words.join("-") {
        empty if empty.is_empty() => "authority".to_owned(),
        slug => slug.chars().take(60).collect::<String>().trim_end_matches('-').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_a_packages() {
        assert_eq!(slug("Example Project"), "example-project");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("日本"), "authority");
    }
}
