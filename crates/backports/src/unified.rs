//! A change written as git writes it, a unified diff, but without what differs on every branch: blob ids, line numbers and
//! how similar a renamed file is.

use std::fmt::{Result as Written, Write};
use std::sync::Arc;

use git2::FileMode;
use imara_diff::{Algorithm, Diff, InternedInput, Token, UnifiedDiffConfig, UnifiedDiffPrinter};

use crate::fix::{Change, Entry};
use crate::shelf::Shelf;

/// So many lines around what differs are looked at: more than are shown, so that the same change in two versions of a file is
/// cut into the same hunks.
const AROUND: usize = 100;
/// The longest piece of a function's first line that is shown, in bytes, as in git.
const LONGEST_PLACE: usize = 80;

/// All files of a change. Bytes that are no UTF-8 are replaced; a file without lines shows as a line with its id.
pub(crate) fn unified(shelf: &Shelf<'_>, changes: &[Change]) -> Result<String, git2::Error> {
    let mut text = String::new();
    for change in changes {
        let (old, new) = (side(shelf, change.old.as_ref())?, side(shelf, change.new.as_ref())?);
        let (names, modes) = (Names::of(change), modes(change));
        text.push_str(&format!("diff --git a/{} b/{}\n{modes}", names.old, names.new));
        if names.old != names.new {
            text.push_str(&format!("rename from {}\nrename to {}\n", names.old, names.new));
        }
        match (old, new) {
            (Side::Lines(old), Side::Lines(new)) if old != new => {
                let from = change
                    .old
                    .as_ref()
                    .map_or("/dev/null".to_owned(), |_| format!("a/{}", names.old));
                let to = change
                    .new
                    .as_ref()
                    .map_or("/dev/null".to_owned(), |_| format!("b/{}", names.new));
                text.push_str(&format!("--- {from}\n+++ {to}\n"));
                text.push_str(&hunks(&old, &new));
            }
            (Side::Lines(_), Side::Lines(_)) => {}
            (old, new) if old == new => {}
            (_, new) => text.push_str(&format!("Binary files differ, now {}\n", new.words())),
        }
    }
    Ok(text)
}

/// What is on one side of a change.
#[derive(PartialEq, Eq)]
enum Side {
    /// Its lines; none where the file is not there.
    Lines(Arc<[u8]>),
    /// It has none that can be read.
    Id(git2::Oid),
}

impl Side {
    fn words(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Lines(_) => "text".to_owned(),
        }
    }
}

fn side(shelf: &Shelf<'_>, entry: Option<&Entry>) -> Result<Side, git2::Error> {
    let Some(entry) = entry else {
        return Ok(Side::Lines(Arc::default()));
    };
    if entry.mode == FileMode::Commit {
        let line = format!("Subproject commit {}\n", entry.id);
        return Ok(Side::Lines(line.into_bytes().into()));
    }
    Ok(shelf.text(entry.id)?.map_or(Side::Id(entry.id), Side::Lines))
}

struct Names {
    old: String,
    new: String,
}

impl Names {
    fn of(change: &Change) -> Self {
        let name = |entry: Option<&Entry>| {
            let path = entry.map_or(change.path(), |entry| &entry.path);
            String::from_utf8_lossy(path).into_owned()
        };
        Self {
            old: name(change.old.as_ref()),
            new: name(change.new.as_ref()),
        }
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
fn hunks(old: &[u8], new: &[u8]) -> String {
    let (head, tail) = alike(old, new);
    let window = |text: &'_ [u8]| head..text.len() - tail;
    let input = InternedInput::new(&old[window(old)], &new[window(new)]);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let printer = Printer {
        input: &input,
        above: &old[..head],
    };
    diff.unified_diff(&printer, UnifiedDiffConfig::default(), &input)
        .to_string()
}

/// How many bytes at the start and at the end two texts share, in whole lines, less those around what differs. Most of a file
/// is not what a change is about, and need not be cut into lines.
fn alike(old: &[u8], new: &[u8]) -> (usize, usize) {
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let head = back(&old[..head], AROUND);
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(old, new)| old == new)
        .count();
    let shared = &old[old.len() - tail..];
    let ahead = memchr::memchr_iter(b'\n', shared).nth(AROUND);
    (head, ahead.map_or(0, |end| shared.len() - end - 1))
}

/// Where the line begins that is so many whole lines before a text's end.
fn back(text: &[u8], lines: usize) -> usize {
    memchr::memrchr_iter(b'\n', text).nth(lines).map_or(0, |end| end + 1)
}

struct Printer<'a> {
    input: &'a InternedInput<&'a [u8]>,
    /// What stands before the lines that were compared.
    above: &'a [u8],
}

impl Printer<'_> {
    fn line(&self, mut out: impl Write, origin: char, token: Token) -> Written {
        let line = self.input.interner[token];
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        writeln!(out, "{origin}{}", String::from_utf8_lossy(text))?;
        if text.len() == line.len() {
            writeln!(out, "\\ No newline at end of file")?;
        }
        Ok(())
    }

    /// The nearest line above that begins something, by git's own rule: it starts with a letter, `_` or `$`.
    fn place(&self, start: usize) -> Option<&[u8]> {
        let compared = self.input.before[..start].iter().rev();
        let compared = compared.map(|token| self.input.interner[*token]);
        let begins = |line: &&[u8]| {
            line.first()
                .is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'_' | b'$'))
        };
        let line = compared.chain(self.above.rsplit(|byte| *byte == b'\n')).find(begins)?;
        Some(line[..line.len().min(LONGEST_PLACE)].trim_ascii_end())
    }
}

impl UnifiedDiffPrinter for Printer<'_> {
    fn display_header(&self, mut out: impl Write, start: u32, _: u32, _: u32, _: u32) -> Written {
        match self.place(start as usize) {
            Some(place) => writeln!(out, "@@ {}", String::from_utf8_lossy(place)),
            None => writeln!(out, "@@"),
        }
    }

    fn display_context_token(&self, out: impl Write, token: Token) -> Written {
        self.line(out, ' ', token)
    }

    fn display_hunk(&self, mut out: impl Write, before: &[Token], after: &[Token]) -> Written {
        before.iter().try_for_each(|token| self.line(&mut out, '-', *token))?;
        after.iter().try_for_each(|token| self.line(&mut out, '+', *token))
    }
}
