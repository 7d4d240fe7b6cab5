//! What a commit would be on another branch: the merge that `git cherry-pick` makes, without a work tree.

use std::collections::BTreeMap;
use std::path::Path;

use embargod_core::CommitId;

use crate::command::{GitError, git, git_text};

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

/// Picks a commit with one parent onto another commit. A merge or a root commit is refused: which of its changes are meant
/// is a person's question.
pub async fn pick(repository: &Path, commit: &CommitId, onto: &CommitId) -> Result<Pick, GitError> {
    let line = git_text(repository, "rev-list", &["--parents", "-n", "1", commit.as_str()]).await?;
    let mut ids = line.split_whitespace().skip(1);
    let (Some(parent), None) = (ids.next(), ids.next()) else {
        return Err(GitError::NotOneParent);
    };
    let base = format!("--merge-base={parent}");
    let arguments = [
        "--write-tree",
        "-z",
        "--name-only",
        "--no-messages",
        &base,
        onto.as_str(),
        commit.as_str(),
    ];
    let output = git(repository, VERB, &arguments).await?;
    let mut fields = output.stdout.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let tree = fields
        .next()
        .and_then(|tree| std::str::from_utf8(tree).ok())
        .map(|tree| tree.trim().to_owned());
    match (output.status.code(), tree) {
        (Some(0), Some(tree)) => {
            let there = git_text(repository, "rev-parse", &[&format!("{onto}^{{tree}}")]).await?;
            Ok(if there.trim() == tree {
                Pick::Empty
            } else {
                Pick::Clean { tree }
            })
        }
        (Some(1), Some(tree)) => {
            let mut files = BTreeMap::new();
            for path in fields {
                files.insert(path.to_vec(), hunks(repository, &tree, path).await?);
            }
            Ok(Pick::Conflict { files })
        }
        (code, _) => Err(GitError::Failed { verb: VERB, code }),
    }
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
