//! Child processes that do not outlive their owner.

use std::{
    env,
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::Error;

/// A child that ends when its standard input is closed: on drop, or when this process dies.
pub(super) struct Process(Child);

impl Process {
    /// Starts `command` with its output appended to the file `log`.
    pub(super) fn start(mut command: Command, log: &Path) -> Result<Self, Error> {
        let unwritable = |source| Error::Write { path: log.into(), source };
        let output = OpenOptions::new().create(true).append(true).open(log).map_err(unwritable)?;
        let errors = output.try_clone().map_err(unwritable)?;
        let child = command.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn();
        child
            .map(Self)
            .map_err(|source| Error::Run { program: command.get_program().into(), source })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Killing at once would orphan pcscd, whose shell ends it. Only a child that ignores its end is killed.
        let patience = Instant::now() + Duration::from_secs(5);
        while Instant::now() < patience {
            match self.0.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program of the package of the tests; cargo builds these before it runs any test.
pub(super) fn built_beside_tests(name: &str) -> Result<PathBuf, Error> {
    let missing = |source| Error::Run { program: name.into(), source };
    let test = env::current_exe().map_err(missing)?;
    let folder =
        test.ancestors().nth(2).ok_or_else(|| missing(std::io::ErrorKind::NotFound.into()))?;
    Ok(folder.join(name))
}
