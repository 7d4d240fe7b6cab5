//! The last state of each file that was read. The next one is much like it, and where the two agree its lines are known.

use std::ops::Deref;
use std::sync::Arc;

use hashbrown::HashMap;
use imara_diff::Token;
use memchr::{memchr, memchr_iter, memrchr};

use crate::common::common_start;
use crate::lines::Page;
use crate::place::base_name;

/// As many bytes of texts are kept, but for the last one.
const MOST: usize = 4 << 20;
/// As many bytes of a line tell it from others: brackets and the like stand everywhere.
const TELLING: usize = 8;
/// As many bytes after it must agree for two texts to go on side by side: lines come again.
const ENOUGH: usize = 64;
/// As many lines of the other text are looked through for one after a difference.
const AHEAD: usize = 512;
/// But no farther ahead than this, in bytes: lines that no person wrote are long.
const AHEAD_BYTES: usize = 64 << 10;
/// As many lines are compared with one at once.
const LANES: usize = 32;

/// Texts and their lines by the last names of their files.
pub(crate) struct Recent<T> {
    texts: HashMap<Vec<u8>, Read<T>>,
    /// How many bytes they have in all.
    size: usize,
}

struct Read<T> {
    text: T,
    page: Arc<Page>,
}

/// What comes next in a text.
pub(crate) enum Piece<'o, 't> {
    /// Lines of the other text.
    Known(&'o [Token]),
    /// A line that may be in it or not.
    Line(&'t [u8]),
}

/// A text that is read beside another one, whose lines are known.
pub(crate) struct Beside<'o, 't> {
    /// What is left of it; `None` after its last line.
    text: Option<&'t [u8]>,
    /// What is left of the other one, and its lines.
    other: (&'o [u8], &'o [Token]),
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            texts: HashMap::new(),
            size: 0,
        }
    }
}

impl<T: Deref<Target = [u8]>> Recent<T> {
    /// Keeps a text that was read, in place of the last one of a file of its name.
    pub fn keep(&mut self, path: &[u8], text: T, page: Arc<Page>) {
        if self.size > MOST {
            *self = Self::default();
        }
        self.size += text.len();
        if let Some(before) = self.texts.insert(base_name(path).to_vec(), Read { text, page }) {
            self.size -= before.text.len();
        }
    }

    /// A text that is to be read, beside the last one of a file of its name.
    pub fn beside<'t>(&self, path: &[u8], text: &'t [u8]) -> Beside<'_, 't> {
        let (other, text) = (self.texts.get(base_name(path)), without_end(text));
        Beside {
            text: (!text.is_empty()).then_some(text),
            other: other.map_or((&[], &[]), |read| (without_end(&read.text), &read.page.lines)),
        }
    }
}

impl<'o, 't> Beside<'o, 't> {
    /// The next lines, as far as they agree with those of the other text.
    fn agreed(&mut self) -> Option<Piece<'o, 't>> {
        let (text, (other, lines)) = (self.text?, self.other);
        let same = common_start(text, other);
        if same == text.len() && same == other.len() && !lines.is_empty() {
            self.text = None;
            return Some(Piece::Known(lines));
        }
        let end = memrchr(b'\n', &text[..same])? + 1;
        let (known, rest) = lines.split_at(memchr_iter(b'\n', &text[..end]).count());
        self.text = Some(&text[end..]);
        self.other = (&other[end..], rest);
        Some(Piece::Known(known))
    }

    /// Says which line of so many bytes, met before, the last one is that was not taken from the other text. Where that has it not far
    /// ahead, and after it what this one has, the two go on side by side from there.
    pub fn go_on_after(&mut self, line: Token, bytes: usize) {
        let ((other, lines), Some(text)) = (self.other, self.text) else {
            return;
        };
        if bytes < TELLING {
            return;
        }
        let Some(at) = find(line, &lines[..lines.len().min(AHEAD)]) else {
            return;
        };
        let near = &other[..other.len().min(AHEAD_BYTES)];
        let Some(end) = memchr_iter(b'\n', near).nth(at) else {
            return;
        };
        let other = &other[end + 1..];
        let enough = text.len().min(ENOUGH);
        if text.get(..enough) == other.get(..enough) {
            self.other = (other, &lines[at + 1..]);
        }
    }
}

/// Where a line is first among others. To ask about many at once is faster than about each one.
fn find(line: Token, lines: &[Token]) -> Option<usize> {
    let mut lanes = lines.chunks(LANES);
    let has = |lanes: &[Token]| lanes.iter().fold(false, |has, other| has | (*other == line));
    let before = lanes.position(has)? * LANES;
    Some(before + lines[before..].iter().position(|other| *other == line)?)
}

