//! The command line of `countersign`: parse, call one library function, print.

mod adopt;
pub mod args;
mod authority;
mod bundle;
mod carry;
mod confirm;
mod developer;
pub mod failure;
mod forecast;
mod generate;
pub mod journal;
mod module;
pub mod qr;
mod request;
mod response;
mod revocation;
mod rotation;
mod signer;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Prints a line to standard error, where somebody may be reading: one who went away, or a full
/// disk, is no reason to stop half-way.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => { $crate::cli::put_aside(format_args!("{}\n", format_args!($($text)*))) };
}

/// Writes to standard error, as far as that goes.
pub fn put_aside(text: std::fmt::Arguments<'_>) {
    let _ = std::io::stderr().write_fmt(text);
}

/// Whether something could not be written to standard output.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// Writes to standard output; [`end`] tells what could not be written.
pub fn put(text: std::fmt::Arguments<'_>) {
    note(std::io::stdout().write_fmt(text));
}

/// A reader that went away has read enough; a full disk has not.
fn note(written: std::io::Result<()>) {
    if written.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
        UNWRITTEN.store(true, Ordering::Relaxed);
    }
}

/// How a program ends.
pub fn end(result: Result<(), Failure>) -> ExitCode {
    note(std::io::stdout().flush());
    let result = result.and_then(|()| match UNWRITTEN.load(Ordering::Relaxed) {
        true => Err(Failure::say(Exit::Failed, "standard output cannot be written")),
        false => Ok(()),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    end(dispatch(Args::parse()))
}

fn dispatch(args: Args) -> Result<(), Failure> {
    let common = args.common;
    match args.command {
        Command::Authority(verb) => authority::run(&common, verb),
        Command::Request(verb) => request::run(&common, &verb),
        Command::Rotation(verb) => rotation::run(&common, &verb),
        Command::Response(verb) => response::run(&common, &verb),
        Command::Revocation(verb) => revocation::run(&common, &verb),
        Command::Module(verb) => module::run(&common, &verb),
        Command::Bundle(verb) => bundle::run(&common, &verb),
        Command::Journal(verb) => journal::run(&common, &verb),
        Command::Qr(verb) => carry::run(&common, &verb),
        Command::Developer(verb) => developer::run(&common, &verb),
        Command::Generate(verb) => generate::run(&verb),
    }
}

/// The time given with `--time`, or the clock's: the one place where it is read.
pub fn now(given: Option<Timestamp>) -> Timestamp {
    given.unwrap_or_else(|| std::time::SystemTime::now().into())
}
