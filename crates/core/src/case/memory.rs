//! What the bot must remember of the branches of a case, because nobody else could tell it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::names::{BranchName, CommitId};

/// What the bot remembers of its earlier work on a case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Commits that the bot itself wrote. A head made of them alone was touched by nobody.
    pub written: BTreeSet<CommitId>,
    /// What became of commits of the fix series that were replaced: by a rebuild, or by a person's new version.
    pub successors: BTreeMap<CommitId, CommitId>,
    /// The fix series as it was seen last.
    pub fixes: Vec<CommitId>,
    /// Every commit that ever was in the fix series.
    pub past: BTreeSet<CommitId>,
    /// The heads of the security branches as they were wanted last.
    pub heads: BTreeMap<BranchName, CommitId>,
    /// The public tips that they were made for.
    pub public_tips: BTreeMap<BranchName, CommitId>,
}
