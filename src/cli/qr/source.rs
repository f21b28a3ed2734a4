//! Where pictures with codes come from: files, folders that fill up, standard input, a camera.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::{Exit, Failure};
use super::camera;
use super::scan::Collector;
use super::tty::{Key, Keys};
use crate::exchange;
use crate::qr::read::{self, Flow, Limits, PictureError};
use crate::safe::Safe;

/// Longest file with pictures, in bytes: a scan of many sheets.
const MAX_FILE: usize = 256 << 20;
/// Between two looks at a folder.
const PAUSE: Duration = Duration::from_millis(250);

/// How long a folder is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Once.
    Once,
    /// Until a message is whole, or a person has enough.
    UntilDone,
}

/// Reads each source to its end. One without an end is read until a message is whole.
pub(super) fn read_all(
    sources: &[PathBuf],
    patience: Patience,
    collector: &mut Collector,
) -> Result<(), Failure> {
    for source in sources {
        if source == Path::new("-") {
            stdin(collector)?;
        } else if super::is_device(source) {
            let keys = Keys::listen()?;
            camera::watch(source, &keys, &mut |picture| {
                collector.look(picture);
                if collector.is_done() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        } else if source.is_dir() {
            folder(source, patience, collector)?;
        } else if source == Path::new(super::CAMERA) {
            return Err(Failure::say(
                Exit::Failed,
                format!("there is no camera {}", super::CAMERA),
            )
            .hint("name the camera with --camera DEVICE, or give pictures, a PDF or a video"));
        } else {
            file(source, collector)?;
        }
    }
    Ok(())
}

fn stdin(collector: &mut Collector) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::say(Exit::Usage, "standard input is a terminal, and no video")
            .hint("ffmpeg -f v4l2 -i /dev/video0 -f yuv4mpegpipe - | … qr scan -"));
    }
    let each = |picture: &read::Luma| {
        collector.look(picture);
        if collector.is_done() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    read::stream(io::stdin().lock(), &Limits::default(), each)?;
    Ok(())
}

/// A file that a person named: what is wrong with it is said.
fn file(path: &Path, collector: &mut Collector) -> Result<(), Failure> {
    let shown = path.display().to_string();
    match pictures(path, collector)? {
        Ok(Found::Codes) => {}
        Ok(Found::Nothing) => collector.remark(&format!("no code in {}", Safe(&shown))),
        Err(error) => collector.remark(&format!("{}: {error}", Safe(&shown))),
    }
    Ok(())
}

/// Whether a file had any code on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Codes,
    Nothing,
}

/// Looks at every picture in a file.
fn pictures(
    path: &Path,
    collector: &mut Collector,
) -> Result<Result<Found, PictureError>, exchange::ExchangeError> {
    let mut found = Found::Nothing;
    let each = |picture: &read::Luma| -> Flow {
        if collector.look(picture) {
            found = Found::Codes;
        }
        ControlFlow::Continue(())
    };
    let limits = Limits::default();
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let read = match ending.as_deref() {
        Some("y4m" | "mjpeg" | "mjpg") => read::stream(exchange::open_path(path)?, &limits, each),
        _ => read::picture(&exchange::read_path(path, MAX_FILE)?, &limits, each),
    };
    Ok(read.map(|_| found))
}

/// Every file in a folder, and those that come: again where one grew, because it may have been
/// half there.
fn folder(path: &Path, patience: Patience, collector: &mut Collector) -> Result<(), Failure> {
    let keys = Keys::listen()?;
    let mut seen: BTreeMap<OsString, (u64, Option<SystemTime>)> = BTreeMap::new();
    loop {
        for name in exchange::list(path, "", exchange::MAX_LISTED)? {
            let file = path.join(&name);
            let Ok(about) = file.metadata() else { continue };
            let now = (about.len(), about.modified().ok());
            if !about.is_file() || seen.get(&name) == Some(&now) {
                continue;
            }
            if keys.press(Duration::ZERO)? == Some(Key::Quit) {
                return Ok(());
            }
            seen.insert(name, now);
            // Whatever else lies there, and what is not whole yet, is passed over.
            if let Ok(Err(error)) = pictures(&file, collector)
                && patience == Patience::Once
            {
                let shown = file.display().to_string();
                collector.remark(&format!("{}: {error}", Safe(&shown)));
            }
        }
        if collector.is_done() || patience == Patience::Once {
            return Ok(());
        }
        if keys.press(PAUSE)? == Some(Key::Quit) {
            return Ok(());
        }
    }
}
