//! Security advisories of the public repository.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use crate::error::ForgeError;
use crate::port::{AdvisoryDraft, AdvisoryText};

#[derive(Deserialize)]
struct RawAdvisory {
    ghsa_id: String,
    state: String,
    summary: String,
    html_url: Option<String>,
}

impl From<RawAdvisory> for AdvisoryDraft {
    fn from(raw: RawAdvisory) -> Self {
        Self {
            published: raw.state == "published",
            url: raw.html_url.unwrap_or_default(),
            id: raw.ghsa_id,
        }
    }
}

fn body(text: &AdvisoryText) -> Value {
    let package = json!({ "ecosystem": text.ecosystem, "name": text.package });
    let mut body = json!({
        "summary": text.summary,
        "description": text.description,
        "vulnerabilities": [{ "package": package, "vulnerable_version_range": null, "patched_versions": null }],
        "cwe_ids": text.cwes,
    });
    // GitHub takes one of the two.
    match (&text.cvss, &text.severity) {
        (Some(vector), _) => body["cvss_vector_string"] = json!(vector),
        (None, Some(severity)) => body["severity"] = json!(severity),
        (None, None) => {}
    }
    if let Some(cve) = &text.cve {
        body["cve_id"] = json!(cve);
    }
    body
}

impl GithubRepository {
    pub(super) async fn search_draft(&self, summary: &str) -> Result<Option<AdvisoryDraft>, ForgeError> {
        let path = self.path("/security-advisories?state=draft");
        let drafts: Vec<RawAdvisory> = self.list("list the draft advisories", &path, None).await?;
        Ok(drafts
            .into_iter()
            .find(|draft| draft.summary == summary)
            .map(AdvisoryDraft::from))
    }

    pub(super) async fn write_draft(&self, text: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError> {
        let path = self.path("/security-advisories");
        let raw: RawAdvisory = self
            .send("write the draft advisory", Method::POST, &path, &body(text))
            .await?;
        Ok(raw.into())
    }

    pub(super) async fn read_advisory(&self, id: &str) -> Result<AdvisoryDraft, ForgeError> {
        let raw: RawAdvisory = self
            .get("read the advisory", &self.path(&format!("/security-advisories/{id}")))
            .await?;
        Ok(raw.into())
    }

    pub(super) async fn write_publication(&self, id: &str, text: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError> {
        let known = self.read_advisory(id).await?;
        if known.published {
            return Ok(known);
        }
        let mut body = body(text);
        body["state"] = json!("published");
        let path = self.path(&format!("/security-advisories/{id}"));
        let raw: RawAdvisory = self.send("publish the advisory", Method::PATCH, &path, &body).await?;
        Ok(raw.into())
    }
}
