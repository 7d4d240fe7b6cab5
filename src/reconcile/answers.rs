//! What the engine has said. An answer rests on commits, and commits never change, so it is asked once for each tip.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use embargod_backports::{Answer, EngineError, Question, assess};
use embargod_core::CommitId;
use embargod_repo::GitError;
use git2::{Oid, Repository};

use super::PassError;

/// As many answers as are kept; then all are forgotten and asked for again.
const MOST_ANSWERS: usize = 1_000;

/// A fix and the tip that it was looked for at.
type Asked = (Vec<Oid>, Oid);

/// Answers of the engine by fix and tip.
#[derive(Debug, Default)]
pub struct Answers(Mutex<HashMap<Asked, Answer>>);

impl Answers {
    /// Whether a fix is in effect at a tip of a clone. The inner error is the engine's about the question itself.
    pub(super) fn ask(
        &self,
        clone: &Path,
        fixes: &[CommitId],
        tip: &CommitId,
    ) -> Result<Result<Answer, EngineError>, PassError> {
        let oid = |id: &CommitId| Oid::from_str(id.as_str()).map_err(GitError::from);
        let asked: Asked = (fixes.iter().map(oid).collect::<Result<_, _>>()?, oid(tip)?);
        let known = |answers: &Self| {
            answers
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&asked)
                .cloned()
        };
        if let Some(answer) = known(self) {
            return Ok(Ok(answer));
        }
        let repository = Repository::open_bare(clone).map_err(GitError::from)?;
        let question = Question {
            fixes: asked.0.clone(),
            ..Question::default()
        };
        let answer = assess(&repository, &question, asked.1);
        if let Ok(answer) = &answer {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST_ANSWERS {
                kept.clear();
            }
            kept.insert(asked, answer.clone());
        }
        Ok(answer)
    }
}
