//! Pull requests of the mirror.

use embargod_core::{BranchName, CommitId};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use crate::error::ForgeError;
use crate::port::{PullRequest, PullState};

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    reference: String,
    sha: CommitId,
}

#[derive(Deserialize)]
struct RawPull {
    number: u64,
    state: String,
    merged_at: Option<Value>,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Number {
    number: u64,
}

impl GithubRepository {
    pub(super) async fn list_pulls(&self, head: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let filter = format!("{}:{head}", self.owner());
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let path = self.path(&format!("/pulls?state=all&sort=created&direction=asc&head={filter}"));
        let raw: Vec<RawPull> = self.list("list the pull requests", &path, None).await?;
        // A server that does not know the filter must not make us take a stranger's for ours.
        let ours = raw.into_iter().filter(|pull| pull.head.reference == head.as_str());
        let mut pulls: Vec<_> = ours
            .map(|raw| PullRequest {
                number: raw.number,
                state: match (raw.state.as_str(), raw.merged_at.is_some()) {
                    (_, true) => PullState::Merged,
                    ("open", false) => PullState::Open,
                    _ => PullState::Closed,
                },
                head: raw.head.sha,
                base: raw.base.reference,
            })
            .collect();
        pulls.sort_by_key(|pull| pull.number);
        Ok(pulls)
    }

    pub(super) async fn write_pull(
        &self,
        head: &BranchName,
        base: &BranchName,
        title: &str,
        body: &str,
    ) -> Result<u64, ForgeError> {
        let body = json!({ "head": head.as_str(), "base": base.as_str(), "title": title, "body": body });
        let pull: Number = self
            .send("open a pull request", Method::POST, &self.path("/pulls"), &body)
            .await?;
        Ok(pull.number)
    }
}
