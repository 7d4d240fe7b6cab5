//! The bot's own clone of a project: a bare repository with the branches of both sides under references of its own, and
//! every head that it ever replaced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use embargod_core::{BranchName, CaseId, CommitId};

use crate::command::{GitError, git_text, git_with, text};
use crate::remote::Remote;

/// Whose branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The public repository's.
    Public,
    /// The private mirror's.
    Mirror,
}

impl Side {
    fn prefix(self) -> &'static str {
        match self {
            Self::Public => "refs/public/",
            Self::Mirror => "refs/mirror/",
        }
    }
}

/// The clone.
#[derive(Debug, Clone)]
pub struct Clone {
    path: PathBuf,
}

impl Clone {
    /// Opens the clone at a path, made where it is missing.
    pub async fn open(path: &Path) -> Result<Self, GitError> {
        if !path.join("HEAD").exists() {
            std::fs::create_dir_all(path)?;
            git_text(path, "init", &["--quiet", "--bare", "."]).await?;
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Brings the branches of one side up to date, those that are gone included.
    pub async fn fetch(&self, remote: &Remote, side: Side) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
        const VERB: &str = "fetch";
        let refspec = format!("+refs/heads/*:{}*", side.prefix());
        let arguments = [
            "--quiet",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            "--",
            remote.url(),
            &refspec,
        ];
        text(VERB, git_with(remote, &self.path, VERB, &arguments).await?)?;
        self.branches(side).await
    }

    /// The branches of one side as they were when it was fetched last.
    pub async fn branches(&self, side: Side) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
        const VERB: &str = "for-each-ref";
        let prefix = side.prefix();
        let text = git_text(&self.path, VERB, &["--format=%(objectname) %(refname)", prefix]).await?;
        let mut branches = BTreeMap::new();
        for line in text.lines() {
            let (id, reference) = line.split_once(' ').ok_or(GitError::Form(VERB))?;
            let name = reference.strip_prefix(prefix).ok_or(GitError::Form(VERB))?;
            // A branch with a name that we would not write ourselves is none of ours.
            if let Ok(name) = name.parse() {
                branches.insert(name, id.parse().map_err(|_| GitError::Form(VERB))?);
            }
        }
        Ok(branches)
    }

    /// Keeps a commit of a case for good, whatever becomes of its branch.
    pub async fn keep(&self, case: CaseId, commit: &CommitId) -> Result<(), GitError> {
        let reference = format!("refs/kept/{case}/{commit}");
        git_text(&self.path, "update-ref", &[&reference, commit.as_str()])
            .await
            .map(|_| ())
    }
}
