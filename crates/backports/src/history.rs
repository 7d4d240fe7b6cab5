//! What the branch's history says: who claims to be the backport. A claim is no proof; it says where to look.

use std::collections::{BTreeMap, BinaryHeap};

use git2::Oid;
use hashbrown::HashSet;

use crate::facts::{Facts, Id};
use crate::fix::Fix;
use crate::shelf::Shelf;

/// How far back a walk goes at most.
const MOST_COMMITS: usize = 50_000;
/// A backport may be older than the fix's author date by this much, in seconds: clocks differ.
const SLACK: i64 = 2 * 86_400;
/// So many commits in a row are older than the fix where a line ends: a few may come from a machine whose clock was wrong.
const WRONG_CLOCKS: u8 = 5;

/// Reverts of reverts are followed so far: numbers and clocks allow commits that say they revert each other, which make a circle.
const MOST_REVERTS: usize = 64;

/// Of the commits that a message names as its sources so many are asked whether they were reverted.
const MOST_SOURCES: usize = 64;

/// What makes a commit look like the backport of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Claim {
    /// It is the fix itself.
    pub same: bool,
    /// All of this is so of a commit that the fix merges, and not of the merge.
    pub of_merged: bool,
    /// The fix's id is in the message, or its revision, or the number of its request.
    pub trailer: bool,
    /// The same author and author date.
    pub author: bool,
    /// The same subject.
    pub subject: bool,
    /// It is a merge.
    pub merge: bool,
}

impl History {
    /// Which commit says that it reverts another, unless that one was reverted in turn.
    pub fn reverted_by(&self, commit: Oid) -> Option<Oid> {
        self.reverted_within(commit, MOST_REVERTS)
    }

    /// The same within so many steps.
    fn reverted_within(&self, commit: Oid, steps: usize) -> Option<Oid> {
        let mut by = self.reverts_of(commit);
        by.find(|by| steps == 0 || self.reverted_within(*by, steps - 1).is_none())
    }

    /// Who carries a revert to a branch leaves its message, which names what was reverted where it was made. A newer revert is of this
    /// commit, too, where it names what this one carries: the fixes that it looks like, or the revert of one.
    fn note_carried_reverts(&mut self, id: Oid, facts: &Facts, fixes: &[Oid]) {
        if fixes.is_empty() && facts.reverts.is_none() {
            return;
        }
        let mut carried: Vec<String> = fixes.iter().map(Oid::to_string).collect();
        carried.extend(facts.sources.iter().take(MOST_SOURCES).cloned());
        let names = |(reverted, _): &&(String, Oid)| carried.iter().any(|carried| same_id(carried, reverted));
        let by: Vec<_> = self.reverts.iter().filter(names).map(|(_, by)| *by).collect();
        self.reverts.extend(by.into_iter().map(|by| (id.to_string(), by)));
    }

    /// The commits that say that they revert another.
    fn reverts_of(&self, commit: Oid) -> impl Iterator<Item = Oid> {
        let text = commit.to_string();
        let says = move |id: &str| text.starts_with(id);
        self.reverts.iter().filter(move |(id, _)| says(id)).map(|(_, by)| *by)
    }
}

impl Claim {
    /// How a commit looks like a fix, or like the one of what that merges that it looks like most.
    fn of((id, facts): (Oid, &Facts), fix: &Fix, trailers: bool) -> Option<Self> {
        let claims = fix.sources().map(|(source, says)| Self {
            same: id == source,
            of_merged: source != fix.id,
            trailer: trailers && facts.names(source, says),
            author: facts.same_author(says),
            subject: facts.subject == says.subject,
            merge: facts.parents.len() > 1,
        });
        let some = claims.filter(|claim| claim.same || claim.trailer || claim.author || claim.subject);
        some.max_by_key(Self::strength)
    }

    /// Of two claims the one that says more is the greater one.
    fn strength(&self) -> (bool, usize) {
        let said = [self.same, self.trailer, self.author, self.subject, !self.of_merged];
        (self.is_strong(), said.into_iter().filter(|said| *said).count())
    }

