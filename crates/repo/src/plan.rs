//! What the security branches of a case should be: rebuilt on their public tips, with every commit of the fix series
//! carried to each.
//!
//! The plan is computed in the bot's own clone; it writes objects and moves nothing. The same inputs give the same commit
//! ids, so that computing it again, after a crash or for nothing, changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use embargod_core::case::{Memory, PatchIdentity};
use embargod_core::{BranchName, CommitId};
use git2::Repository;

use crate::cause;
use crate::command::GitError;
use crate::objects::{find, id, identity, message, oid, series, write_like};
use crate::pick::{Pick, pick};
use crate::push::is_ancestor;
use crate::trailer::{origins, with_origin};

/// A security branch as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The tip of the public branch now.
    pub public_tip: CommitId,
    /// The head of the security branch in the mirror.
    pub head: CommitId,
    /// Whether the fix is to be carried here (not where it is waived).
    pub wants_fix: bool,
}

/// What stopped the work on a branch: a person must resolve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The commit that does not apply.
    pub commit: CommitId,
    /// Where it was to go.
    pub onto: CommitId,
    /// The files in conflict, as git has their names, and their hunks.
    pub files: BTreeMap<Vec<u8>, Vec<String>>,
    /// In a rebuild, the first public commit with which it no longer applies.
    pub cause: Option<CommitId>,
    /// Whether it is a commit of the fix that was to be carried here (else one of the branch itself, in a rebuild).
    pub carrying: bool,
}

/// A security branch as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its head: the old one where nothing is to be done, or where a conflict stopped a rebuild.
    pub head: CommitId,
    /// Its commits that are not public, oldest first.
    pub commits: Vec<CommitId>,
    /// Their patch identities.
    pub patches: Vec<PatchIdentity>,
    /// Whether the public tip is an ancestor of the head.
    pub on_public_tip: bool,
    /// Which commit here came from which commit of the fix series.
    pub carried: BTreeMap<CommitId, CommitId>,
    /// Which commit of the branch as it was each commit here stands for, where it was rebuilt.
    pub rebuilt: BTreeMap<CommitId, CommitId>,
    /// Commits that a person edited and that came from an older version of the fix.
    pub stale: Vec<CommitId>,
    /// Commits with several parents or none: they cannot be rebuilt.
    pub merges: Vec<CommitId>,
    /// What stopped the work.
    pub conflict: Option<Conflict>,
}

/// The plan of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Every security branch.
    pub branches: BTreeMap<BranchName, Planned>,
    /// What to remember.
    pub memory: Memory,
}

/// Where the fix series comes from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// The security branch of this one.
    Branch(&'a BranchName),
    /// Commits that are public.
    Commits(&'a [CommitId]),
}

/// Computes the plan. With `rebuild` off (`merge` and `ff-only`) branches are left on the base that they have.
pub async fn plan(
    clone: &Path,
    source: Source<'_>,
    branches: &BTreeMap<BranchName, Branch>,
    memory: &Memory,
    rebuild: bool,
) -> Result<Plan, GitError> {
    let mut planner = Planner {
        clone,
        memory: memory.clone(),
        rebuild,
    };
    let mut planned = BTreeMap::new();
    match source {
        Source::Branch(name) => {
            if let Some(branch) = branches.get(name) {
                let done = planner.plan_main(branch).await?;
                planner.learn_series(&done.commits)?;
                planned.insert(name.clone(), done);
            }
        }
        Source::Commits(commits) => planner.learn_series(commits)?,
    }
    let rest: Vec<_> = branches
        .iter()
        .filter(|(name, _)| !planned.contains_key(*name))
        .collect();
    for (name, branch) in rest {
        let done = planner.plan_stable(branch).await?;
        planned.insert(name.clone(), done);
    }
    Ok(Plan {
        branches: planned,
        memory: planner.memory,
    })
}

struct Planner<'a> {
    clone: &'a Path,
    memory: Memory,
    rebuild: bool,
}

/// One commit that a branch should have.
enum Item {
    /// It stays, put on what comes before it; its origin is renewed.
    Keep {
        commit: CommitId,
        origin: Option<(CommitId, CommitId)>,
    },
    /// The fix is carried here.
    Carry { fix: CommitId },
}

