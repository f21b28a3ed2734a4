//! What would go wrong with a module, before anybody signs it. No key is needed.

mod folder;
mod xml;

use std::fmt;
use std::path::Path;

use super::tree::{Selection, Tree, TreeError};

/// Something about a module that a person should know before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub concern: Concern,
    /// The file or folder within the module, lossily, for people.
    pub path: String,
    /// The line, from 1, where it stands in one.
    pub line: Option<u32>,
    /// What was found, in one sentence.
    pub reason: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The module cannot be signed so, or would not verify.
    Error,
    /// It can, but perhaps it is not what was meant.
    Warning,
}

/// What a finding is about. The names are for good: they stand in output and in scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Concern {
    /// A name that breaks FreePBX's reading of the list, or that it reads otherwise.
    BadName,
    /// A name that is not UTF-8.
    NameNotUtf8,
    /// A file or folder that the public tool leaves out: it is in no list and in no package.
    HiddenFile,
    /// A file or folder that the servers' rules leave out.
    LeftOut,
    /// Something else than a translation or a text where the servers' rules leave everything out.
    StrayFile,
    /// A file that the `module.sig` at hand does not list: FreePBX never notices such a file.
    UnlistedFile,
    /// A `module.sig` at hand that cannot be read, so that nobody knows what it lists.
    BadSignatureFile,
    /// A link to something in the module: what it leads to is signed, and packed as a file.
    LinkInside,
    /// A link out of the module: what is signed is not what others get.
    LinkOutside,
    /// A link to nothing.
    LinkDangling,
    /// A link to a folder that it is in, or to itself.
    LinkLoop,
    /// A pipe, socket or device.
    SpecialFile,
    /// A file or folder that cannot be read.
    Unreadable,
    /// No `module.xml`.
    NoModuleXml,
    /// A `module.xml` that cannot be read as one.
    BadModuleXml,
    /// No `rawname`.
    NoRawName,
    /// A `rawname` that cannot be one.
    BadRawName,
    /// A `rawname` that is not the folder's name.
    OtherRawName,
    /// No `version`.
    NoVersion,
    /// A `version` that FreePBX does not compare as a person would.
    BadVersion,
    /// No `license`.
    NoLicence,
    /// A `license` that is none of those that the signing rules admit.
    OtherLicence,
}

impl Concern {
    /// Every concern.
    pub const ALL: [Self; 22] = [
        Self::BadName,
        Self::NameNotUtf8,
        Self::HiddenFile,
        Self::LeftOut,
        Self::StrayFile,
        Self::UnlistedFile,
        Self::BadSignatureFile,
        Self::LinkInside,
        Self::LinkOutside,
        Self::LinkDangling,
        Self::LinkLoop,
        Self::SpecialFile,
        Self::Unreadable,
        Self::NoModuleXml,
        Self::BadModuleXml,
        Self::NoRawName,
        Self::BadRawName,
        Self::OtherRawName,
        Self::NoVersion,
        Self::BadVersion,
        Self::NoLicence,
        Self::OtherLicence,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadName => "bad-name",
            Self::NameNotUtf8 => "name-not-utf8",
            Self::HiddenFile => "hidden-file",
            Self::LeftOut => "left-out",
            Self::StrayFile => "stray-file",
            Self::UnlistedFile => "unlisted-file",
            Self::BadSignatureFile => "bad-signature-file",
            Self::LinkInside => "link-inside",
            Self::LinkOutside => "link-outside",
            Self::LinkDangling => "link-dangling",
            Self::LinkLoop => "link-loop",
            Self::SpecialFile => "special-file",
            Self::Unreadable => "unreadable",
            Self::NoModuleXml => "no-module-xml",
            Self::BadModuleXml => "bad-module-xml",
            Self::NoRawName => "no-raw-name",
            Self::BadRawName => "bad-raw-name",
            Self::OtherRawName => "other-raw-name",
            Self::NoVersion => "no-version",
            Self::BadVersion => "bad-version",
            Self::NoLicence => "no-licence",
            Self::OtherLicence => "other-licence",
        }
    }

    /// How much it matters.
    pub fn severity(self) -> Severity {
        match self {
            Self::HiddenFile
            | Self::LeftOut
            | Self::UnlistedFile
            | Self::BadSignatureFile
            | Self::LinkInside => Severity::Warning,
            Self::BadName
            | Self::NameNotUtf8
            | Self::StrayFile
            | Self::LinkOutside
            | Self::LinkDangling
            | Self::LinkLoop
            | Self::SpecialFile
            | Self::Unreadable
            | Self::NoModuleXml
            | Self::BadModuleXml
            | Self::NoRawName
            | Self::BadRawName
            | Self::OtherRawName
            | Self::NoVersion
            | Self::BadVersion
            | Self::NoLicence
            | Self::OtherLicence => Severity::Error,
        }
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What stands out among the files of a module.
pub(super) fn of_files(tree: &Tree) -> Vec<Finding> {
    folder::findings(tree)
}

/// Looks at a module's folder: its names, links and special files, its `module.xml`, and what a
/// `module.sig` that is there does not list. Nothing is verified and nothing is hashed.
///
/// # Errors
/// [`TreeError`] where the folder itself cannot be looked at.
pub fn check(folder: &Path, selection: Selection) -> Result<Vec<Finding>, TreeError> {
    let tree = Tree::list(folder, selection)?;
    let mut findings = of_files(&tree);
    findings.extend(xml::findings(folder));
    findings.extend(folder::unlisted(folder, &tree));
    Ok(findings)
}

#[cfg(test)]
mod tests;
