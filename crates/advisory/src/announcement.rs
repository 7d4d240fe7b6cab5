//! The announcement: one subject and one plain text, made from the model and the published commits.

use crate::Advisory;

/// A branch as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedBranch {
    /// Its name.
    pub name: String,
    /// The commits that fix the flaw there, oldest first.
    pub commits: Vec<String>,
}

/// The line length of a plain text mail, as people are used to.
const WIDTH: usize = 72;

/// The subject and the text of the announcement.
pub fn announcement(
    project: &str,
    advisory: &Advisory,
    cve: Option<&str>,
    branches: &[PublishedBranch],
    url: Option<&str>,
) -> (String, String) {
    let name = cve.map_or_else(|| "security fix".to_owned(), str::to_owned);
    let subject = format!("[{project}] {name}: {}", advisory.summary.trim());
    let mut text = String::new();
    let mut section = |title: &str, body: &str| {
        text.push_str(&format!(
            "{title}\n{}\n\n{}\n\n",
            "-".repeat(title.chars().count()),
            body.trim_end()
        ));
    };
    section("Summary", &wrap(&advisory.summary));
    section("Severity", &severity(advisory));
    if let Some(cve) = cve {
        section("CVE", cve);
    }
    if !advisory.components.is_empty() {
        section("Affected", &wrap(&advisory.components.join(", ")));
    }
    section("Description", &wrap(&advisory.description));
    for (title, body) in [("Impact", &advisory.impact), ("Workaround", &advisory.workaround)] {
        if let Some(body) = body {
            section(title, &wrap(body));
        }
    }
    let fixes: Vec<_> = branches
        .iter()
        .map(|branch| format!("{}:\n  {}", branch.name, branch.commits.join("\n  ")))
        .collect();
    section("Fixed in", &fixes.join("\n\n"));
    if !advisory.credits.is_empty() {
        section("Credits", &wrap(&advisory.credits.join(", ")));
    }
    if let Some(url) = url {
        section("Advisory", url);
    }
    (subject, text.trim_end().to_owned() + "\n")
}

/// How bad it is: the vector where there is one.
pub(crate) fn severity(advisory: &Advisory) -> String {
    match (&advisory.cvss, advisory.severity) {
        (Some(vector), _) => vector.clone(),
        (None, Some(severity)) => severity.name().to_owned(),
        (None, None) => "not rated".to_owned(),
    }
}

/// Lines of at most 72 characters; lines that are indented (code, lists) stay as they are.
pub(crate) fn wrap(text: &str) -> String {
    let lines = text
        .trim()
        .lines()
        .map(|line| match line.starts_with(char::is_whitespace) {
            true => line.to_owned(),
            false => textwrap::fill(line, WIDTH),
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announcement_says_what_where_and_who() {
        let advisory = Advisory {
            summary: "A length is not checked before a copy".into(),
            description:
                "A guest can send a length that is larger than the buffer, and the host copies that many bytes.".into(),
            severity: Some(crate::Severity::High),
            credits: vec!["A Reporter".into()],
            ..Advisory::default()
        };
        let branches = [
            PublishedBranch {
                name: "master".into(),
                commits: vec!["a".repeat(40)],
            },
            PublishedBranch {
                name: "v9.0-maint".into(),
                commits: vec!["b".repeat(40), "c".repeat(40)],
            },
        ];
        let (subject, text) = announcement(
            "example",
            &advisory,
            Some("CVE-2026-1234"),
            &branches,
            Some("https://example.org/GHSA-1"),
        );
        assert_eq!(
            subject,
            "[example] CVE-2026-1234: A length is not checked before a copy"
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        for wanted in [
            "Severity\n--------\n\nhigh\n",
            "A Reporter",
            "https://example.org/GHSA-1",
            "v9.0-maint:\n  bbbb",
        ] {
            assert!(text.contains(wanted), "{wanted:?} is not in {text}");
        }
    }
}
