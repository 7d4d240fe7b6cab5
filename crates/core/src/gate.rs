//! The gate: *closed* or *open*, with every reason as a tree.
//!
//! The same tree is shown in the check, the comment, the command line and the audit log, so that a decision explains
//! itself everywhere in the same words.

use serde::{Deserialize, Serialize};

/// One rule, whether it holds, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable name of the rule, such as `embargo-ended`.
    pub rule: String,
    /// Whether it holds.
    pub holds: bool,
    /// What a person reads: what is, and what to do where it does not hold.
    pub text: String,
    /// What it is made of.
    pub children: Vec<Reason>,
}

impl Reason {
    /// A leaf.
    pub fn new(rule: &str, holds: bool, text: impl Into<String>) -> Self {
        Self {
            rule: rule.to_owned(),
            holds,
            text: text.into(),
            children: Vec::new(),
        }
    }

    /// A node that holds exactly when all of its children hold.
    pub fn all(rule: &str, text: impl Into<String>, children: Vec<Self>) -> Self {
        let holds = children.iter().all(|child| child.holds);
        Self {
            rule: rule.to_owned(),
            holds,
            text: text.into(),
            children,
        }
    }
}

/// The answer of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Whether the publication may proceed.
    pub open: bool,
    /// All the reasons, those that hold too.
    pub reasons: Vec<Reason>,
}

impl Gate {
    /// Open exactly when there are reasons and all of them hold: a gate that nobody looked at is closed.
    pub fn of(reasons: Vec<Reason>) -> Self {
        Self {
            open: !reasons.is_empty() && reasons.iter().all(|reason| reason.holds),
            reasons,
        }
    }

    /// The tree as Markdown list items, closed ones marked.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        for reason in &self.reasons {
            write_item(&mut text, reason, 0);
        }
        text
    }
}

fn write_item(text: &mut String, reason: &Reason, depth: usize) {
    let mark = if reason.holds { "✅" } else { "❌" };
    text.push_str(&"  ".repeat(depth));
    text.push_str(&format!("- {mark} `{}`: {}\n", reason.rule, reason.text));
    for child in &reason.children {
        write_item(text, child, depth + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_without_reasons_is_closed() {
        assert!(!Gate::of(vec![]).open);
    }

    #[test]
    fn one_closed_leaf_closes_the_gate() {
        let verdicts = Reason::all(
            "verdicts",
            "every branch has the fix",
            vec![
                Reason::new("verdict", true, "master: present"),
                Reason::new("verdict", false, "v9.0-maint: missing"),
            ],
        );
        let gate = Gate::of(vec![Reason::new("embargo-ended", true, "ended"), verdicts]);
        assert!(!gate.open);
        assert_eq!(
            gate.to_markdown(),
            "- ✅ `embargo-ended`: ended\n- ❌ `verdicts`: every branch has the fix\n  - ✅ `verdict`: master: present\n  - ❌ `verdict`: v9.0-maint: missing\n"
        );
    }
}
