//! The question and the answer.

use git2::{Oid, Repository};
use serde::Serialize;

use crate::affected::is_affected;
use crate::ancillary::is_ancillary;
use crate::claim::{Examined, may_concern};
use crate::decide::decide;
use crate::error::EngineError;
use crate::files::{FileFinding, find_changes};
use crate::fix::{Change, Fix};
use crate::history::{Claim, History, walk};
use crate::index::Index;
use crate::patch;
use crate::place::Place;
use crate::series::{Outcome, order};
use crate::shelf::Shelf;
use crate::tags;
use crate::telling::answer;
use crate::undone::undone_by;
use crate::verdict::Verdict;

/// The most claims to one fix that are looked at; for each commit that a fix merges there may be one more.
const MOST_CLAIMS: usize = 12;

/// What is asked about a branch.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The fix, one commit or a series, in any order.
    pub fixes: Vec<Oid>,
    /// The commits that brought the flaw; a branch that has none of them is not affected.
    pub introduced: Vec<Oid>,
    /// Whether the trailers of messages (`cherry picked from commit …`) are not read.
    pub ignore_trailers: bool,
    /// Whether nobody wants to see how an adapted backport differs from the fix: see [`CommitAnswer::range_diff`].
    pub without_range_diff: bool,
}

impl Question {
    /// The same about other commits, of which only the verdicts are asked for.
    pub(crate) fn about(&self, fixes: Vec<Oid>) -> Self {
        Self {
            fixes,
            without_range_diff: true,
            ..self.clone()
        }
    }
}

/// What is said of one branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The commit at its tip.
    pub tip: String,
    /// The worst verdict of the series; *partial* where some commits are in effect and others are missing.
    pub verdict: Verdict,
    /// Each commit of the fix, in the order of the question.
    pub commits: Vec<CommitAnswer>,
    /// Tags of the branch that have the flaw and not the fix, newest first; only where it is known what brought the flaw.
    pub affected_tags: Vec<String>,
    /// Tags of the branch that have the fix, newest first; likewise.
    pub fixed_tags: Vec<String>,
}

/// What is said of one commit of the fix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommitAnswer {
    /// The commit of the fix.
    pub fix: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The commits of the branch that bring it, newest first.
    pub matched: Vec<String>,
    /// Whether a commit of the branch says to bring it, whatever that one does.
    #[serde(skip)]
    pub(crate) is_claimed: bool,
    /// What speaks for the verdict.
    pub evidence: Vec<String>,
    /// What is lacking, and what else speaks against the fix being in effect.
    pub against: Vec<String>,
    /// The share of the fix's lines that decide and that the tip shows or a standing backport explains, from 0 to 1.
    pub confidence: f64,
    /// How the newest standing backport differs from the fix, as a range-diff shows it; only where the verdict is *adapted* and it was
    /// asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range_diff: Option<String>,
}

/// Says whether a fix is in effect at a tip. Reads the repository and writes nothing.
pub fn assess(repository: &Repository, question: &Question, tip: Oid) -> Result<Answer, EngineError> {
    answer_to(&Shelf::new(repository, &Index::default()), question, tip)
}

/// Asks the same of several tips: what one answer needs to read, the next ones find read, and what is found stays in the
/// index for later questions.
pub fn assess_each(
    repository: &Repository,
    index: &Index,
    question: &Question,
    tips: &[Oid],
) -> Vec<Result<Answer, EngineError>> {
    let shelf = Shelf::new(repository, index);
    tips.iter().map(|tip| answer_to(&shelf, question, *tip)).collect()
}

fn answer_to(shelf: &Shelf<'_>, question: &Question, tip: Oid) -> Result<Answer, EngineError> {
    if question.fixes.is_empty() {
        return Err(EngineError::NoFix);
    }
    let mut commits = series(shelf, question, tip)?;
    let mut verdict = of_series(&commits);
    let mut answer_tags = (Vec::new(), Vec::new());
    if !question.introduced.is_empty() {
        // Who fixed it here, in whatever way, found the flaw here.
        let somebody_began = commits.iter().any(|commit| commit.is_claimed);
        if !verdict.is_good() && !somebody_began && !is_affected(shelf, question, tip)? {
            for commit in &mut commits {
                commit.verdict = Verdict::NotAffected;
                commit
                    .evidence
                    .push("none of the commits that brought the flaw is in effect here".to_owned());
            }
            verdict = of_series(&commits);
        }
        answer_tags = tags::sort(shelf, question, tip)?;
    }
    Ok(Answer {
        tip: tip.to_string(),
        verdict,
        commits,
        affected_tags: answer_tags.0,
        fixed_tags: answer_tags.1,
    })
}

/// The worst verdict of a series; but one of which some commits are in effect and others are missing is partly there.
fn of_series(commits: &[CommitAnswer]) -> Verdict {
    let worst = commits
        .iter()
        .map(|commit| commit.verdict)
        .max()
        .unwrap_or(Verdict::Unproven);
    let some = commits
        .iter()
        .any(|commit| matches!(commit.verdict, Verdict::Present | Verdict::Adapted));
    if some && worst == Verdict::Missing {
        Verdict::Partial
    } else {
        worst
    }
}

