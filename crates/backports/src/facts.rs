//! What a commit says of itself: who made it, what it names, what it reverts. Never changes, so it is read once and kept.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use git2::{Commit, Oid};
use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// An id with fewer digits names nothing.
const SHORTEST_ID: usize = 9;
/// What stands on the line of a source's id: git's own trailer (`cherry picked from commit …`), and the forms of stable trees
/// (`[ upstream commit … ]`, `commit … upstream.`, `master commit: …`).
static SOURCES: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
    [
        "picked from",
        "upstream",
        "backport",
        "from commit",
        "master commit",
        "main commit",
    ]
    .map(Finder::new)
});
static REVERTS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("this reverts"));

/// What a commit says of itself. Bytes that are no UTF-8 are replaced, the same way each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub parents: Vec<Id>,
    /// Seconds since 1970.
    pub committed: i64,
    /// Seconds since 1970.
    pub authored: i64,
    /// The author's address, in small letters.
    pub author: String,
    /// See [`subject`].
    pub subject: String,
    /// The ids, whole or not, that its message names as its source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The id, whole or not, of the commit that its message says it reverts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
}

/// An object's id, written as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Id(pub Oid);

impl TryFrom<String> for Id {
    type Error = git2::Error;
    fn try_from(text: String) -> Result<Self, git2::Error> {
        Oid::from_str(&text).map(Self)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.to_string()
    }
}

impl Facts {
    pub fn of(commit: &Commit<'_>) -> Self {
        let author = commit.author();
        let message = commit.message_bytes();
        let plain = message.to_ascii_lowercase();
        Self {
            parents: commit.parent_ids().map(Id).collect(),
            committed: commit.time().seconds(),
            authored: author.when().seconds(),
            author: String::from_utf8_lossy(author.email_bytes()).to_ascii_lowercase(),
            subject: subject(message),
            sources: sources(&plain),
            reverts: reverted(&plain),
        }
    }

    /// Whether the message names a commit as its source.
    pub fn names(&self, id: Oid) -> bool {
        !self.sources.is_empty() && {
            let id = id.to_string();
            self.sources.iter().any(|source| id.starts_with(source.as_str()))
        }
    }

    /// Whether author and author date are the same.
    pub fn same_author(&self, other: &Self) -> bool {
        self.authored == other.authored && self.author == other.author
    }
}

/// The first line, without what carriers put before it ("[stable] ", "[PATCH 2/3] "), in small letters.
fn subject(message: &[u8]) -> String {
    let mut line = message
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    line = line.trim_ascii();
    while let Some(rest) = line.strip_prefix(b"[").and_then(|rest| {
        let end = rest.iter().position(|byte| *byte == b']')?;
        Some(rest[end + 1..].trim_ascii_start())
    }) {
        if rest.is_empty() {
            break;
        }
        line = rest;
    }
    String::from_utf8_lossy(line).to_ascii_lowercase()
}

/// The ids on lines that name a source; `message` in small letters.
fn sources(message: &[u8]) -> Vec<String> {
    let mut lines = BTreeSet::new();
    for at in SOURCES.iter().flat_map(|say| say.find_iter(message)) {
        let start = memchr::memrchr(b'\n', &message[..at]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &message[at..]).map_or(message.len(), |length| at + length);
        lines.insert((start, end));
    }
    let lines = lines.into_iter().map(|(start, end)| &message[start..end]);
    lines
        .filter(|line| REVERTS.find(line).is_none())
        .flat_map(words)
        .filter_map(id)
        .collect()
}

/// The id after "this reverts commit"; `message` in small letters.
fn reverted(message: &[u8]) -> Option<String> {
    let says = |at: usize| message[at..].strip_prefix(b"this reverts commit");
    let rest = REVERTS.find_iter(message).find_map(says)?;
    id(words(rest).find(|word| !word.is_empty())?)
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii_alphanumeric())
}

fn is_id(word: &[u8]) -> bool {
    (SHORTEST_ID..=40).contains(&word.len()) && word.iter().all(u8::is_ascii_hexdigit)
}

fn id(word: &[u8]) -> Option<String> {
    is_id(word).then(|| String::from_utf8_lossy(word).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_without_what_carriers_put_before_it() {
        for (message, expected) in [
            ("Fix it\n\nbody", "fix it"),
            ("\n[ 9.18 ] [PATCH 1/2] Fix it", "fix it"),
            ("[alone]", "[alone]"),
            ("", ""),
        ] {
            assert_eq!(subject(message.as_bytes()), expected, "{message:?}");
        }
    }

    #[test]
    fn sources_are_named_in_several_ways() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for message in [
            format!("x\n\n(cherry picked from commit {id})"),
            format!("x\n\n[ upstream commit {id} ]"),
            format!("x\n\ncommit {id} upstream."),
            format!("x\n\nmaster commit: {id}\nmaster date: 2021-01-01 10:00:00 +0100"),
            format!("x\n\nCherry picked from commit {}", id.to_uppercase()),
        ] {
            assert_eq!(sources(message.to_lowercase().as_bytes()), [id], "{message}");
        }
        assert_eq!(
            sources(format!("x\n\nbackport of {}.", &id[..9]).as_bytes()),
            [&id[..9]]
        );
        for message in [
            format!("x\n\nFixes: {id}"),
            format!("x\n\ncommit {} upstream", &id[..8]),
            format!("x\n\nThis reverts commit {id} upstream."),
        ] {
            assert!(sources(message.to_lowercase().as_bytes()).is_empty(), "{message}");
        }
    }

    #[test]
    fn a_revert_names_what_it_reverts() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for message in [
            format!("Revert \"x\"\n\nThis reverts commit {id}."),
            format!("x\n\nthis reverts commit {id}"),
        ] {
            assert_eq!(reverted(message.to_lowercase().as_bytes()).as_deref(), Some(id));
        }
        assert_eq!(reverted(b"x\n\nthis reverts commit of yesterday."), None);
    }
}
