//! The arguments of `airgap`. Manual pages and completions are made from these definitions.

mod card;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use countersign::time::Timestamp;

use countersign::cli::args::{Form, ScanArgs, ShowArgs};
use countersign::cli::qr::CAMERA;
use countersign::cli::qr::args::LookArgs;

use crate::backup::Split;
use crate::card::Selector;
use crate::console::PinWay;

pub use super::disclose::DiscloseArgs;
pub use super::rehearse::RehearseArgs;
pub use super::report::ReportArgs;
pub use card::{CardVerb, LastTryArg, PinChange};

/// The offline signing station for an OpenPGP master key on a card
#[derive(Debug, Parser)]
#[command(name = "airgap", version, propagate_version = true)]
#[command(after_help = "Exit status: 0 done · 1 failed · 2 wrong usage · 3 refused by the policy \
or by a person · 4 a journal or certificate is not what it should be · 5 card or reader · \
6 interrupted, run the session again; signatures that no record covers · 130 ended with Ctrl-C")]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: Common,
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// The station's folder
    #[arg(long, global = true, value_name = "DIR", env = "AIRGAP_STATION")]
    #[arg(default_value = "station")]
    pub station: PathBuf,
    /// Go by this time and do not ask for the date, like 2026-11-22T05:40:00Z
    #[arg(long, global = true, value_parser = Timestamp::parse)]
    pub time: Option<Timestamp>,
    /// Use this card, MANUFACTURER:SERIAL; default: the only one there is
    #[arg(long, global = true, value_name = "IDENT")]
    pub card: Option<String>,
    /// Use the practice card in this folder instead of a real one; several, for a command that
    /// writes several cards, are put in one after another
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "card")]
    pub practice_card: Vec<PathBuf>,
    /// Read PINs line by line from this file descriptor instead of the terminal
    #[arg(long, global = true, value_name = "FD", conflicts_with = "pinentry")]
    pub pin_fd: Option<u32>,
    /// Ask for PINs with this pinentry program, like pinentry-curses
    #[arg(long, global = true, value_name = "PROGRAM")]
    pub pinentry: Option<String>,
    /// Type the PIN at the terminal, although the reader has keys of its own
    #[arg(long, global = true)]
    pub no_pin_pad: bool,
    /// Print nothing but errors and what was asked for
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Common {
    /// Which card to use, for a command that uses one.
    pub fn selector(&self) -> Selector {
        self.nth_selector(1)
    }

    /// Which card to use where several are put in one after another, counted from 1. With fewer
    /// practice cards than asked for, the last one comes again, and is found out.
    pub fn nth_selector(&self, number: usize) -> Selector {
        let practice = self.practice_card.get(number.saturating_sub(1));
        match (practice.or(self.practice_card.last()), &self.card) {
            (Some(folder), _) => Selector::Practice(folder.clone()),
            (None, Some(ident)) => Selector::Ident(ident.clone()),
            (None, None) => Selector::Only,
        }
    }

    /// How PINs come in.
    pub fn pin_way(&self) -> PinWay {
        match (self.pin_fd, &self.pinentry) {
            (Some(fd), _) => PinWay::Descriptor(fd),
            (None, Some(program)) => PinWay::Pinentry(program.clone()),
            (None, None) if self.no_pin_pad => PinWay::Terminal,
            (None, None) => PinWay::Best,
        }
    }
}

/// What the command is about.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The station itself
    #[command(subcommand)]
    Station(StationVerb),
    /// A master key on a card
    #[command(subcommand)]
    Master(MasterVerb),
    /// The card in the reader
    #[command(subcommand)]
    Card(CardVerb),
    /// Requests, looked at without a card
    #[command(subcommand)]
    Request(RequestVerb),
    /// Sign what was asked
    #[command(subcommand)]
    Session(SessionVerb),
    /// Carry files by screen and camera, or on paper, instead of on a stick
    #[command(subcommand)]
    Qr(QrVerb),
    /// What this station has done
    #[command(subcommand)]
    Journal(JournalVerb),
    /// Write manual pages and shell completions
    #[command(subcommand, hide = true)]
    Generate(GenerateVerb),
}

/// `airgap station …`
#[derive(Debug, Subcommand)]
pub enum StationVerb {
    /// Set up a station with a copy of the authority's policy and keys
    #[command(after_help = "Example:\n  airgap station init --authority stick/authority")]
    Init {
        /// The authority's public record, as carried here
        #[arg(long, value_name = "DIR")]
        authority: PathBuf,
    },
    /// Take over a changed record: policy, masters, managers; shows first what differs
    #[command(after_help = "Example:\n  airgap station update --authority stick/authority")]
    Update {
        /// The authority's public record, as carried here
        #[arg(long, value_name = "DIR")]
        authority: PathBuf,
    },
    /// Try what a session rests on: a known answer, the journal, the clock, the card; asks no PIN
    #[command(after_help = "Example:\n  airgap station self-test --practice-card card\n(exit \
status 4: not this station; 5: not this card)")]
    SelfTest(Form),
    /// Write down what the station is made of, for a ceremony's record; shows it first, and asks
    #[command(after_help = "Example:\n  airgap station report --practice-card card --without \
network --output stick/station.json")]
    Report(ReportArgs),
}

/// `airgap master …`
#[derive(Debug, Subcommand)]
pub enum MasterVerb {
    /// Make an RSA-4096 master: on an empty card, or in memory for several; asks for new PINs
    #[command(after_help = "Example:\n  airgap master generate --practice-card card \
--user-id 'Example Project master <keys@example.org>' --output master.asc")]
    Generate(Generate),
    /// Put a backup on a fresh card; asks for its words, or those of enough shares
    #[command(after_help = "Example:\n  airgap master restore --backup backup.asc \
--practice-card spare")]
    Restore {
        /// The backup
        #[arg(long, value_name = "FILE")]
        backup: PathBuf,
        /// The card was set up with `airgap card init`: keep its PINs
        #[arg(long)]
        initialised: bool,
    },
}

