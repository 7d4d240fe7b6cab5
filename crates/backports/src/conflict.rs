//! Marks that a merge leaves in a file where both sides changed it, and that somebody committed. Both sides are in the file then, and
//! what it says of the fix says nothing.

use imara_diff::Token;

use crate::lines::{Book, Page};

/// How the first line of a conflict begins, and the last one.
const MARKS: [&[u8]; 2] = [b"<<<<<<<", b">>>>>>>"];

/// Whether a line, as it is compared, begins a conflict.
pub(crate) fn begins(line: &[u8]) -> bool {
    is(MARKS[0], line)
}

/// The line, counted from 1, where a conflict begins that nobody resolved.
pub(crate) fn unresolved(book: &Book, page: &Page) -> Option<usize> {
    if !book.has_conflicts() {
        return None;
    }
    let line = |token: &Token| book.line(*token);
    let first = page.lines.iter().position(|token| begins(line(token)))?;
    let mut rest = page.lines[first..].iter();
    rest.any(|token| is(MARKS[1], line(token))).then_some(first + 1)
}

/// Whether a line is a mark with a name after it, and no longer row of the same sign.
fn is(mark: &[u8], line: &[u8]) -> bool {
    line.strip_prefix(mark)
        .and_then(<[u8]>::first)
        .is_some_and(|next| *next != mark[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::Recent;
    use crate::white::White;

    #[test]
    fn a_conflict_has_a_beginning_and_an_end() {
        for (text, expected) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> 0123 (Fix it)\n", Some(2)),
            ("a\n<<<<<<< HEAD\nb\n", None),
            ("a\n>>>>>>> x\n<<<<<<< y\n", None),
            ("a\n<<<<<<<\nb\n>>>>>>>\n", None),
            ("<<<<<<<< x\nb\n>>>>>>>> x\n", None),
            ("a\nx <<<<<<< HEAD\nb\n>>>>>>> x\n", None),
            ("a\nb\n", None),
        ] {
            for white in [White::Nothing, White::Indent, White::All] {
                let mut book = Book::new(white);
                let page = book.read(&mut Recent::default(), b"a", git2::Oid::ZERO_SHA1, text.as_bytes());
                assert_eq!(unresolved(&book, &page), expected, "{text}");
            }
        }
    }
}
