//! Merge requests.

use embargod_core::{BranchName, CommitId};
use http::Method;
use serde::Deserialize;

use super::client::{GitlabRepository, encoded};
use crate::error::{Class, ForgeError};
use crate::port::{PullRequest, PullState};

#[derive(Deserialize)]
struct RawRequest {
    iid: u64,
    state: String,
    /// The commit at its head.
    sha: Option<String>,
    target_branch: String,
    source_project_id: Option<u64>,
    project_id: Option<u64>,
}

#[derive(Deserialize)]
struct Number {
    iid: u64,
}

fn state(word: &str) -> PullState {
    match word {
        "merged" => PullState::Merged,
        "closed" => PullState::Closed,
        // `locked`: a merge is under way.
        _ => PullState::Open,
    }
}

impl GitlabRepository {
    pub(super) async fn list_merge_requests(&self, head: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let action = "list the merge requests";
        let path = format!(
            "/merge_requests?state=all&scope=all&order_by=created_at&sort=asc&source_branch={}",
            encoded(head.as_str())
        );
        let raw: Vec<RawRequest> = self.list(action, &path).await?;
        let mut found = Vec::new();
        // Another project's branch of this name is not ours.
        let own = |raw: &RawRequest| raw.source_project_id == raw.project_id;
        for raw in raw.into_iter().filter(own) {
            // GitLab prepares a new one in the background, and it has no head for a moment.
            let Some(sha) = raw.sha else { continue };
            let head = sha.parse::<CommitId>().map_err(|_| {
                ForgeError::new(
                    action,
                    Class::Permanent,
                    "it answered with something else than a commit",
                )
            })?;
            found.push(PullRequest {
                number: raw.iid,
                state: state(&raw.state),
                head,
                base: raw.target_branch,
            });
        }
        Ok(found)
    }

    pub(super) async fn write_merge_request(
        &self,
        head: &BranchName,
        base: &BranchName,
        title: &str,
        body: &str,
    ) -> Result<u64, ForgeError> {
        let form = [
            ("source_branch", head.to_string()),
            ("target_branch", base.to_string()),
            ("title", title.to_owned()),
            ("description", body.to_owned()),
            ("remove_source_branch", "false".to_owned()),
        ];
        let request: Number = self
            .send("open a merge request", Method::POST, "/merge_requests", &form)
            .await?;
        Ok(request.iid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_being_merged_is_still_open() {
        for (word, expected) in [
            ("opened", PullState::Open),
            ("locked", PullState::Open),
            ("closed", PullState::Closed),
            ("merged", PullState::Merged),
        ] {
            assert_eq!(state(word), expected, "{word}");
        }
    }
}
