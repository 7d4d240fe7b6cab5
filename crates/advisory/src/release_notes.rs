//! The advisory as the notes of a release, for forges without advisories: Markdown.

use std::fmt::Write as _;

use crate::{Advisory, PublishedBranch};

/// The notes, with a table of what is known and the commits of every branch. Commit ids stand bare, so that forges link them.
pub fn release_notes(advisory: &Advisory, cve: Option<&str>, branches: &[PublishedBranch]) -> String {
    let mut text = format!("{}\n", advisory.description.trim());
    for (title, part) in [("Impact", &advisory.impact), ("Workarounds", &advisory.workaround)] {
        if let Some(part) = part {
            let _ = write!(text, "\n### {title}\n\n{}\n", part.trim());
        }
    }
    let severity = advisory.severity.map(|severity| severity.name().to_owned());
    let weaknesses = (!advisory.cwe.is_empty()).then(|| advisory.cwe.join(", "));
    let credits = (!advisory.credits.is_empty()).then(|| advisory.credits.join(", "));
    let facts = [
        ("CVE", cve.map(str::to_owned)),
        ("CVSS", advisory.cvss.clone()),
        ("Severity", severity.filter(|_| advisory.cvss.is_none())),
        ("CWE", weaknesses),
        ("Credits", credits),
    ];
    text.push('\n');
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(text, "- {name}: {value}");
        }
    }
    text.push_str("\n### Fixed on\n\n");
    for branch in branches {
        let _ = writeln!(text, "- `{}`: {}", branch.name, branch.commits.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_say_what_is_known_and_leave_out_what_is_not() {
        let issue = "```advisory\nsummary = \"s\"\ndescription = \"what happens\"\ncvss = \
                     \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"\ncwe = [\"CWE-120\"]\nimpact = \"all of it\"\n```";
        let advisory = Advisory::from_issue(issue).expect("a block");
        let branch = PublishedBranch {
            name: "master".into(),
            commits: vec!["a".repeat(40), "b".repeat(40)],
        };
        let text = release_notes(&advisory, Some("CVE-2026-1234"), &[branch]);
        let expected = format!(
            "what happens\n\n### Impact\n\nall of it\n\n- CVE: CVE-2026-1234\n- CVSS: \
             CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n- CWE: CWE-120\n\n### Fixed on\n\n- `master`: {} {}\n",
            "a".repeat(40),
            "b".repeat(40)
        );
        assert_eq!(text, expected);
    }
}
