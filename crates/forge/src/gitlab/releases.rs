//! Releases, whose notes carry an advisory where the project wants that.

use http::Method;
use serde_json::Value;

use super::client::{GitlabRepository, encoded};
use crate::error::ForgeError;
use crate::port::ReleaseNotes;

impl GitlabRepository {
    pub(super) async fn write_release(&self, notes: &ReleaseNotes) -> Result<(), ForgeError> {
        let path = format!("/releases/{}", encoded(&notes.tag));
        match self.get::<Value>("look for the release", &path).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        let form = [
            ("tag_name", notes.tag.clone()),
            // Taken only where there is no such tag.
            ("ref", notes.commit.to_string()),
            ("name", notes.name.clone()),
            ("description", notes.description.clone()),
        ];
        self.send::<Value>("publish a release", Method::POST, "/releases", &form)
            .await
            .map(drop)
    }
}
