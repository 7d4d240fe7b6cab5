//! What is said of a security branch: is the fix in effect there, and does a commit give the private side away?

use embargod_backports::{EngineError, Evidence, Verdict as Found, assess_series};
use embargod_core::case::Verdict;
use embargod_core::findings::{Finding, findings};
use embargod_core::{BranchName, CommitId};
use embargod_repo::{Plan, Planned, readable};
use git2::{Oid, Repository};

use super::PassError;
use crate::project::Project;

/// What the engine says of the whole series on a branch, with what a person should know.
pub(super) fn verdict(
    project: &Project,
    plan: &Plan,
    target: &BranchName,
    planned: &Planned,
) -> Result<(Verdict, Vec<String>), PassError> {
    let repository = Repository::open_bare(project.clone.path()).map_err(embargod_repo::GitError::from)?;
    let oid = |id: &CommitId| Oid::from_str(id.as_str()).map_err(embargod_repo::GitError::from);
    let fixes = &plan.memory.fixes;
    if fixes.is_empty() {
        return Ok((Verdict::Missing, Vec::new()));
    }
    if target == project.main() {
        return Ok((Verdict::Present, Vec::new()));
    }
    let mut remarks = Vec::new();
    if planned.conflict.is_some() {
        remarks.push("a conflict waits for a person: see the pull request or the issue".to_owned());
    }
    if !planned.stale.is_empty() {
        remarks.push("an edited backport came from an older version of the fix: bring it up to date".to_owned());
    }
    let ids = fixes.iter().map(oid).collect::<Result<Vec<_>, _>>()?;
    let evidence = match assess_series(&repository, &ids, oid(&planned.head)?) {
        Ok(evidence) => evidence,
        Err(error @ (EngineError::NotOneParent | EngineError::Empty)) => {
            remarks.push(error.to_string());
            return Ok((Verdict::Unproven, remarks));
        }
        Err(error) => return Err(error.into()),
    };
    let mut worst = Verdict::Present;
    for (fix, evidence) in fixes.iter().zip(&evidence) {
        let by_a_person = planned
            .carried
            .iter()
            .any(|(commit, origin)| origin == fix && !plan.memory.written.contains(commit));
        worst = worst.max(word(evidence, by_a_person));
    }
    if !planned.stale.is_empty() {
        worst = worst.max(Verdict::Unproven);
    }
    Ok((worst, remarks))
}

/// A backport that a person made is adapted where the replay is not clean: it claims to be one, and a person looks at it.
fn word(evidence: &Evidence, by_a_person: bool) -> Verdict {
    match (evidence.verdict, by_a_person) {
        (Found::Present, _) => Verdict::Present,
        (Found::Unproven, true) => Verdict::Adapted,
        (Found::Unproven, false) => Verdict::Unproven,
        (Found::Partial, _) => Verdict::Partial,
        (Found::Missing, true) => Verdict::Unproven,
        (Found::Missing, false) => Verdict::Missing,
    }
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
