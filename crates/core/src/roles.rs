//! Who may do what: the roles that the configuration gives, and the one that each command needs.
//!
//! Whether a person is in a team is a fact of the forge; it arrives here as data, read right before the decision.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::command::Command;

/// A role in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Confirms, approves, acknowledges and waives.
    SecurityTeam,
    /// Sets the date, asks for the publication, aborts.
    ReleaseManager,
    /// Records CVEs.
    CveCoordinator,
    /// Looks at what comes from outside first.
    Moderator,
    /// Is told early, and backports to their own releases: by the configuration, or by consent on the roster.
    Vendor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::SecurityTeam,
        Self::ReleaseManager,
        Self::CveCoordinator,
        Self::Moderator,
        Self::Vendor,
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SecurityTeam => "the security team",
            Self::ReleaseManager => "the release managers",
            Self::CveCoordinator => "the CVE coordinators",
            Self::Moderator => "the moderators",
            Self::Vendor => "the vendors' engineers",
        })
    }
}

/// The roles of which a command needs one; empty: anyone who can see the issue.
pub fn needed(command: &Command) -> &'static [Role] {
    match command {
        Command::Until { .. } | Command::Lift { .. } | Command::Publish { .. } | Command::Abort { .. } => {
            &[Role::ReleaseManager]
        }
        // Whose answer to a proposal counts depends on what is proposed.
        Command::Extend { .. }
        | Command::Restart { .. }
        | Command::Agree
        | Command::Object { .. }
        | Command::NotifyVendors => &[Role::SecurityTeam, Role::ReleaseManager],
        Command::Cve { .. } | Command::CveWaive { .. } => &[Role::CveCoordinator],
        Command::Approve
        | Command::Confirm { .. }
        | Command::NotAffected { .. }
        | Command::Ack { .. }
        | Command::NotAVulnerability { .. }
        | Command::Duplicate { .. }
        | Command::Split { .. }
        | Command::FixSource { .. }
        | Command::Fix { .. } => &[Role::SecurityTeam],
        Command::Accept | Command::Reject { .. } | Command::Reply { .. } | Command::Reporter { .. } => {
            &[Role::Moderator, Role::SecurityTeam]
        }
        // Who may is for the roster to say: its members may do what the security team may.
        Command::Membership(_) => &[],
        Command::Status => &[],
    }
}

/// A person as the forge sees them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name on the forge.
    pub name: String,
    /// Whether the person can see the mirror at present.
    pub has_access: bool,
    /// The roles that the configuration gives to the name or to a team that the person is in at present.
    pub roles: BTreeSet<Role>,
}

impl Person {
    /// Whether the person may give this command; the error is the answer that they read.
    pub fn may(&self, command: &Command) -> Result<(), String> {
        let verb = command.verb();
        if !self.has_access {
            return Err(format!(
                "`/embargo {verb}` is for people with access to this repository"
            ));
        }
        let needed = needed(command);
        if needed.is_empty() || needed.iter().any(|role| self.roles.contains(role)) {
            return Ok(());
        }
        let names: Vec<_> = needed.iter().map(ToString::to_string).collect();
        Err(format!("`/embargo {verb}` is for {}", names.join(" or ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_command() -> Vec<Command> {
        let because = || "a reason".to_owned();
        let branch: crate::BranchName = "master".parse().expect("valid");
        vec![
            Command::Until {
                ends_at: jiff::Timestamp::UNIX_EPOCH,
                because: because(),
            },
            Command::Extend {
                ends_at: jiff::Timestamp::UNIX_EPOCH,
                because: because(),
            },
            Command::Restart { because: because() },
            Command::Lift { because: because() },
            Command::Agree,
            Command::Object { because: because() },
            Command::Confirm { because: because() },
            Command::Cve {
                id: "CVE-2026-1234".into(),
            },
            Command::CveWaive { because: because() },
            Command::Approve,
            Command::Publish { now: false },
            Command::Publish { now: true },
            Command::Abort { because: because() },
            Command::NotAffected {
                branch: branch.clone(),
                because: because(),
            },
            Command::Ack { branch },
            Command::NotAVulnerability { because: because() },
            Command::Duplicate {
                of: "2026-0008".parse().expect("valid"),
            },
            Command::Split { because: because() },
            Command::FixSource {
                branch: "master".parse().expect("valid"),
            },
            Command::Fix {
                commits: vec!["abcdef0".into()],
            },
            Command::NotifyVendors,
            Command::Accept,
            Command::Reject { because: because() },
            Command::Reply { text: because() },
            Command::Reporter {
                address: "r@example.org".into(),
            },
            Command::Membership(crate::roster::Membership::Consent),
            Command::Status,
        ]
    }

    /// Law 6, whole: every command for every set of roles.
    #[test]
    fn a_command_needs_exactly_its_role() {
        let all = Role::ALL;
        for bits in 0..32_u8 {
            let roles: BTreeSet<_> = all
                .into_iter()
                .enumerate()
                .filter(|(bit, _)| bits & (1 << bit) != 0)
                .map(|(_, role)| role)
                .collect();
            for command in every_command() {
                let person = Person {
                    name: "p".into(),
                    has_access: true,
                    roles: roles.clone(),
                };
                let needed = needed(&command);
                let wanted = needed.is_empty() || needed.iter().any(|role| roles.contains(role));
                assert_eq!(person.may(&command).is_ok(), wanted, "{command:?} by {roles:?}");
                let outsider = Person {
                    has_access: false,
                    ..person
                };
                assert!(outsider.may(&command).is_err(), "{command:?} without access");
            }
        }
    }

    #[test]
    fn a_refusal_says_who_may() {
        let person = Person {
            name: "p".into(),
            has_access: true,
            roles: BTreeSet::new(),
        };
        assert_eq!(
            person.may(&Command::Approve),
            Err("`/embargo approve` is for the security team".into())
        );
    }
}
