//! People as the forge sees them now, and the roles that the configuration gives them.

use std::collections::BTreeSet;

use embargod_core::roles::{Person, Role};
use embargod_forge::{Access, ForgeError};

use crate::policy::Holder;
use crate::project::Project;

/// Asks the forge who a person is now.
pub async fn person(project: &Project, name: &str) -> Result<Person, ForgeError> {
    // Where the forge has no answer, the configuration's word that somebody has a role is what there is.
    let has_access = project.mirror.access(name).await? != Access::No;
    let mut roles = BTreeSet::new();
    for (role, holders) in &project.roles {
        for holder in holders {
            let holds = match holder {
                Holder::Person(known) => known.eq_ignore_ascii_case(name),
                Holder::Team(team) => project.mirror.is_member(team, name).await?,
            };
            if holds {
                roles.insert(*role);
                break;
            }
        }
    }
    Ok(Person {
        name: name.to_owned(),
        has_access,
        roles,
    })
}

/// Whether a person can see the mirror and holds a role now; `None` where the forge could not be asked.
pub async fn holds(project: &Project, name: Option<&str>, role: Role) -> Option<bool> {
    let person = person(project, name?).await.ok()?;
    Some(person.has_access && person.roles.contains(&role))
}
