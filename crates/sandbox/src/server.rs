//! The HTTP side: who asks, the faults around a request, and the two halves, REST and git.

use std::sync::{Arc, Weak};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::faults::{Fault, When};
use crate::github::api;
use crate::world::{Actor, World};
use crate::{Exchange, Flavour, Seen, Shared, git, gitlab};

pub(crate) async fn serve(listener: tokio::net::TcpListener, shared: Weak<Shared>) {
    let router = Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::disable())
        .with_state(shared);
    // The listener cannot fail to accept for ever on loopback; the task ends with the sandbox.
    let _ = axum::serve(listener, router).await;
}

async fn answer(
    State(shared): State<Weak<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Some(shared) = shared.upgrade() else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "gone");
    };
    let path = uri.path().to_owned();
    if let Some(fault) = shared.fault(method.as_str(), &path, When::Before)
        && let Some(response) = strike(&fault)
    {
        return response;
    }
    let response = match (
        path.strip_prefix("/api/v3"),
        path.strip_prefix("/api/v4"),
        shared.flavour,
    ) {
        (Some(path), _, Flavour::Github) => rest(&shared, &method, path, &uri, &headers, &body).await,
        (_, Some(path), Flavour::Gitlab) => gitlab::wire::answer(&shared, &method, path, &uri, &headers, &body).await,
        _ => git::answer(&shared, &method, &uri, &headers, body).await,
    };
    if let Some(fault) = shared.fault(method.as_str(), &path, When::After)
        && let Some(response) = strike(&fault)
    {
        return response;
    }
    response
}

fn strike(fault: &Fault) -> Option<Response<Body>> {
    if let Some(then) = &fault.then {
        then();
    }
    let (status, retry_after) = fault.answer?;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json_response(status, &json!({ "message": "Server Error" }), None);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    Some(response)
}

async fn rest(
    shared: &Arc<Shared>,
    method: &Method,
    path: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response<Body> {
    let query = pairs(uri);
    let body = if body.is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_slice(body)
    };
    let Ok(body) = body else {
        return json_response(
            StatusCode::BAD_REQUEST,
            &json!({ "message": "Problems parsing JSON" }),
            None,
        );
    };
    let actor = match authenticate(&shared.world(), headers) {
        Ok(actor) => actor,
        Err(message) => return json_response(StatusCode::UNAUTHORIZED, &json!({ "message": message }), None),
    };
    let by = match &actor {
        Caller::Key => shared.world().bot(),
        Caller::Actor(actor) => actor.name(&shared.world().bot()),
    };
    let reply = api::dispatch(shared, &actor, method, path, &query, &body).await;
    shared.show(&Seen::Exchange(Exchange {
        caller: &by,
        method: method.as_str(),
        path,
        query: &query,
        request: &body,
        status: reply.status.as_u16(),
        response: &reply.body,
    }));
    let link = reply.next.map(|(parameter, value)| {
        let mut pairs: Vec<_> = query.into_iter().filter(|(key, _)| key != parameter).collect();
        pairs.push((parameter.to_owned(), value));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        format!("<{}/api/v3{path}?{query}>; rel=\"next\"", shared.url)
    });
    json_response(reply.status, &reply.body, link)
}

/// The pairs of a query, decoded.
pub(crate) fn pairs(uri: &Uri) -> Vec<(String, String)> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

/// The parts of a path, decoded; a plus sign is one.
pub(crate) fn parts(path: &str) -> Vec<String> {
    let decode = |part: &str| {
        let pair = format!("x={}", part.replace('+', "%2B"));
        let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
        decoded.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    path.trim_matches('/').split('/').map(decode).collect()
}

pub(crate) enum Caller {
    Actor(Actor),
    /// The App itself, with its signed request.
    Key,
}

fn authenticate(world: &World, headers: &HeaderMap) -> Result<Caller, &'static str> {
    let Some(header) = headers.get("authorization").and_then(|header| header.to_str().ok()) else {
        return Ok(Caller::Actor(Actor::Nobody));
    };
    let (scheme, secret) = header.split_once(' ').ok_or("Bad credentials")?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" if secret.matches('.').count() == 2 => signed(world, secret).map(|()| Caller::Key),
        "bearer" | "token" => token(world, secret).map(Caller::Actor),
        "basic" => basic(world, secret).map(Caller::Actor),
        _ => Err("Bad credentials"),
    }
}

/// GitHub takes a request that the App signed with its key not more than ten minutes ago.
fn signed(world: &World, secret: &str) -> Result<(), &'static str> {
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_required_spec_claims(&["exp"]);
    let key = world.app_key.as_ref().ok_or("A JSON web token could not be decoded")?;
    let claims = jsonwebtoken::decode::<Value>(secret, key, &validation)
        .map_err(|_| "A JSON web token could not be decoded")?
        .claims;
    let issuer = claims["iss"]
        .as_str()
        .map(str::to_owned)
        .unwrap_or_else(|| claims["iss"].to_string());
    let lasts = claims["exp"]
        .as_i64()
        .zip(claims["iat"].as_i64())
        .map(|(end, start)| end - start);
    if issuer != world.app.id.to_string() || lasts.is_none_or(|seconds| seconds > 660) {
        return Err("'Expiration time' claim ('exp') is too far in the future, or the issuer is unknown");
    }
    Ok(())
}

pub(crate) fn token(world: &World, secret: &str) -> Result<Actor, &'static str> {
    if let Some((person, _)) = world.people.iter().find(|(_, token)| *token == secret) {
        return Ok(Actor::Person(person.clone()));
    }
    if let Some((person, _)) = world.scoped.get(secret) {
        return Ok(Actor::Person(person.clone()));
    }
    match world.tokens.get(secret) {
        Some(end) if *end > Timestamp::now() => Ok(Actor::App),
        _ => Err("Bad credentials"),
    }
}

/// `x-access-token:TOKEN`, or a person's name and token.
pub(crate) fn basic(world: &World, secret: &str) -> Result<Actor, &'static str> {
    let pair = STANDARD
        .decode(secret)
        .ok()
        .and_then(|pair| String::from_utf8(pair).ok())
        .ok_or("Bad credentials")?;
    let (_, secret) = pair.split_once(':').ok_or("Bad credentials")?;
    token(world, secret)
}

pub(crate) fn json_response(status: StatusCode, body: &Value, link: Option<String>) -> Response<Body> {
    let text = if status == StatusCode::NO_CONTENT {
        String::new()
    } else {
        body.to_string()
    };
    let mut response = plain(status, text);
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        axum::http::HeaderValue::from_static("application/json; charset=utf-8"),
    );
    if let Some(link) = link.and_then(|link| link.parse().ok()) {
        headers.insert("link", link);
    }
    response
}

pub(crate) fn plain(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
}
