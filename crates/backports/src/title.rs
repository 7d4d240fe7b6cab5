//! What the first lines of a message say: what a commit does, by which request it was merged, and which others it names.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use crate::revisions::{OWN, is_about_carrying};

/// What GitHub writes before the number of the request that a merge brings.
const GITHUB_MERGES: &[u8] = b"Merge pull request #";
/// How GitLab begins the merge of a request.
const GITLAB_MERGES: &[u8] = b"Merge branch '";
/// How the line begins in which it names that request. Its number is not read: titles name issues, which are counted apart there.
const GITLAB_REQUEST: &[u8] = b"See merge request ";
/// How the line begins by which GitHub's button names the request that it reverts.
static REVERTS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\nReverts "));

/// So many times something is taken off a title.
const MOST_CARRIERS: usize = 16;
/// So many numbers of a title are read.
const MOST_NUMBERS: usize = 64;

/// The title of a commit, and the requests that it is about.
pub(crate) struct Title<'a> {
    /// The line that says what the commit does. Of a request's merge that is the request's title.
    line: &'a [u8],
    /// The number of the request that it was merged by: `(#123)` behind a squash's title, or what a merge names.
    pub request: Option<u64>,
    /// All such numbers in its title, but for those of the title that it reverts.
    pub requests: Vec<u64>,
    /// The request that it says it reverts: `Revert "Fix it (#12)"`, `Reverts owner/name#12`.
    pub reverts: Option<u64>,
}

impl<'a> Title<'a> {
    /// Reads the title of a message.
    pub fn of(message: &'a [u8]) -> Self {
        let lines = message.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let mut lines = lines.filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or_default();
        let merged = first.strip_prefix(GITHUB_MERGES).and_then(number);
        let on_gitlab = || first.starts_with(GITLAB_MERGES) && memmem::find(message, GITLAB_REQUEST).is_some();
        let own_title = if merged.is_some() || on_gitlab() || is_about_carrying(first) {
            lines.next()
        } else {
            None
        };
        let line = own_title
            .filter(|line| !line.starts_with(GITLAB_REQUEST) && !line.starts_with(OWN))
            .unwrap_or(first);
        let behind = appended(line).and_then(|(_, group)| numbers(group).last());
        let reverted = quoted(line).and_then(|(before, _, after)| Some((before, reverted_title(line)?, after)));
        let (mut requests, reverts): (Vec<_>, _) = match reverted {
            // What is quoted may itself have been carried: its own number is the last one.
            Some((before, title, after)) => (
                numbers(before).chain(numbers(after)).take(MOST_NUMBERS).collect(),
                numbers(title).last(),
            ),
            None => (numbers(line).take(MOST_NUMBERS).collect(), None),
        };
        requests.extend(merged);
        Self {
            line,
            request: merged.or(behind),
            requests,
            reverts: reverted_request(message).or(reverts),
        }
    }

    /// What the commit does, without what carriers put before it ("[stable] ", "[PATCH 2/3] ", "Backport PR #12: ") and forges
    /// behind it ("(#123)", "(backport #123)"), in small letters.
    pub fn subject(&self) -> String {
        let mut line = self.line;
        for _ in 0..MOST_CARRIERS {
            let bare = appended(line).map(|(rest, _)| rest);
            let bare = bare.or_else(|| unbracketed(line)).or_else(|| carried(line));
            match bare {
                Some(rest) if !rest.is_empty() => line = rest,
                _ => break,
            }
        }
        String::from_utf8_lossy(line).to_ascii_lowercase()
    }
}

/// The title that a title says it reverts.
fn reverted_title<'t>(line: &'t [u8]) -> Option<&'t [u8]> {
    let bare = |line: &&'t [u8]| unbracketed(line).or_else(|| carried(line));
    let bare = std::iter::successors(Some(line), bare).take(MOST_CARRIERS).last()?;
    quoted(without_start(bare, b"revert")?).map(|(_, title, _)| title)
}

/// A text before its first quotation mark, between that and its last one, and behind that.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let first = memchr::memchr(b'"', text)?;
    let last = memchr::memrchr(b'"', text).filter(|last| *last > first)?;
    Some((&text[..first], &text[first + 1..last], &text[last + 1..]))
}

