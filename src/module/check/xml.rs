//! What a module says about itself, against what it is.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use super::{Concern, Finding};
use crate::exchange::{self, ExchangeError};
use crate::module::licence::gpl_compatible;
use crate::module::{Field, MAX_XML, ModuleXml, RawName, Version};
use crate::safe;

/// The file in question.
const NAME: &str = "module.xml";

/// Everything that is wrong with the `module.xml` of this folder.
pub(super) fn findings(folder: &Path) -> Vec<Finding> {
    let bytes = match exchange::read(folder, OsStr::new(NAME), MAX_XML) {
        Ok(bytes) => bytes,
        Err(ExchangeError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            let reason = "there is none: FreePBX does not see a module here";
            return vec![finding(Concern::NoModuleXml, None, reason)];
        }
        Err(error) => return vec![finding(Concern::BadModuleXml, None, safe::chain(&error))],
    };
    match ModuleXml::parse(&bytes) {
        Ok(xml) => {
            let found = [raw_name(&xml, folder), version(&xml), licence(&xml)];
            found.into_iter().flatten().collect()
        }
        Err(error) => vec![finding(Concern::BadModuleXml, error.line(), safe::chain(&error))],
    }
}

fn finding(concern: Concern, line: Option<u32>, reason: impl Into<String>) -> Finding {
    Finding { concern, path: NAME.to_owned(), line, reason: reason.into() }
}

fn raw_name(xml: &ModuleXml, folder: &Path) -> Option<Finding> {
    let Some(Field { text, line }) = &xml.raw_name else {
        return Some(finding(Concern::NoRawName, None, "it has no <rawname>"));
    };
    let name = match text.parse::<RawName>() {
        Ok(name) => name,
        Err(error) => return Some(finding(Concern::BadRawName, Some(*line), error.to_string())),
    };
    let canonical = folder.canonicalize().ok()?;
    let actual = canonical.file_name()?.to_string_lossy();
    (actual != name.as_str()).then(|| {
        let reason = format!("its <rawname> is {name}, but its folder is called {actual}");
        finding(Concern::OtherRawName, Some(*line), reason)
    })
}

fn version(xml: &ModuleXml) -> Option<Finding> {
    let Some(Field { text, line }) = &xml.version else {
        return Some(finding(Concern::NoVersion, None, "it has no <version>"));
    };
    let error = text.parse::<Version>().err()?;
    Some(finding(Concern::BadVersion, Some(*line), error.to_string()))
}

fn licence(xml: &ModuleXml) -> Option<Finding> {
    let Some(Field { text, line }) = &xml.license else {
        return Some(finding(Concern::NoLicence, None, "it has no <license>"));
    };
    gpl_compatible(text).is_none().then(|| {
        let reason = format!(
            "its <license> is {text:?}, which is not known to go together with the GPL: \
             FreePBX's signing rules ask for one that does, GPLv3+ for example"
        );
        finding(Concern::OtherLicence, Some(*line), reason)
    })
}
