//! What becomes of pull requests when branches move, when commits say what they close, and when somebody merges.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::consequences::Change;
use crate::deliveries::About;
use crate::git;
use crate::pushes::{self, Moved};
use crate::world::Actor;
use crate::{Flavour, SandboxError, Shared};

impl Shared {
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
