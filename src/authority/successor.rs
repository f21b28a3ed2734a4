//! A further master in an authority's record.

use super::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::exchange;
use crate::policy::{MAX_POLICY_BYTES, Named, Policy};

impl Authority {
    /// Adds a master, the newest from now on, to the policy and to `masters/`, and returns the
    /// record as it is then. What people wrote into `policy.toml` stays as it is.
    ///
    /// # Errors
    /// [`AuthorityError`] where the policy would not be valid, or a file cannot be written.
    pub fn with_master(&self, named: &Named, master: &Certificate) -> Result<Self, AuthorityError> {
        #[derive(serde::Serialize)]
        struct Entry<'a> {
            master: [&'a Named; 1],
        }
        let path = self.folder().join("policy.toml");
        let text = exchange::read_path(&path, MAX_POLICY_BYTES)?;
        let text = String::from_utf8(text).map_err(|_| AuthorityError::NotText)?;
        let entry = toml::to_string(&Entry { master: [named] }).expect("a name is plain data");
        let text = format!("{}\n\n{entry}", text.trim_end());
        Policy::parse(&text)?;
        // A certificate that the policy does not name yet does no harm.
        let file = self.folder().join("masters").join(format!("{}.asc", named.fingerprint));
        exchange::write_path(&file, master.armored().as_bytes())?;
        exchange::write_path(&path, text.as_bytes())?;
        Self::open(self.folder())
    }
}
