//! What would refuse the publication's push: rulesets that the App may not bypass, and classic protection.

use embargod_core::BranchName;
use serde::Deserialize;
use serde_json::Value;

use super::GithubRepository;
use crate::error::ForgeError;
use crate::port::Obstacle;

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    ruleset_id: Option<u64>,
    ruleset_source_type: Option<String>,
    ruleset_source: Option<String>,
}

#[derive(Deserialize)]
struct Actor {
    actor_id: Option<u64>,
    actor_type: Option<String>,
    bypass_mode: Option<String>,
}

#[derive(Deserialize)]
struct Ruleset {
    current_user_can_bypass: Option<String>,
    #[serde(default)]
    bypass_actors: Option<Vec<Actor>>,
}

/// Rules that a forward push of ordinary commits never breaks.
const HARMLESS: [&str; 3] = ["deletion", "non_fast_forward", "creation"];

impl GithubRepository {
    pub(super) async fn read_obstacles(&self, branch: &BranchName) -> Result<Vec<Obstacle>, ForgeError> {
        let action = "read the rules of a public branch";
        let name: String = url::form_urlencoded::byte_serialize(branch.as_str().as_bytes()).collect();
        let rules = match self
            .list::<Rule>(action, &self.path(&format!("/rules/branches/{name}")), None)
            .await
        {
            Err(error) if error.is_not_found() => Vec::new(),
            rules => rules?,
        };
        let mut obstacles = Vec::new();
        for rule in rules.into_iter().filter(|rule| !HARMLESS.contains(&rule.kind.as_str())) {
            if !self.may_bypass(&rule).await? {
                let remedy = "add the App to the bypass list of this ruleset, with the mode always".to_owned();
                obstacles.push(Obstacle {
                    rule: rule.kind,
                    remedy,
                });
            }
        }
        obstacles.extend(self.classic(&name).await?);
        Ok(obstacles)
    }

    async fn may_bypass(&self, rule: &Rule) -> Result<bool, ForgeError> {
        let Some(id) = rule.ruleset_id else { return Ok(false) };
        let organisation = rule
            .ruleset_source
            .as_deref()
            .filter(|_| rule.ruleset_source_type.as_deref() == Some("Organization"));
        let path = match organisation {
            Some(organisation) => format!("/orgs/{organisation}/rulesets/{id}"),
            None => self.path(&format!("/rulesets/{id}")),
        };
        let ruleset = match self.get::<Ruleset>("read a ruleset", &path).await {
            // What cannot be read is no permission.
            Err(error) if error.is_not_found() => return Ok(false),
            ruleset => ruleset?,
        };
        if let Some(says) = ruleset.current_user_can_bypass {
            return Ok(says == "always");
        }
        Ok(ruleset.bypass_actors.unwrap_or_default().iter().any(|actor| {
            actor.actor_type.as_deref() == Some("Integration")
                && actor.actor_id == Some(self.app().id())
                && actor.bypass_mode.as_deref() == Some("always")
        }))
    }

    async fn classic(&self, branch: &str) -> Result<Option<Obstacle>, ForgeError> {
        let path = self.path(&format!("/branches/{branch}/protection/required_status_checks"));
        match self.get::<Value>("read the protection of a public branch", &path).await {
            Ok(_) => Ok(Some(Obstacle {
                rule: "classic protection with required status checks".to_owned(),
                remedy: "no App can bypass it: replace it by a ruleset with the App on its bypass list".to_owned(),
            })),
            // 404: not protected so; 403: not in this plan.
            Err(error) if error.class == crate::Class::Permanent || error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
