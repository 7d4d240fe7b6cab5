//! The names that everything else is keyed by: cases, branches and commits.
//!
//! Each is parsed once, narrowly, where it enters; inside, the type is the proof that it is well formed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not of the form `YYYY-NNNN`.
    #[error("a case id has the form YYYY-NNNN, such as 2026-0007")]
    CaseId,
    /// Not a branch name that git would accept.
    #[error("not a valid branch name (see git check-ref-format)")]
    Branch,
    /// Not a full hexadecimal object id.
    #[error("a commit id has 40 or 64 lower-case hexadecimal digits")]
    Commit,
}

macro_rules! text_form {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.to_string()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }
    };
}

/// The id of a case, `YYYY-NNNN`: the year in which it was opened and a running number. It says nothing about the flaw.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId {
    year: u16,
    number: u32,
}

impl CaseId {
    /// The case with this running number (from 1) in this year (four digits).
    pub fn new(year: u16, number: u32) -> Result<Self, NameError> {
        if (1000..=9999).contains(&year) && number >= 1 {
            Ok(Self { year, number })
        } else {
            Err(NameError::CaseId)
        }
    }

    /// The year in which the case was opened.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The running number within the year, from 1.
    pub fn number(self) -> u32 {
        self.number
    }

    /// The security branch of this case for a target branch: `embargo/<case>/<target>`.
    pub fn security_branch(self, target: &BranchName) -> BranchName {
        BranchName(format!("embargo/{self}/{target}"))
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:04}", self.year, self.number)
    }
}

impl FromStr for CaseId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (year, number) = text.split_once('-').ok_or(NameError::CaseId)?;
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || number.len() < 4 || number.len() > 9 || !digits(year) || !digits(number) {
            return Err(NameError::CaseId);
        }
        if number.len() > 4 && number.starts_with('0') {
            return Err(NameError::CaseId);
        }
        Self::new(
            year.parse().map_err(|_| NameError::CaseId)?,
            number.parse().map_err(|_| NameError::CaseId)?,
        )
    }
}

text_form!(CaseId);

/// The short name of a branch (without `refs/heads/`), valid by the rules of `git check-ref-format`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BranchName(String);

impl BranchName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full reference, `refs/heads/<name>`.
    pub fn reference(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for BranchName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let forbidden = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
        let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
        let bad = text.is_empty()
            || text.len() > 200
            || text == "@"
            || text == "HEAD"
            || text.starts_with('-')
            || text.ends_with('.')
            || text.contains("..")
            || text.contains("@{")
            || text.chars().any(forbidden)
            || text.split('/').any(bad_part);
        if bad {
            Err(NameError::Branch)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

text_form!(BranchName);

/// A full commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

impl CommitId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for CommitId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Commit)
        }
    }
}

text_form!(CommitId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_ids_have_one_form() {
        for good in ["2026-0007", "2026-9999", "2026-10000"] {
            assert_eq!(good.parse::<CaseId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "2026",
            "2026-7",
            "2026-00007",
            "26-0007",
            "2026-0000",
            "2026-+007",
            "2026-0007 ",
        ] {
            assert_eq!(bad.parse::<CaseId>(), Err(NameError::CaseId), "{bad:?}");
        }
    }

    #[test]
    fn branch_names_follow_git() {
        for good in ["master", "v9.0-maint", "release/1.2", "embargo/2026-0007/master"] {
            assert!(good.parse::<BranchName>().is_ok(), "{good:?}");
        }
        for bad in [
            "", "-x", "a..b", "a b", "a/", "/a", "a//b", ".a", "a/.b", "a.lock", "a~1", "@", "HEAD", "a@{1}", "a\n",
        ] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn commit_ids_are_full_and_lower_case() {
        assert!("a".repeat(40).parse::<CommitId>().is_ok());
        assert!("0".repeat(64).parse::<CommitId>().is_ok());
        for bad in ["A".repeat(40), "a".repeat(39), "g".repeat(40), String::new()] {
            assert_eq!(bad.parse::<CommitId>(), Err(NameError::Commit), "{bad:?}");
        }
    }

    #[test]
    fn the_security_branch_is_named_after_case_and_target() {
        let case: CaseId = "2026-0007".parse().expect("valid");
        let target: BranchName = "v9.0-maint".parse().expect("valid");
        assert_eq!(case.security_branch(&target).as_str(), "embargo/2026-0007/v9.0-maint");
    }
}
