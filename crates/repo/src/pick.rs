//! What a commit would be on another branch: the merge that `git cherry-pick` makes, without a work tree.

use std::collections::BTreeMap;
use std::path::Path;

use embargod_core::CommitId;

use crate::command::{GitError, git, git_text};
use crate::merge::orphan;

const VERB: &str = "merge-tree";

/// The outcome of a pick. Nothing is written but objects; no branch moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// It applies and gives this tree.
    Clean {
        /// The tree's id.
        tree: String,
    },
    /// It applies and changes nothing: what it does is there already.
    Empty,
    /// It conflicts in these files. A person must resolve it.
    Conflict {
        /// Paths as git has them, which need not be UTF-8, and the hunks in conflict, with markers, for people.
        files: BTreeMap<Vec<u8>, Vec<String>>,
    },
}

/// What the change of a commit gives on another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The tree; where it conflicts, the files have both versions between markers.
    pub tree: String,
    /// Whether git merged it all. A conflict about where folders went has no files of its own.
    pub clean: bool,
    /// The files in conflict, by their paths as git has them, which need not be UTF-8.
    pub conflicts: BTreeMap<Vec<u8>, Sides>,
}

/// The three sides of a file in conflict, each as its mode and blob; nothing where the file is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sides {
    /// Before the change.
    pub base: Option<String>,
    /// Where it is to go.
    pub ours: Option<String>,
    /// After the change.
    pub theirs: Option<String>,
}

/// Applies what a commit changes, against its first parent, to another commit. Writes objects and moves nothing. A merge is
/// what it brought to its first parent, and a first commit is all of its files.
pub async fn apply(repository: &Path, commit: &CommitId, onto: &CommitId) -> Result<Applied, GitError> {
    let base = match parents(repository, commit).await?.into_iter().next() {
        Some(parent) => parent,
        None => orphan(repository)?.to_string(),
    };
    let base = format!("--merge-base={base}");
    let arguments = [
        "--write-tree",
        "-z",
        "--no-messages",
        &base,
        onto.as_str(),
        commit.as_str(),
    ];
    let output = git(repository, VERB, &arguments).await?;
    let clean = match output.status.code() {
        Some(0) => true,
        Some(1) => false,
        code => return Err(GitError::Failed { verb: VERB, code }),
    };
    let mut fields = output.stdout.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let tree = fields
        .next()
        .and_then(|tree| std::str::from_utf8(tree).ok())
        .map(|tree| tree.trim().to_owned())
        .ok_or(GitError::Form(VERB))?;
    let mut conflicts: BTreeMap<Vec<u8>, Sides> = BTreeMap::new();
    for field in fields {
        let (path, side, entry) = entry(field).ok_or(GitError::Form(VERB))?;
        let sides = conflicts.entry(path).or_default();
        match side {
            1 => sides.base = Some(entry),
            2 => sides.ours = Some(entry),
            _ => sides.theirs = Some(entry),
        }
    }
    Ok(Applied { tree, clean, conflicts })
}

/// One line of a conflict: `MODE BLOB STAGE<TAB>PATH`.
fn entry(field: &[u8]) -> Option<(Vec<u8>, u8, String)> {
    let tab = field.iter().position(|byte| *byte == b'\t')?;
    let (entry, stage) = std::str::from_utf8(&field[..tab]).ok()?.rsplit_once(' ')?;
    Some((field[tab + 1..].to_vec(), stage.parse().ok()?, entry.to_owned()))
}

async fn parents(repository: &Path, commit: &CommitId) -> Result<Vec<String>, GitError> {
    let line = git_text(repository, "rev-list", &["--parents", "-n", "1", commit.as_str()]).await?;
    Ok(line.split_whitespace().skip(1).map(str::to_owned).collect())
}

/// Picks a commit with one parent onto another commit. A merge or a root commit is refused: which of its changes are meant
/// is a person's question.
pub async fn pick(repository: &Path, commit: &CommitId, onto: &CommitId) -> Result<Pick, GitError> {
    if parents(repository, commit).await?.len() != 1 {
        return Err(GitError::NotOneParent);
    }
    let Applied { tree, clean, conflicts } = apply(repository, commit, onto).await?;
    if clean {
        let there = git_text(repository, "rev-parse", &[&format!("{onto}^{{tree}}")]).await?;
        return Ok(if there.trim() == tree {
            Pick::Empty
        } else {
            Pick::Clean { tree }
        });
    }
    let mut files = BTreeMap::new();
    for path in conflicts.into_keys() {
        let hunks = hunks(repository, &tree, &path).await?;
        files.insert(path, hunks);
    }
    Ok(Pick::Conflict { files })
}

/// The hunks in conflict of a merged file, bounded: enough to see what it is about.
async fn hunks(repository: &Path, tree: &str, path: &[u8]) -> Result<Vec<String>, GitError> {
    const MOST_HUNKS: usize = 10;
    const MOST_LINES: usize = 40;
    // A name that is no text, a file that one side deleted, a binary file: there are no hunks to show.
    let Ok(path) = std::str::from_utf8(path) else {
        return Ok(Vec::new());
    };
    let output = git(repository, "cat-file", &["blob", &format!("{tree}:{path}")]).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (mut found, mut hunk): (Vec<String>, Option<Vec<&str>>) = (Vec::new(), None);
    for line in text.lines() {
        if line.starts_with("<<<<<<< ") {
            hunk = Some(Vec::new());
        }
        if let Some(lines) = &mut hunk {
            if lines.len() < MOST_LINES {
                lines.push(line);
            }
            if line.starts_with(">>>>>>> ") {
                found.extend(hunk.take().map(|lines| lines.join("\n")));
            }
        }
    }
    found.truncate(MOST_HUNKS);
    Ok(found)
}
