//! What a change brings with it, whoever makes it: events, deliveries, closed issues, merged pull requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use crate::deliveries::About;
use crate::git;
use crate::pushes::{self, Moved};
use crate::world::{Comment, Event, Issue};
use crate::{SandboxError, Shared};

/// A change of an issue.
pub(crate) enum Change {
    Label { name: String, on: bool },
    State { open: bool, commit: Option<String> },
}

impl Shared {
    pub(crate) fn new_issue(&self, repository: &str, by: &str, title: &str, body: &str) -> Option<u64> {
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
                labels: BTreeSet::new(),
                created_at: at,
                updated_at: at,
                events: Vec::new(),
                comments: Vec::new(),
            };
            known.issues.insert(number, issue);
            (number, known.private)
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
            let private = known.private;
            let Some(issue) = known.issues.get_mut(&number) else {
                return;
            };
            let (event, label, commit) = match change {
                Change::Label { name, on: true } if issue.labels.insert(name.clone()) => ("labeled", Some(name), None),
                Change::Label { name, on: false } if issue.labels.remove(&name) => ("unlabeled", Some(name), None),
                Change::State { open, commit } if issue.open != open => {
                    issue.open = open;
                    (if open { "reopened" } else { "closed" }, None, commit)
                }
                _ => return,
            };
            issue.updated_at = at;
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
            let mut comments = known.issues.values_mut().flat_map(|issue| issue.comments.iter_mut());
            let Some(comment) = comments.find(|comment| comment.id == id) else {
                return false;
            };
            comment.body = body.to_owned();
            comment.updated_at = at;
            known.private
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
        let (head, base) = {
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
            if !known.may_merge(by, &pull.base, &pull.head_sha) {
                return Err(SandboxError::Refused("a required check has not passed"));
            }
            (pull.head.clone(), pull.base.clone())
        };
        let dir = self.repository_dir(repository);
        let _one_at_a_time = self.pushes.lock().await;
        let before = git::branches(&dir).await;
        let (Some(ours), Some(theirs)) = (before.get(&base), before.get(&head)) else {
            return Err(SandboxError::Absent("branch"));
        };
        let tree = git::run(&dir, &["merge-tree", "--write-tree", ours, theirs]).await?;
        let message = format!("Merge pull request #{number} from {head}");
        let commit = git::run(&dir, &["commit-tree", &tree, "-p", ours, "-p", theirs, "-m", &message]).await?;
        git::run(&dir, &["update-ref", &format!("refs/heads/{base}"), &commit, ours]).await?;
        let after = git::branches(&dir).await;
        pushes::pushed(self, repository, by, &before, &after).await;
        Ok(commit)
    }
}
