//! The merge commit of a publication in `merge` mode, and the difference between two versions of a branch for people.

use std::path::Path;

use embargod_core::CommitId;

use crate::command::{GitError, git, git_text};

/// How much of a difference is shown, in characters.
const MOST: usize = 20_000;
/// The message of the bot's merges and of nothing else. It says nothing of the case.
const MESSAGE: &str = "Merge security fixes\n";

/// Merges an approved head into a public tip with a neutral message; `None` where it conflicts. The same two commits give
/// the same merge.
pub async fn merge(repository: &Path, tip: &CommitId, head: &CommitId) -> Result<Option<CommitId>, GitError> {
    let output = git(
        repository,
        "merge-tree",
        &["--write-tree", "--no-messages", tip.as_str(), head.as_str()],
    )
    .await?;
    if output.status.code() == Some(1) {
        return Ok(None);
    }
    let tree = crate::command::text("merge-tree", output)?.trim().to_owned();
    let line = git_text(
        repository,
        "show",
        &["--no-patch", "--format=%cn%x00%ce%x00%ct", head.as_str()],
    )
    .await?;
    let fields: Vec<_> = line.trim_end().split('\0').collect();
    let [name, email, time] = fields.as_slice() else {
        return Err(GitError::Form("show"));
    };
    // Who committed the head last is who makes it public; the time is the head's, so that a repetition gives the same id.
    let raw = format!(
        "tree {tree}\nparent {tip}\nparent {head}\nauthor {name} <{email}> {time} +0000\ncommitter {name} <{email}> {time} +0000\n\n{MESSAGE}"
    );
    let repository = git2::Repository::open_bare(repository)?;
    let oid = repository.odb()?.write(git2::ObjectType::Commit, raw.as_bytes())?;
    crate::objects::id(oid).map(Some)
}

/// A commit without parents and files, always the same.
pub fn orphan(repository: &Path) -> Result<CommitId, GitError> {
    let repository = git2::Repository::open_bare(repository)?;
    let database = repository.odb()?;
    let tree = database.write(git2::ObjectType::Tree, b"")?;
    let who = "embargod <embargod@localhost> 0 +0000";
    let raw = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nA branch that nothing is merged into\n");
    crate::objects::id(database.write(git2::ObjectType::Commit, raw.as_bytes())?)
}

/// The commit that a merge of the bot's brought, and the tip that it was merged into.
pub fn merged(repository: &Path, commit: &CommitId) -> Result<Option<(CommitId, CommitId)>, GitError> {
    let repository = git2::Repository::open_bare(repository)?;
    let commit = crate::objects::find(&repository, commit)?;
    if commit.parent_count() != 2 || commit.message_bytes() != MESSAGE.as_bytes() {
        return Ok(None);
    }
    Ok(Some((
        crate::objects::id(commit.parent_id(1)?)?,
        crate::objects::id(commit.parent_id(0)?)?,
    )))
}

/// The range-diff between two versions of a branch, bounded, for people.
pub async fn range_diff(repository: &Path, tip: &CommitId, old: &CommitId, new: &CommitId) -> Result<String, GitError> {
    let base = git_text(repository, "merge-base", &[tip.as_str(), old.as_str()]).await?;
    // git takes an empty range for a usage error.
    if base.trim() == old.as_str() || tip == new {
        return Ok("one of the two versions has no commits of its own".to_owned());
    }
    let ranges = [format!("{}..{old}", base.trim()), format!("{tip}..{new}")];
    let output = git(repository, "range-diff", &["--no-color", &ranges[0], &ranges[1]]).await?;
    if !output.status.success() {
        return Err(GitError::Failed {
            verb: "range-diff",
            code: output.status.code(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).chars().take(MOST).collect())
}

/// The message of a commit and the lines that it adds, as text for people and for the search for what must not become
/// public.
pub async fn readable(repository: &Path, commit: &CommitId) -> Result<(String, String), GitError> {
    let message = git(repository, "show", &["--no-patch", "--format=%B", commit.as_str()]).await?;
    let patch = git(
        repository,
        "show",
        &["--format=", "--no-color", "--first-parent", "-m", commit.as_str()],
    )
    .await?;
    let patch = String::from_utf8_lossy(&patch.stdout).into_owned();
    let added: Vec<_> = patch.lines().filter(|line| line.starts_with('+')).collect();
    Ok((String::from_utf8_lossy(&message.stdout).into_owned(), added.join("\n")))
}
