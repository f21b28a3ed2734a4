//! What both programs take for `qr show` and `qr scan`, and the online one besides.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::qr::Density;
use crate::qr::draw::Rate;

/// `countersign qr …`
#[derive(Debug, Subcommand)]
pub enum QrVerb {
    /// Show files as codes that move, in this terminal or in a file
    #[command(after_help = "Example:\n  countersign qr show stick/*.request.asc --output \
request.gif\n(without --output in the terminal; a request leaves out a certificate that the station \
has, see --whole)")]
    Show(ShowArgs),
    /// Read codes and write the files that they carry
    #[command(after_help = "Example:\n  countersign qr scan answers.gif --requests stick \
--output stick")]
    Scan(QrScanArgs),
}

/// What to read, and the requests that answers belong to.
#[derive(Debug, Args)]
pub struct QrScanArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub scan: ScanArgs,
    /// The requests that are answered, from which answers are made whole: a file or a folder;
    /// default: the folder of --output
    #[arg(long, value_name = "PATH")]
    pub requests: Option<PathBuf>,
}

/// What to show, and how.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The files, which travel together
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub look: LookArgs,
    /// Write a file instead: .gif or .apng (moving), .pdf (to print), .png or .svg (one per code)
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long)]
    pub force: bool,
    /// Leave out nothing, also where the other side should have it
    #[arg(long)]
    pub whole: bool,
}

/// How codes look.
#[derive(Clone, Debug, Args)]
pub struct LookArgs {
    /// How much one code carries: low, medium, high, or a QR version from 5 to 40; default: what
    /// fits the terminal
    #[arg(long, value_name = "DENSITY")]
    pub density: Option<Density>,
    /// Codes in a second, 1 to 50
    #[arg(long, default_value = "10", value_name = "RATE", value_parser = rate)]
    pub fps: Rate,
}

/// What to read, and where it goes.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Pictures (PNG, JPEG, GIF), PDFs, videos (Y4M, MJPEG), a folder of pictures that fills up, or
    /// `-` for a video on standard input; default: the camera
    #[arg(value_name = "FILE|DIR|-", conflicts_with = "camera")]
    pub sources: Vec<PathBuf>,
    /// The camera
    #[arg(long, value_name = "DEVICE", default_value = super::CAMERA)]
    pub camera: PathBuf,
    /// Look at a folder once, and do not wait for more
    #[arg(long)]
    pub once: bool,
    /// The folder for the files that arrive
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,
}

fn rate(text: &str) -> Result<Rate, String> {
    let rate = text.parse().ok().and_then(Rate::new);
    rate.ok_or_else(|| "a number from 1 to 50".to_owned())
}
