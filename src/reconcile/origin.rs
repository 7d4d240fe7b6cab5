//! Where the fix of a case comes from, and the cases beside it.

use std::collections::BTreeSet;

use embargod_core::CaseId;
use embargod_core::case::{Case, PatchIdentity};
use embargod_repo::Source;

use super::{Journal, PassError, Reconciler};
use crate::project::Project;

/// Where the fix series comes from.
pub(super) fn source<'a>(case: &'a Case, project: &'a Project) -> Source<'a> {
    match case.public_fix() {
        Some(commits) => Source::Commits(commits),
        None => Source::Branch(case.source(project.main())),
    }
}

/// What the public commits change that are the fix.
pub(super) fn public_fix(case: &Case, project: &Project) -> Result<Option<Vec<PatchIdentity>>, PassError> {
    let Some(commits) = case.public_fix() else {
        return Ok(None);
    };
    let identities = embargod_repo::identities(project.clone.path(), commits)?;
    Ok(Some(identities))
}

/// The other open cases of the project.
pub(super) async fn others(
    reconciler: &Reconciler,
    project: &Project,
    case: &Case,
) -> Result<BTreeSet<CaseId>, PassError> {
    let mut others = BTreeSet::new();
    for stored in reconciler.store.cases().await? {
        if stored.project != project.name || stored.id == case.id {
            continue;
        }
        let journal = Journal::open(&reconciler.store, stored.id).await?;
        let open = |case: &Case| case.is_confirmed() && case.closed.is_none() && case.publication.is_none();
        if journal.is_some_and(|journal| open(&journal.case)) {
            others.insert(stored.id);
        }
    }
    Ok(others)
}

/// The fix series as it was remembered last: a waiver is bound to it.
pub(super) fn series_now(case: &Case, project: &Project) -> Result<Option<Vec<PatchIdentity>>, PassError> {
    if let Some(series) = public_fix(case, project)? {
        return Ok(Some(series));
    }
    let main = case.source(project.main());
    let (Some(tip), Some(head)) = (case.memory.public_tips.get(main), case.memory.heads.get(main)) else {
        return Ok(None);
    };
    let patches = embargod_repo::patches(project.clone.path(), tip, head)?;
    let fixes = patches
        .into_iter()
        .filter(|(commit, _)| case.memory.fixes.contains(commit));
    Ok(Some(fixes.map(|(_, patch)| patch).collect()))
}
