//! The ground that a publication stands on: what on the forges would be in its way.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use embargod_core::BranchName;
use embargod_forge::RepositoryFacts;
use jiff::{SignedDuration, Timestamp};

use super::PassError;
use crate::project::Project;

/// Rules change seldom, and every read counts against the forge's rate.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// What was read of the rules lately, by project and branch.
#[derive(Debug, Default)]
pub struct Ground {
    known: Mutex<BTreeMap<Place, Known>>,
    guarded: Mutex<BTreeMap<String, Guarded>>,
}

/// A project and a branch of it.
type Place = (String, BranchName);
/// When the mirror was guarded, which of its branches, and what was lacking.
type Guarded = (Timestamp, Vec<BranchName>, Vec<String>);
/// When it was read, and what was found.
type Known = (Timestamp, Vec<String>);

impl Ground {
    /// What would refuse the push to a public branch; read anew after an hour, and always when `due`.
    pub(super) async fn obstacles(
        &self,
        project: &Project,
        branch: &BranchName,
        due: bool,
        now: Timestamp,
    ) -> Result<Vec<String>, PassError> {
        let key = (project.name.clone(), branch.clone());
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some((at, obstacles)) = known.filter(|(at, _)| !due && now.duration_since(*at) < FRESH) {
            tracing::trace!(project = project.name, read_at = %at, "the rules are known");
            return Ok(obstacles);
        }
        let found = project.public.obstacles(branch).await?;
        let text = |obstacle: &embargod_forge::Obstacle| {
            format!(
                "`{branch}`: the rule {} would refuse the push: {}",
                obstacle.rule, obstacle.remedy
            )
        };
        let obstacles: Vec<_> = found.iter().map(text).collect();
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, (now, obstacles.clone()));
        Ok(obstacles)
    }

    /// Guards the mirror's branches, and says what is lacking; done anew after an hour, for other branches, and when `due`.
    pub(super) async fn guard(
        &self,
        project: &Project,
        branches: &[BranchName],
        due: bool,
        now: Timestamp,
    ) -> Result<Vec<String>, PassError> {
        let known = self
            .guarded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&project.name)
            .cloned();
        let holds = |(at, of, _): &Guarded| !due && of == branches && now.duration_since(*at) < FRESH;
        if let Some((_, _, lacks)) = known.filter(holds) {
            return Ok(lacks);
        }
        let lacks = project.mirror.guard(branches).await?;
        let text = |lack: &embargod_forge::Obstacle| format!("the mirror's guard: {}: {}", lack.rule, lack.remedy);
        let lacks: Vec<_> = lacks.iter().map(text).collect();
        self.guarded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(project.name.clone(), (now, branches.to_vec(), lacks.clone()));
        Ok(lacks)
    }
}

/// What is wrong with the mirror itself.
pub(super) fn of_mirror(facts: &RepositoryFacts) -> Vec<String> {
    match facts.fork || facts.forking_allowed == Some(true) {
        true => vec!["the mirror is a fork or may be forked: forbid it in its settings".to_owned()],
        false => Vec::new(),
    }
}
