//! `sign-module`: the master signs a module's list, as `module.sig` carries it.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Line, Object, Signable, Statement, StatementError};
use crate::certificate::Certificate;
use crate::module::{Manifest, ManifestError, RawName};
use crate::policy::rules::{module, requester};
use crate::policy::{Kind, Rule};
use crate::time::Timestamp;

/// A cleartext signature (type 0x01, RFC 9580 §5.2.1.2), SHA-512, over a module's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignModule {
    /// The module.
    pub module: RawName,
    /// Its version, as its module.xml has it.
    pub version: String,
    /// The lines of the text to be signed: a header, the configuration, the digest of each file.
    pub list: Vec<String>,
}

const RULES: &[Rule] = &[
    requester::REQUESTER_ALLOWED,
    module::MASTER_SIGNS,
    module::MODULE_VERSION,
    module::MODULE_LIST,
    module::MODULE_FILES,
    module::MODULE_XML,
    module::MODULE_CHANGES,
];

impl SignModule {
    /// Asks for a signature over `list`.
    pub fn new(module: RawName, version: String, list: &Manifest) -> Self {
        let list = list.text().lines().map(str::to_owned).collect();
        Self { module, version, list }
    }

    /// The text to be signed, with a final newline.
    pub fn text(&self) -> String {
        let mut text = self.list.join("\n");
        text.push('\n');
        text
    }

    /// The list that the text is.
    ///
    /// # Errors
    /// [`ManifestError`] where it is none.
    pub fn manifest(&self) -> Result<Manifest, ManifestError> {
        Manifest::parse(self.text().as_bytes())
    }
}

impl Signable for SignModule {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(_: Option<Timestamp>) -> Kind {
        Kind::SignedModule
    }

    fn object(&self) -> Option<Object> {
        Some(Object::Module(self.module.clone()))
    }

    fn version(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.version))
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        _: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let about = format!("module.sig of {} {}", self.module, self.version);
        Ok(vec![Statement::over_text(created, master, &self.text(), about)?])
    }

    fn describe(&self) -> Vec<Line> {
        let mut lines =
            vec![Line::new("module", self.module.as_str()), Line::new("version", &self.version)];
        if let Ok(manifest) = self.manifest() {
            lines.push(Line::new("files", manifest.entries.len().to_string()));
            lines.push(Line::new("repo", &manifest.config.repo));
            if let Some(at) = manifest.config.expires_after {
                lines.push(Line::new("until", at.to_string()));
            }
        }
        lines
    }

    fn brief(&self) -> String {
        format!("{} {}", self.module, crate::safe::clip(&self.version))
    }
}
