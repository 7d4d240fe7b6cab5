//! How a request reaches GitLab's half, and how its answer leaves: tokens and their scopes, forms, pages.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::state::Scope;
use super::{Reply, dispatch};
use crate::server::{json_response, pairs, token};
use crate::world::Actor;
use crate::{Exchange, Seen, Shared};

pub(crate) async fn answer(
    shared: &Arc<Shared>,
    method: &Method,
    path: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response<Body> {
    let query = pairs(uri);
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
