//! What the branch's history says: who claims to be the backport. A claim is no proof; it says where to look.

use std::collections::{BTreeMap, BinaryHeap, HashSet};

use git2::{Oid, Repository};

use crate::fix::{Fix, Identity};

/// How far back a walk goes at most.
const MOST_COMMITS: usize = 50_000;
/// A backport may be older than the fix's author date by this much, in seconds: clocks differ.
const SLACK: i64 = 2 * 86_400;
/// An id with fewer digits names nothing.
const SHORTEST_ID: usize = 9;

/// What makes a commit look like the backport of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Claim {
    /// The fix's id is in the message.
    pub trailer: bool,
    /// The same author and author date.
    pub author: bool,
    /// The same subject.
    pub subject: bool,
}

impl History {
    /// Which commit says that it reverts another, unless that one was reverted in turn.
    pub fn reverted_by(&self, commit: Oid) -> Option<Oid> {
        let text = commit.to_string();
        let says = |id: &str| text.starts_with(id);
        let by = self.reverts.iter().filter(|(id, _)| says(id)).map(|(_, by)| *by);
        // A chain of reverts is as long as it is: each step is a newer commit, so it ends.
        by.into_iter().find(|by| self.reverted_by(*by).is_none())
    }
}

impl Claim {
    /// Whether carrying a commit by the usual means leaves exactly this.
    pub fn is_strong(self) -> bool {
        self.author && self.subject || self.trailer && (self.author || self.subject)
    }
}

/// What a walk over the branch found about the fixes.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// For every fix the commits that look like it, newest first.
    pub claims: BTreeMap<Oid, Vec<(Oid, Claim)>>,
    /// The fixes that are in the branch's own history.
    pub same: HashSet<Oid>,
    /// Commits that say that they revert another: the reverted id as it is written, and the commit.
    pub reverts: Vec<(String, Oid)>,
    /// How many commits were looked at.
    pub walked: usize,
    /// Whether there were more than are looked at.
    pub cut: bool,
}

/// Walks from the tip back to where no backport of these fixes can be any more.
pub(crate) fn walk(repository: &Repository, tip: Oid, fixes: &[Fix], trailers: bool) -> Result<History, git2::Error> {
    let mut history = History::default();
    let oldest = |fix: &Fix| fix.identity.authored.min(fix.identity.committed);
    let Some(oldest) = fixes.iter().map(oldest).min() else {
        return Ok(history);
    };
    // libgit2's own walk sorts the whole history before its first answer; this one stops where the question ends.
    let mut waiting = BinaryHeap::from([(i64::MAX, tip)]);
    let mut seen = HashSet::from([tip]);
    while let Some((_, id)) = waiting.pop() {
        let commit = repository.find_commit(id)?;
        if commit.time().seconds() < oldest - SLACK {
            continue;
        }
        if history.walked == MOST_COMMITS {
            history.cut = true;
            break;
        }
        history.walked += 1;
        for parent in commit.parents() {
            // A parent that is not there ends the walk on its line, as the edge of a shallow clone does.
            if seen.insert(parent.id()) {
                waiting.push((parent.time().seconds(), parent.id()));
            }
        }
        let identity = Identity::of(&commit);
        for fix in fixes {
            if id == fix.id {
                history.same.insert(fix.id);
                continue;
            }
            let claim = Claim {
                trailer: trailers && names(commit.message_bytes(), &fix.id.to_string()),
                author: identity.author == fix.identity.author && identity.authored == fix.identity.authored,
                subject: identity.subject == fix.identity.subject,
            };
            if claim != Claim::default() {
                history.claims.entry(fix.id).or_default().push((id, claim));
            }
        }
        if let Some(reverted) = reverted(commit.message_bytes()) {
            history.reverts.push((reverted, id));
        }
    }
    Ok(history)
}

/// Whether a message names a commit as its source: by git's own trailer, or in the forms of stable trees
/// (`[ upstream commit … ]`, `commit … upstream.`).
fn names(message: &[u8], id: &str) -> bool {
    let start = &id.as_bytes()[..SHORTEST_ID];
    // Most messages do not name it at all: that is all that is looked at.
    if !contains(message, start) {
        return false;
    }
    let text = String::from_utf8_lossy(message).to_ascii_lowercase();
    text.lines().any(|line| {
        let says = [
            "cherry picked from",
            "cherry-picked from",
            "upstream",
            "backport",
            "picked from",
            "from commit",
        ];
        let mut words = line.split(|character: char| !character.is_ascii_alphanumeric());
        says.iter().any(|say| line.contains(say))
            && !line.contains("this reverts")
            && words.any(|word| is_id(word) && id.starts_with(word))
    })
}

/// Whether bytes contain others, whatever the case of their letters.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let first = part.first().copied().unwrap_or_default();
    let starts = memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes);
    let mut all = starts.filter_map(|at| bytes.get(at..at + part.len()));
    all.any(|found| found.eq_ignore_ascii_case(part))
}

fn is_id(word: &str) -> bool {
    (SHORTEST_ID..=40).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn reverted(message: &[u8]) -> Option<String> {
    if !contains(message, b"this reverts commit") {
        return None;
    }
    let text = String::from_utf8_lossy(message).to_ascii_lowercase();
    let (_, rest) = text.split_once("this reverts commit")?;
    let word = rest
        .split(|character: char| !character.is_ascii_alphanumeric())
        .find(|word| !word.is_empty())?;
    is_id(word).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_in_several_ways() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for message in [
            format!("x\n\n(cherry picked from commit {id})"),
            format!("x\n\n[ upstream commit {id} ]"),
            format!("x\n\ncommit {id} upstream."),
        ] {
            assert!(names(message.as_bytes(), id), "{message}");
        }
        assert!(!names(format!("x\n\nFixes: {id}").as_bytes(), id));
        assert!(!names(format!("x\n\ncommit {} upstream", &id[..8]).as_bytes(), id));
        assert!(names(
            format!("x\n\nBackport of {}.", id[..9].to_uppercase()).as_bytes(),
            id
        ));
        assert_eq!(
            reverted(format!("Revert \"x\"\n\nThis reverts commit {id}.").as_bytes()).as_deref(),
            Some(id)
        );
    }
}
