//! Access follows consent: given after it, withdrawn with it, and each checked on the forge.

use embargod_core::roster::{Access, Event};
use embargod_forge::{Access as Sees, Thread};

use super::Ledger;
use crate::project::Project;
use crate::reconcile::{PassError, Reconciler, tell};

/// Lets in who consented, takes out whose membership is over, and records what the forge says then.
pub(super) async fn follow(reconciler: &Reconciler, project: &Project, ledger: &mut Ledger) -> Result<(), PassError> {
    for member in ledger.roster.members.clone().into_values() {
        let now = reconciler.clock.now();
        let name = member.name.clone();
        let Some(wanted) = member.wants_access() else { continue };
        let mut sees = project.mirror.access(&name).await?;
        let access = match (wanted, sees) {
            (true, Sees::Yes) => Access::Given { at: now },
            (true, _) => {
                // An invitation is open until they accept it: it is not sent again.
                if !matches!(member.access, Access::Asked { .. }) {
                    project.mirror.let_in(&name).await?;
                    sees = project.mirror.access(&name).await?;
                }
                match (sees, member.access) {
                    (Sees::Yes, _) => Access::Given { at: now },
                    (_, Access::Asked { .. }) => continue,
                    _ => Access::Asked { at: now },
                }
            }
            (false, _) => {
                project.mirror.take_out(&name).await?;
                if project.mirror.access(&name).await? == Sees::Yes {
                    let text = "**Access could not be withdrawn:** somebody whose membership is over still sees the mirror, through \
                                a group, a team or the organisation. Take them out there; the bot looks again.";
                    let key = format!("still-sees:{}", name.to_lowercase());
                    tell(project, Thread::Issue(ledger.roster.issue), &key, text).await?;
                    continue;
                }
                Access::Withdrawn { at: now }
            }
        };
        let changed = Event::AccessChanged { name, access };
        ledger.record(vec![changed], now).await?;
    }
    Ok(())
}