impl<'o, 't> Iterator for Beside<'o, 't> {
    type Item = Piece<'o, 't>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(known) = self.agreed() {
            return Some(known);
        }
        let text = self.text?;
        let end = memchr(b'\n', text);
        self.text = end.map(|end| &text[end + 1..]);
        Some(Piece::Line(&text[..end.unwrap_or(text.len())]))
    }
}

/// A text without the end of its last line.
fn without_end(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\n").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use git2::Oid;
    use proptest::prelude::*;

    use super::*;
    use crate::lines::Book;
    use crate::white::White;

    /// How often lines were taken from the other text, and which had to be looked at.
    fn pieces(other: &str, text: &str) -> (usize, Vec<String>) {
        let mut recent = Recent::default();
        let lines = (0..other.lines().count() as u32).map(Token).collect();
        recent.keep(b"a/x.c", other.as_bytes(), Arc::new(Page::of(Oid::ZERO_SHA1, lines)));
        let (mut known, mut read) = (0, Vec::new());
        let mut beside = recent.beside(b"b/x.c", text.as_bytes());
        while let Some(piece) = beside.next() {
            match piece {
                Piece::Known(_) => known += 1,
                Piece::Line(line) => {
                    if let Some(at) = other.lines().position(|other| other.as_bytes() == line) {
                        beside.go_on_after(Token(at as u32), line.len());
                    }
                    read.push(String::from_utf8_lossy(line).into_owned());
                }
            }
        }
        (known, read)
    }

    fn numbered(numbers: impl IntoIterator<Item = u32>) -> String {
        let line = |number| format!("the line of the number {number:06}\n");
        numbers.into_iter().map(line).collect()
    }

    #[test]
    fn only_what_differs_is_looked_at() {
        let before = numbered(0..500);
        assert_eq!(pieces(&before, &before), (1, Vec::new()));
        let changed = before.replace("000200", "changed");
        // The line that they go on with is looked at, too.
        let looked_at = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let other = "the line of the number changed\nthe line of the number 000201\n";
        assert_eq!(pieces(&before, &changed), (2, looked_at(other)));
        let gone = numbered((0..200).chain(300..500));
        assert_eq!(pieces(&before, &gone), (2, looked_at(&numbered([300]))));
        let more = numbered((0..100).chain(1_000..1_004).chain(100..500));
        assert_eq!(pieces(&before, &more), (2, looked_at(&numbered(1_000..1_004))));
    }

    #[test]
    fn a_line_that_stands_in_many_places_leads_to_none_of_them_by_itself() {
        let (like, before) = ("the line that comes again\n", numbered(0..100));
        let before = format!("{before}{like}{}", numbered(100..200));
        let more = format!("{}{like}{}", numbered(0..50), &before[numbered(0..50).len()..]);
        assert_eq!(pieces(&before, &more), (2, vec![like.trim_end().to_owned()]));
    }

    #[test]
    fn another_file_of_the_name_does_no_harm() {
        let (known, read) = pieces(&numbered(0..50), &numbered(100..150));
        assert_eq!((known, read.len()), (0, 50));
    }

    /// Some lines, among them ones that are long, empty, or come again and again.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            3 => (0..40_u32).prop_map(|number| format!("line {number} {}\n", "x".repeat(number as usize * 2))),
            1 => Just("}\n".to_owned()),
            1 => Just("\n".to_owned()),
        ];
        (prop::collection::vec(line, 0..60), any::<bool>()).prop_map(|(lines, ended)| {
            let text = lines.concat();
            let text = if ended {
                text.as_str()
            } else {
                text.trim_end_matches('\n')
            };
            text.as_bytes().to_vec()
        })
    }

    proptest! {
        /// A text that another one was made of by leaving something out and putting something in.
        #[test]
        fn what_is_read_beside_another_text_is_what_it_says(
            before in text(),
            (put, from, to) in (text(), 0..2_000_usize, 0..2_000_usize),
        ) {
            let (from, to) = (from.min(before.len()), to.min(before.len()));
            let after = [&before[..from.min(to)], &put, &before[from.max(to)..]].concat();
            let (mut book, mut recent) = (Book::new(White::All), Recent::default());
            for (id, text) in [&before, &after].into_iter().enumerate() {
                let id = Oid::hash_object(git2::ObjectType::Blob, &[id as u8]).expect("hashed");
                let page = book.read(&mut recent, b"a", id, text.as_slice());
                let said: Vec<_> = page.lines.iter().map(|line| book.line(*line)).collect();
                let whole = without_end(text);
                let mut lines: Vec<_> = whole.split(|byte| *byte == b'\n').collect();
                lines.retain(|_| !whole.is_empty());
                prop_assert_eq!(said, lines);
            }
        }
    }
}
