//! The arguments of `airgap card`.

use clap::{Args, Subcommand, ValueEnum};
use countersign::cli::args::Form;

use crate::card::{LastTry, Touch};

/// `airgap card …`
#[derive(Debug, Subcommand)]
pub enum CardVerb {
    /// Show the card: identity, key, PIN tries, touch, signature counter, advisories
    #[command(after_help = "Example:\n  airgap card status --practice-card card")]
    Status(Form),
    /// Set up a card as it was delivered: its PINs before anything else
    #[command(after_help = "Example:\n  airgap card init --practice-card new \
--name 'Example<<Project' --url https://example.org/master.asc")]
    Init {
        /// The holder, as cards write it: SURNAME<<FORENAME, in ASCII
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Where the certificate can be found
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Whether signatures need a touch: off, on, cached; for good: fixed, cached-fixed
        #[arg(long, value_name = "POLICY")]
        touch: Option<Touch>,
        /// Also set a resetting code, which unblocks the PIN without the Admin PIN; asks for it
        #[arg(long)]
        resetting_code: bool,
        /// The set-up was cut off: the card may have the new Admin PIN already
        #[arg(long)]
        again: bool,
    },
    /// Change, set or unblock a PIN; says how many tries are left, and keeps the last one
    #[command(after_help = "Example:\n  airgap card pin unblock --practice-card card")]
    Pin {
        /// What is to be done
        #[arg(value_enum, default_value_t = PinChange::Pin)]
        what: PinChange,
        #[command(flatten)]
        #[allow(missing_docs)]
        last_try: LastTryArg,
    },
    /// Say whether each signature needs a touch, where the card has a button
    #[command(after_help = "Example:\n  airgap card touch on --practice-card card")]
    Touch {
        /// off, on, cached; until the key is gone: fixed, cached-fixed
        #[arg(value_name = "POLICY")]
        policy: Touch,
        #[command(flatten)]
        #[allow(missing_docs)]
        last_try: LastTryArg,
    },
    /// Take the card's counter as it is, with a person's explanation, into the journal
    #[command(after_help = "Example:\n  airgap card reset-counter-baseline --practice-card card \
--explain 'test with gpg, Maria and Tom present'")]
    ResetCounterBaseline {
        /// What the signatures were that the journal does not know
        #[arg(long, value_name = "TEXT")]
        explain: String,
    },
    /// Check the card: master, self-signature, PINs, touch, counter, advisories, attestation
    #[command(after_help = "Example:\n  airgap card verify --practice-card card")]
    Verify(Form),
}

/// Whether a card's last try may be used.
#[derive(Clone, Copy, Debug, Args)]
pub struct LastTryArg {
    /// Use the last try that is left
    #[arg(long)]
    last_try: bool,
}

impl LastTryArg {
    /// What a person said.
    pub fn rule(self) -> LastTry {
        if self.last_try { LastTry::Use } else { LastTry::Keep }
    }
}

/// What `airgap card pin` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PinChange {
    /// Change the PIN that signs
    Pin,
    /// Change the Admin PIN
    AdminPin,
    /// Give the card a new PIN, by the Admin PIN
    Unblock,
    /// Give the card a new PIN, by the resetting code
    UnblockByCode,
    /// Set the resetting code, by the Admin PIN
    ResettingCode,
}
