//! What the project is, who can see it, and who is in which group.

use embargod_core::BranchName;
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::{GitlabRepository, encoded};
use crate::error::ForgeError;
use crate::port::{Access, Audience, RepositoryFacts, Team};

/// GitLab's level of a Reporter: below it, a member of a private project does not see its code.
const REPORTER: u64 = 20;

/// A member of a project or group.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Member {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) access_level: u64,
    /// `active`, or `awaiting`, `blocked` …
    pub(super) state: Option<String>,
}

#[derive(Deserialize)]
struct Hook {
    alert_status: Option<String>,
}

impl Hook {
    /// GitLab pauses a webhook after four failures in a row, and stops it after forty.
    fn is_paused(&self) -> bool {
        self.alert_status
            .as_deref()
            .is_some_and(|status| status != "executable")
    }
}

#[derive(Deserialize)]
struct SharedGroup {
    group_full_path: Option<String>,
}

impl Member {
    fn is(&self, person: &str) -> bool {
        // GitLab's names do not tell upper from lower case.
        self.username.eq_ignore_ascii_case(person) && self.is_active()
    }

    pub(super) fn is_active(&self) -> bool {
        self.state.as_deref().is_none_or(|state| state == "active")
    }
}

impl GitlabRepository {
    pub(super) async fn read_repository(&self) -> Result<RepositoryFacts, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            visibility: String,
            forked_from_project: Option<Value>,
            forking_access_level: Option<String>,
            /// Nothing where the project is empty.
            default_branch: Option<String>,
        }
        let answer: Answer = self.get("read the project", "").await?;
        Ok(RepositoryFacts {
            // An internal project is seen by everybody with an account.
            private: answer.visibility == "private",
            fork: answer.forked_from_project.is_some(),
            forking_allowed: answer.forking_access_level.map(|level| level != "disabled"),
            default_branch: answer.default_branch.unwrap_or_default(),
        })
    }

    pub(super) async fn write_default_branch(&self, branch: &BranchName) -> Result<(), ForgeError> {
        let form = [("default_branch", branch.to_string())];
        self.send::<Value>("set the default branch", Method::PUT, "", &form)
            .await
            .map(drop)
    }

    pub(super) async fn members(&self) -> Result<Vec<Member>, ForgeError> {
        self.list("list who can see the project", "/members/all").await
    }

    /// What could not be read is named: it is shown, and closes nothing.
    pub(super) async fn read_audience(&self) -> Result<Audience, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            shared_with_groups: Vec<SharedGroup>,
        }
        let mut audience = Audience::default();
        match self.members().await {
            Ok(people) => audience.people = people.into_iter().map(|person| person.username).collect(),
            Err(_) => audience.unreadable.push("people"),
        }
        match self.get::<Answer>("list the groups that can see the project", "").await {
            Ok(answer) => {
                let groups = answer.shared_with_groups.into_iter();
                audience.teams = groups.filter_map(|group| group.group_full_path).collect();
            }
            Err(_) => audience.unreadable.push("groups"),
        }
        match self.list::<Hook>("list the project's webhooks", "/hooks").await {
            Ok(hooks) => {
                audience.hooks = Some(hooks.len());
                audience.paused_hooks = hooks.iter().filter(|hook| hook.is_paused()).count();
            }
            Err(_) => audience.unreadable.push("webhooks"),
        }
        Ok(audience)
    }

    pub(super) async fn read_access(&self, person: &str) -> Result<Access, ForgeError> {
        let path = format!("/members/all?query={}", encoded(person));
        let found: Vec<Member> = self.list("read a person's access", &path).await?;
        let sees = |member: &Member| member.is(person) && member.access_level >= REPORTER;
        Ok(if found.iter().any(sees) {
            Access::Yes
        } else {
            Access::No
        })
    }

    pub(super) async fn write_reader(&self, person: &str) -> Result<(), ForgeError> {
        let action = "let a person in";
        if self.read_access(person).await? == Access::Yes {
            return Ok(());
        }
        let form = [("username", person.to_owned()), ("access_level", REPORTER.to_string())];
        self.send::<Value>(action, Method::POST, "/members", &form)
            .await
            .map(drop)
    }

    pub(super) async fn delete_reader(&self, person: &str) -> Result<(), ForgeError> {
        let path = format!("/members/all?query={}", encoded(person));
        let found: Vec<Member> = self.list("take a person out", &path).await?;
        for member in found
            .iter()
            .filter(|member| member.username.eq_ignore_ascii_case(person))
        {
            let path = format!("/members/{}", member.id);
            match self
                .send::<Value>("take a person out", Method::DELETE, &path, &[])
                .await
            {
                // They are in a group that sees the project, and not in the project itself.
                Err(error) if error.is_not_found() => {}
                done => done.map(drop)?,
            }
        }
        Ok(())
    }

    pub(super) async fn read_membership(&self, team: &Team, person: &str) -> Result<bool, ForgeError> {
        let group = match team.slug.as_str() {
            "" => team.organisation.clone(),
            slug => format!("{}/{slug}", team.organisation),
        };
        let path = format!("/groups/{}/members/all?query={}", encoded(&group), encoded(person));
        match self.instance().list::<Member>("read a group", &path).await {
            Ok(members) => Ok(members.iter().any(|member| member.is(person))),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_more_than_who_is_meant() {
        let member = |username: &str, state: Option<&str>| Member {
            id: 1,
            username: username.to_owned(),
            access_level: 30,
            state: state.map(str::to_owned),
        };
        assert!(member("Alice", Some("active")).is("alice"));
        assert!(!member("alice2", Some("active")).is("alice"));
        assert!(!member("alice", Some("blocked")).is("alice"));
    }
}
