//! A program running on a node, its log, and its end; and what a program said that has ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use crate::wait::until;

/// How long a program may take to obey SIGTERM.
const FAREWELL: Duration = Duration::from_secs(10);

/// A program in the background. It is killed when this goes out of scope.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
    /// Where its own lines begin: earlier ones are of an earlier process of this name.
    begin: usize,
}

impl Process {
    /// Starts `command` with both outputs in the file `log`, after what is there already.
    pub(crate) fn start(name: &str, mut command: Command, log: PathBuf) -> Result<Process> {
        let file = File::options().create(true).append(true).open(&log)?;
        let begin = usize::try_from(file.metadata()?.len())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}: {}", command.get_program().display()))?;
        Ok(Process { child, name: name.to_owned(), log, begin })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has written so far, as the first and every later process of this name on this node.
    pub fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.log)?).into_owned())
    }

    /// Where that is written.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// Waits until it has written a line that contains `text`, and returns that line.
    pub fn says(&mut self, text: &str, deadline: Duration) -> Result<String> {
        let mut found = None;
        until(&format!("{} says {text:?}, see {}", self.name, self.log.display()), deadline, || {
            let ended = !self.is_running()?;
            let own = fs::read(&self.log)?.split_off(self.begin);
            found = String::from_utf8_lossy(&own).lines().find(|line| line.contains(text)).map(str::to_owned);
            Ok(found.is_some() || ended)
        })?;
        found.with_context(|| {
            format!("{} ended without saying {text:?}, see {}", self.name, self.log.display())
        })
    }

    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM), and returns how it ended.
    pub fn stop(mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.ended(FAREWELL)
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).context("process numbers fit in 31 bits")?;
        Ok(signal::kill(Pid::from_raw(pid), signal)?)
    }

    /// Waits for it to end by itself.
    pub fn ended(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let mut status = None;
        until(&format!("{} ends", self.name), deadline, || {
            status = self.child.try_wait()?;
            Ok(status.is_some())
        })?;
        status.context("the wait ended with a status")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; both calls then say so, and nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program that has ended said.
#[derive(Debug)]
pub struct Outcome {
    pub command: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Its standard output, without the last line's end.
    ///
    /// # Errors
    /// With everything it said, when it failed.
    pub fn success(self) -> Result<String> {
        if !self.succeeded() {
            let Outcome { command, code, stdout, stderr } = self;
            bail!("`{command}` ended with {code:?}\n{stdout}{stderr}");
        }
        Ok(self.stdout.trim_end().to_owned())
    }
}

/// Runs `command` to its end, which must come before the deadline.
pub(crate) fn finish(mut command: Command, deadline: Duration, folder: &Path) -> Result<Outcome> {
    let said = |name: &str| -> Result<(tempfile::NamedTempFile, File)> {
        let file = tempfile::Builder::new().prefix(name).tempfile_in(folder)?;
        let writer = file.reopen()?;
        Ok((file, writer))
    };
    let (stdout, stdout_writer) = said("stdout")?;
    let (stderr, stderr_writer) = said("stderr")?;
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let text = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let child = command
        .stdin(Stdio::null())
        .stdout(stdout_writer)
        .stderr(stderr_writer)
        .spawn()
        .with_context(|| format!("cannot start `{text}`"))?;
    let mut process = Process { child, name: format!("`{text}`"), log: stderr.path().to_owned(), begin: 0 };
    let code = process.ended(deadline)?.code();
    let read = |file: &tempfile::NamedTempFile| -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(file.path())?).into_owned())
    };
    Ok(Outcome { command: text, code, stdout: read(&stdout)?, stderr: read(&stderr)? })
}
