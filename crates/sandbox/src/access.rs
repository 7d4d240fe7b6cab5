//! The access log: every request, who made it, and what people without a role in the repository were shown.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::world::{Actor, World};
use crate::{Exchange, Flavour, Sandbox, SandboxError, Shared};

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Access {
    /// When, on the sandbox's clock.
    pub at: Timestamp,
    /// Who asked, `anonymous` for a stranger.
    pub caller: String,
    /// Whether they have a role in the repository that the path names; where it names none, whether they have one anywhere.
    pub has_role: bool,
    /// The method.
    pub method: String,
    /// The path, and the query behind it.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// The answer, where the one who asked has no role.
    pub response: Option<Value>,
}

impl World {
    fn has_role(&self, caller: &str, path: &str) -> bool {
        if caller == self.bot() {
            return true;
        }
        let named = self.repositories.iter().find(|(name, known)| {
            let encoded = name.replace('/', "%2F");
            [name.as_str(), &encoded, &known.id.to_string()]
                .iter()
                .any(|name| path.contains(&format!("/{name}/")) || path.ends_with(&format!("/{name}")))
        });
        match named {
            Some((_, known)) => known.people.contains_key(caller),
            None => self
                .repositories
                .values()
                .any(|known| known.people.contains_key(caller)),
        }
    }
}

impl Shared {
    pub(crate) fn log_exchange(&self, exchange: &Exchange<'_>) {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(exchange.query)
            .finish();
        let path = match query.as_str() {
            "" => exchange.path.to_owned(),
            query => format!("{}?{query}", exchange.path),
        };
        let (at, mut world) = (self.now(), self.world());
        let has_role = world.has_role(exchange.caller, exchange.path);
        world.access.push(Access {
            at,
            caller: exchange.caller.to_owned(),
            has_role,
            method: exchange.method.to_owned(),
            path,
            status: exchange.status,
            response: (!has_role).then(|| exchange.response.clone()),
        });
    }

    /// What git is answered is no JSON: only that it was, or that it was not.
    pub(crate) fn log_git(&self, actor: &Actor, repository: &str, method: &str, path: &str, status: u16) {
        let (at, mut world) = (self.now(), self.world());
        let caller = actor.name(&world.bot());
        let has_role = *actor == Actor::App || world.has_role(&caller, &format!("/{repository}"));
        world.access.push(Access {
            at,
            caller,
            has_role,
            method: method.to_owned(),
            path: path.to_owned(),
            status,
            response: None,
        });
    }
}

impl Sandbox {
    /// Every request so far.
    pub fn access(&self) -> Vec<Access> {
        self.world().access.clone()
    }

    /// Writes the access log, one request a line.
    pub fn write_access(&self, path: &std::path::Path) -> Result<(), SandboxError> {
        let mut text = String::new();
        for access in self.access() {
            text += &serde_json::to_string(&access).map_err(std::io::Error::other)?;
            text.push('\n');
        }
        std::fs::write(path, text)?;
        Ok(())
    }

    /// Somebody looks wherever the forge lets people look: everything of a repository, a search for each of the words, and
    /// each commit by its id. Without a name they have no account; what they are shown is in the access log.
    pub async fn look_around(
        &self,
        person: Option<&str>,
        repository: &str,
        words: &[String],
        commits: &[String],
    ) -> Result<(), SandboxError> {
        let token = person.map(|person| self.account(person));
        for path in self.views(repository, words, commits) {
            let mut request = self.shared.http.get(format!("{}{path}", self.api_url()));
            if let Some(token) = &token {
                request = request.bearer_auth(token);
            }
            request.send().await?;
        }
        Ok(())
    }

    /// The token of a person, who need not have a role anywhere.
    fn account(&self, person: &str) -> String {
        let mut world = self.world();
        let token = match world.flavour {
            Flavour::Github => format!("ghp_{person}{}", world.id()),
            Flavour::Gitlab => format!("glpat-{person}{}", world.id()),
        };
        world.people.entry(person.to_owned()).or_insert(token).clone()
    }

    fn views(&self, repository: &str, words: &[String], commits: &[String]) -> Vec<String> {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (issues, pulls) = {
            let world = self.world();
            let known = world.repositories.get(repository);
            known.map_or((0, 0), |known| (known.number, known.number.max(known.lab.merge_number)))
        };
        let mut views = Vec::new();
        match self.flavour() {
            Flavour::Github => {
                let base = format!("/repos/{repository}");
                let lists = ["", "/issues?state=all", "/pulls?state=all", "/security-advisories"];
                views.extend(lists.map(|list| format!("{base}{list}")));
                for number in 1..=issues {
                    let rest = ["", "/comments", "/events"];
                    views.extend(rest.map(|rest| format!("{base}/issues/{number}{rest}")));
                }
                for commit in commits {
                    views.extend(["check-runs", "statuses"].map(|rest| format!("{base}/commits/{commit}/{rest}")));
                }
            }
            Flavour::Gitlab => {
                let base = format!("/projects/{}", encode(repository));
                let lists = [
                    "",
                    "/issues?scope=all",
                    "/merge_requests?state=all&scope=all",
                    "/events",
                    "/repository/branches",
                    "/repository/commits?all=true",
                    "/pipelines",
                ];
                views.extend(lists.map(|list| format!("{base}{list}")));
                for number in 1..=issues {
                    let rest = ["", "/notes", "/resource_label_events", "/resource_state_events"];
                    views.extend(rest.map(|rest| format!("{base}/issues/{number}{rest}")));
                }
                for number in 1..=pulls {
                    views.extend(["", "/notes"].map(|rest| format!("{base}/merge_requests/{number}{rest}")));
                }
                for word in words {
                    let scopes = ["issues", "merge_requests", "notes", "commits", "blobs"];
                    views.extend(scopes.map(|scope| format!("{base}/search?scope={scope}&search={}", encode(word))));
                }
                for commit in commits {
                    let rest = ["", "/statuses"];
                    views.extend(rest.map(|rest| format!("{base}/repository/commits/{commit}{rest}")));
                }
            }
        }
        views
    }
}
