//! Security advisories of the public repository.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use crate::error::ForgeError;
use crate::port::{AdvisoryDraft, AdvisoryText, PrivateReport};

#[derive(Deserialize)]
struct RawAdvisory {
    ghsa_id: String,
    state: String,
    summary: String,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct RawReport {
    ghsa_id: String,
    html_url: Option<String>,
    author: Option<Author>,
    summary: String,
    description: Option<String>,
    created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Author {
    login: String,
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

    /// The private vulnerability reports that nobody has accepted or closed.
    pub(super) async fn list_private_reports(&self) -> Result<Vec<PrivateReport>, ForgeError> {
        let path = self.path("/security-advisories?state=triage");
        let raw: Vec<RawReport> = self.list("list the private reports", &path, None).await?;
        let read = |raw: RawReport| PrivateReport {
            id: raw.ghsa_id,
            url: raw.html_url.unwrap_or_default(),
            author: raw.author.map(|author| author.login),
            title: raw.summary,
            description: raw.description.unwrap_or_default(),
            created_at: raw.created_at.unwrap_or_default(),
        };
        Ok(raw.into_iter().map(read).collect())
    }

    /// Accepted, it becomes a draft, as it must before it can be published.
    pub(super) async fn write_private_report(&self, id: &str, accepted: bool) -> Result<(), ForgeError> {
        let action = "settle a private report";
        let path = self.path(&format!("/security-advisories/{id}"));
        let known: RawAdvisory = self.get(action, &path).await?;
        if known.state != "triage" {
            return Ok(());
        }
        let state = if accepted { "draft" } else { "closed" };
        self.send::<Value>(action, Method::PATCH, &path, &json!({ "state": state }))
            .await
            .map(drop)
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