pub(crate) fn series(shelf: &Shelf<'_>, question: &Question, tip: Oid) -> Result<Vec<CommitAnswer>, EngineError> {
    let repository = shelf.repository;
    let series: Result<Vec<Fix>, _> = question.fixes.iter().map(|id| Fix::read(shelf, *id)).collect();
    let series = series?;
    let mut place = Place::new(shelf, shelf.tree_of(tip)?);
    let history = walk(shelf, tip, &series, !question.ignore_trailers)?;
    let outcome = Outcome::of(order(repository, &series)?.into_iter().map(|index| &series[index]));
    let mut answers = Vec::new();
    for fix in &series {
        answers.push(one(&mut place, (question, fix), tip, &history, &outcome)?);
    }
    Ok(answers)
}

fn one(
    place: &mut Place<'_, '_>,
    (question, fix): (&Question, &Fix),
    tip: Oid,
    history: &History,
    outcome: &Outcome,
) -> Result<CommitAnswer, EngineError> {
    let shelf = place.shelf;
    let (files, examined) = look(place, tip, fix, history, outcome)?;
    let mut decision = decide(&files, &examined, !history.cut);
    let mut evidence = Vec::new();
    if decision.verdict == Verdict::Adapted && patch::replay_changes_nothing(place, &fix.changes, &files)? {
        decision.verdict = Verdict::Present;
        evidence.push("replaying the fix at the tip changes nothing".to_owned());
    }
    let mut answer = answer(fix, &files, &examined, decision, (evidence, history.cut));
    if answer.verdict == Verdict::Adapted {
        let parts = parts(shelf, tip, question, fix)?;
        if !parts.is_empty() {
            answer.verdict = answer.verdict.max(of_series(&parts));
        }
        for part in parts.iter().filter(|part| !part.verdict.is_good()) {
            let (id, word) = (&part.fix, part.verdict.word());
            answer.against.push(format!("{id}, which the fix merges, is {word}"));
        }
    }
    if answer.verdict == Verdict::Reverted
        && let Some(claim) = examined.iter().find(|claim| claim.related() && claim.since.undone())
        && claim.reverted_by.is_none()
        && let Some(by) = undone_by(shelf, claim.id, tip)?
    {
        answer
            .against
            .insert(0, format!("{by} undid {} without saying so", claim.id));
    }
    if answer.verdict == Verdict::Adapted
        && !question.without_range_diff
        && let Some(claim) = examined.iter().find(|claim| claim.related() && claim.since.stands())
        && !claim.claim.same
    {
        answer.range_diff = Some(patch::range_diff(shelf, fix.id, claim.id)?.to_string());
    }
    Ok(answer)
}

/// What is said of the commits that a merge brought and that change what runs, where there are several: one that was picked explains
/// what the next one changes once more.
fn parts(shelf: &Shelf<'_>, tip: Oid, question: &Question, fix: &Fix) -> Result<Vec<CommitAnswer>, EngineError> {
    let mut parts = Vec::new();
    for (id, facts) in &fix.merged {
        let runs = |change: &Change| !is_ancillary(change.path());
        if facts.parents.len() == 1 && shelf.changes(*id)?.iter().any(runs) {
            parts.push(*id);
        }
    }
    if parts.len() < 2 {
        return Ok(Vec::new());
    }
    series(shelf, &question.about(parts), tip)
}

/// Looks at a commit of the fix: what the tip says of it, and what those say that claim to be its backport.
pub(crate) fn look(
    place: &mut Place<'_, '_>,
    tip: Oid,
    fix: &Fix,
    history: &History,
    outcome: &Outcome,
) -> Result<(Vec<FileFinding>, Vec<Examined>), EngineError> {
    let shelf = place.shelf;
    let claims = history.claims.get(&fix.id).map(Vec::as_slice).unwrap_or_default();
    let most = MOST_CLAIMS + fix.merged.len();
    let worth = |(number, claim): &(usize, &(Oid, Claim))| *number < most || claim.1.same;
    let claims = || claims.iter().enumerate().filter(worth).map(|(_, claim)| claim);
    place.carried.clear();
    for (id, _) in claims() {
        place.note_carried(&fix.changes, &shelf.changes(*id)?);
    }
    let files = find_changes(place, &fix.changes, outcome)?;
    // What it changes may be part of another file here.
    let is_elsewhere = files.iter().any(|file| file.was.is_some() && file.at.is_none());
    let mut examined = Vec::new();
    for claim in claims() {
        // Subjects such as "update the copyright" come again and again.
        let may_be_it = claim.1.is_strong() || claim.1.trailer || is_elsewhere;
        if !may_be_it && !may_concern(shelf, claim.0, &files)? {
            continue;
        }
        let reverted_by = history.reverted_by(claim.0);
        examined.push(Examined::examine(
            shelf,
            *claim,
            reverted_by,
            (&fix.changes, outcome),
            &files,
            (tip, place),
        )?);
    }
    Ok((files, examined))
}