/// The request that a message names as reverted.
fn reverted_request(message: &[u8]) -> Option<u64> {
    let said = REVERTS.find(message)? + REVERTS.needle().len();
    let line = message[said..].split(|byte| *byte == b'\n').next()?.trim_ascii();
    let at = memchr::memchr(b'#', line)?;
    let is_named = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
    let is_number = line[at + 1..].iter().all(u8::is_ascii_digit);
    (line[..at].iter().all(is_named) && is_number).then(|| number(&line[at + 1..]))?
}

/// A line before its last brackets, and what stands in these; where they end the line and have a request's number in them.
fn appended(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = line.strip_suffix(b")")?;
    let start = memchr::memrchr(b'(', inner)?;
    let (rest, group) = (line[..start].trim_ascii_end(), &inner[start + 1..]);
    let is_appended = numbers(group).next().is_some() || says_carried(group);
    (!group.contains(&b')') && is_appended).then_some((rest, group))
}

/// Whether a text says that something was carried here.
fn says_carried(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let mut words = ["backport", "cherry pick", "cherry-pick"].iter();
    words.any(|word| memmem::find(&text, word.as_bytes()).is_some())
}

/// A line without the brackets that it begins with.
fn unbracketed(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', rest)?;
    Some(rest[end + 1..].trim_ascii_start())
}

/// What a bot carried, by the titles that it gives: `Backport PR #12: Fix it`, `Backport PR #12 on branch 1.x (Fix it)`,
/// `Backport of Fix it into 1.x`, `Backport "Fix it" to 1.x`.
fn carried(line: &[u8]) -> Option<&[u8]> {
    const ON: &[u8] = b" on branch ";
    let is_carriers = |begin: &[u8]| says_carried(begin) && numbers(begin).next().is_some();
    if let Some(on) = memmem::find(line, ON).filter(|on| is_carriers(&line[..*on])) {
        let start = on + ON.len() + memmem::find(&line[on + ON.len()..], b" (")? + 2;
        return line[start..].strip_suffix(b")");
    }
    if let Some(end) = memmem::find(line, b": ").filter(|end| is_carriers(&line[..*end])) {
        return Some(&line[end + 2..]);
    }
    let bare = without_start(line, b"manual ").unwrap_or(line);
    if let Some(rest) = without_start(bare, b"backport of ") {
        let into = memmem::rfind(rest, b" into ").filter(|at| !rest[at + 6..].contains(&b' '));
        return Some(&rest[..into.unwrap_or(rest.len())]);
    }
    let rest = without_start(bare, b"backport \"")?;
    Some(&rest[..memmem::rfind(rest, b"\" to ")?])
}

/// A text without what it begins with, in small letters or capitals.
fn without_start<'t>(text: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
    let (begin, rest) = text.split_at_checked(start.len())?;
    begin.eq_ignore_ascii_case(start).then_some(rest)
}

/// The numbers that are written as those of requests: `#123`, `GH-123`.
fn numbers(text: &[u8]) -> impl Iterator<Item = u64> {
    let is_githubs = |dash: usize| {
        let before = &text[..dash];
        let word = before
            .iter()
            .rev()
            .take(3)
            .take_while(|byte| byte.is_ascii_alphanumeric());
        before[dash - word.count()..].eq_ignore_ascii_case(b"gh")
    };
    let signs = memchr::memchr2_iter(b'#', b'-', text);
    signs
        .filter(move |at| text[*at] == b'#' || is_githubs(*at))
        .filter_map(|at| number(&text[at + 1..]))
}

