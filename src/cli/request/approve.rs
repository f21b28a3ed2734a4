//! `countersign request approve` and `join`: several persons' signatures over one text.

use std::path::Path;

use super::super::args::OutputArgs;
use super::super::confirm::confirmed;
use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::args::{ApproveArgs, JoinArgs};
use super::{Asking, beside, next, read, refused, write};
use crate::fingerprint::Fingerprint;
use crate::policy::Judged;
use crate::request::{MAX_BYTES, Request};
use crate::screen::{self, Detail};

impl Asking<'_> {
    /// Shows each request as the station will, asks, and adds one signature to its text; the first
    /// that cannot be approved ends it.
    pub(super) fn approve(&self, args: &ApproveArgs) -> Result<(), Failure> {
        if args.files.len() > 1 && args.output.as_ref().is_some_and(|path| !path.is_dir()) {
            let failure = Failure::say(Exit::Usage, "several requests do not go into one file");
            return Err(failure.hint("name a folder with --output, or leave it away"));
        }
        let signer = Signer::new(&args.signer)?;
        args.files.iter().try_for_each(|file| self.approve_one(args, &signer, file))
    }

    fn approve_one(&self, args: &ApproveArgs, signer: &Signer, file: &Path) -> Result<(), Failure> {
        let request = read(self.authority, file)?;
        self.may_approve(&request, signer.fingerprint())?;
        let (history, evidence) = beside(self.authority, &request, file)?;
        let (judged, now) = self.judged(request, &history, &evidence);
        let judged = judged.map_err(|r| refused(&r))?;
        not_twice(&judged, signer.fingerprint())?;
        let context = self.authority.context(now);
        crate::cli::put_aside(format_args!(
            "{}",
            screen::review(&judged, &context, &history, Detail::Full)
        ));
        if !args.yes && !ask(&judged)? {
            return Err(Failure::say(Exit::Refused, "not approved: nothing was written"));
        }
        let request = judged.request();
        let signed = signer.sign(&request.signed_text(), self.now)?;
        let joined = request.joined(&Request::parse(&signed, MAX_BYTES)?)?;
        let (judged, _) = self.judged(joined, &history, &evidence);
        let judged = judged.map_err(|r| refused(&r))?;
        let place = place(args, file, &judged)?;
        if !self.common.quiet {
            crate::tell!("\napproved: {place}");
            next(&judged, &place);
        }
        Ok(())
    }

    /// Puts the signatures of several copies of one request together.
    pub(super) fn join(&self, args: &JoinArgs) -> Result<(), Failure> {
        let (first, others) = args.files.split_first().expect("two files at least");
        let mut joined = read(self.authority, first)?;
        for file in others {
            let copy = read(self.authority, file)?;
            joined = joined.joined(&copy).map_err(|error| {
                let text = format!("{} and {} cannot be joined", first.display(), file.display());
                Failure::new(Exit::Refused, anyhow::Error::new(error).context(text))
            })?;
        }
        let (history, evidence) = beside(self.authority, &joined, first)?;
        let (judged, _) = self.judged(joined, &history, &evidence);
        let judged = judged.map_err(|r| refused(&r))?;
        let request = judged.request();
        let place = write(&args.output, &request.file_name(), request.text().as_bytes())?;
        if !self.common.quiet {
            crate::tell!("written: {place}, with {} signatures", request.signatures().len());
            next(&judged, &place);
        }
        Ok(())
    }

    /// Whether the policy names the signer as approver or witness of what is asked.
    fn may_approve(&self, request: &Request, key: Fingerprint) -> Result<(), Failure> {
        let operation = request.operation().name();
        let policy = self.authority.policy();
        let Some(approval) = policy.approval(operation) else {
            let text = format!("the policy asks for no approval of {operation}");
            return Err(Failure::say(Exit::Refused, text)
                .hint(format!("have the policy say who approves: [approval.{operation}]")));
        };
        let mut named = approval.by.iter().chain(&approval.witnesses);
        if named.any(|named| *named == key) {
            return Ok(());
        }
        let text = format!("the policy does not name {key} as approver or witness of {operation}");
        Err(Failure::say(Exit::Refused, text).hint("sign with another key: --local-user"))
    }
}

/// Whether this person's signature is there already.
fn not_twice(judged: &Judged, key: Fingerprint) -> Result<(), Failure> {
    match judged.signers().all().into_iter().find(|person| person.fingerprint == key) {
        Some(person) => {
            let text = format!("distinct-persons: {person} has signed this request already");
            Err(Failure::say(Exit::Refused, text))
        }
        None => Ok(()),
    }
}

fn ask(judged: &Judged) -> Result<bool, Failure> {
    let question =
        format!("\n{}\nType Yes to approve it with your signature: ", screen::recap(judged));
    Ok(confirmed(&question)?)
}

/// Writes the request where the arguments say: over the file that it came from, if they say
/// nothing.
fn place(args: &ApproveArgs, file: &Path, judged: &Judged) -> Result<String, Failure> {
    let request = judged.request();
    let own = args.output.is_none();
    let output = OutputArgs {
        output: Some(args.output.as_deref().unwrap_or(file).to_owned()),
        force: own || args.force,
    };
    write(&output, &request.file_name(), request.text().as_bytes())
}
