//! One run of the `git` command: no prompts, no hooks of the machine, no configuration but the repository's, an end.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;

use crate::remote::Remote;

/// Long enough for a large fetch, short enough that a dead connection is noticed.
const PATIENCE: Duration = Duration::from_secs(300);

/// Why git could not do its work. What git printed is left out: it may name embargoed branches.
#[derive(Debug, Error)]
pub enum GitError {
    /// The command could not be started.
    #[error("git could not be started: {0}; install git 2.40 or newer")]
    Start(#[from] std::io::Error),
    /// It was killed after the time it may take.
    #[error("git {0} took too long and was stopped; what it did is unknown until it is read back")]
    TooLong(&'static str),
    /// It failed.
    #[error("git {verb} failed with exit code {code:?}")]
    Failed {
        /// The git verb.
        verb: &'static str,
        /// The exit code; none where a signal ended it.
        code: Option<i32>,
    },
    /// A commit with no parent, or with several, cannot be picked.
    #[error("the commit is a merge or has no parent: it cannot be picked; pick the commits that it brings")]
    NotOneParent,
    /// It answered in a form that is not understood.
    #[error("git {0} answered in a form that is not understood")]
    Form(&'static str),
    /// The object database could not be used.
    #[error("the repository's objects could not be used ({:?}, {:?})", .0.class(), .0.code())]
    Objects(git2::Error),
    /// A task was cut off; only a shutdown does that.
    #[error("the work on the repository was cut off")]
    CutOff,
}

impl From<git2::Error> for GitError {
    fn from(error: git2::Error) -> Self {
        // The message may name objects and branches, and is never shown: see the text above.
        Self::Objects(error)
    }
}

/// Runs `git VERB ARGUMENTS` in a repository, whatever its exit code.
pub(crate) async fn git(repository: &Path, verb: &'static str, arguments: &[&str]) -> Result<Output, GitError> {
    run(repository, verb, arguments, Vec::new()).await
}

/// The same for a verb that talks to a remote, with its credential.
pub(crate) async fn git_with(
    remote: &Remote,
    repository: &Path,
    verb: &'static str,
    arguments: &[&str],
) -> Result<Output, GitError> {
    run(repository, verb, arguments, remote.environment()).await
}

async fn run(
    repository: &Path,
    verb: &'static str,
    arguments: &[&str],
    environment: Vec<(&'static str, String)>,
) -> Result<Output, GitError> {
    let run = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", verb])
        .args(arguments)
        .envs(environment)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    Ok(tokio::time::timeout(PATIENCE, run)
        .await
        .map_err(|_| GitError::TooLong(verb))??)
}

/// The text that a verb prints, where only exit code 0 is an answer.
pub(crate) fn text(verb: &'static str, output: Output) -> Result<String, GitError> {
    if !output.status.success() {
        return Err(GitError::Failed {
            verb,
            code: output.status.code(),
        });
    }
    String::from_utf8(output.stdout).map_err(|_| GitError::Form(verb))
}

/// Runs a verb in a repository and gives the text that it prints.
pub(crate) async fn git_text(repository: &Path, verb: &'static str, arguments: &[&str]) -> Result<String, GitError> {
    text(verb, git(repository, verb, arguments).await?)
}
