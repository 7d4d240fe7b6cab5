//! Which tags of a branch have the flaw, and which have the fix.

use std::collections::{BTreeMap, BinaryHeap, HashSet};

use git2::{ObjectType, Oid, Repository};

use crate::affected::is_affected;
use crate::engine::{Question, series};
use crate::error::EngineError;
use crate::shelf::Shelf;

/// The most tags that are looked at, newest first.
const MOST_TAGS: usize = 200;
/// The most commits that are walked.
const MOST_COMMITS: usize = 100_000;

/// The affected and the fixed tags in a branch's history, newest first, back to before the flaw was brought.
pub(crate) fn sort(
    shelf: &Shelf<'_>,
    question: &Question,
    tip: Oid,
) -> Result<(Vec<String>, Vec<String>), EngineError> {
    let (mut affected, mut fixed) = (Vec::new(), Vec::new());
    let verdict_alone = question.about(question.fixes.clone());
    for (name, commit) in of_branch(shelf.repository, question, tip)? {
        let found = series(shelf, &verdict_alone, commit)?;
        if found.iter().all(|commit| commit.verdict.is_good()) {
            fixed.push(name);
        } else if is_affected(shelf, question, commit)? {
            affected.push(name);
        }
    }
    Ok((affected, fixed))
}

fn of_branch(repository: &Repository, question: &Question, tip: Oid) -> Result<Vec<(String, Oid)>, EngineError> {
    let mut names: BTreeMap<Oid, Vec<String>> = BTreeMap::new();
    for reference in repository.references_glob("refs/tags/*")? {
        let reference = reference?;
        let Ok(commit) = reference.peel(ObjectType::Commit) else {
            continue;
        };
        let name = String::from_utf8_lossy(reference.shorthand_bytes()).into_owned();
        names.entry(commit.id()).or_default().push(name);
    }
    let mut oldest = i64::MAX;
    for introduced in &question.introduced {
        let commit = repository.find_commit(*introduced)?;
        oldest = oldest
            .min(commit.time().seconds())
            .min(commit.author().when().seconds());
    }
    let mut found = Vec::new();
    let mut waiting = BinaryHeap::from([(i64::MAX, tip)]);
    let mut seen = HashSet::from([tip]);
    while let Some((_, id)) = waiting.pop() {
        found.extend(names.get(&id).into_iter().flatten().map(|name| (name.clone(), id)));
        if found.len() >= MOST_TAGS || seen.len() >= MOST_COMMITS {
            break;
        }
        for parent in repository.find_commit(id)?.parents() {
            if parent.time().seconds() >= oldest && seen.insert(parent.id()) {
                waiting.push((parent.time().seconds(), parent.id()));
            }
        }
    }
    found.truncate(MOST_TAGS);
    Ok(found)
}
