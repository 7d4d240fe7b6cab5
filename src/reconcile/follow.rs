//! The mirror follows the public repository; security branches are there; a fix that is public early is noticed.

use std::collections::{BTreeMap, BTreeSet};

use embargod_backports::{Answer, EngineError};
use embargod_core::case::{Case, Event};
use embargod_core::{BranchName, CommitId};
use embargod_forge::Thread;
use embargod_repo::{RefUpdate, is_ancestor, patches, push};

use super::comments::tell;
use super::{Journal, PassError, Reconciler};
use crate::project::Project;

/// The branches of both sides as they were fetched.
pub(crate) struct Branches {
    pub public: BTreeMap<BranchName, CommitId>,
    pub mirror: BTreeMap<BranchName, CommitId>,
}

/// True: something moved, and everything must be looked at again.
pub(super) async fn follow(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    branches: &Branches,
) -> Result<bool, PassError> {
    let now = reconciler.clock.now();
    let today = jiff::tz::Offset::UTC.to_datetime(now).date();
    let public: BTreeSet<_> = branches.public.keys().cloned().collect();
    let known = journal.case.targets.clone();
    let added: Vec<_> = project
        .maintained
        .targets(&public, today)
        .into_iter()
        .filter(|branch| !known.contains(branch))
        .map(|branch| Event::TargetAdded { branch })
        .collect();
    let mut changed = !added.is_empty();
    journal.record(added, now).await?;
    tell_of_ends(project, journal, &public, today).await?;
    changed |= notice_leaks(reconciler, project, journal, branches).await?;
    let (mut following, mut missing) = (Vec::new(), Vec::new());
    for target in journal.case.targets.clone() {
        let Some(tip) = branches.public.get(&target) else {
            continue;
        };
        let there = branches.mirror.get(&target);
        if there != Some(tip) {
            if let Some(ahead) = there
                && !is_ancestor(project.clone.path(), ahead, tip).await?
            {
                meet_early_merge(reconciler, project, journal, &target, ahead).await?;
            }
            following.push(RefUpdate {
                branch: target.clone(),
                from: there.cloned(),
                to: Some(tip.clone()),
            });
        }
        let branch = journal.case.id.security_branch(&target);
        if !branches.mirror.contains_key(&branch) {
            let head = journal.case.memory.heads.get(&target).unwrap_or(tip);
            missing.push(RefUpdate {
                branch,
                from: None,
                to: Some(head.clone()),
            });
        }
    }
    changed |= !following.is_empty() || !missing.is_empty();
    let remote = project.mirror_remote().await?;
    // A lease that does not hold any more is met at the next look.
    push(project.clone.path(), &remote, &following).await?;
    push(project.clone.path(), &remote, &missing).await?;
    Ok(changed)
}

/// A branch whose end of life comes while its case is open stays in it until somebody waives it: a branch that silently falls
/// away is a branch that is lost.
async fn tell_of_ends(
    project: &Project,
    journal: &Journal,
    public: &BTreeSet<BranchName>,
    today: jiff::civil::Date,
) -> Result<(), PassError> {
    let maintained = project.maintained.targets(public, today);
    let ended = journal.case.targets.iter().filter(|target| {
        public.contains(target) && !maintained.contains(target) && !journal.case.waivers.contains_key(target)
    });
    for target in ended {
        let text = format!(
            "`{target}` reached its end of life while this case is open. It stays in the case. If it is to get no fix: \
             `/embargo not-affected {target} because it is not maintained any more`."
        );
        let thread = Thread::Issue(journal.case.issue);
        tell(project, thread, &format!("end-of-life:{target}"), &text).await?;
    }
    Ok(())
}

/// Somebody merged early in the mirror, or pushed there: the head is kept, the branch goes back, the approval is void.
async fn meet_early_merge(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    target: &BranchName,
    ahead: &CommitId,
) -> Result<(), PassError> {
    project.clone.keep(journal.case.id, ahead).await?;
    let text = format!(
        "`{target}` of this mirror had commits that are not public (`{}`): somebody merged early or pushed to it. \
         The branch was put back on its public tip, the commits are kept, and the approval is void. \
         The bot publishes every branch itself; nobody needs to merge.",
        ahead.short()
    );
    tell(
        project,
        Thread::Issue(journal.case.issue),
        &format!("early:{target}:{}", ahead.short()),
        &text,
    )
    .await?;
    let because = "somebody merged early in the mirror".to_owned();
    journal
        .record(vec![Event::ApprovalVoided { because }], reconciler.clock.now())
        .await
}

/// The fix on a public branch before its time: told privately, once a branch, with the offer to publish the rest now.
async fn notice_leaks(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    branches: &Branches,
) -> Result<bool, PassError> {
    let mut found = Vec::new();
    for target in &journal.case.targets {
        let before = journal.case.memory.public_tips.get(target);
        if let (Some(before), Some(now)) = (before, branches.public.get(target))
            && before != now
            && !journal.case.leaks.contains_key(target)
            && leaked(reconciler, project, &journal.case, target, before, now).await?
        {
            found.push((target.clone(), before.clone()));
        }
    }
    for (branch, tip) in &found {
        let text = format!(
            "**Leak.** The fix is on the public branch `{branch}` before the embargo has ended. Nobody outside was told by \
             the bot. A release manager can publish the rest now: end the embargo with `/embargo until … because it is \
             public`, a moment from now, and ask with `/embargo publish`.",
        );
        tell(
            project,
            Thread::Issue(journal.case.issue),
            &format!("leak:{branch}:{}", tip.short()),
            &text,
        )
        .await?;
        let leaked = Event::Leaked {
            branch: branch.clone(),
            tip: tip.clone(),
        };
        journal.record(vec![leaked], reconciler.clock.now()).await?;
    }
    Ok(!found.is_empty())
}

async fn leaked(
    reconciler: &Reconciler,
    project: &Project,
    case: &Case,
    target: &BranchName,
    before: &CommitId,
    now: &CommitId,
) -> Result<bool, PassError> {
    let clone = project.clone.path();
    let mut ours = BTreeSet::new();
    for (branch, head) in &case.memory.heads {
        if let Some(tip) = case.memory.public_tips.get(branch) {
            ours.extend(patches(clone, tip, head)?.into_iter().map(|(_, patch)| patch));
        }
    }
    if ours.is_empty() {
        return Ok(false);
    }
    if patches(clone, before, now)?
        .iter()
        .any(|(_, patch)| ours.contains(patch))
    {
        return Ok(true);
    }
    // Somebody may have brought the same change in another commit.
    let tips = [now.clone(), before.clone()];
    for fix in &case.memory.fixes {
        let answers = reconciler.answers.ask(clone, std::slice::from_ref(fix), &tips).await?;
        let present =
            |answer: &Result<Answer, EngineError>| answer.as_ref().is_ok_and(|answer| answer.verdict.is_good());
        if answers.iter().map(present).eq([true, false]) {
            tracing::info!(case = %case.id, branch_index = case.targets.iter().position(|known| known == target), "a leak");
            return Ok(true);
        }
    }
    Ok(false)
}
