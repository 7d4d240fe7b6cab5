//! What a change does word by word. Where a branch has a line in other words, its backport has no line of the fix, but the same
//! words come and go.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use imara_diff::Token;

use crate::lines::Book;

/// Of more lines on one side, no words are compared.
const MOST_LINES: usize = 30;
/// Nor of more bytes on both: lines that no person wrote are long.
const MOST_BYTES: usize = 10_000;

/// What a change does word by word: equal where the same words come and go, however the lines that they stand in are broken and
/// whatever else is in these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Edit {
    print: u64,
    /// Whether a name comes or goes: numbers and signs alone are in every file.
    pub has_names: bool,
}

impl Edit {
    /// Reads a change; nothing where words only change their places.
    pub fn of(book: &Book, old: &[Token], new: &[Token]) -> Option<Self> {
        let more = more_words(book, old, new).filter(|more| !more.is_empty())?;
        let is_name = |word: &&[u8]| word.iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
        let mut hasher = DefaultHasher::new();
        more.hash(&mut hasher);
        Some(Self {
            print: hasher.finish(),
            has_names: more.keys().any(is_name),
        })
    }
}

/// How many times more, or less, each word is in the new lines; but for those that are as often in both. Nothing where there are too
/// many.
pub(crate) fn more_words<'b>(book: &'b Book, old: &[Token], new: &[Token]) -> Option<BTreeMap<&'b [u8], i32>> {
    let bytes = || old.iter().chain(new).map(|line| book.line(*line).len()).sum::<usize>();
    if old.len().max(new.len()) > MOST_LINES || bytes() > MOST_BYTES {
        return None;
    }
    let mut more = BTreeMap::new();
    for (lines, by) in [(old, -1), (new, 1)] {
        for word in lines.iter().flat_map(|line| words(book.line(*line))) {
            *more.entry(word).or_default() += by;
        }
    }
    more.retain(|_, by| *by != 0);
    Some(more)
}

/// Names and numbers, and each other sign by itself.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    unbroken(line)
        .chunk_by(move |one, next| is_letter(one) && is_letter(next))
        .filter(|word| !word.trim_ascii().is_empty())
}

/// A line without a sign at its end that says that it goes on: it breaks a line and is none of its words.
pub(crate) fn unbroken(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_end();
    line.strip_suffix(b"\\").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::Recent;
    use crate::white::White;

    fn of(old: &str, new: &str) -> Option<Edit> {
        let mut book = Book::new(White::Nothing);
        let mut lines = |text: &str| {
            let id = git2::Oid::hash_object(git2::ObjectType::Blob, text.as_bytes());
            let page = book.read(&mut Recent::default(), b"a", id.expect("hashed"), text.as_bytes());
            page.lines.clone()
        };
        let (old, new) = (lines(old), lines(new));
        Edit::of(&book, &old, &new)
    }

    #[test]
    fn the_same_words_come_and_go_in_other_lines() {
        let fix = of("x = find((cast *) by_name,", "x = find(by_name,");
        assert!(fix.is_some());
        assert_eq!(
            fix,
            of("found = search((cast *) by_name,\n", "found = search(by_name,\n")
        );
        assert_eq!(fix, of("x = find((cast *)\n", "x =\n  find(\n"));
        assert_eq!(fix, of("x = find((cast *)\n", "x = \\\n  find( \\\n"));
        for (old, new) in [
            ("x = find(by_name,", "x = find((cast *) by_name,"),
            ("x = find((other *) by_name,", "x = find(by_name,"),
            ("x = find((cast *) by_name);", "x = find(by_name,"),
            ("x = find((cast **) by_name,", "x = find(by_name,"),
        ] {
            assert_ne!(fix, of(old, new), "{old}");
        }
    }

    #[test]
    fn words_that_change_places_and_long_blocks_are_like_nothing() {
        assert_eq!(of("copy(from, to)", "copy(to, from)"), None);
        assert_eq!(of("one\n", "one\n"), None);
        let has_names = |old, new| of(old, new).map(|edit| edit.has_names);
        assert_eq!(
            has_names("version = \"2.3.0\"\n", "version = \"2.3.10\"\n"),
            Some(false)
        );
        assert_eq!(has_names("size < length", "size <= length"), Some(false));
        assert_eq!(has_names("size < length", "size < 2 * long"), Some(true));
        let long = "x\n".repeat(MOST_LINES + 1);
        assert_eq!(of(&long, "y\n"), None);
        assert_eq!(of("y\n", &long), None);
        assert_eq!(of("y\n", &"x ".repeat(MOST_BYTES)), None);
    }
}
