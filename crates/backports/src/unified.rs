//! A change written as git writes it, a unified diff, but without what differs on every branch: blob ids, line numbers and
//! how similar a renamed file is.

use std::ops::Range;
use std::rc::Rc;

use git2::FileMode;
use imara_diff::{Algorithm, Diff, Hunk, InternedInput, Token};

use crate::common::{common_end, common_start};
use crate::fix::{Change, Entry};
use crate::shelf::Shelf;
use crate::texts::Text;

/// So many lines around a change are shown.
const CONTEXT: u32 = 3;
/// So many lines around what differs are looked at: more than are shown, so that the same change in two versions of a file is
/// cut into the same hunks.
const AROUND: usize = 100;
/// The longest piece of a function's first line that is shown, in bytes, as in git.
const LONGEST_PLACE: usize = 80;

/// All files of a change. Bytes that are no UTF-8 are replaced; a file without lines shows as a line with its id.
pub(crate) fn unified(shelf: &Shelf<'_>, changes: &[Change]) -> Result<String, git2::Error> {
    let mut text = String::new();
    for change in changes {
        let [before, after] = [&change.old, &change.new].map(Option::as_ref);
        let (old, new) = (name(change, before), name(change, after));
        text.push_str(&format!("diff --git a/{old} b/{new}\n{}", modes(change)));
        if old != new {
            text.push_str(&format!("rename from {old}\nrename to {new}\n"));
        }
        if before.map(|entry| entry.id) == after.map(|entry| entry.id) {
            continue;
        }
        if let (Some(was), Some(is)) = (lines(shelf, before)?, lines(shelf, after)?) {
            // An empty file that is made or removed has no hunks.
            if *was != *is {
                let from = before.map_or("/dev/null".to_owned(), |_| format!("a/{old}"));
                let to = after.map_or("/dev/null".to_owned(), |_| format!("b/{new}"));
                text.push_str(&format!("--- {from}\n+++ {to}\n{}", hunks(&was, &is)));
            }
        } else {
            let now = after.map_or("gone".to_owned(), |entry| entry.id.to_string());
            text.push_str(&format!("Binary files differ, now {now}\n"));
        }
    }
    Ok(text)
}

/// The path on one side of a change, or on the other where it is not there.
fn name(change: &Change, entry: Option<&Entry>) -> String {
    let path = entry.map_or(change.path(), |entry| &entry.path);
    String::from_utf8_lossy(path).into_owned()
}

/// What stands on one side of a change: nothing where the file is not there, and `None` where it has no lines that can be read.
fn lines<'r>(shelf: &Shelf<'r>, entry: Option<&Entry>) -> Result<Option<Text<'r>>, git2::Error> {
    match entry {
        None => Ok(Some(Text::Written(Rc::default()))),
        Some(entry) if entry.mode == FileMode::Commit => {
            let line = format!("Subproject commit {}\n", entry.id);
            Ok(Some(Text::Written(line.into_bytes().into())))
        }
        Some(entry) => shelf.text(entry.id),
    }
}

fn modes(change: &Change) -> String {
    let mode = |entry: &Entry| i32::from(entry.mode);
    match (&change.old, &change.new) {
        (None, Some(new)) => format!("new file mode {:06o}\n", mode(new)),
        (Some(old), None) => format!("deleted file mode {:06o}\n", mode(old)),
        (Some(old), Some(new)) if old.mode != new.mode => {
            format!("old mode {:06o}\nnew mode {:06o}\n", mode(old), mode(new))
        }
        _ => String::new(),
    }
}

/// The hunks from one text to another, each headed by the function that it stands in.
pub(crate) fn hunks(old: &[u8], new: &[u8]) -> String {
    let (head, tail) = alike(old, new);
    let window = |text: &'_ [u8]| head..text.len() - tail;
    let input = InternedInput::new(&old[window(old)], &new[window(new)]);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let written = Written {
        input: &input,
        above: &old[..head],
    };
    let changes: Vec<Hunk> = diff.hunks().collect();
    // imara-diff's own printer shows more lines above a change that is near the start of a file.
    let apart = |one: &Hunk, next: &Hunk| next.before.start - one.before.end > 2 * CONTEXT;
    changes
        .chunk_by(|one, next| !apart(one, next))
        .map(|hunk| written.hunk(hunk))
        .collect()
}

/// How many bytes at the start and at the end two texts share, in whole lines, less those around what differs. Most of a file
/// is not what a change is about, and need not be cut into lines.
fn alike(old: &[u8], new: &[u8]) -> (usize, usize) {
    let head = back(&old[..common_start(old, new)], AROUND);
    let (old, new) = (&old[head..], &new[head..]);
    let shared = &old[old.len() - common_end(old, new)..];
    let ahead = memchr::memchr_iter(b'\n', shared).nth(AROUND);
    (head, ahead.map_or(0, |end| shared.len() - end - 1))
}

/// Where the line begins that is so many whole lines before a text's end.
fn back(text: &[u8], lines: usize) -> usize {
    memchr::memrchr_iter(b'\n', text).nth(lines).map_or(0, |end| end + 1)
}

