//! The replay: what would the fix still change at the tip?

use git2::{Commit, Delta, DiffOptions, Oid, Repository, Tree};
use serde::Serialize;
use thiserror::Error;

/// What the engine says of one fix commit at one tip; later values are worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// In effect, identical.
    Present,
    /// A person must look.
    Unproven,
    /// Some of it is in effect.
    Partial,
    /// It is not there.
    Missing,
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The verdict.
    pub verdict: Verdict,
    /// Files in which the replay changes nothing: all that the fix does there is there.
    pub in_effect: Vec<String>,
    /// Files in which the fix would still change something.
    pub lacking: Vec<String>,
    /// Files in which the replay conflicts.
    pub conflicting: Vec<String>,
}

/// Why there is no verdict.
#[derive(Debug, Error)]
pub enum EngineError {
    /// A revision is not there, or objects are missing.
    #[error("the repository does not have all that is needed (shallow, damaged, or no such commit): {0}")]
    Repository(#[from] git2::Error),
    /// A merge or a root commit.
    #[error("the fix is a merge or has no parent: name the commits that it brings")]
    NotOneParent,
    /// A commit that changes nothing proves nothing.
    #[error("the fix changes nothing: there is nothing to look for")]
    Empty,
}

/// Replays a fix commit on a tip, in memory, and says what it would still change.
pub fn assess(repository: &Repository, fix: Oid, tip: Oid) -> Result<Evidence, EngineError> {
    let fix = repository.find_commit(fix)?;
    let tip = repository.find_commit(tip)?;
    if fix.parent_count() != 1 {
        return Err(EngineError::NotOneParent);
    }
    let touched = touched(repository, &fix)?;
    if touched.is_empty() {
        return Err(EngineError::Empty);
    }
    let index = repository.cherrypick_commit(&fix, &tip, 0, None)?;
    let mut evidence = Evidence {
        verdict: Verdict::Present,
        in_effect: Vec::new(),
        lacking: Vec::new(),
        conflicting: Vec::new(),
    };
    let mut conflicts = Vec::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
        conflicts.extend(entry.map(|entry| entry.path));
    }
    let tree = tip.tree()?;
    let changed = changed(repository, &tree, &index)?;
    for path in touched {
        let name = String::from_utf8_lossy(&path).into_owned();
        if conflicts.contains(&path) {
            evidence.conflicting.push(name);
        } else if changed.contains(&path) {
            evidence.lacking.push(name);
        } else {
            evidence.in_effect.push(name);
        }
    }
    // A rename on the branch shows as a change of a path that the fix does not name.
    let clean = changed.iter().filter(|path| !conflicts.contains(path));
    let elsewhere = clean.map(|path| String::from_utf8_lossy(path).into_owned());
    let elsewhere: Vec<_> = elsewhere.filter(|name| !evidence.lacking.contains(name)).collect();
    let lacks = !evidence.lacking.is_empty() || !elsewhere.is_empty();
    evidence.lacking.extend(elsewhere);
    evidence.verdict = match (conflicts.is_empty(), lacks, evidence.in_effect.is_empty()) {
        (true, false, _) => Verdict::Present,
        (true, true, true) => Verdict::Missing,
        (true, true, false) => Verdict::Partial,
        (false, _, _) => Verdict::Unproven,
    };
    Ok(evidence)
}

/// Assesses a whole series, oldest first. A later commit of it may change lines of an earlier one, which alone would look
/// lacking: where the series as one change is in effect, each of its commits is.
pub fn assess_series(repository: &Repository, fixes: &[Oid], tip: Oid) -> Result<Vec<Evidence>, EngineError> {
    let mut each = Vec::new();
    for fix in fixes {
        each.push(assess(repository, *fix, tip)?);
    }
    let (Some(first), Some(last)) = (fixes.first(), fixes.last()) else {
        return Ok(each);
    };
    if fixes.len() == 1 || each.iter().all(|evidence| evidence.verdict == Verdict::Present) {
        return Ok(each);
    }
    let before = repository.find_commit(*first)?.parent(0)?;
    let last = repository.find_commit(*last)?;
    let who = last.committer();
    let whole = repository.commit(None, &who, &who, "", &last.tree()?, &[&before])?;
    if assess(repository, whole, tip)?.verdict == Verdict::Present {
        for evidence in &mut each {
            evidence.in_effect.append(&mut evidence.lacking);
            evidence.in_effect.append(&mut evidence.conflicting);
            evidence.verdict = Verdict::Present;
        }
    }
    Ok(each)
}

/// The paths that a commit touches, as git has them.
fn touched(repository: &Repository, commit: &Commit<'_>) -> Result<Vec<Vec<u8>>, git2::Error> {
    let before = commit.parent(0)?.tree()?;
    let diff = repository.diff_tree_to_tree(Some(&before), Some(&commit.tree()?), None)?;
    let mut paths = Vec::new();
    for delta in diff.deltas() {
        let file = if delta.status() == Delta::Deleted {
            delta.old_file()
        } else {
            delta.new_file()
        };
        paths.extend(file.path_bytes().map(<[u8]>::to_vec));
    }
    Ok(paths)
}

/// The paths in which an index differs from a tree.
fn changed(repository: &Repository, tree: &Tree<'_>, index: &git2::Index) -> Result<Vec<Vec<u8>>, git2::Error> {
    let diff = repository.diff_tree_to_index(Some(tree), Some(index), Some(&mut DiffOptions::new()))?;
    let path = |delta: git2::DiffDelta<'_>| {
        delta
            .new_file()
            .path_bytes()
            .or(delta.old_file().path_bytes())
            .map(<[u8]>::to_vec)
    };
    Ok(diff.deltas().filter_map(path).collect())
}
