//! Protected branches: what would refuse the bot's push to a public branch, and who else could move one of the mirror.

use embargod_core::BranchName;
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::{GitlabRepository, encoded};
use super::members::Member;
use crate::error::ForgeError;
use crate::port::Obstacle;

/// GitLab's levels.
const DEVELOPER: u64 = 30;
const MAINTAINER: u64 = 40;

const PUSH: &str = "let the bot's account push: add it to \"Allowed to push\", or give it the role that is named there";

/// A rule for the branches of a name, in which `*` stands for anything.
#[derive(Debug, Clone, Deserialize)]
struct Rule {
    name: String,
    #[serde(default)]
    push_access_levels: Vec<Level>,
    #[serde(default)]
    merge_access_levels: Vec<Level>,
    #[serde(default)]
    allow_force_push: bool,
}

/// Somebody whom a rule lets through.
#[derive(Debug, Clone, Deserialize)]
struct Level {
    access_level: Option<u64>,
    user_id: Option<u64>,
    group_id: Option<u64>,
    deploy_key_id: Option<u64>,
}

/// The bot's account in a project.
#[derive(Debug, Clone, Copy)]
struct Bot {
    id: u64,
    level: u64,
}

impl Rule {
    // GitLab's star also stands for slashes, unlike that of the glob libraries.
    fn is_for(&self, branch: &str) -> bool {
        let mut parts = self.name.split('*');
        let Some(mut rest) = parts.next().and_then(|start| branch.strip_prefix(start)) else {
            return false;
        };
        let mut last = None;
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            (rest, last) = (&rest[at + part.len()..], Some(part));
        }
        match last {
            None => rest.is_empty(),
            Some(end) => rest.is_empty() || end.is_empty() || branch.ends_with(end),
        }
    }
}

impl Level {
    /// The level of a role; nothing where it is about one person, group or key.
    fn role(&self) -> Option<u64> {
        let one = self.user_id.or(self.group_id).or(self.deploy_key_id);
        self.access_level.filter(|_| one.is_none())
    }

    fn lets(&self, bot: Bot) -> bool {
        self.user_id == Some(bot.id) || self.role().is_some_and(|level| level > 0 && bot.level >= level)
    }

    /// Whether it lets somebody through who is neither the bot nor a Maintainer.
    fn is_too_wide(&self, bot: Bot) -> bool {
        match self.role() {
            Some(level) => level > 0 && level < MAINTAINER,
            None => self.user_id != Some(bot.id),
        }
    }
}

/// What would refuse the bot's push to a branch. Where several rules are for a branch, the widest holds.
fn refusal(rules: &[Rule], bot: Bot, branch: &str) -> Option<Obstacle> {
    let ours: Vec<_> = rules.iter().filter(|rule| rule.is_for(branch)).collect();
    if ours.is_empty() {
        return (bot.level < DEVELOPER).then(|| Obstacle {
            rule: "members".to_owned(),
            remedy: "give the bot's account the role of a Maintainer in the public project".to_owned(),
        });
    }
    let lets = ours
        .iter()
        .flat_map(|rule| &rule.push_access_levels)
        .any(|level| level.lets(bot));
    (!lets).then(|| Obstacle {
        rule: format!("protected branch {}", ours[0].name),
        remedy: PUSH.to_owned(),
    })
}

/// What a mirror's rules for a branch leave open.
fn gaps(rules: &[Rule], bot: Bot, branch: &str) -> Vec<Obstacle> {
    let ours = rules.iter().filter(|rule| rule.is_for(branch));
    let wide = ours.filter(|rule| {
        let mut levels = rule.push_access_levels.iter().chain(&rule.merge_access_levels);
        levels.any(|level| level.is_too_wide(bot))
    });
    wide.map(|rule| Obstacle {
        rule: format!("protected branch {}", rule.name),
        remedy: "others than the bot may push or merge there: set both to Maintainers, or to the bot alone".to_owned(),
    })
    .collect()
}

