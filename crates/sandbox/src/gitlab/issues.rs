//! Issues: everybody who sees a project may write one; changing one needs Reporter, or to be its author.

use axum::http::Method;
use serde_json::Value;

use super::{Call, Reply, notes, shapes};
use crate::consequences::Change;
use crate::world::{Actor, Issue, Repository};

pub(crate) fn answer(call: &Call<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => list(call),
        (&Method::POST, []) => create(call),
        (_, [number, rest @ ..]) => {
            let number: u64 = number.parse().unwrap_or_default();
            let seen = call.look(|known| {
                known
                    .issues
                    .get(&number)
                    .is_some_and(|issue| known.sees_issue(call.actor, issue))
            });
            if seen != Some(true) {
                return Reply::absent("Issue ");
            }
            match (method, rest) {
                (&Method::GET, []) => Reply::ok(one(call, number)),
                (&Method::PUT, []) => change(call, number),
                (&Method::GET, ["resource_label_events"]) => events(call, number, true),
                (&Method::GET, ["resource_state_events"]) => events(call, number, false),
                (_, ["notes", rest @ ..]) => notes::answer(call, method, notes::On::Issue(number), rest),
                _ => Reply::absent(""),
            }
        }
        _ => Reply::absent(""),
    }
}

fn one(call: &Call<'_>, number: u64) -> Value {
    let found = call.look(|known| {
        let issue = known.issues.get(&number)?;
        Some(shapes::issue(&call.shared.url, call.project, known.id, issue))
    });
    found.flatten().unwrap_or_default()
}

/// The issues that somebody sees, and that fit a text.
pub(crate) fn seen<'a>(
    known: &'a Repository,
    actor: &'a Actor,
    text: Option<&'a str>,
) -> impl Iterator<Item = &'a Issue> {
    let text = text.map(str::to_lowercase);
    known.issues.values().rev().filter(move |issue| {
        let has = |text: &String| issue.title.to_lowercase().contains(text) || issue.body.to_lowercase().contains(text);
        known.sees_issue(actor, issue) && text.as_ref().is_none_or(has)
    })
}

fn list(call: &Call<'_>) -> Reply {
    let labels = call.names("labels").unwrap_or_default();
    let (state, search) = (call.text("state"), call.text("search"));
    let confidential = call.flag("confidential");
    let found: Option<Vec<_>> = call.look(|known| {
        seen(known, call.actor, search.as_deref())
            .filter(|issue| labels.iter().all(|label| issue.labels.contains(label)))
            .filter(|issue| match state.as_deref() {
                Some("opened") => issue.open,
                Some("closed") => !issue.open,
                _ => true,
            })
            .filter(|issue| confidential.is_none_or(|wanted| wanted == issue.confidential))
            .map(|issue| shapes::issue(&call.shared.url, call.project, known.id, issue))
            .collect()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

fn create(call: &Call<'_>) -> Reply {
    let Some(title) = call.text("title") else {
        return Reply::missing("title");
    };
    let body = call.text("description").unwrap_or_default();
    let confidential = call.flag("confidential").unwrap_or_default();
    let made = call
        .shared
        .new_issue(call.project, &call.by(), &title, &body, confidential);
    let Some(number) = made else {
        return Reply::absent("Project ");
    };
    // Who may not set labels sets none, and hears nothing of it.
    if call.level() >= 20 {
        for name in call.names("labels").unwrap_or_default() {
            call.shared
                .change_issue(call.project, &call.by(), number, Change::Label { name, on: true });
        }
    }
    Reply::created(one(call, number))
}

fn change(call: &Call<'_>, number: u64) -> Reply {
    let by = call.by();
    let author = call.look(|known| known.issues.get(&number).map(|issue| issue.author.clone()));
    if call.level() < 20 && author.flatten().as_ref() != Some(&by) {
        return Reply::forbidden();
    }
    let mut changes = Vec::new();
    if let Some(title) = call.text("title") {
        changes.push(Change::Title(title));
    }
    if let Some(body) = call.text("description") {
        changes.push(Change::Body(body));
    }
    if let Some(on) = call.flag("confidential") {
        changes.push(Change::Confidential(on));
    }
    if call.level() >= 20 {
        let known = call.look(|known| known.issues.get(&number).map(|issue| issue.labels.clone()));
        let known = known.flatten().unwrap_or_default();
        let whole = call.names("labels");
        let gone = known
            .into_iter()
            .filter(|name| whole.as_ref().is_some_and(|whole| !whole.contains(name)));
        let removed = gone.chain(call.names("remove_labels").unwrap_or_default());
        changes.extend(removed.map(|name| Change::Label { name, on: false }));
        let added = whole.clone().into_iter().chain(call.names("add_labels")).flatten();
        changes.extend(added.map(|name| Change::Label { name, on: true }));
    }
    match call.text("state_event").as_deref() {
        Some("close") => changes.push(Change::State {
            open: false,
            commit: None,
        }),
        Some("reopen") => changes.push(Change::State {
            open: true,
            commit: None,
        }),
        _ => {}
    }
    for change in changes {
        call.shared.change_issue(call.project, &by, number, change);
    }
    Reply::ok(one(call, number))
}

fn events(call: &Call<'_>, number: u64, labels: bool) -> Reply {
    let found = call.look(|known| {
        let issue = known.issues.get(&number)?;
        let events = issue.events.iter().filter(|event| match labels {
            true => event.label.is_some(),
            // Other changes leave a note and no event.
            false => matches!(event.event, "closed" | "reopened"),
        });
        Some(
            events
                .map(|event| shapes::event(&call.shared.url, issue.id, event))
                .collect::<Vec<_>>(),
        )
    });
    Reply::list(found.flatten().unwrap_or_default().into_iter())
}
