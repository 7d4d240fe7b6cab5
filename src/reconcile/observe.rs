//! What is there: the security branches as planned, verdicts, checks, findings, people. The one thing that moves here are
//! the security branches of the mirror.

use std::collections::{BTreeMap, BTreeSet};

use embargod_advisory::Advisory;
use embargod_core::case::{self, Case, CaseView, Event, Memory, TargetView};
use embargod_core::checks::{Check, CheckState};
use embargod_core::publication::Move;
use embargod_core::roles::Role;
use embargod_core::{BranchName, CommitId};
use embargod_forge::{Audience, PullState, RepositoryFacts, Thread};
use embargod_repo::{Branch, Plan, Planned, RefUpdate, Source, is_ancestor, merge, merged, plan, push, range_diff};

use super::comments::{Heard, keep, tell};
use super::origin::{public_fix, series_now, source};
use super::verdicts::{self, findings_of, verdict};
use super::{Branches, Journal, PassError, Reconciler};
use super::{exposure, ground};
use crate::config::PublishMode;
use crate::people::holds;
use crate::project::Project;
use crate::texts;

/// A case as it was observed.
pub(crate) struct Observation {
    pub view: CaseView,
    pub heard: Heard,
    pub audience: Audience,
    pub advisory: Option<Advisory>,
    pub pulls: BTreeMap<BranchName, u64>,
    /// What a publication would move.
    pub moves: BTreeMap<BranchName, Move>,
    /// Whether security branches were moved: everything must be looked at again.
    pub moved: bool,
}

pub(super) async fn observe(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    branches: &Branches,
    facts: &RepositoryFacts,
) -> Result<Observation, PassError> {
    let clone = project.clone.path();
    let id = journal.case.id;
    let rebuild = project.publish == PublishMode::Rebase;
    let wanted = wanted(&journal.case, project, branches)?;
    let source = source(&journal.case, project);
    let mut plan = plan(clone, source, &wanted, &journal.case.memory, rebuild).await?;
    let now = reconciler.clock.now();
    let due = journal.case.request.is_some() && journal.case.embargo.has_ended(now);
    let mut heads = BTreeMap::new();
    for (target, planned) in &plan.branches {
        let tip = &wanted[target].public_tip;
        let mut head = planned.head.clone();
        if project.publish == PublishMode::Merge
            && due
            && !planned.commits.is_empty()
            && let Some(merge) = merge(clone, tip, &planned.head).await?
        {
            plan.memory.written.insert(merge.clone());
            head = merge;
        }
        heads.insert(target.clone(), head);
    }
    let moved = move_heads(reconciler, project, journal, branches, &wanted, &plan, &heads).await?;
    let pulls = pull_requests(project, &journal.case, &plan).await?;
    tell_conflicts(project, &journal.case, &plan, &pulls).await?;
    let issue = project.desk.issue(journal.case.issue).await?;
    exposure::watch(reconciler, project, &journal.case, &issue).await?;
    let advisory = Advisory::from_issue(&issue.body);
    let (mut targets, mut moves, mut obstacles) = (BTreeMap::new(), BTreeMap::new(), ground::of_mirror(facts));
    let mut answered = verdicts::ask(reconciler, project, &journal.case, &plan).await?;
    obstacles.extend(
        reconciler
            .ground
            .guard(project, &journal.case.targets, due, now)
            .await?,
    );
    for target in &journal.case.targets {
        let (Some(planned), Some(public)) = (plan.branches.get(target), branches.public.get(target)) else {
            obstacles.push(format!("`{target}` is not in the public repository any more"));
            continue;
        };
        obstacles.extend(reconciler.ground.obstacles(project, target, due, now).await?);
        let leaked = journal.case.leaks.contains_key(target);
        let (to, stands) = destination(project, target, planned, &heads[target], public, leaked).await?;
        if to != *public && !planned.commits.is_empty() {
            moves.insert(
                target.clone(),
                Move {
                    from: public.clone(),
                    to,
                },
            );
        }
        let found = verdict(&plan, planned, answered.remove(target))?;
        targets.insert(
            target.clone(),
            TargetView {
                head: heads[target].clone(),
                public_tip: public.clone(),
                on_public_tip: stands || planned.commits.is_empty(),
                patches: planned.patches.clone(),
                verdict: found.verdict,
                checks: Vec::new(),
                findings: findings_of(project, id, planned).await?,
                remarks: found.remarks,
                differences: found.differences,
                leaked,
            },
        );
    }
    let approver = journal.case.approval.as_ref().map(|approval| approval.by.as_str());
    let requester = journal.case.request.as_ref().map(|request| request.by.as_str());
    let mut view = CaseView {
        main: journal.case.source(project.main()).clone(),
        public_fix: public_fix(&journal.case, project)?,
        others: BTreeSet::new(),
        targets,
        advisory: case::Advisory {
            digest: advisory.as_ref().map(Advisory::digest).unwrap_or_default(),
            missing: advisory
                .as_ref()
                .map_or_else(|error| vec![error.to_string()], Advisory::missing),
        },
        approver_may: holds(project, approver, Role::SecurityTeam).await,
        requester_may: holds(project, requester, Role::ReleaseManager).await,
        issue_open: issue.open,
        obstacles,
    };
    read_checks(project, &journal.case, &mut view).await?;
    Ok(Observation {
        view,
        heard: Heard {
            comments: project.desk.comments(Thread::Issue(journal.case.issue)).await?,
            bot: project.desk.bot().await?,
        },
        audience: project.mirror.audience().await?,
        advisory: advisory.ok(),
        pulls,
        moves,
        moved,
    })
}