struct Written<'a> {
    input: &'a InternedInput<&'a [u8]>,
    /// What stands before the lines that were compared.
    above: &'a [u8],
}

impl Written<'_> {
    /// Changes that are near to each other, with the lines around and between them.
    fn hunk(&self, changes: &[Hunk]) -> String {
        let (old, new) = (&self.input.before, &self.input.after);
        let mut at = changes
            .first()
            .map_or(0, |first| first.before.start.saturating_sub(CONTEXT));
        let mut text = match self.place(at) {
            Some(place) => format!("@@ {}\n", String::from_utf8_lossy(place)),
            None => "@@\n".to_owned(),
        };
        for change in changes {
            self.lines(&mut text, ' ', slice(old, at..change.before.start));
            self.lines(&mut text, '-', slice(old, change.before.clone()));
            self.lines(&mut text, '+', slice(new, change.after.clone()));
            at = change.before.end;
        }
        self.lines(&mut text, ' ', slice(old, at..at + CONTEXT));
        text
    }

    fn lines(&self, text: &mut String, origin: char, lines: &[Token]) {
        for token in lines {
            let line = self.input.interner[*token];
            let whole = line.strip_suffix(b"\n");
            text.push(origin);
            text.push_str(&String::from_utf8_lossy(whole.unwrap_or(line)));
            text.push('\n');
            if whole.is_none() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }

    /// The nearest line above that begins something, by git's own rule: it starts with a letter, `_` or `$`.
    fn place(&self, start: u32) -> Option<&[u8]> {
        let compared = slice(&self.input.before, 0..start).iter().rev();
        let compared = compared.map(|token| self.input.interner[*token]);
        let begins = |line: &&[u8]| {
            line.first()
                .is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'_' | b'$'))
        };
        let line = compared.chain(self.above.rsplit(|byte| *byte == b'\n')).find(begins)?;
        Some(line[..line.len().min(LONGEST_PLACE)].trim_ascii_end())
    }
}

/// Lines by their numbers, as far as there are any.
fn slice(lines: &[Token], range: Range<u32>) -> &[Token] {
    let end = (range.end as usize).min(lines.len());
    &lines[(range.start as usize).min(end)..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(range: Range<usize>) -> String {
        range.map(|number| format!("    line {number}\n")).collect()
    }

    #[test]
    fn a_hunk_is_headed_by_the_function_that_it_stands_in_however_far_above_that_begins() {
        for far in [10, 3 * AROUND] {
            let text = format!("int f(void)  \n{{\n{}}}\n", numbered(0..far));
            let last = format!("    line {}\n", far - 5);
            let changed = text.replace(&last, "    other\n");
            let expected = format!(
                "@@ int f(void)\n     line {}\n     line {}\n     line {}\n-{last}+    other\n     line {}\n     line {}\n     line {}\n",
                far - 8,
                far - 7,
                far - 6,
                far - 4,
                far - 3,
                far - 2
            );
            assert_eq!(hunks(text.as_bytes(), changed.as_bytes()), expected);
        }
    }

    #[test]
    fn the_same_change_is_written_alike_wherever_it_stands() {
        let block = "\n/* b */\nint b;\n";
        let of = |above: usize, below: usize| {
            let (above, below) = (numbered(0..above), numbered(0..below));
            let text = |middle: &str| format!("{above}\n/* a */\nint a;\n{middle}\n/* c */\nint c;\n{below}");
            hunks(text("").as_bytes(), text(block).as_bytes())
        };
        let once = of(4, 4);
        assert!(once.contains("+/* b */\n+int b;\n"), "{once}");
        for (above, below) in [(500, 4), (4, 500), (130, 99)] {
            let with_numbers = |text: &str| text.replace(char::is_numeric, "");
            assert_eq!(with_numbers(&of(above, below)), with_numbers(&once));
        }
    }

    #[test]
    fn what_git_says_of_ends_of_files_is_said() {
        assert_eq!(
            hunks(b"a\nb", b"a\nb\n"),
            "@@\n a\n-b\n\\ No newline at end of file\n+b\n"
        );
        assert_eq!(hunks(b"", b"a\n"), "@@\n+a\n");
        assert_eq!(hunks(b"a\n", b""), "@@\n-a\n");
        assert_eq!(hunks(b"\xff\n", b"\xff\n\xfe\n"), "@@\n \u{fffd}\n+\u{fffd}\n");
    }

    #[test]
    fn whole_lines_are_shared() {
        let many = numbered(0..300);
        let (old, new) = (format!("{many}ab\n{many}"), format!("{many}ac\n{many}"));
        let (head, tail) = alike(old.as_bytes(), new.as_bytes());
        for text in [&old, &new] {
            let window = &text[head..text.len() - tail];
            assert!(
                window.starts_with("    line 200\n") && window.ends_with("    line 99\n"),
                "{window}"
            );
        }
        assert_eq!(alike(b"a\na\n", b"a\na\na\n"), (0, 0));
        let again = many.repeat(2);
        let (head, tail) = alike(many.as_bytes(), again.as_bytes());
        assert!(head + tail <= many.len());
    }
}