impl Planner<'_> {
    fn repository(&self) -> Result<Repository, GitError> {
        Ok(Repository::open_bare(self.clone)?)
    }

    async fn plan_main(&mut self, branch: &Branch) -> Result<Planned, GitError> {
        let commits = series(&self.repository()?, &branch.public_tip, &branch.head)?;
        let items = commits
            .iter()
            .map(|commit| Item::Keep {
                commit: commit.clone(),
                origin: None,
            })
            .collect();
        let planned = self.build(branch, &commits, items, Vec::new()).await?;
        if planned.conflict.is_none() {
            // A rebuild keeps every commit or drops it as public already, in order: what was kept has a successor.
            for (new, old) in &planned.rebuilt {
                self.memory.successors.insert(old.clone(), new.clone());
            }
        }
        Ok(Planned {
            carried: planned.commits.iter().map(|fix| (fix.clone(), fix.clone())).collect(),
            ..planned
        })
    }

    /// Remembers the series, and which commits of the last one a person replaced: same author and subject, other patch.
    fn learn_series(&mut self, now: &[CommitId]) -> Result<(), GitError> {
        let repository = self.repository()?;
        let known = |id: &CommitId| -> Result<_, GitError> {
            let commit = find(&repository, id)?;
            let author = commit.author();
            Ok((
                author.email_bytes().to_vec(),
                commit.summary_bytes().unwrap_or_default().to_vec(),
            ))
        };
        let gone: Vec<_> = self
            .memory
            .fixes
            .iter()
            .filter(|old| !now.contains(old))
            .cloned()
            .collect();
        for old in gone
            .into_iter()
            .filter(|old| !self.memory.successors.contains_key(old))
            .collect::<Vec<_>>()
        {
            let wanted = known(&old)?;
            let mut same = Vec::new();
            for new in now.iter().filter(|new| !self.memory.fixes.contains(new)) {
                if known(new)? == wanted {
                    same.push(new);
                }
            }
            if let [new] = same.as_slice() {
                self.memory.successors.insert(old, (*new).clone());
            }
        }
        self.memory.past.extend(now.iter().cloned());
        self.memory.fixes = now.to_vec();
        Ok(())
    }

    /// The commit of the present series that this one has become, if any.
    fn present(&self, fix: &CommitId) -> Option<CommitId> {
        let mut at = fix;
        // A chain of rebuilds is as long as their number; a circle would need a commit that contains its own id.
        for _ in 0..=self.memory.successors.len() {
            if self.memory.fixes.contains(at) {
                return Some(at.clone());
            }
            at = self.memory.successors.get(at)?;
        }
        None
    }

    fn same_patch(&self, repository: &Repository, one: &CommitId, other: &CommitId) -> Result<bool, GitError> {
        Ok(identity(repository, one)? == identity(repository, other)?)
    }

    async fn plan_stable(&mut self, branch: &Branch) -> Result<Planned, GitError> {
        let (commits, items, stale) = self.items(branch)?;
        self.build(branch, &commits, items, stale).await
    }

    /// What a stable branch should have, in order: what is there, and the fixes that are not.
    #[allow(clippy::type_complexity, reason = "three lists that are made in one walk")]
    fn items(&self, branch: &Branch) -> Result<(Vec<CommitId>, Vec<Item>, Vec<CommitId>), GitError> {
        let repository = self.repository()?;
        let commits = series(&repository, &branch.public_tip, &branch.head)?;
        let fixes: BTreeMap<_, _> = self
            .memory
            .fixes
            .iter()
            .map(|fix| Ok((identity(&repository, fix)?, fix.clone())))
            .collect::<Result<_, GitError>>()?;
        let (mut items, mut stale, mut covered) = (Vec::new(), Vec::new(), BTreeSet::new());
        for commit in &commits {
            let named = origins(&message(&find(&repository, commit)?));
            let of_ours = named
                .iter()
                .rev()
                .find(|origin| self.memory.past.contains(*origin) || self.present(origin).is_some());
            let untouched = self.memory.written.contains(commit);
            let keep = |origin| Item::Keep {
                commit: commit.clone(),
                origin,
            };
            let Some(old) = of_ours else {
                // A pick without a trailer is one all the same when it is the same patch.
                if let Some(fix) = fixes.get(&identity(&repository, commit)?) {
                    covered.insert(fix.clone());
                }
                items.push(keep(None));
                continue;
            };
            match self.present(old) {
                // The branch needs no fix: what the bot carried goes again, what a person put there stays.
                _ if untouched && !branch.wants_fix => {}
                Some(fix) if fix == *old || self.same_patch(&repository, &fix, old)? => {
                    covered.insert(fix.clone());
                    items.push(keep(Some((old.clone(), fix))));
                }
                Some(fix) if untouched => {
                    covered.insert(fix.clone());
                    items.push(Item::Carry { fix });
                }
                // Nobody touched it and the fix no longer has it: it goes.
                None if untouched => {}
                _ => {
                    stale.push(commit.clone());
                    // The new version would conflict with the edited old one: a person brings them together.
                    covered.extend(self.present(old));
                    items.push(keep(None));
                }
            }
        }
        if branch.wants_fix {
            // A merge cannot be carried: it is shown on main, and closes the gate there.
            let merges = merges(&repository, &self.memory.fixes)?;
            let lacking = self
                .memory
                .fixes
                .iter()
                .filter(|fix| !covered.contains(*fix) && !merges.contains(fix));
            items.extend(lacking.map(|fix| Item::Carry { fix: fix.clone() }));
        }
        Ok((commits, items, stale))
    }

    async fn build(
        &mut self,
        branch: &Branch,
        commits: &[CommitId],
        items: Vec<Item>,
        stale: Vec<CommitId>,
    ) -> Result<Planned, GitError> {
        let on_public_tip = is_ancestor(self.clone, &branch.public_tip, &branch.head).await?;
        let merges = merges(&self.repository()?, commits)?;
        let mut conflict = None;
        let (mut carried, mut rebuilt) = (BTreeMap::new(), BTreeMap::new());
        // Merges cannot be put on another base; without a rebuild the branch keeps the one that it has.
        let in_place = !merges.is_empty() || (!self.rebuild && !on_public_tip);
        let mut at = if in_place {
            branch.head.clone()
        } else {
            branch.public_tip.clone()
        };
        for item in items {
            let (commit, origin, carrying) = match item {
                Item::Keep { commit, origin } => (commit, origin, false),
                Item::Carry { fix } => (fix, None, true),
            };
            if in_place && !carrying {
                carried.extend(origin.map(|(_, fix)| (commit, fix)));
                continue;
            }
            match self.put(&commit, origin.as_ref(), carrying, &at).await? {
                Put::On(new) => {
                    let fix = if carrying {
                        Some(commit.clone())
                    } else {
                        origin.map(|(_, fix)| fix)
                    };
                    carried.extend(fix.map(|fix| (new.clone(), fix)));
                    if !carrying && new != commit {
                        rebuilt.insert(new.clone(), commit);
                    }
                    at = new;
                }
                Put::AlreadyThere => {}
                Put::Conflict(files) => {
                    let base = merge_base(&self.repository()?, &branch.public_tip, &branch.head)?;
                    let cause = match carrying {
                        false => cause::first(self.clone, &commit, &base, &branch.public_tip, &files).await?,
                        true => None,
                    };
                    conflict = Some(Conflict {
                        commit,
                        onto: at.clone(),
                        files,
                        cause,
                        carrying,
                    });
                    break;
                }
            }
        }
        // A rebuild that stopped leaves the branch as it was; a carry that stopped leaves what was carried before it.
        let head = match &conflict {
            Some(conflict) if !conflict.carrying => branch.head.clone(),
            _ => at,
        };
        let on_public_tip = is_ancestor(self.clone, &branch.public_tip, &head).await?;
        let repository = self.repository()?;
        let mut commits = series(&repository, &branch.public_tip, &head)?;
        let ours = merges_of_ours(&repository, &self.memory, &commits)?;
        commits.retain(|commit| !ours.contains(commit));
        let merges = merges.into_iter().filter(|merge| !ours.contains(merge)).collect();
        let patches = commits
            .iter()
            .map(|commit| identity(&repository, commit))
            .collect::<Result<_, _>>()?;
        Ok(Planned {
            head,
            commits,
            patches,
            on_public_tip,
            carried,
            rebuilt,
            stale,
            merges,
            conflict,
        })
    }

    /// Puts a commit on another, as it is where it stands there already.
    async fn put(
        &mut self,
        commit: &CommitId,
        origin: Option<&(CommitId, CommitId)>,
        carrying: bool,
        onto: &CommitId,
    ) -> Result<Put, GitError> {
        let text = message(&find(&self.repository()?, commit)?);
        let wanted = match origin {
            Some((old, new)) => with_origin(&text, Some(old), new),
            None if carrying => with_origin(&text, None, commit),
            None => text.clone(),
        };
        let parent = find(&self.repository()?, commit)?.parent_id(0).ok();
        if !carrying && wanted == text && parent.is_some_and(|parent| parent.to_string() == onto.as_str()) {
            return Ok(Put::On(commit.clone()));
        }
        Ok(match pick(self.clone, commit, onto).await? {
            Pick::Clean { tree } => {
                let new = write_like(&self.repository()?, commit, &tree, onto, &wanted)?;
                if carrying || self.memory.written.contains(commit) {
                    self.memory.written.insert(new.clone());
                }
                Put::On(new)
            }
            Pick::Empty => Put::AlreadyThere,
            Pick::Conflict { files } => Put::Conflict(files),
        })
    }
}

enum Put {
    On(CommitId),
    AlreadyThere,
    Conflict(BTreeMap<Vec<u8>, Vec<String>>),
}

fn merges(repository: &Repository, commits: &[CommitId]) -> Result<Vec<CommitId>, GitError> {
    let mut merges = Vec::new();
    for commit in commits {
        if find(repository, commit)?.parent_count() != 1 {
            merges.push(commit.clone());
        }
    }
    Ok(merges)
}

/// The merge commits that the bot made for a publication: they bring nothing of their own.
fn merges_of_ours(repository: &Repository, memory: &Memory, commits: &[CommitId]) -> Result<Vec<CommitId>, GitError> {
    Ok(merges(repository, commits)?
        .into_iter()
        .filter(|merge| memory.written.contains(merge))
        .collect())
}

fn merge_base(repository: &Repository, one: &CommitId, other: &CommitId) -> Result<CommitId, GitError> {
    id(repository.merge_base(oid(one)?, oid(other)?)?)
}