/// The number that a text begins with.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(message: &str) -> String {
        Title::of(message.as_bytes()).subject()
    }

    #[test]
    fn a_subject_is_read_without_what_carriers_put_before_it() {
        for (message, expected) in [
            ("Fix it\n\nbody", "fix it"),
            ("\n[ 9.18 ] [PATCH 1/2] Fix it", "fix it"),
            ("[alone]", "[alone]"),
            ("", ""),
            ("(#12)", "(#12)"),
            ("Fix (a) (#99999999999999999999)", "fix (a) (#99999999999999999999)"),
            ("Backport PR #12: Fix it", "fix it"),
            ("[1.x] Manual backport of #12: Fix it (#40)", "fix it"),
            (
                "Backport PR #12 on branch 1.x (Fix (all of) it (issue #7)) (#40)",
                "fix (all of) it",
            ),
            ("Backport of Fix it into release/1.x (#40)", "fix it"),
            (
                "Manual backport of Put it into the cache into 1.x",
                "put it into the cache",
            ),
            ("backport of Put it into the cache (#12) (#40)", "put it into the cache"),
            ("Backport \"Put \"it\" to use\" to 3.3 LTS (#40)", "put \"it\" to use"),
            ("Fix it (Cherry Pick release-3.0) (#40)", "fix it"),
            ("Fix it (#12) (2.14 backport) (#40)", "fix it"),
            ("[3.11] gh-7: Fix it (GH-12) (GH-40)", "gh-7: fix it"),
            ("Fix #12: it crashes", "fix #12: it crashes"),
            ("Backport: Fix it", "backport: fix it"),
            ("Backport \"Fix it\"", "backport \"fix it\""),
            ("Fix it (sigh-12)", "fix it (sigh-12)"),
            ("Fix it (-12) (gh)", "fix it (-12) (gh)"),
        ] {
            assert_eq!(subject(message), expected, "{message:?}");
        }
    }

    #[test]
    fn a_merge_has_the_title_and_the_number_of_its_request() {
        let github = "Merge pull request #12 from somebody/branch-7\n\nFix it (closes #3)\n";
        let gitlab = "Merge branch '7-fix' into 'main'\n\nFix it\n\nCloses #3\n\nSee merge request group/name!12\n";
        for (message, request, expected) in [
            (github, Some(12), "fix it"),
            (gitlab, None, "fix it"),
            (
                "Merge pull request #12 from a/b",
                Some(12),
                "merge pull request #12 from a/b",
            ),
            ("Merge branch 'a'\n\nSee merge request g/n!12", None, "merge branch 'a'"),
            ("Merge branch 'a' into b\n\nmore", None, "merge branch 'a' into b"),
        ] {
            let title = Title::of(message.as_bytes());
            assert_eq!(
                (title.request, title.subject().as_str()),
                (request, expected),
                "{message}"
            );
            assert!(
                request.is_none_or(|number| title.requests.contains(&number)),
                "{message}"
            );
        }
        let title = Title::of(b"Merge pull request #13 from bot/b\n\nBackport PR #12 on branch 1.x (Fix it)");
        assert_eq!((title.request, title.requests.as_slice()), (Some(13), &[12, 13][..]));
    }

    #[test]
    fn a_revert_names_the_request_that_it_reverts() {
        for (message, reverted, requests) in [
            ("Revert \"Fix it (#12) (#40)\" (#41)", Some(40), &[41][..]),
            ("Revert \"Fix it (#12)\"", Some(12), &[]),
            ("Revert \"Revert \"Fix it (#12)\" (#41)\" (#42)", Some(41), &[42]),
            ("[2.x] Revert \"Fix it (#12)\" (#41) (#45)", Some(12), &[41, 45]),
            ("Backport PR #41: Revert \"Fix it (#12)\" (#45)", Some(12), &[41, 45]),
            ("Revert \"Fix it\" (#41)", None, &[41]),
            ("Revert \"Fix it\" (#41)\n\nReverts owner/the.name#40", Some(40), &[41]),
            ("Revert \"Fix it\"\n\nReverts #40\n", Some(40), &[]),
            (
                "Merge pull request #41 from owner/revert-40\n\nRevert \"Fix it (#40)\"",
                Some(40),
                &[41],
            ),
            ("Fix it (#12) (#40)", None, &[12, 40]),
            ("Fix \"it (#12)\" (#40)", None, &[12, 40]),
            ("Fix it\n\nReverts what was done in #40", None, &[]),
            ("Fix it\n\nReverts #40 and more", None, &[]),
        ] {
            let title = Title::of(message.as_bytes());
            assert_eq!(title.reverts, reverted, "{message}");
            assert_eq!(title.requests, requests, "{message}");
        }
    }
}
