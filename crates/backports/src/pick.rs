//! The backport of a fix, prepared without a work tree: what `git cherry-pick` would make, or where it would stop.

use git2::{
    Commit, Index, IndexConflict, IndexEntry, MergeFileOptions, MergeOptions, Oid, Repository, Signature, Tree,
};
use serde::Serialize;

use crate::error::EngineError;
use crate::fix::before;
use crate::interdiff::interdiff;

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

/// Picks commits, oldest first, onto a commit. Without `write`, nothing reaches the repository: what is made is kept in
/// memory. With it, each commit is written with its author and a trailer; no reference moves. A merge is what it brought to
/// its first parent.
pub fn pick(
    repository: &Repository,
    fixes: &[Oid],
    onto: Oid,
    write: Option<&Signature<'_>>,
) -> Result<Picked, EngineError> {
    if fixes.is_empty() {
        return Err(EngineError::NoFix);
    }
    if write.is_none() {
        repository.odb()?.add_new_mempack_backend(1_000)?;
    }
    let mut head = repository.find_commit(onto)?;
    let mut tree = head.tree()?;
    let mut picked = Picked {
        onto: onto.to_string(),
        tree: None,
        steps: Vec::new(),
        commit: None,
    };
    for fix in fixes {
        let fix = repository.find_commit(*fix)?;
        let (step, next) = step(repository, &fix, &tree)?;
        let empty = step.empty;
        picked.steps.push(step);
        let Some(next) = next else { return Ok(picked) };
        if let (Some(committer), false) = (write, empty) {
            let message = carried(&fix);
            let id = repository.commit(None, &fix.author(), committer, &message, &next, &[&head])?;
            head = repository.find_commit(id)?;
            picked.commit = Some(id.to_string());
        }
        tree = next;
    }
    picked.tree = Some(tree.id().to_string());
    Ok(picked)
}

fn step<'r>(
    repository: &'r Repository,
    fix: &Commit<'r>,
    onto: &Tree<'r>,
) -> Result<(Step, Option<Tree<'r>>), EngineError> {
    let after = fix.tree()?;
    let before = match before(fix)? {
        Some(before) => before,
        None => repository.find_tree(repository.treebuilder(None)?.write()?)?,
    };
    let mut options = MergeOptions::new();
    options.find_renames(true);
    let mut index = repository.merge_trees(&before, onto, &after, Some(&options))?;
    let mut step = Step {
        fix: fix.id().to_string(),
        tree: None,
        empty: false,
        conflicts: Vec::new(),
        range_diff: String::new(),
    };
    if index.has_conflicts() {
        step.conflicts = conflicts(repository, &index)?;
        return Ok((step, None));
    }
    let tree = repository.find_tree(index.write_tree_to(repository)?)?;
    step.tree = Some(tree.id().to_string());
    step.empty = tree.id() == onto.id();
    if !step.empty {
        step.range_diff = interdiff(repository, (Some(&before), &after), (Some(onto), &tree))?;
    }
    Ok((step, Some(tree)))
}

fn conflicts(repository: &Repository, index: &Index) -> Result<Vec<Conflict>, EngineError> {
    let mut found = Vec::new();
    for conflict in index.conflicts()? {
        let IndexConflict { ancestor, our, their } = conflict?;
        let side = |entry: &Option<IndexEntry>| entry.as_ref().map(|entry| format!("{:06o} {}", entry.mode, entry.id));
        let path = our
            .as_ref()
            .or(their.as_ref())
            .or(ancestor.as_ref())
            .map(|entry| entry.path.clone())
            .unwrap_or_default();
        let merged = match (&ancestor, &our, &their) {
            (Some(ancestor), Some(our), Some(their)) => {
                let mut options = MergeFileOptions::new();
                options.our_label("branch").their_label("fix").style_standard(true);
                let merged = repository.merge_file_from_index(ancestor, our, their, Some(&mut options));
                // A binary file or a submodule has no lines to show.
                merged
                    .ok()
                    .and_then(|merged| String::from_utf8(merged.content().to_vec()).ok())
            }
            _ => None,
        };
        found.push(Conflict {
            path: String::from_utf8_lossy(&path).into_owned(),
            base: side(&ancestor),
            ours: side(&our),
            theirs: side(&their),
            merged,
        });
    }
    Ok(found)
}

/// The message of a commit that was carried, with git's own trailer.
fn carried(fix: &Commit<'_>) -> String {
    let message = String::from_utf8_lossy(fix.message_bytes());
    let message = message.trim_end();
    let last = message.lines().last().unwrap_or_default();
    let is_trailer =
        last.starts_with("(cherry picked from") || last.split_once(": ").is_some_and(|(key, _)| !key.contains(' '));
    let between = if is_trailer && message.lines().count() > 1 {
        "\n"
    } else {
        "\n\n"
    };
    format!("{message}{between}(cherry picked from commit {})\n", fix.id())
}
