//! Protected branches, which only Maintainers see and change.

use axum::http::Method;
use serde_json::json;

use super::state::{Access, Protection};
use super::{Call, Reply, shapes};

pub(crate) fn answer(call: &Call<'_>, method: &Method, rest: &[&str]) -> Reply {
    if call.level() < 40 {
        return Reply::forbidden();
    }
    match (method, rest) {
        (&Method::GET, []) => list(call),
        (&Method::POST, []) => protect(call),
        (&Method::GET, [name]) => one(call, name, 200),
        (&Method::PATCH, [name]) => change(call, name),
        (&Method::DELETE, [name]) => {
            let gone = call.change(|known| known.lab.protected.remove(*name)).flatten();
            gone.map_or_else(|| Reply::absent(""), |_| Reply::with(204, json!(null)))
        }
        _ => Reply::absent(""),
    }
}

fn list(call: &Call<'_>) -> Reply {
    let wanted = call.text("search");
    let found = call.look(|known| {
        let rules = known.lab.protected.iter();
        let rules = rules.filter(|(name, _)| wanted.as_ref().is_none_or(|text| name.contains(text.as_str())));
        rules
            .map(|(name, rule)| shapes::protection(name, rule))
            .collect::<Vec<_>>()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

fn one(call: &Call<'_>, name: &str, status: u16) -> Reply {
    let found = call.look(|known| known.lab.protected.get(name).map(|rule| shapes::protection(name, rule)));
    let found = found.flatten();
    found.map_or_else(|| Reply::absent(""), |rule| Reply::with(status, rule))
}

fn protect(call: &Call<'_>) -> Reply {
    let Some(name) = call.text("name") else {
        return Reply::missing("name");
    };
    let level = |key| -> Result<u64, Reply> {
        match call.text(key).map(|text| text.parse::<u64>()) {
            // Maintainers, where nothing is said.
            None => Ok(40),
            Some(Ok(level)) if [0, 30, 40, 60].contains(&level) => Ok(level),
            Some(_) => Err(Reply::with(
                400,
                json!({ "error": format!("{key} does not have a valid value") }),
            )),
        }
    };
    let (push, merge) = match (level("push_access_level"), level("merge_access_level")) {
        (Ok(push), Ok(merge)) => (push, merge),
        (Err(reply), _) | (_, Err(reply)) => return reply,
    };
    let allow_force_push = call.flag("allow_force_push").unwrap_or_default();
    let id = call.shared.world().id();
    let added = call.change(|known| {
        let free = !known.lab.protected.contains_key(&name);
        if free {
            let rule = Protection {
                id,
                push: vec![Access::Level(push)],
                merge: vec![Access::Level(merge)],
                allow_force_push,
            };
            known.lab.protected.insert(name.clone(), rule);
        }
        free
    });
    if added == Some(false) {
        return Reply::message(409, &format!("Protected branch '{name}' already exists"));
    }
    one(call, &name, 201)
}

fn change(call: &Call<'_>, name: &str) -> Reply {
    if let Some(on) = call.flag("allow_force_push") {
        call.change(|known| {
            if let Some(rule) = known.lab.protected.get_mut(name) {
                rule.allow_force_push = on;
            }
        });
    }
    one(call, name, 200)
}
