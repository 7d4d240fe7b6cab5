//! Lines of one file in several states, made comparable: white space does not count, and lines that say nothing weigh nothing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use imara_diff::{Algorithm, Diff, Interner, Token};

/// One file's lines in as many states as are asked about, each line a number.
pub(crate) struct Book<'a> {
    lines: Interner<Vec<u8>>,
    // The states of a file are much alike: most lines have been seen just as they are.
    seen: Interner<&'a [u8]>,
    as_seen: Vec<Token>,
    /// Whether white space counts.
    exact: bool,
}

impl Default for Book<'_> {
    fn default() -> Self {
        Self {
            lines: Interner::new(1_024),
            seen: Interner::new(1_024),
            as_seen: Vec::new(),
            exact: false,
        }
    }
}

impl Book<'_> {
    /// A book for the states of a file that a change leads from one to the other. White space counts where it is all that the
    /// change is about.
    pub fn of_change(before: &[u8], after: &[u8]) -> Self {
        let says = |byte: &&u8| !byte.is_ascii_whitespace();
        Self {
            exact: before.iter().filter(says).eq(after.iter().filter(says)),
            ..Self::default()
        }
    }
}

/// A state of a file.
pub(crate) type Lines = Vec<Token>;

/// A change between two states: a range of lines before, and the range after that took its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub before: std::ops::Range<usize>,
    pub after: std::ops::Range<usize>,
}

impl<'a> Book<'a> {
    /// Reads a state. Bytes are taken as they are: no encoding is assumed.
    pub fn read(&mut self, bytes: &'a [u8]) -> Lines {
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if text.is_empty() {
            return Vec::new();
        }
        text.split(|byte| *byte == b'\n').map(|line| self.token(line)).collect()
    }

    fn token(&mut self, line: &'a [u8]) -> Token {
        let seen = self.seen.intern(line).0 as usize;
        if seen == self.as_seen.len() {
            let line = if self.exact { line.to_vec() } else { plain(line) };
            let token = self.lines.intern(line);
            self.as_seen.push(token);
        }
        self.as_seen[seen]
    }

    fn count(&self) -> u32 {
        self.lines.num_tokens()
    }

    /// Whether a line says something: an empty one or a lone bracket does not, and an `#include` is never the fix itself.
    pub fn says_something(&self, line: Token) -> bool {
        let line = &self.lines[line];
        if line.starts_with(b"#include") {
            return false;
        }
        line.iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80)
            .count()
            > 1
            && !matches!(
                line.as_slice(),
                b"#endif" | b"#else" | b"else" | b"}else{" | b"else{" | b"break;" | b"do{" | b"fi" | b"done" | b"end"
            )
    }

    /// Whether a line can tell where something is: any with words in it.
    pub fn has_words(&self, line: Token) -> bool {
        let line = &self.lines[line];
        line.iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80)
            .count()
            > 1
    }

    /// A number that is the same for the same line in any book.
    pub fn print_of(&self, line: Token) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.lines[line].hash(&mut hasher);
        hasher.finish()
    }

    /// The changes from one state to another.
    pub fn blocks(&self, before: &Lines, after: &Lines) -> Vec<Block> {
        let mut diff = Diff::default();
        diff.compute_with(Algorithm::Histogram, before, after, self.count());
        let range = |range: std::ops::Range<u32>| range.start as usize..range.end as usize;
        diff.hunks()
            .map(|hunk| Block {
                before: range(hunk.before),
                after: range(hunk.after),
            })
            .collect()
    }

    /// For every line of one state its counterpart in another.
    pub fn counterparts(&self, of: &Lines, within: &Lines) -> Vec<Option<usize>> {
        let mut found = vec![None; of.len()];
        let (mut here, mut there) = (0, 0);
        for block in self.blocks(of, within) {
            while here < block.before.start {
                found[here] = Some(there);
                (here, there) = (here + 1, there + 1);
            }
            (here, there) = (block.before.end, block.after.end);
        }
        while here < of.len() {
            found[here] = Some(there);
            (here, there) = (here + 1, there + 1);
        }
        found
    }
}

/// A line without its white space: branches are formatted in different ways, and no fix is white space alone.
fn plain(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len());
    for word in line.split(u8::is_ascii_whitespace) {
        plain.extend_from_slice(word);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count() {
        let mut book = Book::default();
        let (one, other) = (book.read(b"\tif (a)\n  b;\n"), book.read(b"    if  (a)\r\nb;"));
        assert_eq!(one, other);
        assert!(book.read(b"").is_empty());
    }

    #[test]
    fn white_space_counts_where_it_is_all_there_is() {
        let (before, after) = (b"  a\nb\n".as_slice(), b"a\nb\n".as_slice());
        let mut book = Book::of_change(before, after);
        let (one, other) = (book.read(before), book.read(after));
        assert_eq!(book.blocks(&one, &other).len(), 1);
        assert!(!Book::of_change(b"a", b"b").exact);
    }

    #[test]
    fn counterparts_step_over_changes() {
        let mut book = Book::default();
        let (one, other) = (book.read(b"a\nb\nc\nd\n"), book.read(b"a\nx\ny\nc\nd\n"));
        assert_eq!(book.counterparts(&one, &other), [Some(0), None, Some(3), Some(4)]);
        assert_eq!(
            book.blocks(&one, &other),
            [Block {
                before: 1..2,
                after: 1..3
            }]
        );
    }

    #[test]
    fn brackets_say_nothing() {
        let mut book = Book::default();
        let lines = book.read(b"}\nreturn;\n\n/* */\n");
        let says: Vec<_> = lines.iter().map(|line| book.says_something(*line)).collect();
        assert_eq!(says, [false, true, false, false]);
    }
}
