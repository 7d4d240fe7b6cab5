//! Notes of issues and of merge requests. Lines that are quick actions are taken out of them before they are written.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Call, Reply, shapes};
use crate::gitlab::texts;
use crate::world::{Comment, Repository};

/// Where a note is.
#[derive(Clone, Copy)]
pub(crate) enum On {
    Issue(u64),
    Merge(u64),
}

pub(crate) fn answer(call: &Call<'_>, method: &Method, on: On, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => list(call, on),
        (&Method::POST, []) => create(call, on),
        (&Method::GET, [id]) => one(call, on, id.parse().unwrap_or_default(), 200),
        (&Method::PUT, [id]) => edit(call, on, id.parse().unwrap_or_default()),
        (&Method::DELETE, [id]) => delete(call, on, id.parse().unwrap_or_default()),
        _ => Reply::absent(""),
    }
}

/// The notes of one issue or merge request, its id and its kind.
fn notes(known: &Repository, on: On) -> (&[Comment], u64, &'static str, u64) {
    let found = match on {
        On::Issue(number) => known
            .issues
            .get(&number)
            .map(|issue| (&issue.comments, issue.id, "Issue", number)),
        On::Merge(number) => known
            .pulls
            .get(&number)
            .map(|pull| (&pull.notes, pull.id, "MergeRequest", number)),
    };
    found.map_or((&[], 0, "Issue", 0), |(notes, id, kind, number)| {
        (notes, id, kind, number)
    })
}

fn list(call: &Call<'_>, on: On) -> Reply {
    let found = call.look(|known| {
        let (notes, id, kind, number) = notes(known, on);
        let mut found: Vec<_> = notes.iter().filter(|note| known.sees_note(call.actor, note)).collect();
        match call.text("order_by").as_deref() {
            Some("updated_at") => found.sort_by_key(|note| (note.updated_at, note.id)),
            _ => found.sort_by_key(|note| (note.created_at, note.id)),
        }
        if call.text("sort").as_deref() != Some("asc") {
            found.reverse();
        }
        let shape = |note: &Comment| shapes::note(&call.shared.url, known.id, kind, (id, number), note);
        found.into_iter().map(shape).collect::<Vec<Value>>()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

fn one(call: &Call<'_>, on: On, wanted: u64, status: u16) -> Reply {
    let found = call.look(|known| {
        let (notes, id, kind, number) = notes(known, on);
        let note = notes
            .iter()
            .find(|note| note.id == wanted && known.sees_note(call.actor, note))?;
        Some(shapes::note(&call.shared.url, known.id, kind, (id, number), note))
    });
    found
        .flatten()
        .map_or_else(|| Reply::absent("Note "), |note| Reply::with(status, note))
}

fn create(call: &Call<'_>, on: On) -> Reply {
    let Some(body) = call.text("body") else {
        return Reply::missing("body");
    };
    let internal = call
        .flag("internal")
        .or_else(|| call.flag("confidential"))
        .unwrap_or_default();
    if internal && call.level() < 20 {
        return Reply::forbidden();
    }
    let (rest, actions) = texts::split(&body);
    let by = call.by();
    if rest.trim().is_empty() {
        if actions.is_empty() {
            return Reply::message(400, "400 Bad request - Note {:note=>[\"can't be blank\"]}");
        }
        // The actions are obeyed, and no note is written.
        call.shared.obey(call.project, &by, on, &actions);
        let summary: Vec<_> = actions.iter().map(|action| format!("Applied {action}.")).collect();
        return Reply::with(
            202,
            json!({ "commands_changes": texts::changes(&actions), "summary": summary }),
        );
    }
    let made = call.shared.new_note(call.project, &by, on, &body, internal);
    made.map_or_else(|| Reply::absent(""), |id| one(call, on, id, 201))
}

fn edit(call: &Call<'_>, on: On, id: u64) -> Reply {
    let Some(body) = call.text("body") else {
        return Reply::missing("body");
    };
    if let Some(refusal) = refusal(call, on, id) {
        return refusal;
    }
    call.shared.edit_comment(call.project, &call.by(), id, &body);
    one(call, on, id, 200)
}

fn delete(call: &Call<'_>, on: On, id: u64) -> Reply {
    if let Some(refusal) = refusal(call, on, id) {
        return refusal;
    }
    call.change(|known| {
        let notes = match on {
            On::Issue(number) => known.issues.get_mut(&number).map(|issue| &mut issue.comments),
            On::Merge(number) => known.pulls.get_mut(&number).map(|pull| &mut pull.notes),
        };
        if let Some(notes) = notes {
            notes.retain(|note| note.id != id);
        }
    });
    Reply::with(204, Value::Null)
}

/// Why somebody may not change a note: it is not there for them, the forge wrote it, or it is another's.
fn refusal(call: &Call<'_>, on: On, id: u64) -> Option<Reply> {
    let by = call.by();
    let author = call.look(|known| {
        let (notes, ..) = notes(known, on);
        let mut seen = notes.iter().filter(|note| known.sees_note(call.actor, note));
        let note = seen.find(|note| note.id == id)?;
        Some((note.author.clone(), note.system))
    });
    let Some((author, system)) = author.flatten() else {
        return Some(Reply::absent("Note "));
    };
    (system || (author != by && call.level() < 40)).then(Reply::forbidden)
}
