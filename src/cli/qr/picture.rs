//! Codes as files: pictures, moving pictures, sheets to print.

use std::path::{Path, PathBuf};

use super::super::{Exit, Failure};
use super::args::LookArgs;
use super::message::Message;
use crate::exchange;
use crate::qr::draw::{self, Scale, Sheet};
use crate::qr::{Density, Sender};

/// Pixels that pictures are wide, about.
const WIDTH: usize = 800;

/// The forms of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Png,
    Svg,
    Gif,
    Apng,
    Pdf,
}

/// Whether files that are there are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replace {
    /// They are.
    Yes,
    /// They stay.
    No,
}

/// Finds out whether the message could be written to `path` at all.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    form(path)?;
    if path.exists() {
        return Err(Failure::say(Exit::Failed, format!("{} exists already", path.display())));
    }
    Ok(exchange::try_folder_of(path)?)
}

/// Writes the message to `path`, in the form that its ending names. Returns the files.
pub(super) fn write(
    message: &Message,
    look: &LookArgs,
    path: &Path,
    program: &str,
    replace: Replace,
) -> Result<(Sender, Vec<PathBuf>), Failure> {
    let form = form(path)?;
    let paper = if form == Form::Pdf { Density::High } else { Density::Medium };
    let density = look.density.unwrap_or(paper);
    let sender = message.sender(density).map_err(super::MessageError::failure)?;
    let scale = Scale::for_width(&sender.frame(0), WIDTH);
    let whole = |bytes| vec![(path.to_owned(), bytes)];
    let files = match form {
        Form::Png => each(&sender, path, |n| draw::png(&sender.frame(n), scale)),
        Form::Svg => each(&sender, path, |n| draw::svg(&sender.frame(n)).into_bytes()),
        Form::Gif => whole(draw::gif(&sender, scale, look.fps)),
        Form::Apng => whole(draw::apng(&sender, scale, look.fps)),
        Form::Pdf => whole(sheets(message, &sender, path, program)),
    };
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists())
        && replace == Replace::No
    {
        let text = format!("{} exists already", there.display());
        return Err(Failure::say(Exit::Failed, text).hint("replace it with --force"));
    }
    for (path, bytes) in &files {
        exchange::write_path(path, bytes)?;
    }
    Ok((sender, files.into_iter().map(|(path, _)| path).collect()))
}

fn form(path: &Path) -> Result<Form, Failure> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        Some("png") => Ok(Form::Png),
        Some("svg") => Ok(Form::Svg),
        Some("gif") => Ok(Form::Gif),
        Some("apng") => Ok(Form::Apng),
        Some("pdf") => Ok(Form::Pdf),
        _ => {
            let text = format!("{} has none of the endings that are known", path.display());
            Err(Failure::say(Exit::Usage, text).hint("end it in .gif, .apng, .pdf, .png or .svg"))
        }
    }
}

/// A picture for each code of one round: `NAME.png`, or `NAME-01.png` and so on.
fn each(sender: &Sender, path: &Path, draw: impl Fn(u32) -> Vec<u8>) -> Vec<(PathBuf, Vec<u8>)> {
    if sender.is_still() {
        return vec![(path.to_owned(), draw(0))];
    }
    let round = sender.round();
    let digits = round.to_string().len();
    let (stem, ending) = (path.file_stem().unwrap_or_default(), path.extension());
    let name = |number: u32| {
        let ending = ending.unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{}-{number:0digits$}.{ending}", stem.to_string_lossy()))
    };
    (0..round).map(|n| (name(n + 1), draw(n))).collect()
}

fn sheets(message: &Message, sender: &Sender, path: &Path, program: &str) -> Vec<u8> {
    let lines = message.lines();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let command = format!("{program} qr scan {file} --output DIR");
    let heading = message.name();
    let sheet = Sheet { heading: &heading, lines: &lines, command: &command };
    draw::pdf(sender, &sheet)
}
