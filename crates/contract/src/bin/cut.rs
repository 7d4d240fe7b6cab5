//! Cuts a published description down to what the bot uses: from standard input to standard output.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The operations of the bot, and the two that the sandbox's people need.
const OPERATIONS: [(&str, &[&str]); 31] = [
    ("/app", &["get"]),
    ("/app/installations/{installation_id}/access_tokens", &["post"]),
    ("/orgs/{org}/rulesets/{ruleset_id}", &["get"]),
    ("/orgs/{org}/teams/{team_slug}/memberships/{username}", &["get"]),
    ("/repos/{owner}/{repo}", &["get", "patch"]),
    (
        "/repos/{owner}/{repo}/branches/{branch}/protection/required_status_checks",
        &["get"],
    ),
    ("/repos/{owner}/{repo}/check-runs", &["post"]),
    ("/repos/{owner}/{repo}/check-runs/{check_run_id}", &["patch"]),
    ("/repos/{owner}/{repo}/collaborators", &["get"]),
    ("/repos/{owner}/{repo}/collaborators/{username}", &["put", "delete"]),
    ("/repos/{owner}/{repo}/collaborators/{username}/permission", &["get"]),
    ("/repos/{owner}/{repo}/commits/{ref}/check-runs", &["get"]),
    ("/repos/{owner}/{repo}/commits/{ref}/statuses", &["get"]),
    ("/repos/{owner}/{repo}/hooks", &["get"]),
    ("/repos/{owner}/{repo}/installation", &["get"]),
    ("/repos/{owner}/{repo}/issues", &["get", "post"]),
    ("/repos/{owner}/{repo}/issues/comments/{comment_id}", &["patch"]),
    ("/repos/{owner}/{repo}/issues/{issue_number}", &["get", "patch"]),
    ("/repos/{owner}/{repo}/issues/{issue_number}/comments", &["get", "post"]),
    ("/repos/{owner}/{repo}/issues/{issue_number}/events", &["get"]),
    ("/repos/{owner}/{repo}/issues/{issue_number}/timeline", &["get"]),
    ("/repos/{owner}/{repo}/issues/{issue_number}/labels", &["post"]),
    ("/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", &["delete"]),
    ("/repos/{owner}/{repo}/invitations", &["get"]),
    ("/repos/{owner}/{repo}/invitations/{invitation_id}", &["delete"]),
    ("/repos/{owner}/{repo}/pulls", &["get", "post"]),
    ("/repos/{owner}/{repo}/rules/branches/{branch}", &["get"]),
    ("/repos/{owner}/{repo}/rulesets/{ruleset_id}", &["get"]),
    ("/repos/{owner}/{repo}/security-advisories", &["get", "post"]),
    ("/repos/{owner}/{repo}/security-advisories/{ghsa_id}", &["get", "patch"]),
    ("/repos/{owner}/{repo}/teams", &["get"]),
];

const WEBHOOKS: [&str; 12] = [
    "issue-comment-created",
    "issue-comment-edited",
    "issues-closed",
    "issues-edited",
    "issues-labeled",
    "issues-opened",
    "issues-reopened",
    "issues-unlabeled",
    "pull-request-closed",
    "pull-request-opened",
    "pull-request-synchronize",
    "push",
];

/// Prose and examples, half of the size.
const PROSE: [&str; 9] = [
    "description",
    "example",
    "examples",
    "externalDocs",
    "operationId",
    "summary",
    "tags",
    "x-github",
    "x-github-breaking-changes",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let whole: Value = serde_json::from_reader(std::io::stdin().lock())?;
    let mut cut = Map::new();
    let mut wanted = BTreeSet::new();
    for (template, methods) in OPERATIONS {
        for method in methods {
            let found = &whole["paths"][template][method];
            if found.is_null() {
                return Err(format!("{method} {template} is not in the description").into());
            }
            put(
                &mut cut,
                &["paths", template, method],
                without_prose(found),
                &mut wanted,
            );
        }
    }
    for name in WEBHOOKS {
        let found = &whole["x-webhooks"][name]["post"];
        if found.is_null() {
            return Err(format!("the webhook {name} is not in the description").into());
        }
        put(
            &mut cut,
            &["x-webhooks", name, "post"],
            without_prose(found),
            &mut wanted,
        );
    }
    let mut taken = BTreeSet::new();
    while let Some(reference) = wanted.pop_first() {
        if !taken.insert(reference.clone()) {
            continue;
        }
        let steps: Vec<_> = reference.trim_start_matches("#/").split('/').collect();
        let found = whole
            .pointer(&reference[1..])
            .ok_or_else(|| format!("{reference} leads nowhere"))?;
        put(&mut cut, &steps, without_prose(found), &mut wanted);
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    write(&mut out, &whole["info"]["version"], &cut)?;
    Ok(())
}

fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            // A property may well be called "description"; prose is text, or a list of examples.
            .filter(|(key, value)| !PROSE.contains(&key.as_str()) || is_schema(value))
            .map(|(key, value)| (key.clone(), without_prose(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}

fn is_schema(value: &Value) -> bool {
    let says = |key| value.get(key).is_some();
    ["type", "$ref", "anyOf", "oneOf", "allOf"].into_iter().any(says)
}

fn put(cut: &mut Map<String, Value>, steps: &[&str], value: Value, wanted: &mut BTreeSet<String>) {
    references(&value, wanted);
    let Some((last, before)) = steps.split_last() else {
        return;
    };
    let mut at = cut;
    for step in before {
        let next = at.entry(*step).or_insert_with(|| json!({}));
        let Value::Object(fields) = next else { return };
        at = fields;
    }
    at.insert((*last).to_owned(), value);
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// One operation or schema a line, so that a change of the description shows as the lines that changed.
fn write(out: &mut impl std::io::Write, version: &Value, cut: &Map<String, Value>) -> std::io::Result<()> {
    write!(out, "{{\n\"info\": {{ \"version\": {version} }}")?;
    for (section, entries) in cut {
        write!(out, ",\n{}: {{", json!(section))?;
        let mut between = "";
        for (name, entry) in entries.as_object().into_iter().flatten() {
            write!(out, "{between}\n {}: {{", json!(name))?;
            let mut inner = "";
            for (name, entry) in entry.as_object().into_iter().flatten() {
                write!(out, "{inner}\n  {}: {entry}", json!(name))?;
                inner = ",";
            }
            write!(out, "}}")?;
            between = ",";
        }
        write!(out, "}}")?;
    }
    writeln!(out, "\n}}")
}