/// `airgap master generate`
#[derive(Debug, ClapArgs)]
pub struct Generate {
    /// The master's user ID
    #[arg(long, value_name = "TEXT")]
    pub user_id: String,
    /// When the master expires; default: never
    #[arg(long, value_parser = Timestamp::parse, value_name = "DATE")]
    pub expires: Option<Timestamp>,
    /// Where its certificate goes
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// The card was set up with `airgap card init`: keep its PINs
    #[arg(long)]
    pub initialised: bool,
    /// Make the certificate of a key that is on the card and has none, because the card was pulled
    #[arg(long, conflicts_with = "in_memory")]
    pub finish: bool,
    /// Make the key in this machine's memory, and put it on several cards
    #[arg(long)]
    pub in_memory: bool,
    /// How many cards get it
    #[arg(long, value_name = "N", default_value = "2", requires = "in_memory")]
    #[arg(value_parser = clap::value_parser!(u8).range(2..=9))]
    pub copies: u8,
    /// Seal a backup into this file; the last card is written from it
    #[arg(long, value_name = "FILE", requires = "in_memory")]
    pub backup: Option<PathBuf>,
    /// Split the backup's words: any M of N shares open it, like 3/5
    #[arg(long, value_name = "M/N", requires = "backup")]
    pub split: Option<Split>,
}

/// `airgap request …`
#[derive(Debug, Subcommand)]
pub enum RequestVerb {
    /// Show requests with every rule's verdict; needs no card and changes nothing
    #[command(after_help = "Example:\n  airgap request review stick/*.request.asc")]
    Review {
        /// The requests
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// `airgap session …`
#[derive(Debug, Subcommand)]
pub enum SessionVerb {
    /// Review, consent, sign and answer everything on a stick, or by camera and screen
    #[command(after_help = "Example:\n  airgap session run --practice-card card --in stick \
--out stick\n(without a stick: --camera --screen)")]
    Run {
        #[command(flatten)]
        #[allow(missing_docs)]
        from: FromArgs,
        #[command(flatten)]
        #[allow(missing_docs)]
        to: ToArgs,
        #[command(flatten)]
        #[allow(missing_docs)]
        look: LookArgs,
        /// Do all but the card: nothing is signed and nothing written
        #[arg(long)]
        dry_run: bool,
        /// What the signatures were that the card made and the journal does not know
        #[arg(long, value_name = "TEXT")]
        explain_counter: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        last_try: LastTryArg,
    },
    /// Go through a session with a practice card and a throwaway master: the real one has to be
    /// the same
    #[command(after_help = "Example:\n  airgap session rehearse --practice-card card --in stick\n\
(the card is asked who it is, and signs nothing)")]
    Rehearse(RehearseArgs),
    /// List every file and field that a session writes, before it does (--in) or after (--out)
    #[command(after_help = "Example:\n  airgap session disclose --in stick --out stick")]
    Disclose(DiscloseArgs),
    /// Have the card sign the record of what earlier sessions left in none
    #[command(after_help = "Example:\n  airgap session record --practice-card card --out stick")]
    Record {
        #[command(flatten)]
        #[allow(missing_docs)]
        to: ToArgs,
        #[command(flatten)]
        #[allow(missing_docs)]
        look: LookArgs,
        /// What the signatures were that the card made and the journal does not know
        #[arg(long, value_name = "TEXT")]
        explain_counter: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        last_try: LastTryArg,
    },
}

/// Where the requests come from.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct FromArgs {
    /// The folder with the requests
    #[arg(long = "in", value_name = "DIR")]
    pub input: Option<PathBuf>,
    /// Read the requests with this camera; or from a picture, video, PDF or folder of pictures
    #[arg(long, value_name = "DEVICE", num_args = 0..=1, default_missing_value = CAMERA)]
    pub camera: Option<PathBuf>,
}

/// Where the answers go.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct ToArgs {
    /// The folder for the answers
    #[arg(long = "out", value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Show the answers as codes on this screen; or in a file: .gif, .apng, .pdf, .png or .svg
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub screen: Option<Option<PathBuf>>,
}

/// `airgap qr …`
#[derive(Debug, Subcommand)]
pub enum QrVerb {
    /// Show files as codes that move, in this terminal or in a file
    #[command(after_help = "Example:\n  airgap qr show stick/*.response.json --output \
answers.gif\n(without --output in the terminal; an answer leaves out what follows from its request, \
see --whole)")]
    Show(ShowArgs),
    /// Read codes and write the files that they carry
    #[command(after_help = "Example:\n  airgap qr scan request.gif --output scanned")]
    Scan(ScanArgs),
}

/// `airgap journal …`
#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Show what this station has done, in words
    #[command(after_help = "Example:\n  airgap journal show")]
    Show(Form),
    /// Check the journal from its first entry to its last: chain, consents, signatures, counters
    #[command(after_help = "Example:\n  airgap journal verify")]
    Verify(Form),
    /// Copy the journal, for everybody to check: `countersign journal install`, then `verify`
    #[command(after_help = "Example:\n  airgap journal export --output stick/journal.jsonl")]
    Export {
        /// Where the copy goes
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
}

/// `airgap generate …`
#[derive(Debug, Subcommand)]
pub enum GenerateVerb {
    /// Write manual pages into a folder
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Write shell completions into a folder
    Completions {
        /// The folder
        folder: PathBuf,
    },
}
