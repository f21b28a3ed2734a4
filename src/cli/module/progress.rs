//! How far a long run has come: a line on the terminal, nothing elsewhere.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::args::Common;
use crate::safe::{Safe, clip};

/// A line that tells how many of many things are done, and how long the rest takes.
pub(in crate::cli) struct Count(ProgressBar);

impl Count {
    /// Of so many. It shows on a terminal, unless nothing is to be told.
    pub(in crate::cli) fn of(all: usize, common: &Common) -> Self {
        let target = match common.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr_with_hz(4),
        };
        let style = ProgressStyle::with_template("{spinner} {pos} of {len}, {eta} left")
            .expect("the template is sound");
        Self(ProgressBar::with_draw_target(Some(all as u64), target).with_style(style))
    }

    /// One more is done, on any thread.
    pub(in crate::cli) fn one(&self) {
        self.0.inc(1);
    }

    /// Takes the line away.
    pub(in crate::cli) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// A line that tells how many modules and bytes are done.
pub(super) struct Progress {
    bar: ProgressBar,
    modules: usize,
    begun: Cell<usize>,
}

impl Progress {
    /// Over so many modules. It shows after a second, on a terminal, unless nothing is to be told.
    pub(super) fn over(modules: usize, common: &Common) -> Self {
        let target = match common.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr_with_hz(4),
        };
        let style =
            ProgressStyle::with_template("{spinner} {prefix} {msg}, {bytes} hashed in {elapsed}")
                .expect("the template is sound");
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        bar.enable_steady_tick(Duration::from_secs(1));
        Self { bar, modules, begun: Cell::new(0) }
    }

    /// A module begins.
    pub(super) fn begin(&self, folder: &Path) {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
        self.begun.set(self.begun.get() + 1);
        self.bar.set_prefix(format!("{} of {}:", self.begun.get(), self.modules));
        self.bar.set_message(Safe(&clip(&name)).to_string());
    }

    /// Counts the bytes that are read, on any thread.
    pub(super) fn counter(&self) -> impl Fn(u64) + Sync + use<> {
        let bar = self.bar.clone();
        move |bytes| bar.inc(bytes)
    }

    /// Takes the line away while something is printed.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
