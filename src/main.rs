//! `countersign`: the online side of an offline signing station.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign::cli::run()
}
