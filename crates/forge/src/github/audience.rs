//! What the repository is, who can see it, and who is in which team.

use embargod_core::BranchName;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use crate::error::{Class, ForgeError};
use crate::port::{Access, Audience, RepositoryFacts, Team};

#[derive(Deserialize)]
struct Named {
    login: Option<String>,
    slug: Option<String>,
}

impl GithubRepository {
    pub(super) async fn read_repository(&self) -> Result<RepositoryFacts, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            private: bool,
            #[serde(default)]
            fork: bool,
            allow_forking: Option<bool>,
            default_branch: String,
        }
        let answer: Answer = self.get("read the repository", &self.path("")).await?;
        Ok(RepositoryFacts {
            private: answer.private,
            fork: answer.fork,
            forking_allowed: answer.allow_forking,
            default_branch: answer.default_branch,
        })
    }

    pub(super) async fn write_default_branch(&self, branch: &BranchName) -> Result<(), ForgeError> {
        let body = json!({ "default_branch": branch.as_str() });
        self.send::<Value>("set the default branch", Method::PATCH, &self.path(""), &body)
            .await
            .map(|_| ())
    }

    /// What could not be read is named: it is shown, and closes nothing.
    pub(super) async fn read_audience(&self) -> Result<Audience, ForgeError> {
        let mut audience = Audience::default();
        match self
            .list::<Named>("list who can see the repository", &self.path("/collaborators"), None)
            .await
        {
            Ok(people) => audience.people = people.into_iter().filter_map(|person| person.login).collect(),
            Err(_) => audience.unreadable.push("people"),
        }
        match self
            .list::<Named>("list the teams that can see the repository", &self.path("/teams"), None)
            .await
        {
            Ok(teams) => audience.teams = teams.into_iter().filter_map(|team| team.slug).collect(),
            Err(_) => audience.unreadable.push("teams"),
        }
        match self
            .list::<Value>("list the repository's webhooks", &self.path("/hooks"), None)
            .await
        {
            Ok(hooks) => audience.hooks = Some(hooks.len()),
            Err(_) => audience.unreadable.push("webhooks"),
        }
        Ok(audience)
    }

    pub(super) async fn read_access(&self, person: &str) -> Result<Access, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            permission: String,
        }
        let action = "read a person's access";
        if !is_name(person) {
            return Ok(Access::No);
        }
        let path = self.path(&format!("/collaborators/{person}/permission"));
        match self.get::<Answer>(action, &path).await {
            Ok(answer) if answer.permission == "none" => Ok(Access::No),
            Ok(_) => Ok(Access::Yes),
            Err(error) if error.is_not_found() => {
                match self.list::<Named>(action, &self.path("/collaborators"), None).await {
                    Ok(people) if people.iter().any(|known| same(known.login.as_deref(), person)) => Ok(Access::Yes),
                    Ok(_) => Ok(Access::No),
                    Err(error) if error.is_not_found() => Ok(Access::Unknown),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn write_reader(&self, person: &str) -> Result<(), ForgeError> {
        let action = "let a person in";
        if !is_name(person) {
            return Err(ForgeError::new(
                action,
                Class::Permanent,
                "it has no people of this name",
            ));
        }
        let path = self.path(&format!("/collaborators/{person}"));
        self.send::<Value>(action, Method::PUT, &path, &json!({ "permission": "pull" }))
            .await
            .map(drop)
    }

    pub(super) async fn delete_reader(&self, person: &str) -> Result<(), ForgeError> {
        #[derive(Deserialize)]
        struct Invitation {
            id: u64,
            invitee: Option<Named>,
        }
        let action = "take a person out";
        if !is_name(person) {
            return Ok(());
        }
        // Whoever has not accepted yet is no collaborator, and could still accept.
        let open: Vec<Invitation> = self.list(action, &self.path("/invitations"), None).await?;
        for invitation in open {
            let invitee = invitation.invitee.and_then(|invitee| invitee.login);
            if same(invitee.as_deref(), person) {
                let path = self.path(&format!("/invitations/{}", invitation.id));
                self.delete(action, &path).await?;
            }
        }
        match self
            .delete(action, &self.path(&format!("/collaborators/{person}")))
            .await
        {
            Err(error) if error.is_not_found() => Ok(()),
            done => done,
        }
    }

    pub(super) async fn read_membership(&self, team: &Team, person: &str) -> Result<bool, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            state: String,
        }
        if ![&team.organisation, &team.slug].into_iter().all(|part| is_name(part)) || !is_name(person) {
            return Ok(false);
        }
        let path = format!("/orgs/{}/teams/{}/memberships/{person}", team.organisation, team.slug);
        match self.get::<Answer>("read a team", &path).await {
            Ok(answer) => Ok(answer.state == "active"),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a text can stand in a path as it is.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte);
    !text.is_empty() && text.len() <= 100 && !text.starts_with('.') && text.bytes().all(fits)
}

/// GitHub's names do not tell upper from lower case.
fn same(known: Option<&str>, person: &str) -> bool {
    known.is_some_and(|known| known.eq_ignore_ascii_case(person))
}
