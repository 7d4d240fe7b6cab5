//! The notice to a vendor, before the announcement: what it is, until when it is under embargo, and what is attached.

use crate::Advisory;
use crate::announcement::{severity, wrap};

/// The patches for a branch, as they are attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPatches {
    /// The branch.
    pub branch: String,
    /// The file that holds them, for `git am`.
    pub file: String,
    /// How many there are.
    pub count: usize,
}

/// What a notice says beside the advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeFacts<'a> {
    /// The project.
    pub project: &'a str,
    /// The case.
    pub case: &'a str,
    /// The end of the embargo: date, time and zone.
    pub ends_at: &'a str,
    /// The CVE.
    pub cve: Option<&'a str>,
    /// What is attached.
    pub patches: &'a [AttachedPatches],
    /// The file with all of it as one git bundle.
    pub bundle: Option<&'a str>,
    /// Branches that the vendor cares about and the project does not maintain.
    pub unmaintained: &'a [String],
}

/// The text of the notice. Its subject is for the one that travels in the clear, and is written by whoever sends it.
pub fn vendor_notice(facts: &NoticeFacts<'_>, advisory: Option<&Advisory>) -> String {
    let mut text = wrap(&format!(
        "This is under embargo until {}. Until then you tell nobody, and you publish nothing: no text, no code, no package. \
         The end may move by agreement; you will be told. If it becomes known elsewhere, tell us at once.",
        facts.ends_at
    ));
    text.push_str(&format!("\n\nProject: {}\nCase: {}\n", facts.project, facts.case));
    text.push_str(&format!("CVE: {}\n", facts.cve.unwrap_or("none yet")));
    match advisory {
        Some(advisory) => {
            text.push_str(&format!("Severity: {}\n\n", severity(advisory)));
            text.push_str(&wrap(&advisory.summary));
            text.push_str("\n\n");
            text.push_str(&wrap(&advisory.description));
            for (title, body) in [("Impact", &advisory.impact), ("Workaround", &advisory.workaround)] {
                if let Some(body) = body {
                    text.push_str(&format!("\n\n{title}: {}", wrap(body)));
                }
            }
        }
        None => text.push_str("\nThe text of the advisory is not written yet."),
    }
    text.push_str("\n\nAttached are the patches for every branch, each file for `git am`:\n");
    for patches in facts.patches {
        let plural = if patches.count == 1 { "patch" } else { "patches" };
        text.push_str(&format!(
            "  {}: {}, {} {plural}\n",
            patches.branch, patches.file, patches.count
        ));
    }
    if let Some(bundle) = facts.bundle {
        text.push_str(&format!(
            "\nThe same commits are in {bundle}, which git fetches from in a clone of the\npublic repository: git fetch {bundle} BRANCH\n"
        ));
    }
    if !facts.unmaintained.is_empty() {
        text.push('\n');
        text.push_str(&wrap(&format!(
            "Not maintained any more, and not fixed by us: {}. The patches of the nearest branch are the place to begin.",
            facts.unmaintained.join(", ")
        )));
        text.push('\n');
    }
    text
}
