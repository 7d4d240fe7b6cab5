//! What a commit says of itself: who made it, what it names, what it reverts. Never changes, so it is read once and kept.

use std::ops::Range;
use std::sync::LazyLock;

use git2::Oid;
use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use crate::revisions::Revisions;
use crate::title::Title;

/// An id with fewer digits names nothing.
const SHORTEST_ID: usize = 9;
/// How many digits a whole id has.
const LONGEST_ID: usize = 40;
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
/// What stands between the header of a commit and its message.
static HEADER_ENDS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\n\n"));
static REVERTS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("this reverts"));
/// What stands before the id of a commit that is reverted: git's own words.
const REVERTS_COMMIT: &[u8] = b"this reverts commit";

/// How the line begins in which Gerrit names a change, by the same id in all branches
/// (<https://gerrit-review.googlesource.com/Documentation/user-changeid.html>).
static CHANGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\nChange-Id: I"));

/// So far before an id it is looked for, in bytes.
const FARTHEST: usize = 64;

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
    /// See [`Title::subject`].
    pub subject: String,
    /// See [`Title::request`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    /// See [`Title::requests`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<u64>,
    /// See [`Revisions::own`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// See [`Revisions::carried`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<u64>,
    /// The change that it is on Gerrit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Id>,
    /// The ids, whole or not, that its message names as its source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The id, whole or not, of the commit that its message says it reverts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
    /// The request that it says it reverts, where no id says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts_request: Option<u64>,
    /// See [`Revisions::reverted`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts_revision: Option<u64>,
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
    /// Reads a commit as git stores it: a header of lines, an empty line, the message. libgit2 would take a fifth of the time of a
    /// whole question to make objects of what is not asked for. What is not there, as in a damaged commit, is empty or 0.
    pub fn of(commit: &[u8]) -> Self {
        let end = HEADER_ENDS.find(commit).unwrap_or(commit.len());
        let (header, message) = (&commit[..end], &commit[commit.len().min(end + 2)..]);
        let named = Title::of(message);
        let revisions = Revisions::of(message);
        let mut facts = Self {
            parents: Vec::new(),
            committed: 0,
            authored: 0,
            author: String::new(),
            subject: named.subject(),
            request: named.request,
            requests: named.requests,
            revision: revisions.own,
            revisions: revisions.carried,
            change: change(message),
            sources: Vec::new(),
            reverts: None,
            reverts_request: None,
            reverts_revision: revisions.reverted,
        };
        for line in header.split(|byte| *byte == b'\n') {
            if let Some(parent) = line.strip_prefix(b"parent ") {
                let id = std::str::from_utf8(parent).ok().and_then(|id| Oid::from_str(id).ok());
                facts.parents.extend(id.map(Id));
            } else if let Some(person) = line.strip_prefix(b"author ") {
                (facts.author, facts.authored) = address_and_time(person);
            } else if let Some(person) = line.strip_prefix(b"committer ") {
                facts.committed = address_and_time(person).1;
                // What follows, such as a signature, is not asked about.
                break;
            }
        }
        let (mut line, mut is_source) = (0..0, false);
        for id in ids(message) {
            let text = String::from_utf8_lossy(&message[id.clone()]).to_ascii_lowercase();
            if !line.contains(&id.start) {
                // Once for all ids of a line, of which there may be any number.
                line = line_of(message, id.start);
                let plain = message[line.clone()].to_ascii_lowercase();
                is_source = SOURCES.iter().any(|say| say.find(&plain).is_some()) && REVERTS.find(&plain).is_none();
            }
            if facts.reverts.is_none() && is_reverted(&message[..id.start]) {
                facts.reverts = Some(text);
            } else if is_source {
                facts.sources.push(text);
            }
        }
        facts.reverts_request = named.reverts.filter(|_| facts.reverts.is_none());
        facts
    }

    /// Whether the message names a commit as its source, by its id, its revision, or the request by which it was merged; or says
    /// that it is the same change.
    pub fn names(&self, id: Oid, source: &Self) -> bool {
        let by_id = || {
            let id = id.to_string();
            self.sources.iter().any(|source| id.starts_with(source.as_str()))
        };
        let by_request = || source.request.is_some_and(|number| self.requests.contains(&number));
        let by_revision = || source.revision.is_some_and(|number| self.revisions.contains(&number));
        let by_change = || source.change.is_some() && source.change == self.change;
        !self.sources.is_empty() && by_id() || by_request() || by_revision() || by_change()
    }

    /// Whether author and author date are the same.
    pub fn same_author(&self, other: &Self) -> bool {
        self.authored == other.authored && self.author == other.author
    }
}

