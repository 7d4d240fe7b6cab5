//! Repositories, who can see them, and the rules of their branches.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Reply, Request};
use crate::Shared;
use crate::github::json;
use crate::people::Permission;
use crate::world::{Actor, Ruleset};

pub(crate) fn answer(request: &Request<'_>, method: &Method, rest: &[&str]) -> Reply {
    let Request {
        shared,
        repository: name,
        ..
    } = request;
    let mut world = shared.world();
    let (app, new_id) = (world.app.id, world.id());
    let Some(known) = world.repositories.get_mut(*name) else {
        return Reply::not_found();
    };
    match (method, rest) {
        (&Method::GET, []) => Reply::ok(json::repository(&shared.url, name, known)),
        (&Method::PATCH, []) => {
            if let Some(branch) = request.text("default_branch") {
                known.default_branch = branch.to_owned();
            }
            Reply::ok(json::repository(&shared.url, name, known))
        }
        (&Method::GET, ["collaborators"]) => {
            let person = |(login, permission): (&String, &Permission)| {
                let mut user = json::user(&shared.url, login);
                user["role_name"] = json!(permission.name());
                user["permissions"] = json!({
                    "pull": true, "triage": *permission >= Permission::Write, "push": *permission >= Permission::Write,
                    "maintain": *permission == Permission::Admin, "admin": *permission == Permission::Admin,
                });
                user
            };
            Reply::page(known.people.iter().map(person).collect(), request.query)
        }
        (&Method::GET, ["collaborators", login, "permission"]) => {
            let permission = known.people.get(*login).map_or("none", |permission| permission.name());
            let mut user = json::user(&shared.url, login);
            user["role_name"] = json!(permission);
            Reply::ok(json!({ "permission": permission, "role_name": permission, "user": user }))
        }
        (&Method::PUT, ["collaborators", login]) => {
            if known.people.contains_key(*login) {
                return Reply::no_content();
            }
            let repository = json::repository(&shared.url, name, known);
            let (id, at) = (new_id, shared.now());
            known.invitations.insert(id, (*login).to_owned());
            Reply::created(json::invitation(&shared.url, &repository, id, login, at))
        }
        (&Method::DELETE, ["collaborators", login]) => {
            known.people.remove(*login);
            Reply::no_content()
        }
        (&Method::GET, ["invitations"]) => {
            let (repository, at) = (json::repository(&shared.url, name, known), shared.now());
            let invitation = |(id, login): (&u64, &String)| json::invitation(&shared.url, &repository, *id, login, at);
            Reply::page(known.invitations.iter().map(invitation).collect(), request.query)
        }
        (&Method::DELETE, ["invitations", id]) => {
            let gone = id.parse().ok().and_then(|id: u64| known.invitations.remove(&id));
            gone.map_or_else(Reply::not_found, |_| Reply::no_content())
        }
        (&Method::GET, ["teams" | "hooks"]) => Reply::page(vec![], request.query),
        (&Method::GET, ["rules", "branches", branch @ ..]) => {
            let branch = branch.join("/");
            let fits = |ruleset: &&Ruleset| glob_match::glob_match(&ruleset.branches, &branch);
            let found = known
                .rulesets
                .iter()
                .filter(|(_, ruleset)| fits(ruleset))
                .flat_map(|(id, ruleset)| {
                    rules(ruleset).into_iter().map(move |mut rule| {
                        rule["ruleset_source_type"] = json!("Repository");
                        rule["ruleset_source"] = json!(name);
                        rule["ruleset_id"] = json!(id);
                        rule
                    })
                });
            Reply::page(found.collect(), request.query)
        }
        (&Method::GET, ["branches", branch @ .., "protection", "required_status_checks"]) => {
            let branch = branch.join("/");
            let url = format!(
                "{}/api/v3/repos/{name}/branches/{branch}/protection/required_status_checks",
                shared.url
            );
            match known.protected.get(&branch) {
                Some(checks) => Reply::ok(json!({
                    "url": url, "contexts_url": format!("{url}/contexts"), "strict": false, "contexts": checks,
                    "checks": checks.iter().map(|name| json!({ "context": name, "app_id": null })).collect::<Vec<_>>(),
                })),
                None => Reply::not_found(),
            }
        }
        (&Method::GET, ["rulesets", id]) => match id.parse().ok().and_then(|id: u64| known.rulesets.get(&id)) {
            Some(ruleset) => Reply::ok(ruleset_json(name, id, ruleset, request.actor, app)),
            None => Reply::not_found(),
        },
        _ => Reply::not_found(),
    }
}

fn ruleset_json(repository: &str, id: &str, ruleset: &Ruleset, actor: &Actor, app: u64) -> Value {
    let mine = *actor == Actor::App && ruleset.apps.contains(&app);
    let actors = ruleset
        .apps
        .iter()
        .map(|app| json!({ "actor_id": app, "actor_type": "Integration", "bypass_mode": "always" }));
    let rules = rules(ruleset);
    json!({
        "id": id.parse::<u64>().unwrap_or_default(), "name": "protected", "target": "branch", "source_type": "Repository",
        "source": repository, "enforcement": "active", "bypass_actors": actors.collect::<Vec<_>>(),
        "current_user_can_bypass": if mine { "always" } else { "never" },
        "conditions": { "ref_name": { "include": [format!("refs/heads/{}", ruleset.branches)], "exclude": [] } },
        "rules": rules,
    })
}

/// The rules of a ruleset, with their parameters where they have some.
fn rules(ruleset: &Ruleset) -> Vec<Value> {
    let mut rules: Vec<_> = ruleset.rules.iter().map(|rule| json!({ "type": rule })).collect();
    if !ruleset.checks.is_empty() {
        let checks: Vec<_> = ruleset.checks.iter().map(|name| json!({ "context": name })).collect();
        let parameters = json!({ "required_status_checks": checks, "strict_required_status_checks_policy": false });
        rules.push(json!({ "type": "required_status_checks", "parameters": parameters }));
    }
    rules
}

pub(crate) fn membership(shared: &Arc<Shared>, actor: &Actor, organisation: &str, team: &str, person: &str) -> Reply {
    if *actor == Actor::Nobody {
        return Reply::not_found();
    }
    let world = shared.world();
    let members = world.teams.get(&(organisation.to_owned(), team.to_owned()));
    match members.is_some_and(|members| members.contains(person)) {
        true => Reply::ok(json!({
            "url": format!("{}/api/v3/orgs/{organisation}/teams/{team}/memberships/{person}", shared.url),
            "role": "member", "state": "active",
        })),
        false => Reply::not_found(),
    }
}
