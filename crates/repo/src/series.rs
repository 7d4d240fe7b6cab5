//! Commits for whoever uses them elsewhere: as patches in mails, and as a bundle.

use std::path::Path;

use embargod_core::{BranchName, CommitId};

use crate::command::{GitError, git_text};

/// The commits from a tip to a head as one file for `git am`, and how many they are. Nothing in it names the branch.
pub async fn patch_series(repository: &Path, tip: &CommitId, head: &CommitId) -> Result<(String, usize), GitError> {
    let range = format!("{tip}..{head}");
    let arguments = ["--stdout", "--no-signature", "--binary", "--full-index", &range];
    let series = git_text(repository, "format-patch", &arguments).await?;
    let count = git_text(repository, "rev-list", &["--count", "--no-merges", &range]).await?;
    Ok((series, count.trim().parse().map_err(|_| GitError::Form("rev-list"))?))
}

/// The commits of branches, each from its public tip to its head, as one git bundle: whoever has the public repository fetches
/// the branches from it by their names.
pub async fn bundle(repository: &Path, branches: &[(BranchName, CommitId, CommitId)]) -> Result<Vec<u8>, GitError> {
    // A repository of its own that borrows the objects: there the branches have their names, and nothing else has any.
    let folder = tempfile::tempdir()?;
    let own = folder.path();
    git_text(own, "init", &["--quiet", "--bare"]).await?;
    let objects = repository.canonicalize()?.join("objects");
    std::fs::write(own.join("objects/info/alternates"), format!("{}\n", objects.display()))?;
    for (branch, _, head) in branches {
        let name = format!("refs/heads/{branch}");
        git_text(own, "update-ref", &[&name, head.as_str()]).await?;
    }
    let file = own.join("bundle");
    let path = file.to_str().ok_or(GitError::Form("bundle"))?;
    let mut arguments = vec!["create", "--quiet", path, "--branches", "--not"];
    arguments.extend(branches.iter().map(|(_, tip, _)| tip.as_str()));
    git_text(own, "bundle", &arguments).await?;
    Ok(std::fs::read(file)?)
}
