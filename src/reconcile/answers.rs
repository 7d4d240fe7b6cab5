//! What the engine has said. An answer rests on commits, and commits never change, so it is asked once for each tip.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embargod_backports::{Answer, EngineError, Index, Question, assess_each};
use embargod_core::CommitId;
use embargod_repo::GitError;
use git2::{Oid, Repository};

use super::PassError;

/// As many answers as are kept; then all are forgotten and asked for again.
const MOST_ANSWERS: usize = 1_000;
/// Where a clone keeps what the engine knows of its commits. It can be deleted at any time.
const INDEX: &str = "embargod-commits";

/// A fix and the tip that it was looked for at.
type Asked = (Vec<Oid>, Oid);

/// Answers of the engine by fix and tip, and what it knows of the commits of each clone.
#[derive(Debug, Default)]
pub struct Answers {
    known: Mutex<HashMap<Asked, Answer>>,
    indexes: Mutex<BTreeMap<PathBuf, Arc<Mutex<Index>>>>,
}

impl Answers {
    /// Whether a fix is in effect at each of these tips of a clone. The inner errors are the engine's about the question itself.
    pub(super) async fn ask(
        self: &Arc<Self>,
        clone: &Path,
        fixes: &[CommitId],
        tips: &[CommitId],
    ) -> Result<Vec<Result<Answer, EngineError>>, PassError> {
        let oids = |ids: &[CommitId]| -> Result<Vec<Oid>, GitError> {
            let oid = |id: &CommitId| Oid::from_str(id.as_str()).map_err(GitError::from);
            ids.iter().map(oid).collect()
        };
        let (fixes, tips, clone) = (oids(fixes)?, oids(tips)?, clone.to_owned());
        let answers = Arc::clone(self);
        // It reads a repository for milliseconds to seconds: not on a thread that others wait for.
        let asked = tokio::task::spawn_blocking(move || answers.find(&clone, &fixes, &tips));
        asked.await.map_err(|_| PassError::Interrupted)?
    }

    fn find(&self, clone: &Path, fixes: &[Oid], tips: &[Oid]) -> Result<Vec<Result<Answer, EngineError>>, PassError> {
        let known = |tip: &Oid| lock(&self.known).get(&(fixes.to_vec(), *tip)).cloned();
        let mut found: Vec<_> = tips.iter().map(|tip| known(tip).map(Ok)).collect();
        let open: Vec<_> = (0..tips.len()).filter(|place| found[*place].is_none()).collect();
        if !open.is_empty() {
            let tips: Vec<_> = open.iter().map(|place| tips[*place]).collect();
            let answers = self.assess(clone, fixes, &tips)?;
            for ((place, tip), answer) in open.into_iter().zip(tips).zip(answers) {
                if let Ok(answer) = &answer {
                    let mut known = lock(&self.known);
                    if known.len() >= MOST_ANSWERS {
                        known.clear();
                    }
                    known.insert((fixes.to_vec(), tip), answer.clone());
                }
                found[place] = Some(answer);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn assess(&self, clone: &Path, fixes: &[Oid], tips: &[Oid]) -> Result<Vec<Result<Answer, EngineError>>, GitError> {
        let repository = Repository::open_bare(clone)?;
        let question = Question {
            fixes: fixes.to_vec(),
            ..Question::default()
        };
        let index = self.index(clone);
        let index = lock(&index);
        let answers = assess_each(&repository, &index, &question, tips);
        if let Err(error) = index.save() {
            tracing::warn!(%error, "what is known of the commits could not be kept: the next start reads them again");
        }
        Ok(answers)
    }

    fn index(&self, clone: &Path) -> Arc<Mutex<Index>> {
        let mut indexes = lock(&self.indexes);
        let begin = || {
            let index = Index::open(&clone.join(INDEX)).unwrap_or_else(|error| {
                tracing::warn!(%error, "what was known of the commits cannot be read: they are read again");
                Index::default()
            });
            Arc::new(Mutex::new(index))
        };
        Arc::clone(indexes.entry(clone.to_owned()).or_insert_with(begin))
    }
}

/// All that is kept here can be asked for again, so what another thread left behind is good enough.
fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
