//! The REST API, by path: each concern in a file of its own, the order of the checks here.

mod advisories;
mod apps;
mod checks;
mod issues;
mod pulls;
mod repositories;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::Caller;
use crate::world::Actor;
use crate::{Shared, server};

/// An answer.
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Value,
    /// The parameter that leads to the next page.
    pub next: Option<(&'static str, String)>,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self::with(StatusCode::OK, body)
    }

    fn created(body: Value) -> Self {
        Self::with(StatusCode::CREATED, body)
    }

    fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT, Value::Null)
    }

    fn with(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body,
            next: None,
        }
    }

    fn refused(status: StatusCode, message: &str) -> Self {
        let body = json!({
            "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.as_str(),
        });
        Self::with(status, body)
    }

    fn not_found() -> Self {
        Self::refused(StatusCode::NOT_FOUND, "Not Found")
    }

    fn forbidden() -> Self {
        Self::refused(StatusCode::FORBIDDEN, "Resource not accessible by integration")
    }

    fn invalid(resource: &str, message: &str) -> Self {
        let mut reply = Self::refused(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed");
        reply.body["errors"] = json!([{ "resource": resource, "code": "custom", "message": message }]);
        reply
    }

    /// One page of a list.
    fn page(all: Vec<Value>, query: &[(String, String)]) -> Self {
        let page = number(query, "page").unwrap_or(1).max(1);
        Self::slice(all, query, (page - 1) * page_size(query), ("page", page + 1))
    }

    /// One page of a list that is paged by cursors, which are the numbers of entries and mean nothing to anybody else.
    fn page_by_cursor(all: Vec<Value>, query: &[(String, String)]) -> Self {
        let after = number(query, "after").unwrap_or(0);
        Self::slice(all, query, after, ("after", after + page_size(query)))
    }

    fn slice(all: Vec<Value>, query: &[(String, String)], from: usize, (key, next): (&'static str, usize)) -> Self {
        let size = page_size(query);
        let next = (all.len() > from + size).then(|| (key, next.to_string()));
        let body = all.into_iter().skip(from).take(size).collect();
        Self { next, ..Self::ok(body) }
    }
}

fn number(query: &[(String, String)], key: &str) -> Option<usize> {
    let (_, value) = query.iter().find(|(name, _)| name == key)?;
    value.parse().ok()
}

fn page_size(query: &[(String, String)]) -> usize {
    number(query, "per_page").unwrap_or(30).clamp(1, 100)
}

/// What a request is about.
pub(crate) struct Request<'a> {
    pub shared: &'a Arc<Shared>,
    pub actor: &'a Actor,
    pub repository: &'a str,
    pub query: &'a [(String, String)],
    pub body: &'a Value,
}

impl Request<'_> {
    fn query(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.body[key].as_str()
    }

    fn by(&self) -> String {
        let bot = self.shared.world().bot();
        self.actor.name(&bot)
    }

    fn may_write(&self) -> bool {
        self.shared
            .world()
            .repositories
            .get(self.repository)
            .is_some_and(|known| known.can_write(self.actor))
    }
}

pub(crate) async fn dispatch(
    shared: &Arc<Shared>,
    caller: &Caller,
    method: &Method,
    path: &str,
    query: &[(String, String)],
    body: &Value,
) -> Reply {
    let decoded = server::parts(path);
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let actor = match caller {
        Caller::Key => return apps::with_key(shared, method, &parts),
        Caller::Actor(actor) => actor,
    };
    match parts.as_slice() {
        ["orgs", organisation, "teams", team, "memberships", person] => {
            repositories::membership(shared, actor, organisation, team, person)
        }
        ["repos", owner, name, rest @ ..] => {
            let repository = format!("{owner}/{name}");
            let visible = shared
                .world()
                .repositories
                .get(&repository)
                .is_some_and(|known| known.can_see(actor));
            if !visible {
                return Reply::not_found();
            }
            let request = Request {
                shared,
                actor,
                repository: &repository,
                query,
                body,
            };
            in_repository(&request, method, rest).await
        }
        _ => Reply::not_found(),
    }
}

async fn in_repository(request: &Request<'_>, method: &Method, rest: &[&str]) -> Reply {
    if *method != Method::GET && !request.may_write() && !matches!(rest, ["issues", ..]) {
        return Reply::forbidden();
    }
    match rest {
        []
        | ["collaborators", ..]
        | ["invitations", ..]
        | ["teams"]
        | ["hooks"]
        | ["rules", ..]
        | ["rulesets", ..]
        | ["branches", ..] => repositories::answer(request, method, rest),
        ["issues", rest @ ..] => issues::answer(request, method, rest),
        ["pulls", rest @ ..] => pulls::answer(request, method, rest).await,
        ["check-runs", ..] | ["commits", ..] | ["statuses", ..] => checks::answer(request, method, rest),
        ["security-advisories", rest @ ..] => advisories::answer(request, method, rest),
        _ => Reply::not_found(),
    }
}
