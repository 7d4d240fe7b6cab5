//! Commits as patches in mails, for whoever applies them elsewhere.

use std::path::Path;

use embargod_core::CommitId;

use crate::command::{GitError, git_text};

/// The commits from a tip to a head as one file for `git am`, and how many they are. Nothing in it names the branch.
pub async fn patch_series(repository: &Path, tip: &CommitId, head: &CommitId) -> Result<(String, usize), GitError> {
    let range = format!("{tip}..{head}");
    let arguments = ["--stdout", "--no-signature", "--binary", "--full-index", &range];
    let series = git_text(repository, "format-patch", &arguments).await?;
    let count = git_text(repository, "rev-list", &["--count", "--no-merges", &range]).await?;
    Ok((series, count.trim().parse().map_err(|_| GitError::Form("rev-list"))?))
}