/// Maintainers beside the bot. Owners can change every rule: no rule holds them.
fn other_maintainers(members: &[Member], bot: Bot) -> Option<Obstacle> {
    let other = |member: &&Member| member.access_level == MAINTAINER && member.id != bot.id && member.is_active();
    let names: Vec<_> = members
        .iter()
        .filter(other)
        .map(|member| member.username.as_str())
        .collect();
    (!names.is_empty()).then(|| Obstacle {
        rule: "members".to_owned(),
        remedy: format!(
            "only the bot may be a Maintainer of the mirror; make Developers of: {}",
            names.join(", ")
        ),
    })
}

impl GitlabRepository {
    async fn rules(&self) -> Result<Vec<Rule>, ForgeError> {
        self.list("read the protected branches", "/protected_branches").await
    }

    async fn standing(&self, members: &[Member]) -> Result<Bot, ForgeError> {
        let id = self.instance().bot().await?.id;
        let level = members
            .iter()
            .filter(|member| member.id == id)
            .map(|member| member.access_level);
        Ok(Bot {
            id,
            level: level.max().unwrap_or_default(),
        })
    }

    /// GitLab itself says whether the bot's account may push; the rules, which only Maintainers may read, say why not.
    pub(super) async fn read_obstacles(&self, branch: &BranchName) -> Result<Vec<Obstacle>, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            can_push: Option<bool>,
        }
        let path = format!("/repository/branches/{}", encoded(branch.as_str()));
        let answer = self.get::<Answer>("read whether the bot may push", &path).await;
        let may = match answer {
            Ok(answer) => answer.can_push,
            // A branch that is not there is told of elsewhere.
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        if may == Some(true) {
            return Ok(Vec::new());
        }
        let why = async {
            let bot = self.standing(&self.members().await?).await?;
            Ok::<_, ForgeError>(refusal(&self.rules().await?, bot, branch.as_str()))
        };
        match (why.await, may) {
            (Ok(Some(obstacle)), _) => Ok(vec![obstacle]),
            (Ok(None), None) => Ok(Vec::new()),
            (Err(error), None) => Err(error),
            (Ok(None) | Err(_), Some(_)) => Ok(vec![Obstacle {
                rule: "protected branch".to_owned(),
                remedy: PUSH.to_owned(),
            }]),
        }
    }

    /// Protects the target branches in the mirror and has merges wait for pipelines. People push to security branches
    /// themselves, so those stay open.
    pub(super) async fn guard_branches(&self, branches: &[BranchName]) -> Result<Vec<Obstacle>, ForgeError> {
        let members = self.members().await?;
        let bot = self.standing(&members).await?;
        if bot.level < MAINTAINER {
            return Ok(vec![Obstacle {
                rule: "members".to_owned(),
                remedy: "give the bot's account the role of a Maintainer in the mirror".to_owned(),
            }]);
        }
        let rules = self.rules().await?;
        let mut lacks: Vec<_> = other_maintainers(&members, bot).into_iter().collect();
        for branch in branches {
            let name = branch.as_str();
            match rules.iter().find(|rule| rule.name == name) {
                None => self.protect(name).await?,
                // The bot puts back what somebody merged early, which is a push that rewrites.
                Some(rule) if !rule.allow_force_push => self.allow_rewriting(name).await?,
                Some(_) => {}
            }
            for gap in gaps(&rules, bot, name) {
                if !lacks.contains(&gap) {
                    lacks.push(gap);
                }
            }
        }
        self.wait_for_pipelines().await?;
        Ok(lacks)
    }

    async fn protect(&self, branch: &str) -> Result<(), ForgeError> {
        let form = [
            ("name", branch.to_owned()),
            ("push_access_level", MAINTAINER.to_string()),
            ("merge_access_level", MAINTAINER.to_string()),
            ("allow_force_push", "true".to_owned()),
        ];
        self.send::<Value>("protect a branch", Method::POST, "/protected_branches", &form)
            .await
            .map(drop)
    }

    async fn allow_rewriting(&self, branch: &str) -> Result<(), ForgeError> {
        let path = format!("/protected_branches/{}", encoded(branch));
        let form = [("allow_force_push", "true".to_owned())];
        self.send::<Value>("change a branch's protection", Method::PATCH, &path, &form)
            .await
            .map(drop)
    }

    async fn wait_for_pipelines(&self) -> Result<(), ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            only_allow_merge_if_pipeline_succeeds: Option<bool>,
            allow_merge_on_skipped_pipeline: Option<bool>,
        }
        let answer: Answer = self.get("read how merges are held", "").await?;
        let held = answer.only_allow_merge_if_pipeline_succeeds == Some(true)
            && answer.allow_merge_on_skipped_pipeline != Some(true);
        if held {
            return Ok(());
        }
        let form = [
            ("only_allow_merge_if_pipeline_succeeds", "true".to_owned()),
            ("allow_merge_on_skipped_pipeline", "false".to_owned()),
        ];
        self.send::<Value>("hold merges until pipelines succeed", Method::PUT, "", &form)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: Bot = Bot {
        id: 9,
        level: MAINTAINER,
    };

    fn role(level: u64) -> Level {
        Level {
            access_level: Some(level),
            user_id: None,
            group_id: None,
            deploy_key_id: None,
        }
    }

    fn person(id: u64) -> Level {
        Level {
            user_id: Some(id),
            ..role(MAINTAINER)
        }
    }

    fn rule(name: &str, push: Vec<Level>) -> Rule {
        Rule {
            name: name.to_owned(),
            merge_access_levels: push.clone(),
            push_access_levels: push,
            allow_force_push: true,
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, branch, expected) in [
            ("main", "main", true),
            ("main", "maint", false),
            ("*", "a/b", true),
            ("v*-maint", "v9.0-maint", true),
            ("v*-maint", "v9.0-maint-x", false),
            ("embargo/*", "embargo/2026-0001/main", true),
            ("*-stable", "main", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
        ] {
            assert_eq!(rule(pattern, Vec::new()).is_for(branch), expected, "{pattern} {branch}");
        }
    }

    #[test]
    fn the_widest_rule_decides_whether_the_bot_may_push() {
        let no_one = rule("main", vec![role(0)]);
        assert!(refusal(std::slice::from_ref(&no_one), BOT, "main").is_some());
        assert!(refusal(std::slice::from_ref(&no_one), BOT, "other").is_none());
        assert!(refusal(&[no_one, rule("ma*", vec![role(MAINTAINER)])], BOT, "main").is_none());
        assert!(refusal(&[rule("main", vec![person(9)])], Bot { level: 30, ..BOT }, "main").is_none());
        assert!(refusal(&[rule("main", vec![person(8)])], BOT, "main").is_some());
        assert!(refusal(&[], Bot { level: 20, ..BOT }, "main").is_some());
    }

    #[test]
    fn a_mirror_is_open_where_others_than_maintainers_get_through() {
        assert!(gaps(&[rule("main", vec![role(MAINTAINER)])], BOT, "main").is_empty());
        assert!(gaps(&[rule("main", vec![person(9), role(0)])], BOT, "main").is_empty());
        assert_eq!(gaps(&[rule("main", vec![role(DEVELOPER)])], BOT, "main").len(), 1);
        assert_eq!(gaps(&[rule("*", vec![person(8)])], BOT, "main").len(), 1);
        let member = |id, access_level| Member {
            id,
            username: format!("m{id}"),
            access_level,
            state: None,
        };
        let members = [member(9, MAINTAINER), member(1, DEVELOPER), member(2, 50)];
        assert!(other_maintainers(&members, BOT).is_none());
        let lack = other_maintainers(&[member(3, MAINTAINER)], BOT).expect("a lack");
        assert!(lack.remedy.ends_with(": m3"), "{}", lack.remedy);
    }
}
