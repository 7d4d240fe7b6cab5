//! The advisory's source: the fenced `advisory` block of the issue's description, read narrowly.

use std::fmt;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The longest block, in bytes.
const MAX_BLOCK: usize = 64 * 1024;
/// The longest summary, in characters: the title of a CVE record.
const MAX_SUMMARY: usize = 256;
/// The longest description, in characters, of a CVE record.
const MAX_DESCRIPTION: usize = 4096;

/// How bad it is, in GitHub's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
}

/// The facts of a case, as the issue gives them. Embargoed: `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Advisory {
    /// One line.
    pub summary: String,
    /// What is wrong and what can happen.
    pub description: String,
    /// How bad it is, where there is no vector.
    pub severity: Option<Severity>,
    /// A CVSS vector, version 3.x or 4.0.
    pub cvss: Option<String>,
    /// `CWE-` and a number.
    pub cwe: Vec<String>,
    /// Who is to be thanked.
    pub credits: Vec<String>,
    /// The parts of the project that are affected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// What to do until the fix is installed.
    pub workaround: Option<String>,
    /// What an attacker gains.
    pub impact: Option<String>,
}

/// Why there is no advisory to read. The texts repeat nothing of the block but its keys.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceError {
    /// No block.
    #[error("the issue's description has no fenced block with the info string advisory: add one")]
    Absent,
    /// More than one.
    #[error("the issue's description has {0} advisory blocks: keep one")]
    Several(usize),
    /// Too long.
    #[error("the advisory block is longer than {MAX_BLOCK} bytes: shorten it")]
    TooLong,
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error(
        "line {line} of the advisory block cannot be read: write TOML with summary, description, severity or cvss, cwe, components, credits, workaround, impact"
    )]
    Form {
        /// The line within the block, from 1.
        line: usize,
    },
}

impl Advisory {
    /// Finds and reads the block in an issue's description. Whether it is complete is another question: [`Self::missing`].
    pub fn from_issue(description: &str) -> Result<Self, SourceError> {
        let mut blocks = blocks(description);
        match blocks.len() {
            0 => return Err(SourceError::Absent),
            1 => {}
            several => return Err(SourceError::Several(several)),
        }
        let block = blocks.remove(0);
        if block.len() > MAX_BLOCK {
            return Err(SourceError::TooLong);
        }
        toml::from_str(&block).map_err(|error| {
            let before = block
                .get(..error.span().map_or(0, |span| span.start))
                .unwrap_or_default();
            SourceError::Form {
                line: 1 + before.matches('\n').count(),
            }
        })
    }

