//! Where the fix series comes from: the security branch of main, unless somebody says otherwise.

use serde::{Deserialize, Serialize};

use super::{Case, CaseView, Event};
use crate::names::{BranchName, CommitId};

/// Another place where the fix series comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixSource {
    /// The security branch of another target: main never had the flaw, or has another fix.
    Branch(BranchName),
    /// Commits that are public on main already: they are carried to the other branches.
    Public(Vec<CommitId>),
}

type Answer = Result<(Vec<Event>, String), String>;

impl Case {
    /// The branch whose security branch holds the fix series; for public commits it is main, which has them.
    pub fn source<'a>(&'a self, main: &'a BranchName) -> &'a BranchName {
        match &self.fix_source {
            Some(FixSource::Branch(branch)) => branch,
            Some(FixSource::Public(_)) | None => main,
        }
    }

    /// The public commits that are the fix, where they are.
    pub fn public_fix(&self) -> Option<&[CommitId]> {
        match &self.fix_source {
            Some(FixSource::Public(commits)) => Some(commits),
            _ => None,
        }
    }

    pub(super) fn take_from(&self, branch: &BranchName, view: &CaseView) -> Answer {
        if !view.targets.contains_key(branch) {
            return Err(format!("{branch} is not a target branch of this case"));
        }
        if self.fix_source.is_none() && *branch == view.main {
            return Err("the fix comes from there already".into());
        }
        let source = Some(FixSource::Branch(branch.clone()));
        let answer = format!(
            "the fix series is taken from the security branch of {branch}; a branch that needs none is waived by name: \
             `/embargo not-affected BRANCH because …`"
        );
        Ok((vec![Event::FixSourceChanged { source }], answer))
    }

    /// The commits were looked up on the public main branch by whoever calls.
    pub(super) fn take_public(&self, commits: &[String]) -> Answer {
        let commits: Result<Vec<CommitId>, _> = commits.iter().map(|commit| commit.parse()).collect();
        let commits = commits.map_err(|_| "a commit could not be found on the public main branch".to_owned())?;
        let names: Vec<_> = commits.iter().map(|commit| commit.short().to_owned()).collect();
        let answer = format!(
            "the fix is {}, public on main; it is carried to the other branches",
            names.join(", ")
        );
        let source = Some(FixSource::Public(commits));
        Ok((vec![Event::FixSourceChanged { source }], answer))
    }
}
