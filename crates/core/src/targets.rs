//! Target branches: main and every stable branch of the public repository that is still maintained.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::names::BranchName;

/// Which branches a project maintains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintained {
    /// The main branch.
    pub main: BranchName,
    /// The stable branches.
    pub stable: Vec<StableRule>,
}

/// A rule that names stable branches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StableRule {
    /// Which branches.
    pub which: Which,
    /// The first day (UTC) on which they are no longer maintained.
    pub end_of_life: Option<Date>,
}

/// One branch, or all that fit a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The branch of this name.
    Name(BranchName),
    /// Branches whose names fit: `*` within a part of the name, `**` across parts.
    Glob(String),
}

impl Maintained {
    /// The target branches among the public ones on this day: main first, then the stable ones by name.
    ///
    /// A rule with a name goes before a pattern, so that a branch which fits `v*-maint` can still reach its end of life.
    /// Where only patterns fit, the first one counts. Main is a target even where a pattern would end its life.
    pub fn targets(&self, public: &BTreeSet<BranchName>, today: Date) -> Vec<BranchName> {
        let main = public.get(&self.main).into_iter();
        let stable = public
            .iter()
            .filter(|branch| **branch != self.main && self.is_maintained(branch, today));
        main.chain(stable).cloned().collect()
    }

    fn is_maintained(&self, branch: &BranchName, today: Date) -> bool {
        let named = self
            .stable
            .iter()
            .find(|rule| matches!(&rule.which, Which::Name(name) if name == branch));
        let fits = |rule: &&StableRule| matches!(&rule.which, Which::Glob(pattern) if glob_match::glob_match(pattern, branch.as_str()));
        let rule = named.or_else(|| self.stable.iter().find(fits));
        rule.is_some_and(|rule| rule.end_of_life.is_none_or(|day| today < day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branches(names: &[&str]) -> BTreeSet<BranchName> {
        names
            .iter()
            .map(|name| name.parse().expect("a valid branch name"))
            .collect()
    }

    fn targets(on: &str) -> Vec<String> {
        let maintained = Maintained {
            main: "master".parse().expect("valid"),
            stable: vec![
                StableRule {
                    which: Which::Glob("v*-maint".into()),
                    end_of_life: None,
                },
                StableRule {
                    which: Which::Name("v5.0-maint".parse().expect("valid")),
                    end_of_life: Some("2026-01-01".parse().expect("a day")),
                },
            ],
        };
        let public = branches(&["v5.0-maint", "v9.0-maint", "topic", "master", "v9/x-maint"]);
        maintained
            .targets(&public, on.parse().expect("a day"))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_named_end_of_life_beats_the_pattern() {
        assert_eq!(targets("2025-12-31"), ["master", "v5.0-maint", "v9.0-maint"]);
        assert_eq!(targets("2026-01-01"), ["master", "v9.0-maint"]);
    }

    #[test]
    fn what_does_not_exist_is_no_target() {
        let maintained = Maintained {
            main: "main".parse().expect("valid"),
            stable: vec![],
        };
        let today = "2026-01-01".parse().expect("a day");
        assert!(maintained.targets(&branches(&["master"]), today).is_empty());
    }
}
