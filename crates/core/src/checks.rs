//! The forge's checks on a head, and what the gate says of them.

use serde::{Deserialize, Serialize};

use crate::escape::inert;
use crate::gate::Reason;

/// The prefix of the bot's own checks; they never count for the gate.
pub const OWN_PREFIX: &str = "embargod/";

/// The state of a check, in the words of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Not finished.
    Pending,
    /// Finished and good.
    Passed,
    /// Finished without an answer: skipped or neutral. It proves nothing.
    Skipped,
    /// Finished and not good: failed, cancelled, timed out, stale, action required.
    Failed,
}

/// A check of a head, the latest run of its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name on the forge.
    pub name: String,
    /// Where it stands.
    pub state: CheckState,
}

/// What the gate says of a head's checks.
///
/// With names, each must be there and have passed: an absent or skipped one closes. Without names every check but the
/// bot's own counts, a skipped one does not close, and none at all is shown and does not close.
pub fn evaluate(required: &[String], found: &[Check]) -> Reason {
    if !required.is_empty() {
        let children: Vec<_> = required.iter().map(|name| named(name, found)).collect();
        return Reason::all("checks", "the required checks are green", children);
    }
    let counted: Vec<_> = found
        .iter()
        .filter(|check| !check.name.starts_with(OWN_PREFIX))
        .collect();
    if counted.is_empty() {
        return Reason::new("checks", true, "no check ran on this head, and none is required");
    }
    let children = counted
        .iter()
        .map(|check| leaf(check, check.state == CheckState::Skipped))
        .collect();
    Reason::all("checks", "every check on this head is green", children)
}

fn named(name: &str, found: &[Check]) -> Reason {
    let same: Vec<_> = found.iter().filter(|check| check.name == name).collect();
    match same
        .iter()
        .find(|check| check.state != CheckState::Passed)
        .or(same.first())
    {
        Some(check) => leaf(check, false),
        None => Reason::new(
            "check",
            false,
            format!("{}: has not run; start it, or take it off required_checks", inert(name)),
        ),
    }
}

fn leaf(check: &Check, skipped_is_fine: bool) -> Reason {
    let (holds, says) = match check.state {
        CheckState::Passed => (true, "passed"),
        CheckState::Skipped => (skipped_is_fine, "was skipped"),
        CheckState::Pending => (false, "is still running"),
        CheckState::Failed => (false, "failed"),
    };
    Reason::new("check", holds, format!("{}: {says}", inert(&check.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use CheckState::{Failed, Passed, Pending, Skipped};

    fn holds(required: &[&str], found: &[(&str, CheckState)]) -> bool {
        let required: Vec<_> = required.iter().map(ToString::to_string).collect();
        let found: Vec<_> = found
            .iter()
            .map(|(name, state)| Check {
                name: (*name).into(),
                state: *state,
            })
            .collect();
        evaluate(&required, &found).holds
    }

    #[test]
    fn named_checks_must_be_there_and_green() {
        assert!(holds(&["ci"], &[("ci", Passed), ("lint", Failed)]));
        assert!(!holds(&["ci"], &[("lint", Passed)]));
        assert!(!holds(&["ci"], &[]));
        for state in [Pending, Failed, Skipped] {
            assert!(!holds(&["ci"], &[("ci", state)]), "{state:?}");
            assert!(
                !holds(&["ci"], &[("ci", Passed), ("ci", state)]),
                "two of a name, one {state:?}"
            );
        }
    }

    #[test]
    fn without_names_every_check_but_our_own_counts() {
        assert!(holds(&[], &[]));
        assert!(holds(&[], &[("embargod/embargo", Failed)]));
        assert!(holds(&[], &[("ci", Passed), ("docs", Skipped)]));
        assert!(!holds(&[], &[("ci", Passed), ("docs", Pending)]));
        assert!(!holds(&[], &[("ci", Failed)]));
    }
}
