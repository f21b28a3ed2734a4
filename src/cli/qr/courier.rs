//! The courier that is no stick: a camera brings, a screen takes.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::args::LookArgs;
use super::message::{LIMIT, Message, effort};
use super::source::Patience;
use super::{Failure, Shelf, Voice, picture, scan, screen};
use crate::exchange::{CourierError, Delivery, ExchangeError, Inbox, Outbox};
use crate::qr::Parcel;
use crate::screen::digest_lines;

/// Brings the files of one message, from a camera or from what else has pictures of codes.
pub struct Camera<'a> {
    source: PathBuf,
    shelf: &'a dyn Shelf,
    /// What came; or why it could not be made whole again.
    received: BTreeMap<OsString, Result<Vec<u8>, String>>,
}

impl<'a> Camera<'a> {
    /// A camera, or a picture, folder, PDF or video in place of one.
    pub fn new(source: PathBuf, shelf: &'a dyn Shelf) -> Self {
        Self { source, shelf, received: BTreeMap::new() }
    }

    fn unpack(&mut self, parcel: Parcel) {
        for (name, content) in parcel.into_files() {
            let (name, content) = match self.shelf.grow(&name, &content) {
                Ok(None) => (name, Ok(content)),
                Ok(Some((name, whole))) => (name, Ok(whole)),
                // Under the name of what it would have been, so that it is not passed over.
                Err(error) => {
                    let (small, whole) = crate::exchange::compact::REFERENCE;
                    (name.replace(small, whole), Err(crate::safe::chain(&error)))
                }
            };
            self.received.insert(name.into(), content);
        }
    }
}

impl Inbox for Camera<'_> {
    fn place(&self) -> String {
        format!("codes from {}", self.source.display())
    }

    fn receive(
        &mut self,
        suffix: &str,
        most: usize,
        each: &mut dyn FnMut(OsString),
    ) -> Result<usize, CourierError> {
        let patience =
            if super::is_device(&self.source) { Patience::UntilDone } else { Patience::Once };
        match scan::receive(std::slice::from_ref(&self.source), patience, Voice::Loud) {
            Ok(parcels) => parcels.into_iter().for_each(|parcel| self.unpack(parcel)),
            // Somebody looked and there was nothing: as with an empty stick.
            Err(failure) if failure.is::<scan::Nothing>() => {}
            Err(failure) => return Err(codes("read", failure)),
        }
        let names =
            self.received.keys().filter(|n| n.as_encoded_bytes().ends_with(suffix.as_bytes()));
        let mut count = 0;
        for name in names.take(most.saturating_add(1)) {
            each(name.clone());
            count += 1;
        }
        Ok(count)
    }

    fn read(&self, name: &OsStr, limit: usize) -> Result<Vec<u8>, CourierError> {
        match self.received.get(name) {
            Some(Ok(content)) if content.len() > limit => {
                Err(ExchangeError::TooLong { path: name.into(), limit }.into())
            }
            Some(Ok(content)) => Ok(content.clone()),
            Some(Err(reason)) => {
                Err(CourierError::Codes { action: "made whole", source: reason.clone().into() })
            }
            None => Err(ExchangeError::Name { name: name.to_owned() }.into()),
        }
    }

    fn beside(&self) -> Option<&Path> {
        None
    }
}

/// Takes answers, and shows them all as one message: in the terminal, or in a file.
pub struct Screen<'a> {
    file: Option<PathBuf>,
    look: LookArgs,
    shelf: &'a dyn Shelf,
    program: &'a str,
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
}

impl<'a> Screen<'a> {
    /// The terminal, or `file` in place of it. `program` is the one that reads the codes.
    pub fn new(
        file: Option<PathBuf>,
        look: LookArgs,
        shelf: &'a dyn Shelf,
        program: &'a str,
    ) -> Self {
        Self { file, look, shelf, program, files: BTreeMap::new(), bytes: 0 }
    }

    fn try_to_show(&self) -> Result<(), Failure> {
        let files = self.files.clone().into_iter().collect();
        let message = Message::new(files).map_err(super::MessageError::failure)?;
        let Some(path) = &self.file else { return screen::show(&message, &self.look) };
        let replace = picture::Replace::Yes;
        let (sender, written) = picture::write(&message, &self.look, path, self.program, replace)?;
        crate::say!("{}: {}", message.name(), effort(&sender, self.look.fps));
        crate::cli::put(format_args!("{}", digest_lines(&sender.digest())));
        for path in written {
            crate::say!("written: {}", path.display());
        }
        Ok(())
    }
}

impl Outbox for Screen<'_> {
    fn check(&self) -> Result<(), CourierError> {
        let checked = match &self.file {
            Some(path) => picture::check(path),
            None => screen::check(self.look.density),
        };
        checked.map_err(|failure| codes("shown", failure))
    }

    /// Whatever was held was in memory.
    fn tidy(&mut self) {}

    fn forecast(&self, messages: usize, bytes: usize) -> Option<String> {
        // A name and a request's id for each, and what a parcel adds.
        let bytes = bytes.saturating_add(messages.saturating_mul(100));
        let density = match &self.file {
            Some(_) => self.look.density.unwrap_or_default(),
            None => screen::density(self.look.density).ok()?,
        };
        Some(match Message::noise(bytes).and_then(|message| message.sender(density)) {
            Ok(sender) => format!("the answers will be about {}", effort(&sender, self.look.fps)),
            Err(error) => format!("the answers cannot be shown: {}", crate::safe::chain(&error)),
        })
    }

    fn put(&mut self, name: &str, message: &[u8]) -> Result<Delivery, CourierError> {
        let whole = || (name.to_owned(), message.to_vec());
        let (name, content) = self.shelf.shrink(name, message).unwrap_or_else(whole);
        let before = self.files.get(&name).map_or(0, Vec::len);
        let bytes = self.bytes - before + content.len();
        if bytes > LIMIT {
            let error = super::MessageError::TooLong { bytes };
            return Err(codes("shown", error.failure()));
        }
        self.bytes = bytes;
        self.files.insert(name, content);
        Ok(Delivery::Held)
    }

    /// It was on the operator's own screen, and is for nobody else.
    fn summary(&mut self, _name: &str, _text: &mut dyn Read) -> Result<(), CourierError> {
        Ok(())
    }

    fn show(&mut self) -> Result<(), CourierError> {
        self.try_to_show().map_err(|failure| codes("shown", failure))
    }
}

fn codes(action: &'static str, failure: Failure) -> CourierError {
    CourierError::Codes { action, source: failure.into_error().into() }
}
