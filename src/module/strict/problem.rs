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
    /// The signer's key was revoked by its owner.
    KeyRevoked {
        /// When.
        at: Timestamp,
        /// How far back that reaches.
        kind: Kind,
    },
    /// The signer's key has ended.
    KeyExpired {
        /// When.
        at: Timestamp,
    },
    /// The signer's key was not made for signing.
    KeyNotForSigning,
    /// Somebody whom the owner declared as revoker seems to have revoked the key.
    UnverifiedRevoker,
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
    /// `expiresafter` is past.
    ExpiresAfter {
        /// When it was.
        at: Timestamp,
    },
    /// The list is empty.
    NothingListed,
    /// FreePBX's parser does not see an entry of the list as it stands there.
    HiddenByParser {
        /// The file.
        path: String,
    },
    /// A file differs from the list.
    FileAltered {
        /// The file.
        path: String,
    },
    /// A listed file is not there.
    FileMissing {
        /// The file.
        path: String,
    },
    /// A listed file is as listed, but lies outside the module, behind a link.
    FileOutside {
        /// The file.
        path: String,
    },
    /// A listed file is no file, or cannot be read.
    FileUnreadable {
        /// The file.
        path: String,
        /// What is in the way.
        reason: String,
    },
    /// A file is there that nobody signed.
    FileUnlisted {
        /// The file.
        path: String,
    },
}

impl Problem {
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
            Self::KeyRevoked { .. } => "key-revoked",
            Self::KeyExpired { .. } => "key-expired",
            Self::KeyNotForSigning => "key-not-for-signing",
            Self::UnverifiedRevoker => "unverified-revoker",
            Self::Revoked { .. } => "revoked",
            Self::NotCertified { .. } => "not-certified",
            Self::WeakChain { .. } => "weak-chain",
            Self::List { .. } => "list",
            Self::OtherForm(_) => "other-form",
            Self::SignedWith { .. } => "signed-with",
            Self::RawName { .. } => "raw-name",
            Self::ExpiresAfter { .. } => "expires-after",
            Self::NothingListed => "nothing-listed",
            Self::HiddenByParser { .. } => "hidden-by-parser",
            Self::FileAltered { .. } => "file-altered",
            Self::FileMissing { .. } => "file-missing",
            Self::FileOutside { .. } => "file-outside",
            Self::FileUnreadable { .. } => "file-unreadable",
            Self::FileUnlisted { .. } => "file-unlisted",
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
