//! What can be wrong with a module, each with a name that never changes and one sentence.

use crate::fingerprint::Fingerprint;
use crate::module::chain::Lapse;
use crate::module::{Deviation, Flaw, Form, Kind, RawName};
use crate::time::Timestamp;

/// One thing that is wrong with a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no `module.sig`.
    Unsigned,
    /// `module.sig` is not a signed text.
    Unreadable {
        /// Why not.
        reason: String,
    },
    /// It is not exactly one cleartext block with one signature and nothing around it.
    Form(Deviation),
    /// No key of the keyring is the one that it names.
    UnknownSigner {
        /// Key id or fingerprint, where it names one.
        named: Option<String>,
    },
    /// The text is not what the key that it names signed.
    TextAltered {
        /// The certificate of that key.
        claimed: Fingerprint,
    },
    /// The signature cannot count, whoever made it.
    UnusableSignature(Flaw),
    /// The signature has ended.
    SignatureExpired {
        /// When.
        at: Timestamp,
    },
    /// The signature is dated after now.
    SignedInTheFuture {
        /// To when.
        made: Timestamp,
    },
    /// The signer's key is unfit.
    Key(KeyFlaw),
    /// The authority's last word on the key is a revocation.
    Revoked {
        /// When it was made.
        at: Timestamp,
        /// By which master or introducer.
        by: Fingerprint,
    },
    /// No certification counted when the module was signed and counts now.
    NotCertified {
        /// Those that there are, and why they do not count.
        lapses: Vec<(Fingerprint, Lapse)>,
    },
    /// The only certification that counts is a SHA-1 one from before 2019-01-19.
    WeakChain {
        /// When it was made.
        made: Timestamp,
        /// By which master or introducer.
        by: Fingerprint,
    },
    /// The text is not a list as FreePBX's tools write it.
    List {
        /// Why not.
        reason: String,
    },
    /// It is a list of another kind than a module's.
    OtherForm(Form),
    /// `signedwith` does not name the key that signed.
    SignedWith {
        /// What it names.
        written: String,
        /// The certificate of the key that signed.
        actual: Fingerprint,
    },
    /// `rawname` is another module's.
    RawName {
        /// What it is.
        written: RawName,
        /// The folder's name.
        actual: String,
    },
    /// The authority blocked this version.
    Blocked {
        /// Why.
        reason: String,
        /// Since when.
        since: Timestamp,
    },
    /// `expiresafter` is past.
    ExpiresAfter {
        /// When it was.
        at: Timestamp,
    },
    /// The list is empty.
    NothingListed,
    /// A file is not as it should be.
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        flaw: FileFlaw,
    },
}

/// Why a signer's key is unfit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFlaw {
    /// Its owner revoked it.
    Revoked {
        /// When.
        at: Timestamp,
        /// How far back that reaches.
        kind: Kind,
    },
    /// It has ended.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was not made for signing.
    NotForSigning,
    /// Somebody whom the owner declared as revoker seems to have revoked it.
    UnverifiedRevoker,
}

/// What can be wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFlaw {
    /// FreePBX's parser does not see its entry in the list as it stands there.
    HiddenByParser,
    /// It differs from the list.
    Altered,
    /// It is listed and not there.
    Missing,
    /// It is as listed, but lies outside the module, behind a link.
    Outside,
    /// It is listed, and is no file or cannot be read.
    Unreadable {
        /// What is in the way.
        reason: String,
    },
    /// It is there and not listed: nobody signed it.
    Unlisted,
}

impl Problem {
    pub(super) fn file(path: &str, flaw: FileFlaw) -> Self {
        Self::File { path: path.to_owned(), flaw }
    }

    /// Its stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Unreadable { .. } => "unreadable",
            Self::Form(deviation) => deviation_name(*deviation),
            Self::UnknownSigner { .. } => "unknown-signer",
            Self::TextAltered { .. } => "text-altered",
            Self::UnusableSignature(_) => "unusable-signature",
            Self::SignatureExpired { .. } => "signature-expired",
            Self::SignedInTheFuture { .. } => "signed-in-the-future",
            Self::Key(KeyFlaw::Revoked { .. }) => "key-revoked",
            Self::Key(KeyFlaw::Expired { .. }) => "key-expired",
            Self::Key(KeyFlaw::NotForSigning) => "key-not-for-signing",
            Self::Key(KeyFlaw::UnverifiedRevoker) => "unverified-revoker",
            Self::Revoked { .. } => "revoked",
            Self::NotCertified { .. } => "not-certified",
            Self::WeakChain { .. } => "weak-chain",
            Self::List { .. } => "list",
            Self::OtherForm(_) => "other-form",
            Self::SignedWith { .. } => "signed-with",
            Self::RawName { .. } => "raw-name",
            Self::Blocked { .. } => "blocked",
            Self::ExpiresAfter { .. } => "expires-after",
            Self::NothingListed => "nothing-listed",
            Self::File { flaw, .. } => flaw.name(),
        }
    }
}

impl FileFlaw {
    fn name(&self) -> &'static str {
        match self {
            Self::HiddenByParser => "hidden-by-parser",
            Self::Altered => "file-altered",
            Self::Missing => "file-missing",
            Self::Outside => "file-outside",
            Self::Unreadable { .. } => "file-unreadable",
            Self::Unlisted => "file-unlisted",
        }
    }
}

/// The deviations and the names of their problems.
fn deviation_name(deviation: Deviation) -> &'static str {
    match deviation {
        Deviation::TextBefore => "text-before",
        Deviation::TextAfter => "text-after",
        Deviation::TextBetween => "text-between",
        Deviation::SeveralBlocks => "several-blocks",
        Deviation::MessageAfter => "message-after",
        Deviation::SeveralSignatures => "several-signatures",
        Deviation::CarriageReturns => "carriage-returns",
        Deviation::TrailingBlanks => "trailing-blanks",
        Deviation::UnescapedDash => "unescaped-dash",
        Deviation::Header => "header",
        Deviation::HashHeader => "hash-header",
        Deviation::NoEnd => "no-end",
        Deviation::Inline => "not-cleartext",
        Deviation::SignatureType => "signature-type",
    }
}