    /// Whether carrying a commit by the usual means leaves exactly this.
    pub fn is_strong(self) -> bool {
        self.same || self.author && self.subject || self.trailer && (self.author || self.subject)
    }

    /// Whether nothing but its title says so.
    pub fn is_title_alone(self) -> bool {
        self.subject && !self.same && !self.author && !self.trailer
    }
}

/// What a walk over the branch found about the fixes.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// For every fix the commits that look like it, newest first.
    pub claims: BTreeMap<Oid, Vec<(Oid, Claim)>>,
    /// Commits that say that they revert another: the reverted id as it is written, and the commit.
    pub reverts: Vec<(String, Oid)>,
    /// How many commits were looked at.
    pub walked: usize,
    /// Whether there were more than are looked at, or than the clone has.
    pub cut: bool,
}

/// Whether two ids, whole or not, may be of the same object.
fn same_id(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// Walks from the tip back to where no backport of these fixes can be any more.
pub(crate) fn walk(shelf: &Shelf<'_>, tip: Oid, fixes: &[Fix], trailers: bool) -> Result<History, git2::Error> {
    let mut history = History::default();
    let written = |(_, facts): (Oid, &Facts)| facts.authored.min(facts.committed);
    let Some(oldest) = fixes.iter().flat_map(Fix::sources).map(written).min() else {
        return Ok(history);
    };
    // libgit2's own walk sorts the whole history before its first answer; this one stops where the question ends.
    let mut waiting = BinaryHeap::from([(i64::MAX, tip, 0)]);
    let mut seen: HashSet<Oid> = HashSet::from_iter([tip]);
    // The requests and the revisions that newer commits say they revert.
    let (mut requests, mut revisions) = (Vec::new(), Vec::new());
    while let Some((_, id, older)) = waiting.pop() {
        let facts = shelf.facts(id)?;
        let older = if facts.committed < oldest - SLACK { older + 1 } else { 0 };
        if older > WRONG_CLOCKS {
            continue;
        }
        if history.walked == MOST_COMMITS {
            history.cut = true;
            break;
        }
        history.walked += 1;
        for Id(parent) in &facts.parents {
            if seen.insert(*parent) {
                match shelf.facts(*parent) {
                    Ok(facts) => waiting.push((facts.committed, *parent, older)),
                    // The edge of a shallow clone.
                    Err(_) => history.cut = true,
                }
            }
        }
        let mut carried = Vec::new();
        for fix in fixes {
            // What is older than the fix by its clock may be the backport only where more than a subject says so.
            if let Some(claim) = Claim::of((id, &facts), fix, trailers)
                && (claim.is_strong() || older == 0)
            {
                history.claims.entry(fix.id).or_default().push((id, claim));
                carried.extend((!claim.same).then_some(fix.id));
            }
        }
        if trailers {
            history.note_carried_reverts(id, &facts, &carried);
        }
        if let Some(reverted) = &facts.reverts {
            history.reverts.push((reverted.clone(), id));
        }
        for (own, carried, reverted) in [
            (facts.request, &facts.requests, &requests),
            (facts.revision, &facts.revisions, &revisions),
        ] {
            let is_named = |number: u64| own == Some(number) || trailers && carried.contains(&number);
            let by = reverted.iter().filter(|(reverted, _)| is_named(*reverted));
            history.reverts.extend(by.map(|(_, by)| (id.to_string(), *by)));
        }
        for Id(brought) in facts.parents.iter().skip(1) {
            // Who reverts a merge reverts what it brought.
            let by: Vec<_> = history.reverts_of(id).collect();
            history
                .reverts
                .extend(by.into_iter().map(|by| (brought.to_string(), by)));
        }
        requests.extend(facts.reverts_request.map(|request| (request, id)));
        revisions.extend(facts.reverts_revision.map(|revision| (revision, id)));
    }
    for claims in history.claims.values_mut() {
        // What a merge brings tells more than the merge, which may bring more, unless it looks less like the fix.
        let brought = claims.iter().filter(|(_, claim)| !claim.merge);
        let most = brought.map(|(_, claim)| claim.strength()).max();
        claims.retain(|(_, claim)| claim.same || !claim.merge || Some(claim.strength()) > most);
    }
    Ok(history)
}
