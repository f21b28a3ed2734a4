//! A `module.sig` read in all its stages, by us and by FreePBX's parser.

use super::{Manifest, ManifestError, SignedText, SignedTextError, freepbx};

/// What stands in a `module.sig`; nothing of it is verified.
#[derive(Debug)]
pub struct Reading {
    /// The signed text.
    pub signed: SignedText,
    /// The list in it, read strictly.
    pub manifest: Result<Manifest, ManifestError>,
    /// The same, as FreePBX reads it.
    pub parsed: Parsed,
}

/// What PHP's parser makes of the text: nothing, where it fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What stands under `[config]`, as far as FreePBX looks at it.
    pub config: freepbx::Config,
    /// What stands under `[hashes]`.
    pub hashes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Reading {
    /// Reads a file that `parse`, PHP's parser, reads as FreePBX has it read.
    ///
    /// # Errors
    /// [`SignedTextError`] where it is no signed text. What is wrong with the list in it is said
    /// in [`Reading::manifest`].
    pub fn parse(
        untrusted: &[u8],
        parse: impl FnOnce(&[u8]) -> Parsed,
    ) -> Result<Self, SignedTextError> {
        let signed = SignedText::parse(untrusted)?;
        let manifest = Manifest::parse(signed.text());
        let parsed = parse(signed.text());
        Ok(Self { signed, manifest, parsed })
    }
}
