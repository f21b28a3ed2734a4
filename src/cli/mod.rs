//! The command line of `countersign`: parse, call one library function, print.

pub mod args;
mod authority;
mod developer;
pub mod failure;
mod generate;
mod module;
mod request;
mod response;
mod signer;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::time::Timestamp;
use args::{Args, Command};
pub use failure::{Exit, Failure};
pub use generate::{completions, manual};

/// Prints a line to standard output. A reader that goes away (`| head`) is no error.
#[macro_export]
macro_rules! say {
    () => { $crate::cli::put(format_args!("\n")) };
    ($($text:tt)*) => { $crate::cli::put(format_args!("{}\n", format_args!($($text)*))) };
}

/// Writes to standard output; what cannot be written is nobody's to read.
pub fn put(text: std::fmt::Arguments<'_>) {
    let _ = std::io::stdout().write_fmt(text);
}

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    match dispatch(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn dispatch(args: Args) -> Result<(), Failure> {
    let common = args.common;
    match args.command {
        Command::Authority(verb) => authority::run(&common, verb),
        Command::Request(verb) => request::run(&common, &verb),
        Command::Response(verb) => response::run(&common, &verb),
        Command::Module(verb) => module::run(&common, &verb),
        Command::Developer(verb) => developer::run(&common, &verb),
        Command::Generate(verb) => generate::run(&verb),
    }
}

/// The time given with `--time`, or the clock's: the one place where it is read.
pub fn now(given: Option<Timestamp>) -> Timestamp {
    given.unwrap_or_else(|| std::time::SystemTime::now().into())
}
