//! The backport of a fix, prepared without a work tree: what `git cherry-pick` would make, or where it would stop. It is the
//! merge that the bot plans with, so both say the same of a conflict.

use std::path::Path;

use embargod_backports::interdiff;
use embargod_core::CommitId;
use embargod_repo::{Applied, GitError, Sides, apply, carry, id};
use git2::{Oid, Repository, Signature, Tree};
use serde::Serialize;

/// A prepared backport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picked {
    /// The commit that the fix was put on.
    pub onto: String,
    /// The tree after the whole fix; nothing where it conflicts.
    pub tree: Option<String>,
    /// Each commit of the fix, up to the first that conflicts.
    pub steps: Vec<Step>,
    /// The last new commit, where commits were written.
    pub commit: Option<String>,
}

/// One commit of the fix, picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The commit of the fix.
    pub fix: String,
    /// The tree after it; nothing where it conflicts.
    pub tree: Option<String>,
    /// Whether it changes nothing, because all of it is there.
    pub empty: bool,
    /// The conflicts, with their three sides.
    pub conflicts: Vec<Conflict>,
    /// How the result differs from the fix, as a range-diff shows it; empty where it does the same.
    pub range_diff: String,
}

/// A file in conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Its path; bytes that are no text are replaced.
    pub path: String,
    /// The file before the fix: mode and blob.
    pub base: Option<String>,
    /// The file on the branch.
    pub ours: Option<String>,
    /// The file after the fix.
    pub theirs: Option<String>,
    /// The file with the conflicts marked, where it is text.
    pub merged: Option<String>,
}

/// Picks commits, oldest first, onto a commit, in a scratch repository beside this one: nothing reaches the repository.
pub async fn prepare(repository: &Repository, fixes: &[Oid], onto: Oid) -> Result<Picked, GitError> {
    let scratch = tempfile::tempdir()?;
    let beside = Repository::init_bare(scratch.path())?;
    let objects = std::path::absolute(repository.commondir().join("objects"))?;
    let mut line = objects.into_os_string();
    line.push("\n");
    std::fs::write(beside.path().join("objects/info/alternates"), line.as_encoded_bytes())?;
    let picked = pick(scratch.path(), fixes, onto, None).await?;
    Ok(Picked { commit: None, ..picked })
}

/// Picks commits, oldest first, onto a commit. Each is written with its author and a line that names the fix; no reference
/// moves. A merge is what it brought to its first parent.
pub async fn pick(
    repository: &Path,
    fixes: &[Oid],
    onto: Oid,
    committer: Option<&Signature<'_>>,
) -> Result<Picked, GitError> {
    let mut picked = Picked {
        onto: onto.to_string(),
        tree: None,
        steps: Vec::new(),
        commit: None,
    };
    let mut head = id(onto)?;
    for fix in fixes {
        let fix = id(*fix)?;
        let applied = apply(repository, &fix, &head).await?;
        let step = step(repository, &fix, &head, &applied)?;
        if step.tree.is_some() && !step.empty {
            head = carry(repository, &fix, (&applied.tree, &head), committer)?;
            picked.commit = Some(head.to_string());
        }
        let stops = step.tree.is_none();
        picked.steps.push(step);
        if stops {
            return Ok(picked);
        }
    }
    picked.tree = picked.steps.last().and_then(|step| step.tree.clone());
    Ok(picked)
}

fn step(repository: &Path, fix: &CommitId, onto_id: &CommitId, applied: &Applied) -> Result<Step, GitError> {
    let repository = Repository::open_bare(repository)?;
    let commit = |id: &CommitId| repository.find_commit(Oid::from_str(id.as_str())?);
    let (fixed, onto) = (commit(fix)?, commit(onto_id)?.tree()?);
    let tree = repository.find_tree(Oid::from_str(&applied.tree)?)?;
    let mut step = Step {
        fix: fix.to_string(),
        tree: None,
        empty: false,
        conflicts: Vec::new(),
        range_diff: String::new(),
    };
    for (path, sides) in &applied.conflicts {
        let merged = merged(&repository, &tree, path, sides).map(|text| named(&text, onto_id, fix));
        step.conflicts.push(conflict(path, sides, merged));
    }
    if applied.clean {
        step.tree = Some(applied.tree.clone());
        step.empty = tree.id() == onto.id();
    }
    if applied.clean && !step.empty {
        let before = fixed.parents().next().map(|parent| parent.tree()).transpose()?;
        let after = fixed.tree()?;
        step.range_diff = interdiff(&repository, (before.as_ref(), &after), (Some(&onto), &tree))?;
    }
    Ok(step)
}

fn conflict(path: &[u8], sides: &Sides, merged: Option<String>) -> Conflict {
    let Sides { base, ours, theirs } = sides.clone();
    Conflict {
        path: String::from_utf8_lossy(path).into_owned(),
        base,
        ours,
        theirs,
        merged,
    }
}

/// The file with both versions between markers. A binary file, a submodule or a file that one side deleted has no lines to
/// show.
fn merged(repository: &Repository, tree: &Tree<'_>, path: &[u8], sides: &Sides) -> Option<String> {
    if [&sides.base, &sides.ours, &sides.theirs]
        .iter()
        .any(|side| side.is_none())
    {
        return None;
    }
    let blob = repository.find_blob(blob(repository, tree, path)?).ok()?;
    let text = String::from_utf8(blob.content().to_vec()).ok()?;
    (!blob.is_binary()).then_some(text)
}

/// A merged file whose markers say *branch* and *fix*, where git names the two commits.
fn named(merged: &str, onto: &CommitId, fix: &CommitId) -> String {
    merged
        .replace(&format!("<<<<<<< {onto}"), "<<<<<<< branch")
        .replace(&format!(">>>>>>> {fix}"), ">>>>>>> fix")
}

/// What is at a path of a tree, step by step, because names are bytes.
fn blob(repository: &Repository, tree: &Tree<'_>, path: &[u8]) -> Option<Oid> {
    let (name, rest) = match path.iter().position(|byte| *byte == b'/') {
        Some(end) => (&path[..end], Some(&path[end + 1..])),
        None => (path, None),
    };
    let id = tree.get_name_bytes(name)?.id();
    match rest {
        Some(rest) => blob(repository, &repository.find_tree(id).ok()?, rest),
        None => Some(id),
    }
}
