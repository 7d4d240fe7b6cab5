//! Further public repositories: they get what was published, after it was, and each by itself.

use embargod_core::publication::Plan;
use embargod_repo::{PushOutcome, RefUpdate, is_ancestor, push, remote_branches};

use super::aftermath::Outcome;
use super::published;
use crate::project::{Project, remote};
use crate::reconcile::{Journal, PassError};

/// Pushes the published branches to one further repository: forward only, all of them or none.
pub(super) async fn follow(project: &Project, journal: &Journal, repository: &str) -> Result<Outcome, PassError> {
    let (Some(publication), Some(forge)) = (&journal.case.publication, project.followers.get(repository)) else {
        return Ok(Outcome::Stuck(
            "the further repository is not in the configuration any more",
        ));
    };
    let remote = remote(&**forge).await?;
    let there = remote_branches(project.clone.path(), &remote).await?;
    let Some(updates) = updates(project, &publication.plan, &there).await? else {
        return Ok(Outcome::Stuck(
            "a branch of a further public repository went another way: bring it back, then `embargod effect retry`",
        ));
    };
    match push(project.clone.path(), &remote, &updates).await? {
        PushOutcome::Done => Ok(Outcome::Done(format!("{} branches", updates.len()))),
        PushOutcome::Refused => Ok(Outcome::Stuck(
            "a further public repository refused the push: look at its rules, then `embargod effect retry`",
        )),
        // Somebody else pushed at the same moment: the next look sees what they did.
        _ => Ok(Outcome::Later),
    }
}

/// What is lacking there; nothing at all where a branch has commits that the published one has not.
async fn updates(
    project: &Project,
    plan: &Plan,
    there: &std::collections::BTreeMap<embargod_core::BranchName, embargod_core::CommitId>,
) -> Result<Option<Vec<RefUpdate>>, PassError> {
    let clone = project.clone.path();
    let mut updates = Vec::new();
    for (branch, _, to) in published(plan) {
        let tip = there.get(branch);
        if let Some(tip) = tip {
            // A tip that the clone does not have came from elsewhere: it is neither behind nor the same.
            if is_ancestor(clone, to, tip).await.unwrap_or(false) {
                continue;
            }
            if !is_ancestor(clone, tip, to).await.unwrap_or(false) {
                return Ok(None);
            }
        }
        updates.push(RefUpdate {
            branch: branch.clone(),
            from: tip.cloned(),
            to: Some(to.clone()),
        });
    }
    Ok(Some(updates))
}
