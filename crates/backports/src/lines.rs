//! Lines of one file in several states, made comparable: white space does not count, and lines that say nothing weigh nothing.

use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _};
use std::ops::{Deref, Range};
use std::sync::Arc;

use git2::Oid;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use imara_diff::{Algorithm, Diff, Hunk, Token};

use crate::common::{common_end, common_start};
use crate::conflict::begins;
use crate::counterparts::Counterparts;
use crate::outline::Outline;
use crate::recent::{Piece, Recent};
use crate::white::{White, compared};
use crate::years::tells_copyright;

/// The lines of many states of files, each line a number, each state read once and each two compared once.
pub(crate) struct Book {
    /// The bytes of all lines, as they are compared: one piece of memory for all of them.
    bytes: Vec<u8>,
    /// Where a line is written before it is known whether it is a new one.
    room: Vec<u8>,
    /// The numbers of lines by what is compared of them, with its hash: to make it again whenever the table grows takes time.
    lines: HashTable<(u64, Token)>,
    /// What is compared of each line.
    by_token: Vec<Range<usize>>,
    hasher: DefaultHashBuilder,
    pages: HashMap<Oid, Arc<Page>>,
    compared: HashMap<(Source, Source), Arc<[Block]>>,
    outlines: HashMap<(Source, Source), Arc<[Outline]>>,
    white: White,
    has_conflicts: bool,
}

/// A state of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    source: Source,
    pub lines: Vec<Token>,
}

/// What a state was read from, by which it is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    /// A blob.
    Blob(Oid),
    /// Lines of a blob, from one to before another.
    Piece(Oid, usize, usize),
}

impl Page {
    /// A file that is not there.
    pub fn none() -> Self {
        Self::of(Oid::ZERO_SHA1, Vec::new())
    }

    /// A blob of these lines.
    pub fn of(id: Oid, lines: Vec<Token>) -> Self {
        Self {
            source: Source::Blob(id),
            lines,
        }
    }

    /// A piece of it, to be compared with others like a state of its own.
    pub fn piece(&self, range: Range<usize>) -> Self {
        let (id, first) = match self.source {
            Source::Blob(id) => (id, 0),
            Source::Piece(id, first, _) => (id, first),
        };
        Self {
            source: Source::Piece(id, first + range.start, first + range.end),
            lines: self.lines[range].to_vec(),
        }
    }
}

/// A change between two states: a range of lines before, and the range after that took its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub before: Range<usize>,
    pub after: Range<usize>,
}

impl Book {
    /// An empty book, in which this white space counts.
    pub fn new(white: White) -> Self {
        Self {
            bytes: Vec::new(),
            room: Vec::new(),
            lines: HashTable::new(),
            by_token: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            pages: HashMap::new(),
            compared: HashMap::new(),
            outlines: HashMap::new(),
            white,
            has_conflicts: false,
        }
    }

    /// Which white space counts in it.
    pub fn white(&self) -> White {
        self.white
    }

    /// How many different lines are in it.
    pub fn len(&self) -> usize {
        self.by_token.len()
    }

    /// Whether a conflict begins somewhere in it.
    pub fn has_conflicts(&self) -> bool {
        self.has_conflicts
    }

    /// A state that has been read.
    pub fn page(&self, id: Oid) -> Option<Arc<Page>> {
        self.pages.get(&id).cloned()
    }

    /// Reads a state of the file at a path. Bytes are taken as they are: no encoding is assumed.
    /// What was read last of the file is read along.
    pub fn read<T: Deref<Target = [u8]>>(
        &mut self,
        recent: &mut Recent<T>,
        path: &[u8],
        id: Oid,
        text: T,
    ) -> Arc<Page> {
        let mut lines = Vec::new();
        let mut beside = recent.beside(path, &text);
        while let Some(piece) = beside.next() {
            match piece {
                Piece::Known(known) => lines.extend(known),
                Piece::Line(line) => {
                    let known = self.count();
                    let token = self.token(line);
                    lines.push(token);
                    if token.0 < known {
                        beside.go_on_after(token, line.len());
                    }
                }
            }
        }
        let page = Arc::new(Page::of(id, lines));
        recent.keep(path, text, Arc::clone(&page));
        self.pages.insert(id, Arc::clone(&page));
        page
    }

    fn token(&mut self, line: &[u8]) -> Token {
        let mut room = std::mem::take(&mut self.room);
        let compared = compared(line, self.white, &mut room);
        let hash = self.hasher.hash_one(compared);
        let is_it = |(other, token): &(u64, Token)| *other == hash && self.line(*token) == compared;
        let known = self.lines.find(hash, is_it).map(|(_, token)| *token);
        let token = known.unwrap_or_else(|| self.add(hash, compared));
        self.room = room;
        token
    }

