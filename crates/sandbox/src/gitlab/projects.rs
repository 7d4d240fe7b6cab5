//! Projects, their members and webhooks, groups, and who one is.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::state::level;
use super::{Call, Reply, shapes};
use crate::people::Permission;
use crate::world::{Actor, Repository};
use crate::{Shared, git};

/// The user whose token it is.
pub(crate) fn myself(shared: &Shared, actor: &Actor) -> Reply {
    match actor {
        Actor::Person(name) => Reply::ok(shapes::user(&shared.url, name)),
        Actor::App | Actor::Nobody => Reply::message(401, "401 Unauthorized"),
    }
}

/// The members of a group. Groups here are private: who is not known sees none.
pub(crate) fn group(shared: &Arc<Shared>, actor: &Actor, path: &str, query: &[(String, String)]) -> Reply {
    if *actor == Actor::Nobody {
        return Reply::absent("Group ");
    }
    let (parent, name) = path.split_once('/').unwrap_or((path, ""));
    let world = shared.world();
    let Some(members) = world.teams.get(&(parent.to_owned(), name.to_owned())) else {
        return Reply::absent("Group ");
    };
    let wanted = query.iter().find(|(key, _)| key == "query");
    let wanted = wanted.map(|(_, text)| text.to_lowercase());
    let found = members.iter().filter(|name| fits(name, wanted.as_deref()));
    Reply::list(found.map(|name| shapes::member(&shared.url, name, level(Permission::Write))))
}

/// A search for people knows no capitals and finds parts of names.
fn fits(name: &str, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|text| name.to_lowercase().contains(text))
}

pub(crate) async fn answer(call: &Call<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => Reply::ok(project(call)),
        (&Method::PUT, []) => change(call).await,
        (&Method::GET, ["members", "all"]) => members(call),
        (&Method::POST, ["members"]) => let_in(call),
        (&Method::DELETE, ["members", id]) => take_out(call, id),
        (&Method::GET, ["hooks"]) if call.level() >= 40 => hooks(call),
        (_, ["hooks", ..]) if call.level() < 40 => Reply::forbidden(),
        _ => Reply::absent(""),
    }
}

fn project(call: &Call<'_>) -> Value {
    let url = &call.shared.url;
    let shape = |known: &Repository| shapes::project(url, call.project, known, known.level(call.actor));
    call.look(shape).unwrap_or_default()
}

async fn change(call: &Call<'_>) -> Reply {
    if call.level() < 40 {
        return Reply::forbidden();
    }
    let branch = call.text("default_branch");
    if let Some(branch) = &branch {
        let known = git::branches(&call.shared.repository_dir(call.project)).await;
        if !known.contains_key(branch) {
            let problem = "Could not set the default branch. Do you have a branch named";
            let problem = format!("{problem} '{branch}' in your repository?");
            return Reply::with(400, json!({ "message": { "base": [problem] } }));
        }
    }
    call.change(|known| {
        if let Some(branch) = branch {
            known.default_branch = branch;
        }
        if let Some(on) = call.flag("only_allow_merge_if_pipeline_succeeds") {
            known.lab.pipeline_must_succeed = on;
        }
        if let Some(on) = call.flag("allow_merge_on_skipped_pipeline") {
            known.lab.skipped_is_enough = on;
        }
        if let Some(level) = call.text("forking_access_level") {
            known.lab.forking = level;
        }
        if let Some(level) = call.text("issues_access_level") {
            known.lab.issues = level;
        }
        if let Some(visibility) = call.text("visibility") {
            known.private = visibility == "private";
        }
    });
    Reply::ok(project(call))
}

fn members(call: &Call<'_>) -> Reply {
    let wanted = call.text("query").map(|text| text.to_lowercase());
    let found = call.look(|known| {
        let people = known.people.iter().filter(|(name, _)| fits(name, wanted.as_deref()));
        let shape =
            |(name, permission): (&String, &Permission)| shapes::member(&call.shared.url, name, level(*permission));
        people.map(shape).collect::<Vec<_>>()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

/// Only Maintainers let people in.
fn let_in(call: &Call<'_>) -> Reply {
    if call.level() < 40 {
        return Reply::forbidden();
    }
    let Some(name) = call.text("username") else {
        return Reply::missing("user_id, username");
    };
    let permission = match call.text("access_level").and_then(|level| level.parse::<u64>().ok()) {
        Some(..20) | None => return Reply::missing("access_level"),
        Some(20..30) => Permission::Read,
        Some(30..50) => Permission::Write,
        Some(_) => Permission::Admin,
    };
    let token = {
        let mut world = call.shared.world();
        let token = format!("glpat-{name}{}", world.id());
        world.people.entry(name.clone()).or_insert(token).clone()
    };
    let new = call.change(|known| match known.people.contains_key(&name) {
        true => false,
        false => known.people.insert(name.clone(), permission).is_none(),
    });
    match (new, token.is_empty()) {
        (Some(true), false) => Reply::created(shapes::member(&call.shared.url, &name, level(permission))),
        _ => Reply::message(409, "Member already exists"),
    }
}

fn take_out(call: &Call<'_>, id: &str) -> Reply {
    if call.level() < 40 {
        return Reply::forbidden();
    }
    let gone = call.change(|known| {
        let name = known
            .people
            .keys()
            .find(|name| super::state::user_id(name).to_string() == id)
            .cloned()?;
        known.people.remove(&name)
    });
    match gone.flatten() {
        Some(_) => Reply::with(204, Value::Null),
        None => Reply::absent(""),
    }
}

fn hooks(call: &Call<'_>) -> Reply {
    let (now, address) = (call.shared.now(), call.shared.world().app.webhook_url.clone());
    let found = call.look(|known| shapes::hook(known, &address, now));
    Reply::list(found.into_iter())
}
