//! The push that makes branches public: all or none, each with a lease, forward only.
//!
//! A lease alone would allow a rewrite of history (it implies force), so ancestry is checked before anything is sent. What
//! git says about the outcome is only a hint; whether the push took effect is read from the remote.

use std::collections::BTreeMap;
use std::path::Path;

use embargod_core::{BranchName, CommitId};

use crate::command::{GitError, git, git_text};

/// One branch of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The branch on the remote.
    pub branch: BranchName,
    /// The tip that it must have.
    pub from: CommitId,
    /// The commit that it gets.
    pub to: CommitId,
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
pub async fn remote_branches(repository: &Path, url: &str) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
    const VERB: &str = "ls-remote";
    let text = git_text(repository, VERB, &["--heads", "--", url]).await?;
    let mut branches = BTreeMap::new();
    for line in text.lines() {
        let (id, reference) = line.split_once('\t').ok_or(GitError::Form(VERB))?;
        let name = reference.strip_prefix("refs/heads/").ok_or(GitError::Form(VERB))?;
        // A public branch with a name that we would not write ourselves is none of ours.
        if let Ok(name) = name.parse() {
            branches.insert(name, id.parse().map_err(|_| GitError::Form(VERB))?);
        }
    }
    Ok(branches)
}

/// Moves all branches of a remote at once, or none. Without updates nothing is sent.
pub async fn publish(repository: &Path, url: &str, updates: &[RefUpdate]) -> Result<PushOutcome, GitError> {
    if updates.is_empty() {
        // Without a refspec git would push by its own defaults.
        return Ok(PushOutcome::Done);
    }
    let mut backwards = Vec::new();
    for update in updates {
        let arguments = ["--is-ancestor", update.from.as_str(), update.to.as_str()];
        let output = git(repository, "merge-base", &arguments).await?;
        match output.status.code() {
            Some(0) => {}
            Some(1) => backwards.push(update.branch.clone()),
            code => {
                return Err(GitError::Failed {
                    verb: "merge-base",
                    code,
                });
            }
        }
    }
    if !backwards.is_empty() {
        return Ok(PushOutcome::NotForward(backwards));
    }
    let leases = updates
        .iter()
        .map(|update| format!("--force-with-lease={}:{}", update.branch.reference(), update.from));
    let refspecs = updates
        .iter()
        .map(|update| format!("{}:{}", update.to, update.branch.reference()));
    let fixed = ["--atomic", "--porcelain"].map(str::to_owned);
    let ends = ["--".to_owned(), url.to_owned()];
    let arguments: Vec<_> = fixed.into_iter().chain(leases).chain(ends).chain(refspecs).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let sent = git(repository, "push", &arguments).await;
    let tips = remote_branches(repository, url).await?;
    let has = |update: &&RefUpdate| tips.get(&update.branch) == Some(&update.to);
    let moved: Vec<_> = updates.iter().filter(has).map(|update| update.branch.clone()).collect();
    if moved.len() == updates.len() || sent.as_ref().is_ok_and(|output| output.status.success()) {
        // After a push that git confirms, a branch may already have moved on: the confirmation counts.
        return Ok(PushOutcome::Done);
    }
    let stale: Vec<_> = updates
        .iter()
        .filter(|update| tips.get(&update.branch) != Some(&update.from) && !has(update))
        .map(|update| update.branch.clone())
        .collect();
    match (moved.is_empty(), stale.is_empty()) {
        (false, _) => Ok(PushOutcome::Torn(moved)),
        (true, false) => Ok(PushOutcome::Stale(stale)),
        (true, true) => sent.map(|_| PushOutcome::Refused),
    }
}
