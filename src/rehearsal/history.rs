//! What a real branch's history says of a fix, as the engine reads it: which commits brought it, and how it was before.

use std::path::Path;

use embargod_backports::{Answer, EngineError, Index, Question, assess_each};
use git2::{Oid, Repository};

use super::stage::StageError;

/// A branch of somebody's repository and a fix that may be on it.
pub(super) struct History {
    repository: Repository,
    index: Index,
    question: Question,
    tip: Oid,
    answer: Answer,
}

/// Reads a branch's history on a thread of its own, and says what is wanted of it.
pub(super) async fn history<T: Send + 'static>(
    path: &Path,
    reference: &str,
    fix: &[String],
    say: impl FnOnce(History) -> Result<T, EngineError> + Send + 'static,
) -> Result<T, StageError> {
    let (path, reference, fix) = (path.to_owned(), reference.to_owned(), fix.to_vec());
    let read = move || History::read(&path, &reference, &fix).and_then(say);
    let said = tokio::task::spawn_blocking(read).await;
    said.map_err(|error| StageError::Server(error.into()))?
        .map_err(|error| StageError::Server(error.into()))
}

impl History {
    fn read(path: &Path, reference: &str, fix: &[String]) -> Result<Self, EngineError> {
        let repository = Repository::open(path)?;
        let commit = |name: &str| {
            let object = repository.revparse_single(name)?;
            Ok::<_, EngineError>(object.peel_to_commit()?.id())
        };
        let fixes = fix.iter().map(|name| commit(name)).collect::<Result<_, _>>()?;
        let (tip, question) = (
            commit(reference)?,
            Question {
                fixes,
                ..Question::default()
            },
        );
        let index = Index::default();
        let answer = ask(&repository, &index, &question, tip)?;
        Ok(Self {
            repository,
            index,
            question,
            tip,
            answer,
        })
    }

    /// For every commit of the fix the one that brought it to the branch first.
    pub fn backports(&self) -> Vec<Option<String>> {
        let first = |commit: &embargod_backports::CommitAnswer| commit.matched.last().cloned();
        self.answer.commits.iter().map(first).collect()
    }

    /// The branch as it was before any of the fix came; its tip where nothing did.
    pub fn before(self) -> Result<String, EngineError> {
        let mut found = Vec::new();
        for id in self.backports().into_iter().flatten() {
            let commit = self.repository.find_commit(Oid::from_str(&id)?)?;
            found.push((commit.time().seconds(), commit.parent_id(0)?));
        }
        if let Some((_, before)) = found.into_iter().min_by_key(|(at, _)| *at) {
            return Ok(before.to_string());
        }
        if self.answer.verdict.is_good() {
            return self.before_whoever_brought_it().map(|id| id.to_string());
        }
        Ok(self.tip.to_string())
    }

    /// Nobody says that they carried it, and it is there: the commit before the one that brought it, by halves.
    fn before_whoever_brought_it(&self) -> Result<Oid, EngineError> {
        let mut line = Vec::new();
        let mut at = self.repository.find_commit(self.tip)?;
        let oldest = self.question.fixes.iter().map(|fix| {
            let fix = self.repository.find_commit(*fix)?;
            Ok::<_, git2::Error>(fix.author().when().seconds().min(fix.time().seconds()))
        });
        let oldest = oldest
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .min()
            .unwrap_or_default();
        while at.time().seconds() >= oldest {
            let Ok(parent) = at.parent(0) else { break };
            line.push(parent.id());
            at = parent;
        }
        // The newest are first: there up to some place, and not there from it on.
        let (mut there, mut gone) = (0, line.len());
        while there < gone {
            let middle = there + (gone - there) / 2;
            let answer = ask(&self.repository, &self.index, &self.question, line[middle])?;
            if answer.verdict.is_good() {
                there = middle + 1;
            } else {
                gone = middle;
            }
        }
        Ok(line.get(there).copied().unwrap_or(self.tip))
    }
}

fn ask(repository: &Repository, index: &Index, question: &Question, tip: Oid) -> Result<Answer, EngineError> {
    let answer = assess_each(repository, index, question, &[tip]).pop();
    answer.unwrap_or(Err(EngineError::NoFix))
}