    fn add(&mut self, hash: u64, compared: &[u8]) -> Token {
        self.has_conflicts |= begins(compared);
        let token = Token(self.count());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(compared);
        self.by_token.push(start..self.bytes.len());
        self.lines.insert_unique(hash, (hash, token), |(hash, _)| *hash);
        token
    }

    /// What is compared of a line.
    pub fn line(&self, token: Token) -> &[u8] {
        &self.bytes[self.by_token[token.0 as usize].clone()]
    }

    /// Whether two states are the same but for white space.
    pub fn differ_in_space_alone(&self, one: &Page, other: &Page) -> bool {
        let alike = one
            .lines
            .iter()
            .zip(&other.lines)
            .take_while(|(one, other)| one == other);
        let alike = alike.count();
        let one = one.lines[alike..].iter().flat_map(|token| self.line(*token));
        let other = other.lines[alike..].iter().flat_map(|token| self.line(*token));
        one.eq(other)
    }

    /// Whether lines are the same but for where they are broken, which counts in a language that is about depth.
    pub fn differ_in_breaks_alone(&self, some: &[Token], others: &[Token]) -> bool {
        let (some, others) = [some, others]
            .map(|lines| lines.iter().flat_map(|line| self.line(*line)))
            .into();
        !self.breaks_count() && some.eq(others)
    }

    /// Whether it says something where lines are broken, as it does in a language that is about depth.
    pub fn breaks_count(&self) -> bool {
        self.white != White::Nothing
    }

    fn count(&self) -> u32 {
        u32::try_from(self.by_token.len()).unwrap_or(u32::MAX)
    }

    /// Whether a line says something: an empty one or a lone bracket does not, and an `#include` is never the fix itself.
    pub fn says_something(&self, line: Token) -> bool {
        self.may_act(line)
            && self.has_words(line)
            && !matches!(
                self.line(line).trim_ascii(),
                b"#endif" | b"#else" | b"else" | b"}else{" | b"else{" | b"break;" | b"do{" | b"fi" | b"done" | b"end"
            )
    }

    /// Whether a line can change what runs by itself: an empty one, an `#include` and the years of a copyright cannot.
    pub fn may_act(&self, line: Token) -> bool {
        let line = self.line(line).trim_ascii();
        !line.is_empty() && !line.starts_with(b"#include") && !tells_copyright(line)
    }

    /// Whether a line says since when whose a file is.
    pub fn tells_copyright(&self, line: Token) -> bool {
        tells_copyright(self.line(line))
    }