/// The branches as they are, for the plan. A branch on which the fix leaked keeps the base that it had before.
fn wanted(case: &Case, project: &Project, branches: &Branches) -> Result<BTreeMap<BranchName, Branch>, PassError> {
    let mut wanted = BTreeMap::new();
    for target in &case.targets {
        let (Some(tip), Some(head)) = (
            branches.public.get(target),
            branches.mirror.get(&case.id.security_branch(target)),
        ) else {
            continue;
        };
        let mut head = head.clone();
        if case.memory.written.contains(&head)
            && let Some((brought, _)) = merged(project.clone.path(), &head)?
        {
            head = brought;
        }
        let public_tip = case.leaks.get(target).unwrap_or(tip).clone();
        wanted.insert(
            target.clone(),
            Branch {
                public_tip,
                head,
                wants_fix: true,
            },
        );
    }
    let series = series_now(case, project)?;
    for (target, branch) in &mut wanted {
        branch.wants_fix = case
            .waivers
            .get(target)
            .is_none_or(|waiver| Some(&waiver.patches) != series.as_ref());
    }
    Ok(wanted)
}

/// Remembers, then moves the security branches of the mirror to where they should be, each only from the head that was seen.
async fn move_heads(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    branches: &Branches,
    wanted: &BTreeMap<BranchName, Branch>,
    plan: &Plan,
    heads: &BTreeMap<BranchName, CommitId>,
) -> Result<bool, PassError> {
    let clone = project.clone.path();
    let memory = Memory {
        heads: heads.clone(),
        public_tips: wanted
            .iter()
            .map(|(target, branch)| (target.clone(), branch.public_tip.clone()))
            .collect(),
        ..plan.memory.clone()
    };
    let case = journal.case.id;
    let changed = memory != journal.case.memory;
    if changed {
        for head in heads.values() {
            project.clone.keep(case, head).await?;
        }
        journal
            .record(vec![Event::Remembered { memory }], reconciler.clock.now())
            .await?;
    }
    let mut updates = Vec::new();
    for (target, head) in heads {
        let branch = case.security_branch(target);
        let there = branches.mirror.get(&branch);
        if let Some(old) = there.filter(|old| *old != head) {
            project.clone.keep(case, old).await?;
            if !is_ancestor(clone, old, head).await? {
                show_rebuild(project, &journal.case, target, &wanted[target].public_tip, old, head).await?;
            }
            updates.push(RefUpdate {
                branch,
                from: Some(old.clone()),
                to: Some(head.clone()),
            });
        }
    }
    push(clone, &project.mirror_remote().await?, &updates).await?;
    Ok(changed || !updates.is_empty())
}

/// The range-diff of the last rebuild, in one comment of the pull request.
async fn show_rebuild(
    project: &Project,
    case: &Case,
    target: &BranchName,
    tip: &CommitId,
    old: &CommitId,
    new: &CommitId,
) -> Result<(), PassError> {
    let pulls = project.mirror.pull_requests(&case.id.security_branch(target)).await?;
    let Some(pull) = pulls.iter().rev().find(|pull| pull.state == PullState::Open) else {
        return Ok(());
    };
    let diff = range_diff(project.clone.path(), tip, old, new).await?;
    let text = format!(
        "Rebuilt on the public tip `{}`: `{}` became `{}`.\n\n{}\n",
        tip.short(),
        old.short(),
        new.short(),
        texts::fenced(&diff)
    );
    let (comments, bot) = (
        project.mirror.comments(Thread::PullRequest(pull.number)).await?,
        project.mirror.bot().await?,
    );
    keep(
        project,
        Thread::PullRequest(pull.number),
        &comments,
        &bot,
        "rebuilt",
        &text,
    )
    .await
}

