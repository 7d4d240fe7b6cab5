//! What is compared of a line: branches are formatted in different ways.

/// For each byte 0 where it is white space, and 1 where it is not.
const COUNTS: [usize; 256] = {
    let mut counts = [1; 256];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_whitespace() {
            counts[byte] = 0;
        }
        byte += 1;
    }
    counts
};

/// Which white space of a line counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum White {
    /// None: branches are formatted in different ways, and no fix is white space alone.
    Nothing,
    /// What stands before its first word: there the language is about it.
    Indent,
    /// All of it.
    All,
}

impl White {
    /// What counts in a file of this name.
    pub fn of(path: &[u8]) -> Self {
        let ending = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        match ending {
            b"py" | b"pyi" | b"pyx" | b"yml" | b"yaml" | b"coffee" | b"haml" | b"nim" | b"pug" | b"sass" => {
                Self::Indent
            }
            _ => Self::Nothing,
        }
    }
}

/// What is compared of a line, written into a room that is kept from line to line: to make room for each one takes time.
pub(crate) fn compared<'r>(line: &[u8], white: White, room: &'r mut Vec<u8>) -> &'r [u8] {
    if room.len() < line.len() {
        room.resize(line.len(), 0);
    }
    let mut end = match (white, line.trim_ascii_start()) {
        (White::All, _) => line.len(),
        // An empty line has no depth.
        (White::Nothing, _) | (White::Indent, []) => 0,
        (White::Indent, worded) => line.len() - worded.len(),
    };
    room[..end].copy_from_slice(&line[..end]);
    // To write what the next byte takes the place of is faster than to ask about each one first.
    for byte in &line[end..] {
        room[end] = *byte;
        end += COUNTS[usize::from(*byte)];
    }
    &room[..end]
}