    /// What is missing or wrong, each with its remedy; empty when it can be published.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut need = |holds: bool, remedy: String| {
            if !holds {
                missing.push(remedy);
            }
        };
        let characters = |text: &str| text.trim().chars().count();
        need(
            (1..=MAX_SUMMARY).contains(&characters(&self.summary)) && !self.summary.trim().contains('\n'),
            format!("summary: one line of 1 to {MAX_SUMMARY} characters"),
        );
        need(
            (1..=MAX_DESCRIPTION).contains(&characters(&self.description)),
            format!("description: 1 to {MAX_DESCRIPTION} characters"),
        );
        let scored = self
            .cvss
            .as_ref()
            .map(|vector| vector.parse::<cvss::Cvss>().ok().and_then(|cvss| severity(&cvss)));
        match (self.severity, scored) {
            (None, None) => need(
                false,
                "severity (low, medium, high or critical) or cvss (a vector)".into(),
            ),
            (_, Some(None)) => need(
                false,
                "cvss: a vector of CVSS 3.0, 3.1 or 4.0 with a score above 0".into(),
            ),
            (Some(said), Some(Some(scored))) => {
                need(
                    said == scored,
                    "severity and cvss disagree: keep the vector alone".into(),
                );
            }
            _ => {}
        }
        let number = |cwe: &String| {
            cwe.strip_prefix("CWE-")
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        need(self.cwe.iter().all(number), "cwe: a list such as [\"CWE-787\"]".into());
        need(
            self.credits.iter().all(|credit| !credit.trim().is_empty()),
            "credits: names, none of them empty".into(),
        );
        need(
            self.components
                .iter()
                .all(|name| !name.trim().is_empty() && !name.contains('\n')),
            "components: names, one line each, none of them empty".into(),
        );
        missing
    }

    /// How bad it is: the severity in its word and, where there is a vector, the score that it gives and its version.
    pub fn rating(&self) -> Option<String> {
        match self.cvss.as_ref().map(|vector| vector.parse::<cvss::Cvss>()) {
            Some(Ok(cvss)) => {
                let version = self.cvss.as_deref().and_then(|vector| vector.split(['/', ':']).nth(1));
                let severity = severity(&cvss)?;
                Some(format!(
                    "{} (CVSS {} {:.1})",
                    severity.name(),
                    version.unwrap_or_default(),
                    cvss.score()
                ))
            }
            Some(Err(_)) => None,
            None => self.severity.map(|severity| severity.name().to_owned()),
        }
    }

    /// The digest of the facts, for the approval: the same for the same facts, however the block is laid out.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        // Each part carries its length and each list its count, so that no two different advisories give the same bytes.
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        part(&self.summary);
        part(&self.description);
        part(self.severity.map_or("", |severity| severity.name()));
        for optional in [&self.cvss, &self.workaround, &self.impact] {
            part(if optional.is_some() { "some" } else { "none" });
            part(optional.as_deref().unwrap_or_default());
        }
        for list in [&self.cwe, &self.credits] {
            part(&list.len().to_string());
            list.iter().for_each(|item| part(item));
        }
        // Left out where there are none: an approval from before there were components holds.
        if !self.components.is_empty() {
            part("components");
            part(&self.components.len().to_string());
            self.components.iter().for_each(|item| part(item));
        }
        hex::encode(hash.finalize())
    }
}

impl Severity {
    /// GitHub's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Debug for Advisory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Advisory { embargoed }")
    }
}

fn severity(cvss: &cvss::Cvss) -> Option<Severity> {
    match cvss.severity() {
        cvss::Severity::None => None,
        cvss::Severity::Low => Some(Severity::Low),
        cvss::Severity::Medium => Some(Severity::Medium),
        cvss::Severity::High => Some(Severity::High),
        cvss::Severity::Critical => Some(Severity::Critical),
    }
}

