//! GitLab's half of the wire: REST v4, by path, with what its roles and rules demand.

mod activity;
mod commits;
pub(crate) mod happens;
pub(crate) mod hooks;
mod issues;
mod merges;
pub(crate) mod notes;
mod people;
mod pipelines;
mod projects;
mod protected;
mod releases;
pub(crate) mod rights;
mod shapes;
pub(crate) mod state;
mod statuses;
pub(crate) mod texts;
pub(crate) mod wire;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Actor, Repository};
use crate::{Shared, server};

/// An answer, with the whole of a list where it is one.
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Value,
    pub paged: bool,
}

impl Reply {
    fn with(status: u16, body: Value) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            body,
            paged: false,
        }
    }

    fn ok(body: Value) -> Self {
        Self::with(200, body)
    }

    fn created(body: Value) -> Self {
        Self::with(201, body)
    }

    fn list(all: impl Iterator<Item = Value>) -> Self {
        Self {
            paged: true,
            ..Self::ok(all.collect())
        }
    }

    fn message(status: u16, message: &str) -> Self {
        Self::with(status, json!({ "message": message }))
    }

    fn absent(what: &str) -> Self {
        Self::message(404, &format!("404 {what}Not Found"))
    }

    fn forbidden() -> Self {
        Self::message(403, "403 Forbidden")
    }

    fn missing(name: &str) -> Self {
        Self::with(400, json!({ "error": format!("{name} is missing") }))
    }
}

/// What is asked, and by whom.
pub(crate) struct Call<'a> {
    pub shared: &'a Arc<Shared>,
    pub actor: &'a Actor,
    pub project: &'a str,
    pub query: &'a [(String, String)],
    pub body: &'a Value,
}

impl Call<'_> {
    /// A parameter, from the body or the query, as text.
    fn text(&self, key: &str) -> Option<String> {
        match &self.body[key] {
            Value::Null => self
                .query
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.clone()),
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => {
                let texts = list
                    .iter()
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                Some(texts.collect::<Vec<_>>().join(","))
            }
            other => Some(other.to_string()),
        }
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.text(key)
            .map(|text| matches!(text.as_str(), "true" | "1" | "t" | "on"))
    }

    fn names(&self, key: &str) -> Option<Vec<String>> {
        let text = self.text(key).or_else(|| self.text(&format!("{key}[]")))?;
        Some(
            text.split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    fn by(&self) -> String {
        self.actor.name("")
    }

    /// Looks at the project as it is; it is there as long as the call lasts.
    fn look<T>(&self, at: impl FnOnce(&Repository) -> T) -> Option<T> {
        self.shared.world().repositories.get(self.project).map(at)
    }

    fn change<T>(&self, with: impl FnOnce(&mut Repository) -> T) -> Option<T> {
        self.shared.world().repositories.get_mut(self.project).map(with)
    }

    fn level(&self) -> u64 {
        self.look(|known| known.level(self.actor)).unwrap_or_default()
    }
}

async fn dispatch(
    shared: &Arc<Shared>,
    actor: &Actor,
    method: &Method,
    path: &str,
    query: &[(String, String)],
    body: &Value,
) -> Reply {
    let decoded = server::parts(path);
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let (id, rest) = match parts.as_slice() {
        ["user"] => return projects::myself(shared, actor),
        ["groups", group, "members", "all"] => return projects::group(shared, actor, group, query),
        ["projects", id, rest @ ..] => (*id, rest),
        _ => return Reply::absent(""),
    };
    let project = {
        let world = shared.world();
        let mut all = world.repositories.iter();
        let found = all.find(|(name, known)| *name == id || known.id.to_string() == id);
        found
            .filter(|(_, known)| known.can_see(actor))
            .map(|(name, _)| name.clone())
    };
    let Some(project) = project else {
        return Reply::absent("Project ");
    };
    if *actor == Actor::Nobody && *method != Method::GET {
        return Reply::message(401, "401 Unauthorized");
    }
    let call = Call {
        shared,
        actor,
        project: &project,
        query,
        body,
    };
    match rest {
        [] | ["members", ..] | ["hooks", ..] => projects::answer(&call, method, rest).await,
        ["protected_branches", rest @ ..] => protected::answer(&call, method, rest),
        ["issues", rest @ ..] => issues::answer(&call, method, rest),
        ["merge_requests", rest @ ..] => merges::answer(&call, method, rest).await,
        ["repository", "commits", sha, "statuses"] => statuses::list(&call, method, sha),
        ["statuses", sha] => statuses::write(&call, method, sha).await,
        ["repository", rest @ ..] => commits::answer(&call, method, rest).await,
        ["pipelines", rest @ ..] => pipelines::answer(&call, method, rest),
        ["pipeline"] => pipelines::start(&call, method).await,
        ["releases", rest @ ..] => releases::answer(&call, method, rest).await,
        ["events"] => activity::events(&call, method),
        ["search"] => activity::search(&call, method).await,
        _ => Reply::absent(""),
    }
}