/// The open pull request of every security branch that has commits; those that are missing are opened.
async fn pull_requests(project: &Project, case: &Case, plan: &Plan) -> Result<BTreeMap<BranchName, u64>, PassError> {
    let mut open = BTreeMap::new();
    for (target, planned) in &plan.branches {
        let branch = case.id.security_branch(target);
        let known = project.mirror.pull_requests(&branch).await?;
        let number = match known.iter().rev().find(|pull| pull.state == PullState::Open) {
            Some(pull) => Some(pull.number),
            None if planned.commits.is_empty() => None,
            None => {
                let (title, body) = (texts::pull_title(case.id, target), texts::pull_body(case.id, target));
                match project.mirror.open_pull_request(&branch, target, &title, &body).await {
                    Ok(number) => Some(number),
                    // The branch was pushed a moment ago, or its commits are in the base: the next look tries again.
                    Err(error) if matches!(error.class, embargod_forge::Class::Permanent) => None,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        open.extend(number.map(|number| (target.clone(), number)));
    }
    Ok(open)
}

async fn tell_conflicts(
    project: &Project,
    case: &Case,
    plan: &Plan,
    pulls: &BTreeMap<BranchName, u64>,
) -> Result<(), PassError> {
    for (target, planned) in &plan.branches {
        let Some(conflict) = &planned.conflict else { continue };
        // Without commits there can be no pull request: then the issue is the place.
        let place = pulls
            .get(target)
            .map_or(Thread::Issue(case.issue), |pull| Thread::PullRequest(*pull));
        let cause = conflict.cause.as_ref().map_or("", CommitId::short);
        let key = format!("conflict:{target}:{}:{cause}", conflict.commit.short());
        tell(project, place, &key, &texts::conflict(case.id, target, conflict)).await?;
    }
    Ok(())
}

/// What the public branch would get, and whether the security branch stands on the public tip.
async fn destination(
    project: &Project,
    target: &BranchName,
    planned: &Planned,
    head: &CommitId,
    public: &CommitId,
    leaked: bool,
) -> Result<(CommitId, bool), PassError> {
    let clone = project.clone.path();
    if leaked {
        // What is public already falls away; what is left is put on the tip.
        let branch = Branch {
            public_tip: public.clone(),
            head: planned.head.clone(),
            wants_fix: false,
        };
        let rest = plan(
            clone,
            Source::Branch(target),
            &[(target.clone(), branch)].into(),
            &Memory::default(),
            true,
        )
        .await?;
        let rest = &rest.branches[target];
        return Ok((rest.head.clone(), rest.conflict.is_none() && rest.on_public_tip));
    }
    let stands = match project.publish {
        PublishMode::Merge => planned.commits.is_empty() || merge(clone, public, &planned.head).await?.is_some(),
        PublishMode::Rebase | PublishMode::FfOnly => planned.on_public_tip,
    };
    Ok((head.clone(), stands))
}

/// The checks of the heads: those of the approved ones while the approval holds, and what must pass again after a rebuild.
async fn read_checks(project: &Project, case: &Case, view: &mut CaseView) -> Result<(), PassError> {
    let digest = view.digest();
    let approved = case.approval.as_ref().filter(|approval| approval.digest == digest);
    for (target, view) in &mut view.targets {
        let head = approved
            .and_then(|approval| approval.heads.get(target))
            .unwrap_or(&view.head);
        let mut checks = match view.patches.is_empty() {
            true => Vec::new(),
            false => project.mirror.checks(head).await?,
        };
        if *head != view.head && !project.checks_after_rebuild.is_empty() {
            let again = project.mirror.checks(&view.head).await?;
            for name in &project.checks_after_rebuild {
                checks.retain(|check| check.name != *name);
                match again.iter().find(|check| check.name == *name) {
                    Some(check) => checks.push(check.clone()),
                    None => checks.push(Check {
                        name: name.clone(),
                        state: CheckState::Pending,
                    }),
                }
            }
        }
        view.checks = checks;
    }
    Ok(())
}