    /// Whether a line can tell where something is: any with words in it.
    pub fn has_words(&self, line: Token) -> bool {
        let line = self.line(line);
        line.iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80)
            .count()
            > 1
    }

    /// A number that is the same for the same line in any book.
    pub fn print_of(&self, line: Token) -> u64 {
        self.print_of_all(&[&[line]])
    }

    /// A number that is the same for the same groups of lines in any book.
    pub fn print_of_all(&self, groups: &[&[Token]]) -> u64 {
        let mut hasher = DefaultHasher::new();
        for group in groups {
            group.len().hash(&mut hasher);
            group.iter().for_each(|line| self.line(*line).hash(&mut hasher));
        }
        hasher.finish()
    }

    /// The changes from one state to another.
    pub fn blocks(&mut self, before: &Page, after: &Page) -> Arc<[Block]> {
        if let Some(known) = self.compared.get(&(before.source, after.source)) {
            return Arc::clone(known);
        }
        let blocks: Arc<[Block]> = self.differences(&before.lines, &after.lines).into();
        self.compared.insert((before.source, after.source), Arc::clone(&blocks));
        blocks
    }

    /// The same, of lines. What they have in common at their start and end is most of them, and told faster than differences.
    fn differences(&self, before: &[Token], after: &[Token]) -> Vec<Block> {
        let start = common_start(before, after);
        let (before, after) = (&before[start..], &after[start..]);
        let end = common_end(before, after);
        let (before, after) = (&before[..before.len() - end], &after[..after.len() - end]);
        let range = |range: Range<u32>| start + range.start as usize..start + range.end as usize;
        let mut diff = Diff::default();
        if !before.is_empty() || !after.is_empty() {
            diff.compute_with(Algorithm::Histogram, before, after, self.count());
        }
        let block = |hunk: Hunk| Block {
            before: range(hunk.before),
            after: range(hunk.after),
        };
        diff.hunks().map(block).collect()
    }

    /// What the change from one state to another does, block by block.
    pub fn outlines(&mut self, old: &Page, new: &Page) -> Arc<[Outline]> {
        if let Some(known) = self.outlines.get(&(old.source, new.source)) {
            return Arc::clone(known);
        }
        let blocks = self.blocks(old, new);
        let outlines: Arc<[Outline]> = Outline::of_each(self, (old, new), &blocks).into();
        self.outlines.insert((old.source, new.source), Arc::clone(&outlines));
        outlines
    }

    /// How many lines of one state have a counterpart in another.
    pub fn shared(&mut self, of: &Page, within: &Page) -> usize {
        self.counterparts(of, within).count()
    }

    /// For every line of one state its counterpart in another.
    pub fn counterparts(&mut self, of: &Page, within: &Page) -> Counterparts {
        Counterparts::new(self.blocks(of, within), of.lines.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(book: &mut Book, text: &[u8]) -> Arc<Page> {
        let id = Oid::hash_object(git2::ObjectType::Blob, text);
        book.read(&mut Recent::default(), b"a", id.unwrap_or(Oid::ZERO_SHA1), text)
    }

    #[test]
    fn white_space_does_not_count() {
        let mut book = Book::new(White::Nothing);
        let one = read(&mut book, b"\tif (a)\n  b;\n");
        let other = read(&mut book, b"    if  (a)\r\nb;");
        assert_eq!(one.lines, other.lines);
        assert!(read(&mut book, b"").lines.is_empty());
    }

    #[test]
    fn white_space_counts_where_it_is_all_there_is() {
        let mut book = Book::new(White::Nothing);
        let (one, other) = (read(&mut book, b"  a\nb\n"), read(&mut book, b"a b\n"));
        assert!(book.differ_in_space_alone(&one, &other));
        let mut book = Book::new(White::All);
        let (one, other) = (read(&mut book, b"  a\nb\n"), read(&mut book, b"a\nb\n"));
        assert_eq!(book.blocks(&one, &other).len(), 1);
        assert!(!book.differ_in_space_alone(&one, &other));
    }

    #[test]
    fn depth_counts_where_the_language_is_about_it() {
        assert_eq!(White::of(b"a/b.py"), White::Indent);
        assert_eq!(White::of(b"a.py/b.c"), White::Nothing);
        let mut book = Book::new(White::Indent);
        let one = read(&mut book, b"if a:\n    b( c )\n    else_\n");
        let other = read(&mut book, b"if a:\n    b(c)\nelse_\n \n");
        assert_eq!(one.lines[..2], other.lines[..2]);
        assert_ne!(one.lines[2], other.lines[2]);
        assert!(!book.may_act(other.lines[3]));
    }

    #[test]
    fn a_state_is_told_from_another_by_what_changed() {
        let mut book = Book::new(White::Nothing);
        let (one, other) = (read(&mut book, b"a\nb\nc\nd\n"), read(&mut book, b"a\nx\ny\nc\nd\n"));
        let (before, after) = (1..2, 1..3);
        assert_eq!(*book.blocks(&one, &other), [Block { before, after }]);
        assert_eq!(book.shared(&one, &other), 3);
        let counterparts = book.counterparts(&one, &other);
        assert_eq!(
            [0, 1, 2, 3].map(|line| counterparts.of(line)),
            [Some(0), None, Some(3), Some(4)]
        );
    }

    #[test]
    fn a_piece_is_known_again_wherever_it_was_taken_from() {
        let mut book = Book::new(White::Nothing);
        let (one, other) = (read(&mut book, b"a\nb\nc\nd\n"), read(&mut book, b"a\nx\nc\nd\n"));
        assert_eq!(one.piece(1..4).piece(1..2), one.piece(2..3));
        assert_ne!(one.piece(2..3), other.piece(2..3));
        let asked = [(); 2].map(|()| {
            let blocks = book.blocks(&one.piece(1..3), &other.piece(1..3));
            (blocks, book.compared.len())
        });
        assert_eq!(asked[0], asked[1]);
        assert_eq!(asked[0].0.len(), 1);
    }

    #[test]
    fn brackets_say_nothing() {
        let mut book = Book::new(White::Nothing);
        let page = read(&mut book, b"}\nreturn;\n\n/* */\n");
        let says: Vec<_> = page.lines.iter().map(|line| book.says_something(*line)).collect();
        assert_eq!(says, [false, true, false, false]);
    }
}