/// The change that a message names last: those above may be of what was squashed into it.
fn change(message: &[u8]) -> Option<Id> {
    let start = CHANGE.find_iter(message).last()? + CHANGE.needle().len();
    let line = message[start..].split(|byte| *byte == b'\n').next()?.trim_ascii_end();
    let text = std::str::from_utf8(line).ok().filter(|text| text.len() == LONGEST_ID)?;
    Oid::from_str(text).ok().map(Id)
}

/// The address, in small letters, and the seconds since 1970 of `Name <address> seconds zone`.
fn address_and_time(person: &[u8]) -> (String, i64) {
    let Some(end) = memchr::memrchr(b'>', person) else {
        return (String::new(), 0);
    };
    let start = memchr::memrchr(b'<', &person[..end]).map_or(0, |start| start + 1);
    let mut rest = person[end + 1..]
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let seconds = rest
        .next()
        .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
    let address = String::from_utf8_lossy(&person[start..end]).to_ascii_lowercase();
    (address, seconds.unwrap_or(0))
}

/// Where the words stand that may be ids. Most of a message is stepped over: of so many bytes in a row one must be looked at.
fn ids(message: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let last = at + SHORTEST_ID - 1;
            if !message.get(last)?.is_ascii_hexdigit() {
                at = last + 1;
                continue;
            }
            let digit = |byte: &u8| byte.is_ascii_hexdigit();
            let before = message[at..last].iter().rposition(|byte| !digit(byte));
            let start = before.map_or(at, |end| at + end + 1);
            let length = message[last..].iter().position(|byte| !digit(byte));
            let end = length.map_or(message.len(), |length| last + length);
            at = end;
            let alone = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
            let before = start.checked_sub(1).and_then(|before| message.get(before));
            if (SHORTEST_ID..=LONGEST_ID).contains(&(end - start)) && alone(before) && alone(message.get(end)) {
                return Some(start..end);
            }
        }
    })
}

/// The line around a place.
fn line_of(message: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &message[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &message[at..]).map_or(message.len(), |length| at + length);
    start..end
}

