//! Who may see and do what, by role.

use super::state::{Access, level, user_id};
use crate::world::{Actor, Comment, Issue, Pull, Repository};

impl Repository {
    /// The access level of somebody, 0 for strangers.
    pub fn level(&self, actor: &Actor) -> u64 {
        match actor {
            Actor::Person(name) => self.people.get(name).map_or(0, |permission| level(*permission)),
            Actor::App | Actor::Nobody => 0,
        }
    }

    /// A confidential issue is for its author, its assignees, and members from Reporter upwards.
    pub fn sees_issue(&self, actor: &Actor, issue: &Issue) -> bool {
        !issue.confidential
            || self.level(actor) >= 20
            || matches!(actor, Actor::Person(name) if *name == issue.author || issue.assignees.contains(name))
    }

    /// An internal note is for members from Reporter upwards, whoever wrote the issue.
    pub fn sees_note(&self, actor: &Actor, note: &Comment) -> bool {
        !note.internal || self.level(actor) >= 20
    }

    fn allows(&self, actor: &Actor, access: &[Access]) -> bool {
        let level = self.level(actor);
        access.iter().any(|access| match access {
            Access::Level(needed) => *needed > 0 && level >= *needed,
            Access::User(id) => level > 0 && matches!(actor, Actor::Person(name) if user_id(name) == *id),
        })
    }

    /// Whether somebody may push to a branch of a project.
    pub fn lab_push(&self, actor: &Actor, branch: &str) -> bool {
        let mut rules = self.lab.rules(branch).peekable();
        match rules.peek() {
            None => self.level(actor) >= 30,
            Some(_) => rules.any(|rule| self.allows(actor, &rule.push)),
        }
    }

    /// Whether a branch is protected so that its history cannot be rewritten.
    pub fn lab_guarded(&self, branch: &str) -> bool {
        let mut rules = self.lab.rules(branch).peekable();
        rules.peek().is_some() && !rules.any(|rule| rule.allow_force_push)
    }

    /// Whether somebody may merge into a branch of a project.
    pub fn lab_merge(&self, actor: &Actor, branch: &str) -> bool {
        let mut rules = self.lab.rules(branch).peekable();
        match rules.peek() {
            None => self.level(actor) >= 30,
            Some(_) => rules.any(|rule| self.allows(actor, &rule.merge) || self.allows(actor, &rule.push)),
        }
    }

    /// Whether the project's rule about pipelines lets a merge request be merged.
    pub fn pipeline_allows(&self, pull: &Pull) -> bool {
        if !self.lab.pipeline_must_succeed {
            return true;
        }
        let head = self.lab.pipelines.iter().rev().find(|known| known.sha == pull.head_sha);
        match head.map(|known| self.lab.status(known.id)) {
            Some("success") => true,
            Some("skipped") => self.lab.skipped_is_enough,
            _ => false,
        }
    }
}