/// The texts of the fenced `advisory` blocks that stand in the description itself, not in a quote.
fn blocks(description: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut quotes = 0_usize;
    let mut open = false;
    for event in Parser::new(description) {
        match event {
            Event::Start(Tag::BlockQuote(_)) => quotes += 1,
            Event::End(TagEnd::BlockQuote(_)) => quotes = quotes.saturating_sub(1),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open = quotes == 0 && info.split_whitespace().next() == Some("advisory");
                if open {
                    found.push(String::new());
                }
            }
            Event::End(TagEnd::CodeBlock) => open = false,
            Event::Text(text) if open => {
                if let Some(block) = found.last_mut() {
                    block.push_str(&text);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "summary = \"A length is not checked\"\ndescription = \"A copy overruns.\"\nseverity = \"high\"\n";

    fn read(block: &str) -> Result<Advisory, SourceError> {
        Advisory::from_issue(&format!("Text.\n\n```advisory\n{block}```\n\nMore.\n"))
    }

    #[test]
    fn a_complete_block_lacks_nothing() {
        let advisory = read(GOOD).expect("readable");
        assert_eq!(advisory.missing(), Vec::<String>::new());
        assert_eq!(format!("{advisory:?}"), "Advisory { embargoed }");
    }

    #[test]
    fn the_block_is_found_as_commonmark_says() {
        for text in [
            format!("~~~ advisory\n{GOOD}~~~"),
            format!("````advisory\n{GOOD}````"),
            format!("  ```advisory extra words\n{GOOD}  ```"),
            format!("> ```advisory\n> summary = 1\n> ```\n\n```advisory\n{GOOD}```"),
        ] {
            assert_eq!(Advisory::from_issue(&text).as_ref(), read(GOOD).as_ref(), "{text}");
        }
        for text in [
            "",
            "```toml\nsummary = \"x\"\n```",
            "````\n```advisory\n```\n````",
            "    ```advisory",
        ] {
            assert_eq!(Advisory::from_issue(text), Err(SourceError::Absent), "{text}");
        }
        let twice = format!("```advisory\n{GOOD}```\n\n```advisory\n{GOOD}```");
        assert_eq!(Advisory::from_issue(&twice), Err(SourceError::Several(2)));
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line_and_not_repeated() {
        for (block, line) in [
            ("summary = \"x\"\ncanary = 1\n", 2),
            ("summary = 7\n", 1),
            ("summary =\n", 1),
        ] {
            let error = read(block).expect_err("refused");
            assert_eq!(error, SourceError::Form { line }, "{block}");
            assert!(!error.to_string().contains("canary"));
        }
        assert_eq!(
            read(&format!("# {}\n", "x".repeat(MAX_BLOCK))),
            Err(SourceError::TooLong)
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let lacks = |change: fn(&mut Advisory)| {
            let mut advisory = read(GOOD).expect("readable");
            change(&mut advisory);
            advisory.missing().len()
        };
        assert_eq!(lacks(|_| {}), 0);
        assert_eq!(lacks(|advisory| advisory.summary = " ".into()), 1);
        assert_eq!(lacks(|advisory| advisory.summary = "x".repeat(257)), 1);
        assert_eq!(lacks(|advisory| advisory.description.clear()), 1);
        assert_eq!(lacks(|advisory| advisory.severity = None), 1);
        assert_eq!(lacks(|advisory| advisory.cvss = Some("CVSS:3.1/AV:N".into())), 1);
        assert_eq!(lacks(|advisory| advisory.cwe = vec!["787".into()]), 1);
        // FIRST's example of a score of 9.8, critical: it disagrees with the word `high`.
        let critical = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let mut advisory = read(GOOD).expect("readable");
        advisory.cvss = Some(critical.into());
        assert_eq!(advisory.missing().len(), 1);
        advisory.severity = None;
        assert_eq!(advisory.missing().len(), 0);
    }

    #[test]
    fn the_digest_follows_the_facts_and_not_the_layout() {
        let laid_out =
            "# a remark\ndescription = 'A copy overruns.'\nseverity='high'\n\nsummary = \"A length is not checked\"\n";
        let digest = |block: &str| read(block).expect("readable").digest();
        assert_eq!(digest(GOOD), digest(laid_out));
        assert_ne!(digest(GOOD), digest(&GOOD.replace("overruns", "overflows")));
        assert_ne!(
            digest(&format!("{GOOD}cwe = [\"a\"]\n")),
            digest(&format!("{GOOD}credits = [\"a\"]\n"))
        );
    }

    /// Vectors whose scores FIRST publishes: the examples of the CVSS v3.1 guide, and of the v4.0 one.
    #[test]
    fn vectors_give_the_scores_that_first_publishes() {
        for (vector, wanted) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "medium (CVSS 3.1 6.1)"),
            ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", "medium (CVSS 3.1 6.4)"),
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", "low (CVSS 3.1 3.1)"),
            ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", "medium (CVSS 3.1 4.2)"),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                "critical (CVSS 3.1 9.8)",
            ),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "high (CVSS 3.1 7.5)"),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                "critical (CVSS 4.0 9.3)",
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
                "critical (CVSS 4.0 10.0)",
            ),
            (
                "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                "high (CVSS 4.0 7.3)",
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
                "high (CVSS 4.0 8.7)",
            ),
        ] {
            let advisory = Advisory {
                cvss: Some(vector.to_owned()),
                ..Advisory::default()
            };
            assert_eq!(advisory.rating().as_deref(), Some(wanted), "{vector}");
        }
        for vector in ["CVSS:3.1/AV:N", "CVSS:4.0/AV:X", "CVSS:9.9/AV:N", "AV:N/AC:L", ""] {
            let advisory = Advisory {
                cvss: Some(vector.to_owned()),
                ..Advisory::default()
            };
            assert_eq!(advisory.rating(), None, "{vector}");
        }
    }
}
