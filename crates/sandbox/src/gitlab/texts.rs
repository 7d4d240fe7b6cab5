//! What GitLab reads in texts: quick actions, and words that close issues.

use std::sync::Arc;

use serde_json::{Value, json};

use super::notes::On;
use crate::Shared;
use crate::consequences::Change;
use crate::world::Actor;

const ACTIONS: [&str; 58] = [
    "add_contacts",
    "add_email",
    "approve",
    "assign",
    "assign_reviewer",
    "award",
    "blocked_by",
    "blocks",
    "board_move",
    "clear_health_status",
    "clear_weight",
    "clone",
    "close",
    "confidential",
    "copy_metadata",
    "create_merge_request",
    "done",
    "draft",
    "due",
    "duplicate",
    "epic",
    "estimate",
    "health_status",
    "iteration",
    "label",
    "labels",
    "link",
    "lock",
    "merge",
    "milestone",
    "move",
    "page",
    "promote",
    "publish",
    "react",
    "ready",
    "reassign",
    "rebase",
    "relabel",
    "relate",
    "remove_due_date",
    "remove_estimate",
    "remove_milestone",
    "remove_parent",
    "reopen",
    "request_review",
    "set_parent",
    "severity",
    "shrug",
    "spend",
    "submit_review",
    "subscribe",
    "target_branch",
    "title",
    "todo",
    "unassign",
    "unlabel",
    "unsubscribe",
];

const MORE: [&str; 9] = [
    "remove_label",
    "remove_epic",
    "remove_iteration",
    "remove_spent",
    "tableflip",
    "unapprove",
    "unlink",
    "unlock",
    "weight",
];

/// The text without its quick actions, and these without their slashes. Code blocks are text.
pub(crate) fn split(text: &str) -> (String, Vec<String>) {
    let (mut rest, mut actions, mut fenced) = (Vec::new(), Vec::new(), false);
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        let word = line.strip_prefix('/').and_then(|line| line.split_whitespace().next());
        let known = word.map(str::to_lowercase);
        let known = known
            .as_deref()
            .filter(|word| ACTIONS.contains(word) || MORE.contains(word));
        match (known, fenced) {
            (Some(_), false) => actions.push(line.trim_start_matches('/').trim().to_owned()),
            _ => rest.push(line),
        }
    }
    (rest.join("\n"), actions)
}

/// What a note of actions alone is answered with.
pub(crate) fn changes(actions: &[String]) -> Value {
    let mut value = json!({});
    for action in actions {
        match action.split_once(' ').unwrap_or((action, "")) {
            ("close" | "reopen", _) => value["state_event"] = json!(action),
            ("label" | "labels", labels) => value["add_label_ids"] = json!(labels_in(labels)),
            ("unlabel" | "remove_label", labels) => value["remove_label_ids"] = json!(labels_in(labels)),
            ("confidential", _) => value["confidential"] = json!(true),
            (name, rest) => value[name] = json!(rest),
        }
    }
    value
}

fn labels_in(text: &str) -> Vec<String> {
    let names = text.split('~').map(|name| name.trim().trim_matches('"').to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

impl Shared {
    /// Does what the quick actions say, as far as somebody may.
    pub(crate) fn obey(&self, project: &str, by: &str, on: On, actions: &[String]) {
        let On::Issue(number) = on else { return };
        let may = {
            let world = self.world();
            let known = world.repositories.get(project);
            known.is_some_and(|known| known.level(&Actor::Person(by.to_owned())) >= 20)
        };
        if !may {
            return;
        }
        for action in actions {
            let (name, rest) = action.split_once(' ').unwrap_or((action, ""));
            let labels = |on: bool| {
                labels_in(rest)
                    .into_iter()
                    .map(move |name| Change::Label { name, on })
                    .collect()
            };
            let changes: Vec<Change> = match name {
                "close" => vec![Change::State {
                    open: false,
                    commit: None,
                }],
                "reopen" => vec![Change::State {
                    open: true,
                    commit: None,
                }],
                "confidential" => vec![Change::Confidential(true)],
                "title" => vec![Change::Title(rest.to_owned())],
                "label" | "labels" => labels(true),
                "unlabel" | "remove_label" => labels(false),
                _ => vec![],
            };
            changes
                .into_iter()
                .for_each(|change| self.change_issue(project, by, number, change));
        }
    }

    /// Closes the issues that a text says it closes, here and in other projects, where somebody may.
    pub(crate) fn close_mentioned(self: &Arc<Self>, project: &str, by: &str, text: &str, commit: Option<&str>) {
        for (elsewhere, number) in closed_in(text, &self.url) {
            let target = elsewhere.unwrap_or_else(|| project.to_owned());
            let actor = Actor::Person(by.to_owned());
            let may = {
                let world = self.world();
                let known = world.repositories.get(&target);
                known.is_some_and(|known| {
                    let author = known.issues.get(&number).is_some_and(|issue| issue.author == by);
                    known.level(&actor) >= 20 || author
                })
            };
            if may {
                let commit = commit.map(str::to_owned);
                self.change_issue(&target, by, number, Change::State { open: false, commit });
            }
        }
    }
}

/// The issues that a text closes: the project where it names one, and the number.
pub(crate) fn closed_in(text: &str, url: &str) -> Vec<(Option<String>, u64)> {
    let (mut found, mut closing) = (Vec::new(), false);
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches([':', ',', '.', ';', ')']).trim_start_matches('(');
        let lower = bare.to_ascii_lowercase();
        let stems = ["clos", "fix", "resolv", "implement"];
        let endings = ["", "e", "es", "ed", "ing", "s"];
        let keyword = stems
            .iter()
            .any(|stem| lower.strip_prefix(stem).is_some_and(|rest| endings.contains(&rest)));
        if keyword && lower != "clos" && lower != "resolv" && lower != "implement" {
            closing = true;
        } else if let (true, Some(reference)) = (closing, reference(bare, url)) {
            found.push(reference);
            closing = true;
        } else if lower != "and" && lower != "issue" && lower != "issues" {
            closing = false;
        }
    }
    found
}

fn reference(word: &str, url: &str) -> Option<(Option<String>, u64)> {
    if let Some(path) = word.strip_prefix(url).and_then(|rest| rest.strip_prefix('/')) {
        let (project, number) = path.split_once("/-/issues/")?;
        return Some((Some(project.to_owned()), number.parse().ok()?));
    }
    let (project, number) = word.split_once('#')?;
    let project = (!project.is_empty()).then(|| project.to_owned());
    Some((project, number.parse().ok()?))
}