/// Whether an id is the one that is reverted, by what stands before it.
fn is_reverted(before: &[u8]) -> bool {
    let nearest = &before[before.len().saturating_sub(FARTHEST)..];
    let end = nearest
        .iter()
        .rposition(u8::is_ascii_alphanumeric)
        .map_or(0, |last| last + 1);
    let start = end.saturating_sub(REVERTS_COMMIT.len());
    nearest[start..end].eq_ignore_ascii_case(REVERTS_COMMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_squash_has_the_number_of_its_request_and_its_backport_both() {
        let fix = facts("Fix it (#12)\n\nbody (#13)");
        assert_eq!((fix.subject.as_str(), fix.request), ("fix it", Some(12)));
        let id = Oid::from_bytes(&[1; 20]).expect("an id");
        for (message, request) in [
            ("[2.x] Fix it (#12) (#40)", Some(40)),
            ("Fix it (backport #12) (#40)", Some(40)),
            ("Fix it (cherry-pick of #12)", Some(12)),
            ("[3.11] Fix it (GH-12) (#40)", Some(40)),
            ("Fix it (#12)", Some(12)),
            ("Cherry-pick #12: Fix it", None),
        ] {
            let backport = facts(message);
            assert_eq!(backport.request, request, "{message}");
            assert!(backport.names(id, &fix), "{message}");
            assert_eq!(backport.subject, fix.subject, "{message}");
        }
        for message in [
            "Fix it (#120)",
            "Fix it (12)",
            "Revert \"Fix it (#12)\" (#41)",
            "Fix it (# 12)",
            "x\n\n#12",
        ] {
            assert!(!facts(message).names(id, &fix), "{message}");
        }
        assert!(!facts("Fix it").names(id, &facts("Fix it")));
    }

    #[test]
    fn a_change_of_gerrit_has_one_id_in_all_branches() {
        let change = "0123456789abcdef0123456789abcdef01234567";
        let fix = facts(&format!("Fix it\n\nChange-Id: I{change}\n"));
        let id = Oid::from_bytes(&[1; 20]).expect("an id");
        for (message, names) in [
            (format!("Fix that\n\nChange-Id: I{change}\r\nSigned-off-by: a"), true),
            (
                format!("x\n\nChange-Id: I{}\n\nChange-Id: I{change}", "0".repeat(40)),
                true,
            ),
            (
                format!("x\n\nChange-Id: I{change}\n\nChange-Id: I{}", "0".repeat(40)),
                false,
            ),
            (format!("x\n\nChange-Id: I{change}0"), false),
            (format!("x\n\nChange-Id: I{}", &change[..39]), false),
            (format!("x\n\nChange-Id: Ix{}", &change[..39]), false),
            (format!("x\n\nDepends-On: I{change}"), false),
            ("x\n\nChange-Id: I".to_owned(), false),
        ] {
            assert_eq!(facts(&message).names(id, &fix), names, "{message}");
        }
        assert!(!facts("Fix it").names(id, &facts("Fix it")));
    }

    fn facts(message: &str) -> Facts {
        Facts::of(format!("tree 0\n\n{message}").as_bytes())
    }

    #[test]
    fn a_commit_is_read_as_git_stores_it() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            "tree {id}\nparent {id}\nparent {id}\nauthor A <B> <A@Example.org> 12 +0100\ncommitter C <c@x> -34 -0000\n\
             gpgsig parent {id}\n committer D <d@x> 1 +0000\n \n\n[PATCH] Fix\n\nwhy"
        );
        let facts = Facts::of(text.as_bytes());
        assert_eq!(facts.parents.len(), 2);
        assert_eq!((facts.author.as_str(), facts.authored), ("a@example.org", 12));
        assert_eq!((facts.subject.as_str(), facts.committed), ("fix", -34));
        for damaged in ["", "\n\n", "parent x\nauthor\ncommitter nobody\n\n", "author <> now\n"] {
            let facts = Facts::of(damaged.as_bytes());
            assert_eq!(
                (facts.parents.len(), facts.authored, facts.subject.as_str()),
                (0, 0, ""),
                "{damaged:?}"
            );
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
            assert_eq!(facts(&message).sources, [id], "{message}");
        }
        assert_eq!(facts(&format!("x\n\nbackport of {}.", &id[..9])).sources, [&id[..9]]);
        let two = format!("x\n\nbackport of {} and\n{id} with {id} upstream", &id[..12]);
        assert_eq!(facts(&two).sources, [&id[..12], id, id]);
        for message in [
            format!("x\n\nFixes: {id}"),
            format!("x\n\ncommit {} upstream", &id[..8]),
            format!("x\n\ncommit {id}0 upstream"),
            format!("x\n\ncommit z{id} upstream"),
            format!("x\n\nThis reverts commit {id} upstream."),
        ] {
            assert!(facts(&message).sources.is_empty(), "{message}");
        }
    }

    #[test]
    fn a_revert_names_what_it_reverts() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for message in [
            format!("Revert \"x\"\n\nThis reverts commit {id}."),
            format!("x\n\nthis reverts commit {id}"),
            format!("x\n\nFixes: {id}\n\nThis reverts commit\n{id}."),
        ] {
            assert_eq!(facts(&message).reverts.as_deref(), Some(id));
        }
        assert_eq!(facts("x\n\nthis reverts commit of yesterday.").reverts, None);
        let both = facts(&format!("Revert \"Fix it (#12)\" (#41)\n\nThis reverts commit {id}."));
        assert_eq!((both.reverts.as_deref(), both.reverts_request), (Some(id), None));
    }
}
