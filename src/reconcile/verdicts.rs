//! What is said of a security branch: is the fix in effect there, and does a commit give the private side away?

use std::collections::BTreeMap;

use embargod_backports::{Answer, EngineError, Verdict as Found};
use embargod_core::BranchName;
use embargod_core::case::{Case, Verdict};
use embargod_core::escape::inert;
use embargod_core::findings::{Finding, findings};
use embargod_repo::{Plan, Planned, readable};

use super::{PassError, Reconciler};
use crate::project::Project;

/// How many places that lack something are named in the status comment.
const MOST_REMARKS: usize = 5;

/// What the engine says of the whole series on a branch.
pub(super) struct Said {
    pub verdict: Verdict,
    /// What a person should know.
    pub remarks: Vec<String>,
    /// How an adapted backport differs from the fix.
    pub differences: String,
}

impl Said {
    fn plain(verdict: Verdict, remarks: Vec<String>) -> Self {
        Self {
            verdict,
            remarks,
            differences: String::new(),
        }
    }
}

/// What the engine answered, by branch.
pub(super) type Answered = BTreeMap<BranchName, Result<Answer, EngineError>>;

/// Asks the engine about the fix on every other branch than the one that it comes from.
pub(super) async fn ask(
    reconciler: &Reconciler,
    project: &Project,
    case: &Case,
    plan: &Plan,
) -> Result<Answered, PassError> {
    let fixes = &plan.memory.fixes;
    if fixes.is_empty() {
        return Ok(Answered::new());
    }
    let clone = project.clone.path();
    // What is public is asked about everywhere: nobody has shown it to be on main.
    let source = match case.public_fix() {
        Some(_) => None,
        None => Some(case.source(project.main())),
    };
    let others = plan.branches.iter().filter(|(target, _)| Some(*target) != source);
    let (targets, tips): (Vec<_>, Vec<_>) = others
        .map(|(target, planned)| (target.clone(), planned.head.clone()))
        .unzip();
    let answers = reconciler.answers.ask(clone, fixes, &tips).await?;
    Ok(targets.into_iter().zip(answers).collect())
}

/// What is to be said of a branch: of one that the engine was not asked about, that it is main or that there is no fix yet.
pub(super) fn verdict(
    plan: &Plan,
    planned: &Planned,
    answer: Option<Result<Answer, EngineError>>,
) -> Result<Said, PassError> {
    let Some(answer) = answer else {
        let no_fix = plan.memory.fixes.is_empty();
        let verdict = if no_fix { Verdict::Missing } else { Verdict::Present };
        return Ok(Said::plain(verdict, Vec::new()));
    };
    let mut remarks = Vec::new();
    if planned.conflict.is_some() {
        remarks.push("a conflict waits for a person: see the pull request or the issue".to_owned());
    }
    if !planned.stale.is_empty() {
        remarks.push("an edited backport came from an older version of the fix: bring it up to date".to_owned());
    }
    let answer = match answer {
        Ok(answer) => answer,
        Err(error @ EngineError::Empty(_)) => {
            remarks.push(error.to_string());
            return Ok(Said::plain(Verdict::Unproven, remarks));
        }
        Err(error) => return Err(error.into()),
    };
    let worst = match answer.verdict {
        Found::NotAffected => Verdict::NotAffected,
        Found::Present => Verdict::Present,
        Found::Adapted => Verdict::Adapted,
        Found::Unproven => Verdict::Unproven,
        Found::Partial => Verdict::Partial,
        Found::Reverted => Verdict::Reverted,
        Found::Missing => Verdict::Missing,
    };
    if !answer.verdict.is_good() {
        let lacks = answer.commits.iter().flat_map(|commit| &commit.against);
        // Paths are other people's text.
        remarks.extend(lacks.take(MOST_REMARKS).map(|text| inert(text)));
    }
    let differences = answer.commits.iter().filter_map(|commit| commit.range_diff.as_deref());
    Ok(Said {
        verdict: if planned.stale.is_empty() {
            worst
        } else {
            worst.max(Verdict::Unproven)
        },
        remarks,
        differences: differences.collect::<Vec<_>>().join("\n"),
    })
}

/// What the commits of a branch have that must not become public.
pub(super) async fn findings_of(
    project: &Project,
    case: embargod_core::CaseId,
    planned: &Planned,
) -> Result<Vec<Finding>, PassError> {
    let mut all = Vec::new();
    for commit in &planned.commits {
        let (message, added) = readable(project.clone.path(), commit).await?;
        all.extend(findings(&message, case, &project.mirror_name, true));
        all.extend(findings(&added, case, &project.mirror_name, false));
    }
    if !planned.merges.is_empty() {
        all.push(Finding::MergeLine);
    }
    all.sort();
    all.dedup();
    Ok(all)
}
