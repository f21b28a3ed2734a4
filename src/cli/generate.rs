//! Manual pages, completions and schemas, made from the same definitions as the program.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Failure;
use super::args::{Args, GenerateVerb};

pub(super) fn run(verb: &GenerateVerb) -> Result<(), Failure> {
    match verb {
        GenerateVerb::Man { folder } => manual(Args::command(), folder),
        GenerateVerb::Completions { folder } => completions(Args::command(), folder),
        GenerateVerb::Schema { folder } => schemas(folder),
        GenerateVerb::Rules => {
            for (name, demand) in crate::policy::rules::all() {
                crate::say!("{name}: {demand}");
            }
            Ok(())
        }
    }
}

/// Writes one manual page for `command` and each of its subcommands.
///
/// # Errors
/// Where the folder cannot be written.
pub fn manual(command: clap::Command, folder: &Path) -> Result<(), Failure> {
    crate::exchange::make_folder(folder)?;
    clap_mangen::generate_to(command, folder)?;
    Ok(())
}

/// Writes completions for bash, zsh and fish.
///
/// # Errors
/// Where the folder cannot be written.
pub fn completions(mut command: clap::Command, folder: &Path) -> Result<(), Failure> {
    crate::exchange::make_folder(folder)?;
    let name = command.get_name().to_owned();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, &name, folder)?;
    }
    Ok(())
}

fn schemas(folder: &Path) -> Result<(), Failure> {
    crate::exchange::make_folder(folder)?;
    let schemas = [
        ("request.schema.json", schemars::schema_for!(crate::request::Body)),
        ("response.schema.json", schemars::schema_for!(crate::response::Response)),
        ("bundle.schema.json", schemars::schema_for!(crate::bundle::Head)),
        ("journal-entry.schema.json", schemars::schema_for!(crate::journal::Entry)),
        ("record.schema.json", schemars::schema_for!(crate::journal::Record)),
    ];
    for (name, schema) in schemas {
        let mut text = serde_json::to_string_pretty(&schema)?;
        text.push('\n');
        crate::exchange::write_path(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}
