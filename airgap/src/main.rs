//! `airgap`: the offline signing station.

use std::process::ExitCode;

fn main() -> ExitCode {
    airgap::cli::run()
}
