//! Pushes: all or none, each reference with a lease.
//!
//! What git says about the outcome is only a hint; whether a push took effect is read from the remote.

use std::collections::BTreeMap;
use std::path::Path;

use embargod_core::{BranchName, CommitId};

use crate::command::{GitError, git, git_with, text};
use crate::remote::Remote;

/// One branch of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The branch on the remote.
    pub branch: BranchName,
    /// The tip that it must have; `None`: it must not be there.
    pub from: Option<CommitId>,
    /// The commit that it gets; `None`: it is deleted.
    pub to: Option<CommitId>,
}

/// How a push ended, as the remote shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// Every branch has its commit.
    Done,
    /// Nothing was sent: on these branches the new commit does not contain the old tip.
    NotForward(Vec<BranchName>),
    /// No branch moved by this push, and these had other tips than expected.
    Stale(Vec<BranchName>),
    /// No branch moved: the remote refused.
    Refused,
    /// Some branches have their commits and others do not. An atomic push cannot do that; a person must look.
    Torn(Vec<BranchName>),
}

/// The branches of a remote, as it shows them now.
pub async fn remote_branches(repository: &Path, remote: &Remote) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
    const VERB: &str = "ls-remote";
    let text = text(
        VERB,
        git_with(remote, repository, VERB, &["--heads", "--", remote.url()]).await?,
    )?;
    let mut branches = BTreeMap::new();
    for line in text.lines() {
        let (id, reference) = line.split_once('\t').ok_or(GitError::Form(VERB))?;
        let name = reference.strip_prefix("refs/heads/").ok_or(GitError::Form(VERB))?;
        // A branch with a name that we would not write ourselves is none of ours.
        if let Ok(name) = name.parse() {
            branches.insert(name, id.parse().map_err(|_| GitError::Form(VERB))?);
        }
    }
    Ok(branches)
}

/// Makes branches public: moves all of them at once, or none, and forward only. A lease alone would allow a rewrite of
/// history (it implies force), so ancestry is checked before anything is sent. Without updates nothing is sent.
pub async fn publish(repository: &Path, remote: &Remote, updates: &[RefUpdate]) -> Result<PushOutcome, GitError> {
    let mut backwards = Vec::new();
    for update in updates {
        let forward = match (&update.from, &update.to) {
            (Some(from), Some(to)) => is_ancestor(repository, from, to).await?,
            // A target branch is there before, and is there after.
            _ => false,
        };
        if !forward {
            backwards.push(update.branch.clone());
        }
    }
    if backwards.is_empty() {
        push(repository, remote, updates).await
    } else {
        Ok(PushOutcome::NotForward(backwards))
    }
}

/// Whether a commit is an ancestor of another, or the same.
pub async fn is_ancestor(repository: &Path, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
    let output = git(repository, "merge-base", &["--is-ancestor", old.as_str(), new.as_str()]).await?;
    match output.status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        code => Err(GitError::Failed {
            verb: "merge-base",
            code,
        }),
    }
}

/// Moves all branches at once, or none, each only from the tip that was seen. For the private mirror, where a rebuild
/// rewrites security branches; what becomes public goes through [`publish`].
pub async fn push(repository: &Path, remote: &Remote, updates: &[RefUpdate]) -> Result<PushOutcome, GitError> {
    if updates.is_empty() {
        // Without a refspec git would push by its own defaults.
        return Ok(PushOutcome::Done);
    }
    let id = |commit: &Option<CommitId>| commit.as_ref().map_or_else(String::new, ToString::to_string);
    let lease = |update: &RefUpdate| format!("--force-with-lease={}:{}", update.branch.reference(), id(&update.from));
    let refspec = |update: &RefUpdate| format!("{}:{}", id(&update.to), update.branch.reference());
    let mut arguments = vec!["--atomic".to_owned(), "--porcelain".to_owned()];
    arguments.extend(updates.iter().map(lease));
    arguments.extend(["--".to_owned(), remote.url().to_owned()]);
    arguments.extend(updates.iter().map(refspec));
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let sent = git_with(remote, repository, "push", &arguments).await;
    let tips = remote_branches(repository, remote).await?;
    let has = |update: &&RefUpdate| tips.get(&update.branch) == update.to.as_ref();
    let moved: Vec<_> = updates.iter().filter(has).map(|update| update.branch.clone()).collect();
    if moved.len() == updates.len() || sent.as_ref().is_ok_and(|output| output.status.success()) {
        // After a push that git confirms, a branch may already have moved on: the confirmation counts.
        return Ok(PushOutcome::Done);
    }
    let unexpected = |update: &&RefUpdate| tips.get(&update.branch) != update.from.as_ref() && !has(update);
    let stale: Vec<_> = updates
        .iter()
        .filter(unexpected)
        .map(|update| update.branch.clone())
        .collect();
    match (moved.is_empty(), stale.is_empty()) {
        (false, _) => Ok(PushOutcome::Torn(moved)),
        (true, false) => Ok(PushOutcome::Stale(stale)),
        (true, true) => sent.map(|_| PushOutcome::Refused),
    }
}
