//! What stops when a master goes.

use super::{Counts, Effect, Judged};
use crate::authority::{Authority, AuthorityError};
use crate::fingerprint::Fingerprint;
use crate::module::Revoked;
use crate::module::keyring::Supposed;
use crate::operation::Stops;

/// The effect on everybody and every module on record if `master` were revoked so.
///
/// # Errors
/// [`AuthorityError`] where the record cannot be read.
pub fn without(
    authority: &Authority,
    master: Fingerprint,
    revoked: Revoked,
    judged: Judged,
) -> Result<Effect, AuthorityError> {
    let before = authority.keyring();
    let after = before.supposing([Supposed::Key { key: master, revoked }]);
    Ok(Effect::of(&before, &after, &authority.signed_modules()?, judged))
}

impl From<Counts> for Stops {
    fn from(counts: Counts) -> Self {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self { developers: number(counts.developers_stop), modules: number(counts.modules_stop) }
    }
}
