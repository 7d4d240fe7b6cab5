//! Lines of one file in several states, made comparable: white space does not count, and lines that say nothing weigh nothing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use imara_diff::{Algorithm, Diff, Interner, Token};

/// One file's lines in as many states as are asked about, each line a number.
#[derive(Default)]
pub(crate) struct Book {
    interner: Option<Interner<Vec<u8>>>,
}

/// A state of a file.
pub(crate) type Lines = Vec<Token>;

/// A change between two states: a range of lines before, and the range after that took its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub before: std::ops::Range<usize>,
    pub after: std::ops::Range<usize>,
}

impl Book {
    fn interner(&mut self) -> &mut Interner<Vec<u8>> {
        self.interner.get_or_insert_with(|| Interner::new(1_024))
    }

    /// Reads a state. Bytes are taken as they are: no encoding is assumed.
    pub fn read(&mut self, bytes: &[u8]) -> Lines {
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if text.is_empty() {
            return Vec::new();
        }
        let interner = self.interner();
        text.split(|byte| *byte == b'\n')
            .map(|line| interner.intern(plain(line)))
            .collect()
    }

    fn count(&mut self) -> u32 {
        self.interner().num_tokens()
    }

    /// Whether a line says something: an empty one or a lone bracket does not, and an `#include` is never the fix itself.
    pub fn says_something(&mut self, line: Token) -> bool {
        let line = &self.interner()[line];
        if line.starts_with(b"#include") || line.starts_with(b"# include") {
            return false;
        }
        line.iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80)
            .count()
            > 1
            && !matches!(
                line.as_slice(),
                b"#endif"
                    | b"#else"
                    | b"else"
                    | b"} else {"
                    | b"else {"
                    | b"break;"
                    | b"do {"
                    | b"fi"
                    | b"done"
                    | b"end"
            )
    }

    /// Whether a line can tell where something is: any with words in it.
    pub fn has_words(&mut self, line: Token) -> bool {
        let line = &self.interner()[line];
        line.iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80)
            .count()
            > 1
    }

    /// A number that is the same for the same line in any book.
    pub fn print_of(&mut self, line: Token) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.interner()[line].hash(&mut hasher);
        hasher.finish()
    }

    /// The changes from one state to another.
    pub fn blocks(&mut self, before: &Lines, after: &Lines) -> Vec<Block> {
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
    pub fn counterparts(&mut self, of: &Lines, within: &Lines) -> Vec<Option<usize>> {
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

/// A line without the white space that compilers and readers do not mind.
fn plain(line: &[u8]) -> Vec<u8> {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
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
