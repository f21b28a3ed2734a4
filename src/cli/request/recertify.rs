//! `countersign request recertify`

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::signer::{Signer, Unlocked};
use super::super::{Exit, Failure};
use super::Asking;
use super::args::RecertifyArgs;
use super::index::{Existing, Index, Known};
use crate::authority::Developer;
use crate::exchange::{self, batch_folder};
use crate::fingerprint::Fingerprint;
use crate::operation::{OperationName, Recertify};
use crate::policy::{Evidence, Judged, Verdict};
use crate::request::{Draft, MAX_BYTES, Request};
use crate::rotation::{self, Candidate, Wanted};
use crate::safe::{Safe, counted};

/// The operation whose folder the batch is.
const RECERTIFY: OperationName = OperationName::Recertify;

/// What a batch needs for each developer.
struct Work<'a> {
    asking: &'a Asking<'a>,
    wanted: Wanted<'a>,
    signer: Unlocked<'a>,
    output: &'a Path,
}

impl Asking<'_> {
    pub(super) fn recertify(&self, args: &RecertifyArgs) -> Result<(), Failure> {
        let output = folder(args)?;
        let master = self.master(args.ask.master)?;
        if let Some(over) = rotation::over(master, self.now) {
            let text = format!("the master {} {over}: it certifies nobody", master.fingerprint());
            return Err(Failure::say(Exit::Refused, text).hint("name another one with --master"));
        }
        if args.all_from.is_some_and(|from| from == master.fingerprint()) {
            let text = "the master that is asked is the one that certified them already";
            return Err(Failure::say(Exit::Usage, text).hint("name the other one with --master"));
        }
        if let Some(from) = args.all_from {
            self.authority.master(from)?;
        }
        let expires = super::certify::expiry(&args.validity, self.now)?;
        let developers = match args.all_from {
            Some(_) => self.authority.developers()?,
            None => args.developers.clone(),
        };
        let signer = Signer::new(&args.ask.signer)?;
        let signer = signer.unlocked(self.now)?;
        let wanted = Wanted { master, expires, now: self.now };
        let mut index = Index::beside(&output, RECERTIFY)?;
        let work = Work { asking: self, wanted, signer, output: &output };
        let progress = self.progress(developers.len());
        for key in developers {
            let developer = self.authority.developer(key)?;
            if self.is_meant(&developer, args.all_from)? {
                work.one(&developer, &mut index)?;
            }
            progress.inc(1);
        }
        progress.finish_and_clear();
        let digest = index.write(&output, self.authority, master.fingerprint(), self.now)?;
        self.told(&index, &digest, &output)
    }

    /// Whether the developer is one of those whom `from` certified.
    fn is_meant(&self, developer: &Developer, from: Option<Fingerprint>) -> Result<bool, Failure> {
        let Some(from) = from else { return Ok(true) };
        let from = self.authority.master(from)?;
        Ok(!developer.certificate.opinions_of(from).is_empty())
    }

    fn progress(&self, all: usize) -> ProgressBar {
        let target = match self.common.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr_with_hz(4),
        };
        let bar = ProgressBar::with_draw_target(Some(all as u64), target);
        let form = "{bar:30} {pos}/{len} developers, {eta} left";
        let style = ProgressStyle::with_template(form).expect("the template is sound");
        bar.enable_steady_tick(Duration::from_secs(1));
        bar.with_style(style)
    }

    fn told(&self, index: &Index, digest: &str, output: &Path) -> Result<(), Failure> {
        let tally = index.tally();
        if !self.common.quiet {
            let place = output.join(RECERTIFY.as_str());
            let place = Safe(&place.display().to_string()).to_string();
            crate::tell!("{} requests are in {place}: {} made now", tally.requests, tally.made);
            crate::tell!("certified by that master already: {}", tally.done);
            crate::tell!("with a note, to be asked for one by one at the station: {}", tally.noted);
            if tally.open > 0 {
                let open = tally.open;
                crate::tell!(
                    "not yet approved: {open}; INDEX.txt says by whom: countersign request approve FILE…"
                );
            }
            crate::tell!(
                "the others, {}, have this digest together:",
                tally.requests - tally.noted
            );
            crate::cli::put_aside(format_args!("{digest}"));
            crate::tell!("who is in it, and who is not and why: {place}/INDEX.txt");
            let most = self.authority.policy().limits.max_batch;
            if tally.requests > most {
                crate::tell!(
                    "a session takes {most} of them: carry folder by folder (1,000 each), or"
                );
                crate::tell!("raise limits.max_batch in the policy, at the station too");
            }
            crate::tell!(
                "next: carry the folder to the station, and compare number and words there"
            );
        }
        match tally.blocked {
            0 => Ok(()),
            n => {
                let who = counted(n, "developer");
                let text = format!("{who} cannot be certified by another master as it is");
                Err(Failure::say(Exit::Refused, text)
                    .hint("INDEX.txt says why, and what each has to do")
                    .hint("write to them: countersign rotation invite"))
            }
        }
    }
}

