//! Text that the bot writes on a forge must make nothing happen there: no mention, no reference, no closing of an issue,
//! no quick action.
//!
//! Forges look for these in the rendered text, after entities are decoded, so that `&#64;` would not help. A word joiner
//! (U+2060) after the sign breaks the pattern and shows nothing.

/// Breaks what no reader sees and every forge stops at.
const JOINER: char = '\u{2060}';

/// Makes text from outside (a person's reason, a path, a subject) inert on every forge, on one line.
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // One line: a line of its own could be a quick action, a fence or a heading.
            '\n' | '\r' => out.push(' '),
            c if c.is_control() => {}
            // Markdown and HTML that would change what surrounds it.
            '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '\\' | '~' => {
                out.push('\\');
                out.push(c);
            }
            // Mentions, references to issues, merge requests, milestones, epics, snippets, and alerts; URLs and GH-7.
            '@' | '#' | '!' | '%' | '&' | '$' | '^' | ':' | '-' => {
                out.push(c);
                out.push(JOINER);
            }
            // Paths and quick actions: owner/name#7 is broken at its sign, a leading slash here.
            '/' if out.trim().is_empty() => {
                out.push(JOINER);
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_forge_acts_on_survives() {
        for text in [
            "@somebody",
            "see #7",
            "owner/name#7",
            "Fixes GH-7",
            "!12",
            "&3",
            "%1",
            "$4",
            "/close",
            "a\n/close",
            "https://github.com/o/r/issues/7",
            "<!-- x -->",
            "`a",
            "```\n/embargo approve",
        ] {
            let inert = inert(text);
            for pattern in ["@s", "#7", "GH-7", "!1", "&3", "%1", "$4", "://", "<!--", "\n"] {
                assert!(!inert.contains(pattern), "{pattern:?} in {inert:?}");
            }
            assert!(!inert.starts_with('/') && !inert.starts_with('`'), "{inert:?}");
            assert!(crate::command::commands(&inert).is_empty());
        }
    }

    #[test]
    fn ordinary_words_stay_as_they_are() {
        assert_eq!(
            inert("the code is newer (since 9.0), says the team"),
            "the code is newer (since 9.0), says the team"
        );
    }
}
