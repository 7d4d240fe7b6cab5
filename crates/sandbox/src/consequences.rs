//! What a change brings with it, whoever makes it: events, deliveries, closed issues, merged pull requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use crate::deliveries::About;
use crate::git;
use crate::gitlab::happens::note_event;
use crate::gitlab::notes::On;
use crate::gitlab::state::Target;
use crate::gitlab::texts;
use crate::pushes::{self, Moved};
use crate::world::{Actor, Comment, Event, Issue};
use crate::{Flavour, SandboxError, Shared};

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

    /// Pull requests follow the branches: heads move, and one whose head is in its base has been merged.
    pub(crate) async fn follow_pulls(
        self: &Arc<Self>,
        repository: &str,
        by: &str,
        branches: &BTreeMap<String, String>,
    ) {
        let dir = self.repository_dir(repository);
        let open: Vec<_> = {
            let world = self.world();
            let Some(known) = world.repositories.get(repository) else {
                return;
            };
            known
                .pulls
                .values()
                .filter(|pull| pull.open)
                .map(|pull| (pull.number, pull.head.clone(), pull.head_sha.clone(), pull.base.clone()))
                .collect()
        };
        for (number, head, old, base) in open {
            let head = branches.get(&head).cloned();
            let size = match (&head, branches.get(&base)) {
                (Some(head), Some(base)) => Some(git::size(&dir, base, head).await),
                _ => None,
            };
            let merged = match branches.get(&base) {
                Some(base) => {
                    let sha = head.as_ref().unwrap_or(&old);
                    git::run(&dir, &["merge-base", "--is-ancestor", sha, base])
                        .await
                        .is_ok()
                }
                None => false,
            };
            let at = self.now();
            let mut closing = None;
            let (action, moved) = {
                let mut world = self.world();
                let Some(pull) = world
                    .repositories
                    .get_mut(repository)
                    .and_then(|known| known.pulls.get_mut(&number))
                else {
                    continue;
                };
                if let Some(head) = &head {
                    pull.head_sha.clone_from(head);
                }
                if merged {
                    pull.merged_at = Some(at);
                    closing = Some((pull.base.clone(), pull.body.clone()));
                }
                // A merge empties the difference; what the request was, stays.
                pull.size = size.filter(|_| !merged).unwrap_or(pull.size);
                pull.open = !merged && head.is_some();
                match (pull.open, head) {
                    (true, Some(head)) if head != old => ("synchronize", Some((old, head))),
                    (true, _) => continue,
                    (false, _) => ("closed", None),
                }
            };
            self.announce(repository, by, "pull_request", action, &About::Pull { number, moved });
            if let Some((base, text)) = closing.filter(|_| self.flavour == Flavour::Gitlab) {
                let default = self
                    .world()
                    .repositories
                    .get(repository)
                    .map(|known| known.default_branch.clone());
                if default == Some(base) {
                    self.close_mentioned(repository, by, &text, None);
                }
            }
        }
    }

    /// "Fixes #7" in a commit that reaches the default branch closes the issue, as GitHub does.
    pub(crate) async fn close_by_keyword(self: &Arc<Self>, repository: &str, by: &str, moved: &[Moved]) {
        let default = match self.world().repositories.get(repository) {
            Some(known) => format!("refs/heads/{}", known.default_branch),
            None => return,
        };
        let Some(moved) = moved.iter().find(|moved| moved.reference == default) else {
            return;
        };
        let Some(new) = &moved.new else { return };
        let range = moved
            .old
            .as_ref()
            .map_or_else(|| new.clone(), |old| format!("{old}..{new}"));
        let dir = self.repository_dir(repository);
        let text = git::run(&dir, &["log", "--format=%B", &range])
            .await
            .unwrap_or_default();
        if self.flavour == Flavour::Gitlab {
            self.close_mentioned(repository, by, &text, Some(new));
            return;
        }
        let words: Vec<_> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            let keyword = pair[0].trim_end_matches(':').to_ascii_lowercase();
            let closes = [
                "close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved",
            ];
            let number = pair[1]
                .strip_prefix('#')
                .map(|rest| rest.trim_end_matches(|c: char| !c.is_ascii_digit()));
            if let (true, Some(Ok(number))) = (closes.contains(&keyword.as_str()), number.map(str::parse)) {
                self.change_issue(
                    repository,
                    by,
                    number,
                    Change::State {
                        open: false,
                        commit: Some(new.clone()),
                    },
                );
            }
        }
    }

    pub(crate) async fn merge_pull(
        self: &Arc<Self>,
        repository: &str,
        by: &str,
        number: u64,
    ) -> Result<String, SandboxError> {
        let (head, base, message) = {
            let world = self.world();
            let known = world
                .repositories
                .get(repository)
                .ok_or(SandboxError::Absent("repository"))?;
            let pull = known
                .pulls
                .get(&number)
                .filter(|pull| pull.open)
                .ok_or(SandboxError::Absent("pull request"))?;
            let lab = self.flavour == Flavour::Gitlab;
            if lab && !known.lab_merge(&Actor::Person(by.to_owned()), &pull.base) {
                return Err(SandboxError::Refused("only some may merge into this branch"));
            }
            let passed = if lab {
                known.pipeline_allows(pull)
            } else {
                known.may_merge(by, &pull.base, &pull.head_sha)
            };
            if !passed {
                return Err(SandboxError::Refused("a required check has not passed"));
            }
            let message = match self.flavour {
                Flavour::Github => format!("Merge pull request #{number} from {}", pull.head),
                Flavour::Gitlab => format!(
                    "Merge branch '{}' into '{}'\n\n{}\n\nSee merge request {repository}!{number}",
                    pull.head, pull.base, pull.title
                ),
            };
            (pull.head.clone(), pull.base.clone(), message)
        };
        let dir = self.repository_dir(repository);
        let _one_at_a_time = self.pushes.lock().await;
        let before = git::branches(&dir).await;
        let (Some(ours), Some(theirs)) = (before.get(&base), before.get(&head)) else {
            return Err(SandboxError::Absent("branch"));
        };
        let tree = git::run(&dir, &["merge-tree", "--write-tree", ours, theirs]).await?;
        let commit = git::run(&dir, &["commit-tree", &tree, "-p", ours, "-p", theirs, "-m", &message]).await?;
        git::run(&dir, &["update-ref", &format!("refs/heads/{base}"), &commit, ours]).await?;
        let after = git::branches(&dir).await;
        pushes::pushed(self, repository, by, &before, &after).await;
        Ok(commit)
    }
}