impl Work<'_> {
    /// One developer: a request in the batch, or a line that says why there is none.
    fn one(&self, developer: &Developer, index: &mut Index) -> Result<(), Failure> {
        let key = developer.certificate.fingerprint();
        let draft = match Candidate::of(self.asking.authority, developer, self.wanted)? {
            Candidate::Ready(draft) => draft,
            Candidate::Done => {
                index.done();
                return Ok(());
            }
            Candidate::Blocked(violations) => return index.blocked(key, developer, &violations),
        };
        let there = index.existing(key)?;
        if let Some(existing) = &there
            && let Some(review) = self.still_good(existing, &draft)?
        {
            return index.listed(key, &existing.path, &review, Known::Before, &notes(&review));
        }
        let signed = self.signer.sign(&draft.text(), self.asking.now)?;
        let history = super::history(self.asking.authority, draft.operation())?;
        let request = Request::parse(&signed, self.limit())?;
        let (review, _) = self.asking.judged(request, &history, &Evidence::default());
        let review = match review {
            Ok(review) => review,
            Err(rejection) => return Err(super::refused(&rejection)),
        };
        let number = there.as_ref().map_or_else(|| index.next(), |existing| existing.number);
        let name = format!("{number:05}-{}", review.request().file_name());
        let path = batch_folder(RECERTIFY, number).join(name);
        let place = exchange::make_place(self.output, &path)?;
        exchange::write_many(&place, review.request().text().as_bytes())?;
        if let Some(existing) = there.filter(|existing| existing.path != path) {
            let old = self.output.join(existing.path);
            std::fs::remove_file(&old)
                .with_context(|| format!("{} cannot be removed", old.display()))?;
        }
        index.listed(key, &path, &review, Known::Now, &notes(&review))
    }

    fn limit(&self) -> usize {
        self.asking.authority.policy().limits.max_request_bytes
    }

    /// A request of an earlier run that asks for the same and would still be signed.
    fn still_good(&self, there: &Existing, draft: &Draft) -> Result<Option<Judged>, Failure> {
        let bytes = exchange::read_beneath(self.output, &there.path, MAX_BYTES)?;
        let history = super::history(self.asking.authority, draft.operation())?;
        let Ok(request) = Request::parse(&bytes, self.limit()) else { return Ok(None) };
        let (Ok(review), _) = self.asking.judged(request, &history, &Evidence::default()) else {
            return Ok(None);
        };
        let request = review.request();
        let same = match (request.operation().as_any(), draft.operation().as_any()) {
            (Some(there), Some(wanted)) => {
                let expires = |asked: &Recertify| Recertify { expires: None, ..asked.clone() };
                expires(there) == expires(wanted)
            }
            _ => false,
        };
        let master = request.master() == self.wanted.master.fingerprint();
        Ok((same && master).then_some(review))
    }
}

/// What the rules want a person to know.
fn notes(review: &Judged) -> Vec<String> {
    let noted = |f: &crate::policy::Finding| match &f.verdict {
        Verdict::Warns(text) => Some(format!("{}: {text}", f.rule)),
        Verdict::Holds(_) | Verdict::Broken { .. } => None,
    };
    review.findings().iter().filter_map(noted).collect()
}

/// The folder that the batch goes into.
fn folder(args: &RecertifyArgs) -> Result<PathBuf, Failure> {
    let folder = args.ask.output.output.clone().unwrap_or_else(|| PathBuf::from("."));
    if folder.is_dir() {
        return Ok(folder);
    }
    let text = format!("{} is no folder: a batch is many files", folder.display());
    Err(Failure::say(Exit::Usage, text).hint("--output FOLDER, for example the stick"))
}
