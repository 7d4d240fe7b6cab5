//! Which public commit made a rebuild conflict.

use std::collections::BTreeMap;
use std::path::Path;

use embargod_core::CommitId;

use crate::command::{GitError, git_text};
use crate::pick::{Pick, pick};

/// The first public commit after `base` with which the commit no longer applies, among those on the way to the tip that
/// touch a file in conflict. `None` where it applies to none of them alone: it conflicts with what a person had before.
pub(crate) async fn first(
    clone: &Path,
    commit: &CommitId,
    base: &CommitId,
    tip: &CommitId,
    files: &BTreeMap<Vec<u8>, Vec<String>>,
) -> Result<Option<CommitId>, GitError> {
    let range = format!("{base}..{tip}");
    let mut arguments = vec!["--first-parent", "--reverse", &range, "--"];
    // A name that is no text cannot be asked for here; without names every public commit is tried.
    let names: Vec<_> = files.keys().filter_map(|name| std::str::from_utf8(name).ok()).collect();
    let literal: Vec<_> = names.iter().map(|name| format!(":(literal){name}")).collect();
    if names.len() == files.len() {
        arguments.extend(literal.iter().map(String::as_str));
    }
    let text = git_text(clone, "rev-list", &arguments).await?;
    let mut candidates = Vec::new();
    for line in text.lines() {
        candidates.push(line.parse::<CommitId>().map_err(|_| GitError::Form("rev-list"))?);
    }
    // It applies before the first and not after the last: the border lies between.
    let (mut applies, mut conflicts) = (0, candidates.len());
    while applies < conflicts {
        let middle = applies + (conflicts - applies) / 2;
        match pick(clone, commit, &candidates[middle]).await? {
            Pick::Conflict { .. } => conflicts = middle,
            _ => applies = middle + 1,
        }
    }
    Ok(candidates.into_iter().nth(conflicts))
}
