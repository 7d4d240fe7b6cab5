//! GitLab's half of the wire: REST v4, by path, with what its roles and rules demand.

pub(crate) mod happens;
mod issues;
pub(crate) mod notes;
pub(crate) mod rights;
mod shapes;
pub(crate) mod state;
pub(crate) mod texts;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use crate::server::{json_response, token};
use crate::world::{Actor, Repository};
use crate::{Exchange, Seen, Shared};
use state::Scope;

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

pub(crate) async fn answer(
    shared: &Arc<Shared>,
    method: &Method,
    path: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response<Body> {
    let query: Vec<(String, String)> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let Some(body) = read(headers, body) else {
        return json_response(StatusCode::BAD_REQUEST, &json!({ "error": "invalid JSON" }), None);
    };
    let (actor, scope) = match authenticate(shared, headers) {
        Ok(known) => known,
        Err(()) => {
            return json_response(
                StatusCode::UNAUTHORIZED,
                &json!({ "message": "401 Unauthorized" }),
                None,
            );
        }
    };
    let reply = if scope == Scope::ReadApi && *method != Method::GET {
        let text = "The request requires higher privileges than provided by the access token.";
        Reply::with(
            403,
            json!({ "error": "insufficient_scope", "error_description": text, "scope": "api" }),
        )
    } else {
        dispatch(shared, &actor, method, path, &query, &body).await
    };
    page(shared, path, &query, &body, method, &actor, reply)
}

/// JSON, or pairs as a form has them; `a[][b]` and `a[]` repeat into lists.
fn read(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let kind = headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if body.is_empty() {
        return Some(Value::Null);
    }
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).ok();
    }
    let mut value = json!({});
    for (key, text) in url::form_urlencoded::parse(body) {
        match key.split_once("[]") {
            Some((name, inner)) => {
                let inner = inner.trim_matches(['[', ']']);
                let entry = if inner.is_empty() {
                    json!(text)
                } else {
                    json!({ inner: text })
                };
                match value[name].as_array_mut() {
                    Some(list) => list.push(entry),
                    None => value[name] = json!([entry]),
                }
            }
            None => value[key.as_ref()] = json!(text),
        }
    }
    Some(value)
}

fn authenticate(shared: &Shared, headers: &HeaderMap) -> Result<(Actor, Scope), ()> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").map(|header| header.strip_prefix("Bearer ").ok_or(()));
    let secret = match (text("private-token"), bearer) {
        (Some(secret), _) => secret,
        (None, Some(secret)) => secret?,
        (None, None) => return Ok((Actor::Nobody, Scope::Api)),
    };
    let world = shared.world();
    let actor = token(&world, secret).map_err(|_| ())?;
    let scope = world.scoped.get(secret).map_or(Scope::Api, |(_, scope)| *scope);
    Ok((actor, scope))
}

/// Cuts a list to the page that was asked for, and shows the exchange to whoever looks on.
fn page(
    shared: &Shared,
    path: &str,
    query: &[(String, String)],
    request: &Value,
    method: &Method,
    actor: &Actor,
    mut reply: Reply,
) -> Response<Body> {
    let number = |key: &str, default: usize| {
        let found = query.iter().find(|(name, _)| name == key);
        found
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(default)
            .max(1)
    };
    let (page, size) = (number("page", 1), number("per_page", 20).min(100));
    let total = reply.body.as_array().filter(|_| reply.paged).map(Vec::len);
    if let Some(all) = reply.body.as_array_mut().filter(|_| reply.paged) {
        *all = all.drain(..).skip((page - 1) * size).take(size).collect();
    }
    shared.show(&Seen::Exchange(Exchange {
        caller: &actor.name(""),
        method: method.as_str(),
        path,
        query,
        request,
        status: reply.status.as_u16(),
        response: &reply.body,
    }));
    let more = total.is_some_and(|total| total > page * size);
    let link = more.then(|| {
        let mut pairs: Vec<_> = query.iter().filter(|(key, _)| key != "page").cloned().collect();
        pairs.push(("page".to_owned(), (page + 1).to_string()));
        let pairs = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        format!("<{}/api/v4{path}?{pairs}>; rel=\"next\"", shared.url)
    });
    let mut response = json_response(reply.status, &reply.body, link);
    if let Some(total) = total {
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-page", page),
            ("x-per-page", size),
            ("x-total", total),
            ("x-total-pages", total.div_ceil(size)),
        ] {
            headers.insert(name, HeaderValue::from(value));
        }
        let next = if more {
            HeaderValue::from(page + 1)
        } else {
            HeaderValue::from_static("")
        };
        headers.insert("x-next-page", next);
    }
    response
}

async fn dispatch(
    shared: &Arc<Shared>,
    actor: &Actor,
    method: &Method,
    path: &str,
    query: &[(String, String)],
    body: &Value,
) -> Reply {
    let decoded: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let call = |project| Call {
        shared,
        actor,
        project,
        query,
        body,
    };
    let ["projects", id, rest @ ..] = parts.as_slice() else {
        return Reply::absent("");
    };
    let project = {
        let world = shared.world();
        let found = world
            .repositories
            .iter()
            .find(|(name, known)| *name == id || known.id.to_string() == *id);
        found
            .filter(|(_, known)| known.can_see(actor))
            .map(|(name, _)| name.clone())
    };
    let Some(project) = project else {
        return Reply::absent("Project ");
    };
    let call = call(&project);
    if *actor == Actor::Nobody && *method != Method::GET {
        return Reply::message(401, "401 Unauthorized");
    }
    match rest {
        ["issues", rest @ ..] => issues::answer(&call, method, rest),
        _ => Reply::absent(""),
    }
}

fn decode(part: &str) -> String {
    let pair = format!("x={}", part.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    decoded.map(|(_, value)| value.into_owned()).unwrap_or_default()
}
