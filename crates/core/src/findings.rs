//! What in a commit must not become public: traces of the mirror, of the case and of the security branches, and
//! references that a forge would turn into something else in the public repository.
//!
//! Commits are read before the approval; a finding closes the gate unless it is waived.

use serde::{Deserialize, Serialize};

use crate::names::CaseId;

/// What was found, and what to do. The text names no content of the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The mirror's name or address.
    MirrorName,
    /// `embargo/`, the beginning of every security branch's name.
    SecurityBranch,
    /// The case id.
    CaseId,
    /// `#7`, `!7` or `GH-7`: in the public repository it would mean something else, or close it.
    BareReference,
    /// The line that git writes when one security branch is merged into another.
    MergeLine,
}

impl Finding {
    /// What a person reads.
    pub fn text(self) -> &'static str {
        match self {
            Self::MirrorName => "names the private mirror: reword the commit",
            Self::SecurityBranch => "names a security branch: reword the commit",
            Self::CaseId => "names the case: reword the commit",
            Self::BareReference => {
                "has a bare reference such as #7 or !7, which the public repository would resolve: reword"
            }
            Self::MergeLine => "is or quotes a merge of security branches: rebase instead of merging",
        }
    }
}

/// Reads a commit message (or the added lines of a patch, with `references` off: `#7` is code there).
pub fn findings(text: &str, case: CaseId, mirror: &str, references: bool) -> Vec<Finding> {
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    if lower.contains(&mirror.to_lowercase()) {
        found.push(Finding::MirrorName);
    }
    if lower.contains("merge branch 'embargo/") || lower.contains("merge remote-tracking branch 'embargo/") {
        found.push(Finding::MergeLine);
    }
    if lower.contains("embargo/") {
        found.push(Finding::SecurityBranch);
    }
    if contains_word(&lower, &case.to_string()) {
        found.push(Finding::CaseId);
    }
    if references && has_bare_reference(text) {
        found.push(Finding::BareReference);
    }
    found
}

/// Whether `word` stands in the text with no digit, letter or hyphen next to it: `2026-0007` does not stand in
/// `CVE-2026-00071`.
fn contains_word(text: &str, word: &str) -> bool {
    let outside = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-');
    text.match_indices(word).any(|(start, _)| {
        outside(text[..start].chars().next_back()) && outside(text[start + word.len()..].chars().next())
    })
}

fn has_bare_reference(text: &str) -> bool {
    text.char_indices().any(|(at, c)| {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        let number = after.chars().next().is_some_and(|next| next.is_ascii_digit());
        match c {
            '#' | '!' => {
                number
                    && before
                        .chars()
                        .next_back()
                        .is_none_or(|last| !last.is_alphanumeric() && last != '/')
            }
            '-' => {
                let tag = before.get(before.len().saturating_sub(2)..).unwrap_or_default();
                let outer = before[..before.len() - tag.len()].chars().next_back();
                number && tag.eq_ignore_ascii_case("gh") && outer.is_none_or(|last| !last.is_alphanumeric())
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Finding> {
        let case = "2026-0007".parse().expect("valid");
        findings(text, case, "example/example-security", true)
    }

    #[test]
    fn traces_of_the_private_side_are_found() {
        for (text, wanted) in [
            (
                "See https://github.com/Example/example-security/pull/3",
                vec![Finding::MirrorName],
            ),
            (
                "Merge branch 'embargo/2026-0008/master'",
                vec![Finding::MergeLine, Finding::SecurityBranch],
            ),
            ("From embargo/x", vec![Finding::SecurityBranch]),
            ("Part of 2026-0007.", vec![Finding::CaseId]),
            ("Fixes #7", vec![Finding::BareReference]),
            ("see !12", vec![Finding::BareReference]),
            ("gh-7", vec![Finding::BareReference]),
            ("(#7)", vec![Finding::BareReference]),
        ] {
            assert_eq!(found(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn ordinary_messages_are_clean() {
        for text in [
            "qemu: check the length before the copy\n\nSigned-off-by: A <a@example.org>",
            "CVE-2026-00071 is another one",
            "CVE-2026-0007 is not the case",
            "wow!! #include <x.h> C#7 high-7 a/b#7",
            "ä#x !",
        ] {
            assert_eq!(found(text), vec![], "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,200}", tail in "[gGhH#!0-9-]{0,12}") {
            let _ = found(&text);
            let _ = found(&format!("{text}{tail}"));
        }
    }
}
