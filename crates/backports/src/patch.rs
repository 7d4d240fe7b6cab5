//! The classic comparisons: patch ids and the replay. They decide nothing alone; they are what people know and look for.

use git2::{Commit, DiffOptions, MergeOptions, Oid, Repository};

use crate::claim::Examined;
use crate::interdiff::interdiff;

/// Whether a merge of the fix into a tip is clean and leaves the tip as it is.
pub(crate) fn replay_changes_nothing(repository: &Repository, fix: Oid, tip: Oid) -> Result<bool, git2::Error> {
    let fix = repository.find_commit(fix)?;
    let tip = repository.find_commit(tip)?;
    let Ok(parent) = fix.parent(0) else { return Ok(false) };
    let mut options = MergeOptions::new();
    options.find_renames(true);
    let mut index = repository.merge_trees(&parent.tree()?, &tip.tree()?, &fix.tree()?, Some(&options))?;
    // The comparison is in memory: no tree is written.
    let diff = repository.diff_tree_to_index(Some(&tip.tree()?), Some(&index), None)?;
    let same = !index.has_conflicts() && diff.deltas().len() == 0;
    index.clear()?;
    Ok(same)
}

/// How a backport differs from the fix.
pub(crate) fn range_diff(repository: &Repository, fix: Oid, backport: Oid) -> Result<String, git2::Error> {
    let sides = |id: Oid| {
        let commit = repository.find_commit(id)?;
        let before = commit.parents().next().map(|parent| parent.tree()).transpose()?;
        Ok::<_, git2::Error>((before, commit.tree()?))
    };
    let ((before, after), (other_before, other_after)) = (sides(fix)?, sides(backport)?);
    interdiff(
        repository,
        (before.as_ref(), &after),
        (other_before.as_ref(), &other_after),
    )
}

/// Why a commit is taken for a backport, in words.
pub(crate) fn claim_words(repository: &Repository, fix: Oid, claim: &Examined) -> String {
    let mut words = Vec::new();
    let says = |truth: bool, word: &str| truth.then(|| word.to_owned());
    words.extend(says(claim.claim.trailer, "names the fix"));
    words.extend(says(claim.claim.author, "has its author and date"));
    words.extend(says(claim.claim.subject, "has its subject"));
    match (patch_id(repository, fix, 3), patch_id(repository, claim.id, 3)) {
        (Some(one), Some(other)) if one == other => words.push("has its patch id".to_owned()),
        _ if matches!((patch_id(repository, fix, 0), patch_id(repository, claim.id, 0)), (Some(one), Some(other)) if one == other) =>
        {
            words.push("has its patch id without context".to_owned());
        }
        _ => words.push(format!("has {:.0} % of its lines", claim.cover * 100.0)),
    }
    if let Some(by) = claim.reverted_by {
        words.push(format!("but {by} says that it reverts it"));
    }
    if claim.undone() {
        words.push("but it was taken back".to_owned());
    } else if !claim.stands() {
        words.push("but little of it is at the tip".to_owned());
    }
    format!("{} {}", claim.id, words.join(", "))
}

fn patch_id(repository: &Repository, id: Oid, context: u32) -> Option<Oid> {
    let commit: Commit<'_> = repository.find_commit(id).ok()?;
    let parent = commit.parent(0).ok()?.tree().ok()?;
    let mut options = DiffOptions::new();
    options.context_lines(context);
    let diff = repository
        .diff_tree_to_tree(Some(&parent), Some(&commit.tree().ok()?), Some(&mut options))
        .ok()?;
    diff.patchid(None).ok()
}
