//! What a change brings with it, whoever makes it: events, deliveries, closed issues, merged pull requests.

use std::collections::BTreeSet;

use serde_json::json;

use crate::deliveries::About;
use crate::gitlab::happens::note_event;
use crate::gitlab::notes::On;
use crate::gitlab::state::Target;
use crate::gitlab::texts;
use crate::world::{Comment, Event, Issue};
use crate::{Flavour, Shared};

/// A change of an issue.
pub(crate) enum Change {
    Label {
        name: String,
        on: bool,
    },
    State {
        open: bool,
        commit: Option<String>,
    },
    /// Hides it from all but its people, or shows it to everybody; GitLab only.
    Confidential(bool),
    Title(String),
    Body(String),
}

impl Shared {
    pub(crate) fn new_issue(
        &self,
        repository: &str,
        by: &str,
        title: &str,
        body: &str,
        confidential: bool,
    ) -> Option<u64> {
        let (text, actions) = match self.flavour {
            Flavour::Github => (body.to_owned(), Vec::new()),
            Flavour::Gitlab => texts::split(body),
        };
        let body = text.as_str();
        let at = self.now();
        let (number, private) = {
            let mut world = self.world();
            let id = world.id();
            let known = world.repositories.get_mut(repository)?;
            let number = known.next_number();
            let issue = Issue {
                id,
                number,
                author: by.to_owned(),
                title: title.to_owned(),
                body: body.to_owned(),
                open: true,
                confidential,
                assignees: BTreeSet::new(),
                labels: BTreeSet::new(),
                created_at: at,
                updated_at: at,
                events: Vec::new(),
                comments: Vec::new(),
            };
            known.issues.insert(number, issue);
            let target = Target::Issue(number);
            known.lab.act(id, by, at, "opened", target);
            (number, known.private || confidential)
        };
        let details = json!({ "repository": repository, "number": number, "title": title, "body": body });
        self.record(private, "issue.opened", by, details);
        self.announce(
            repository,
            by,
            "issues",
            "opened",
            &About::Issue { number, label: None },
        );
        self.obey(repository, by, On::Issue(number), &actions);
        Some(number)
    }

    pub(crate) fn change_issue(&self, repository: &str, by: &str, number: u64, change: Change) {
        let at = self.now();
        let (event, label, private) = {
            let mut world = self.world();
            let id = world.id();
            let Some(known) = world.repositories.get_mut(repository) else {
                return;
            };
            let Some(issue) = known.issues.get_mut(&number) else {
                return;
            };
            let mut private = known.private || issue.confidential;
            let (event, label, commit) = match change {
                Change::Label { name, on: true } if issue.labels.insert(name.clone()) => ("labeled", Some(name), None),
                Change::Label { name, on: false } if issue.labels.remove(&name) => ("unlabeled", Some(name), None),
                Change::State { open, commit } if issue.open != open => {
                    issue.open = open;
                    (if open { "reopened" } else { "closed" }, None, commit)
                }
                Change::Confidential(on) if issue.confidential != on => {
                    issue.confidential = on;
                    private = known.private || on;
                    (if on { "made_confidential" } else { "made_public" }, None, None)
                }
                Change::Title(text) if issue.title != text => {
                    issue.title = text;
                    ("edited", None, None)
                }
                Change::Body(text) if issue.body != text => {
                    issue.body = text;
                    ("edited", None, None)
                }
                _ => return,
            };
            issue.updated_at = at;
            if self.flavour == Flavour::Gitlab {
                note_event(&mut known.lab, issue, id, by, at, event, label.as_deref());
            }
            // Each kind of event counts for itself on GitLab, and what has no kind has a note only.
            let id = match (self.flavour, event) {
                (Flavour::Github, _) => id,
                (Flavour::Gitlab, "labeled" | "unlabeled") => known.lab.next_label_event(),
                (Flavour::Gitlab, _) => known.lab.next_state_event(),
            };
            issue.events.push(Event {
                id,
                actor: by.to_owned(),
                at,
                event,
                label: label.clone(),
                commit,
            });
            (event, label, private)
        };
        let details = json!({ "repository": repository, "number": number });
        self.record(private, &format!("issue.{event}"), by, details);
        self.announce(repository, by, "issues", event, &About::Issue { number, label });
    }

    pub(crate) fn new_comment(&self, repository: &str, by: &str, number: u64, body: &str) -> Option<u64> {
        if self.flavour == Flavour::Gitlab {
            let here = self.world().repositories.get(repository)?.issues.contains_key(&number);
            let on = if here { On::Issue(number) } else { On::Merge(number) };
            return self.new_note(repository, by, on, body, false);
        }
        let at = self.now();
        let (id, private) = {
            let mut world = self.world();
            let id = world.id();
            let known = world.repositories.get_mut(repository)?;
            let private = known.private;
            let comment = Comment {
                id,
                author: by.to_owned(),
                body: body.to_owned(),
                internal: false,
                system: false,
                created_at: at,
                updated_at: at,
            };
            match known.issues.get_mut(&number) {
                Some(issue) => issue.comments.push(comment),
                // A pull request is an issue too; its comments are kept beside it.
                None if known.pulls.contains_key(&number) => {
                    let author = by.to_owned();
                    let issue = Issue {
                        id,
                        number,
                        author,
                        title: String::new(),
                        body: String::new(),
                        open: true,
                        confidential: false,
                        assignees: BTreeSet::new(),
                        labels: BTreeSet::new(),
                        created_at: at,
                        updated_at: at,
                        events: Vec::new(),
                        comments: vec![comment],
                    };
                    known.issues.insert(number, issue);
                }
                None => return None,
            }
            (id, private)
        };
        self.record(
            private,
            "comment",
            by,
            json!({ "repository": repository, "number": number, "body": body }),
        );
        self.announce(
            repository,
            by,
            "issue_comment",
            "created",
            &About::Comment { number, id },
        );
        Some(id)
    }

    pub(crate) fn edit_comment(&self, repository: &str, by: &str, id: u64, body: &str) -> bool {
        let at = self.now();
        let private = {
            let mut world = self.world();
            let Some(known) = world.repositories.get_mut(repository) else {
                return false;
            };
            let issues = known.issues.values_mut().flat_map(|issue| {
                let hidden = issue.confidential;
                issue.comments.iter_mut().map(move |comment| (hidden, comment))
            });
            let pulls = known
                .pulls
                .values_mut()
                .flat_map(|pull| pull.notes.iter_mut().map(|comment| (false, comment)));
            let found = issues.chain(pulls).find(|(_, comment)| comment.id == id);
            let Some((hidden, comment)) = found else {
                return false;
            };
            comment.body = body.to_owned();
            comment.updated_at = at;
            known.private || hidden || comment.internal
        };
        self.record(
            private,
            "comment.edited",
            by,
            json!({ "repository": repository, "id": id, "body": body }),
        );
        true
    }
}
