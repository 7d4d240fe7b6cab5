//! Revisions of Subversion, in messages of projects that were or are mirrored from it: there is no other name that both sides know.

use memchr::memmem;

/// What a mirror writes before the address and the revision of a commit.
pub(crate) const OWN: &[u8] = b"git-svn-id: ";
/// Words of a line that names revisions which were carried, in small letters.
const CARRIES: [&[u8]; 3] = [b"merg", b"backport", b"mfc"];
/// Words of a line that says that they were taken back.
const TAKES_BACK: [&[u8]; 3] = [b"revert", b"reverse merg", b"reverse-merg"];
/// A number with fewer digits is no revision.
const FEWEST_DIGITS: usize = 3;
/// So many revisions of a message are read.
const MOST: usize = 64;

/// The revisions that a message is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Revisions {
    /// Its own.
    pub own: Option<u64>,
    /// Those that it says to carry: `Merge r12345, r12346 from trunk`, `Merges [12345] to the 5.9 branch`.
    pub carried: Vec<u64>,
    /// The one that it says to take back: `Revert r12345`.
    pub reverted: Option<u64>,
}

impl Revisions {
    /// Reads a message. Where it has no revision of its own, nothing else in it is one.
    pub fn of(message: &[u8]) -> Self {
        let mut revisions = Self::default();
        // It is what a mirror ends a message with.
        let message = message.trim_ascii_end();
        let at = memchr::memrchr(b'\n', message).map_or(0, |end| end + 1);
        let Some(own) = message[at..].strip_prefix(OWN) else {
            return revisions;
        };
        let address = own.split(u8::is_ascii_whitespace).next();
        revisions.own = address.and_then(|address| number(address.rsplit(|byte| *byte == b'@').next()?));
        let mut goes_on = false;
        for line in message[..at].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            let says = line.to_ascii_lowercase();
            let has = |words: &[&[u8]]| words.iter().any(|word| memmem::find(&says, word).is_some());
            if has(&TAKES_BACK) {
                revisions.reverted = revisions.reverted.or_else(|| named(line).first().copied());
                goes_on = false;
            } else if goes_on || has(&CARRIES) {
                let room = MOST - revisions.carried.len();
                revisions.carried.extend(named(line).into_iter().take(room));
                goes_on = line.ends_with(b",");
            }
        }
        revisions
    }
}

/// Whether a line is about nothing but that revisions were carried; then the next one says what they do.
pub(crate) fn is_about_carrying(line: &[u8]) -> bool {
    let mut words = line
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let starts = words.next().is_some_and(|word| {
        let word = word.to_ascii_lowercase();
        [&b"merge"[..], b"merged", b"merges", b"merging", b"mfc"].contains(&&*word)
    });
    starts && words.next().is_some_and(|word| revision(word).is_some())
}

/// The revisions that a line names: `r12345`, `[12345]`, and all from one to another: `r12345-r12349`, `r12345 to r12349`.
fn named(line: &[u8]) -> Vec<u64> {
    let mut named = Vec::new();
    let words = line.split(|byte| byte.is_ascii_whitespace() || b",;:()".contains(byte));
    let (mut last, mut goes_on) = (None, false);
    for word in words.filter(|word| !word.is_empty()) {
        if named.len() >= MOST {
            break;
        }
        let word = word.strip_suffix(b".").unwrap_or(word);
        if [&b"-"[..], b"to", b"through"].contains(&word) {
            goes_on = last.is_some();
            continue;
        }
        let (first, end) = match memchr::memchr(b'-', word) {
            Some(at) => (one(&word[..at]), &word[at + 1..]),
            None => (one(word), &[][..]),
        };
        let end = first.and_then(|_| one(end).or_else(|| number(end)));
        let start = if goes_on { last } else { first };
        last = end.or(first);
        goes_on = false;
        match (start, last) {
            (Some(start), Some(end)) if start < end && end - start < MOST as u64 => {
                // What is gone on from has been named.
                let from = if named.last() == Some(&start) { start + 1 } else { start };
                named.extend(from..=end);
            }
            _ => named.extend(first.into_iter().chain(end)),
        }
    }
    named
}

/// The revision that a word names.
fn one(word: &[u8]) -> Option<u64> {
    let bracketed = word
        .strip_prefix(b"[")
        .and_then(|word| word.split(|byte| *byte == b']').next());
    bracketed.map_or_else(|| revision(word), number)
}

fn revision(word: &[u8]) -> Option<u64> {
    number(word.strip_prefix(b"r")?)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.len() < FEWEST_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN_ID: &str = "git-svn-id: https://svn.example.org/repos/project/branches/2.4.x@1902500 13f79535-47bb-0310";

    #[test]
    fn what_was_merged_is_named_in_several_ways() {
        for (message, carried) in [
            ("Merge r1902409 from trunk:\n\n  *) Fix it (r7000000)", &[1_902_409][..]),
            (
                "Fix it.\n\nMerges r1921257, r1921259,\nr1921399 from trunk\n[docs]",
                &[1_921_257, 1_921_259, 1_921_399],
            ),
            ("Merging r123456:\n----", &[123_456]),
            ("MFC r340097.", &[340_097]),
            ("Fix it.\n\nMerges [56834], [56835] to the 5.9 branch.", &[56834, 56835]),
            ("Backported from trunk (r12345)", &[12345]),
            ("Merge r12345 from trunk: fix the reverse proxy", &[12345]),
            ("Merged r123-r126 and r126 from trunk", &[123, 124, 125, 126, 126]),
            (
                "Merged r123 - r125, r127 to r128 from trunk to 6.0-stable",
                &[123, 124, 125, 127, 128],
            ),
            ("Merged r123-125.", &[123, 124, 125]),
            (
                "Merged r125-r123, r200-r999, r300 to 6.0-stable",
                &[125, 123, 200, 999, 300],
            ),
            ("Merged r-123, 123-125, r124-, r126 - 129, to r130", &[124, 126, 130]),
            ("Fix what r12345 broke", &[]),
            ("Merge the r12 and r1x and [x] and x12345", &[]),
            ("Merge r99999999999999999999999", &[]),
        ] {
            let revisions = Revisions::of(format!("{message}\n\n{OWN_ID}\n").as_bytes());
            assert_eq!(revisions.own, Some(1_902_500), "{message}");
            assert_eq!(revisions.carried, carried, "{message}");
            assert_eq!(revisions.reverted, None, "{message}");
            assert_eq!(Revisions::of(message.as_bytes()), Revisions::default());
        }
    }

    #[test]
    fn what_was_taken_back_is_not_carried() {
        for message in [
            "Revert r12345.",
            "Reverse merge r12345 from trunk",
            "Reverse-merged r12345",
            "revert: r12345, too many",
        ] {
            let revisions = Revisions::of(format!("{message}\n\n{OWN_ID}").as_bytes());
            assert_eq!(
                (revisions.reverted, revisions.carried.len()),
                (Some(12345), 0),
                "{message}"
            );
        }
    }

    #[test]
    fn a_line_about_carrying_is_no_title() {
        for (line, expected) in [
            ("Merge r1902409, r2 from trunk:", true),
            ("MFC r340097:", true),
            ("Merging r123456", true),
            ("Merge the r123456 fix", false),
            ("r123456", false),
            ("", false),
        ] {
            assert_eq!(is_about_carrying(line.as_bytes()), expected, "{line}");
        }
    }
}
