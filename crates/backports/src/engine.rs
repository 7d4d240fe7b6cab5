//! The question and the answer.

use git2::{Oid, Repository};
use serde::Serialize;

use crate::affected::is_affected;
use crate::ancillary::is_ancillary;
use crate::claim::{Examined, may_concern};
use crate::content::State;
use crate::decide::{Decision, Half, decide, forgotten_copies, forgotten_half, half_moved, standing};
use crate::error::EngineError;
use crate::files::{FileFinding, find_changes};
use crate::fix::{Change, Fix};
use crate::history::{Claim, History, walk};
use crate::index::Index;
use crate::patch;
use crate::place::Place;
use crate::series::{Outcome, order};
use crate::shelf::Shelf;
use crate::sum::Scope;
use crate::tags;
use crate::undone::undone_by;
use crate::verdict::Verdict;
use crate::wording::Wording;

/// The most claims to one fix that are looked at; for each commit that a fix merges there may be one more.
const MOST_CLAIMS: usize = 12;
/// The most places that are named in an answer for each file.
const MOST_PLACES: usize = 8;

/// What is asked about a branch.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The fix, one commit or a series, in any order.
    pub fixes: Vec<Oid>,
    /// The commits that brought the flaw; a branch that has none of them is not affected.
    pub introduced: Vec<Oid>,
    /// Whether the trailers of messages (`cherry picked from commit …`) are not read.
    pub ignore_trailers: bool,
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
    /// What speaks for the verdict.
    pub evidence: Vec<String>,
    /// What is lacking, and what else speaks against the fix being in effect.
    pub against: Vec<String>,
    /// The share of the fix's lines that decide and that the tip shows or a standing backport explains, from 0 to 1.
    pub confidence: f64,
    /// How the newest standing backport differs from the fix, as a range-diff shows it; only where the verdict is *adapted*.
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
    let mut commits = series(shelf, &question.fixes, tip, !question.ignore_trailers)?;
    let mut verdict = of_series(&commits);
    let mut answer_tags = (Vec::new(), Vec::new());
    if !question.introduced.is_empty() {
        let somebody_picked = commits.iter().any(|commit| !commit.matched.is_empty());
        if !verdict.is_good() && !somebody_picked && !is_affected(shelf, question, tip)? {
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

pub(crate) fn series(
    shelf: &Shelf<'_>,
    fixes: &[Oid],
    tip: Oid,
    trailers: bool,
) -> Result<Vec<CommitAnswer>, EngineError> {
    let repository = shelf.repository;
    let series: Result<Vec<Fix>, _> = fixes.iter().map(|id| Fix::read(shelf, *id)).collect();
    let series = series?;
    let mut place = Place::new(shelf, shelf.tree_of(tip)?);
    let history = walk(shelf, tip, &series, trailers)?;
    let outcome = Outcome::of(order(repository, &series)?.into_iter().map(|index| &series[index]));
    let mut answers = Vec::new();
    for fix in &series {
        answers.push(one(shelf, tip, &mut place, fix, &history, &outcome)?);
    }
    Ok(answers)
}

fn one(
    shelf: &Shelf<'_>,
    tip: Oid,
    place: &mut Place<'_, '_>,
    fix: &Fix,
    history: &History,
    outcome: &Outcome,
) -> Result<CommitAnswer, EngineError> {
    let (files, examined) = look(place, tip, fix, history, outcome)?;
    let mut decision = decide(&files, &examined);
    let mut evidence = Vec::new();
    if decision.verdict == Verdict::Adapted && patch::replay_changes_nothing(place, &fix.changes, &files)? {
        decision.verdict = Verdict::Present;
        evidence.push("replaying the fix at the tip changes nothing".to_owned());
    }
    let mut answer = answer(fix, &files, &examined, decision, (evidence, history.cut));
    if answer.verdict == Verdict::Adapted {
        let parts = parts(shelf, tip, fix, history.trailers)?;
        if !parts.is_empty() {
            answer.verdict = answer.verdict.max(of_series(&parts));
        }
        for part in parts.iter().filter(|part| !part.verdict.is_good()) {
            let (id, word) = (&part.fix, part.verdict.word());
            answer.against.push(format!("{id}, which the fix merges, is {word}"));
        }
    }
    if answer.verdict == Verdict::Reverted
        && let Some(claim) = examined.iter().find(|claim| claim.related() && claim.undone())
        && claim.reverted_by.is_none()
        && let Some(by) = undone_by(shelf, claim.id, tip)?
    {
        answer
            .against
            .insert(0, format!("{by} undid {} without saying so", claim.id));
    }
    if answer.verdict == Verdict::Adapted
        && let Some(claim) = examined.iter().find(|claim| claim.related() && claim.stands())
        && !claim.claim.same
    {
        answer.range_diff = Some(patch::range_diff(shelf, fix.id, claim.id)?.to_string());
    }
    Ok(answer)
}

/// What is said of the commits that a merge brought and that change what runs, where there are several: one that was picked explains
/// what the next one changes once more.
fn parts(shelf: &Shelf<'_>, tip: Oid, fix: &Fix, trailers: bool) -> Result<Vec<CommitAnswer>, EngineError> {
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
    series(shelf, &parts, tip, trailers)
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
    let files = find_changes(place, &fix.changes, outcome)?;
    let claims = history.claims.get(&fix.id).map(Vec::as_slice).unwrap_or_default();
    let mut examined = Vec::new();
    let most = MOST_CLAIMS + fix.merged.len();
    let worth = |(number, claim): &(usize, &(Oid, Claim))| *number < most || claim.1.same;
    for (_, claim) in claims.iter().enumerate().filter(worth) {
        // Subjects such as "update the copyright" come again and again.
        if !claim.1.is_strong() && !claim.1.trailer && !may_concern(shelf, claim.0, &fix.changes)? {
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

fn answer(
    fix: &Fix,
    files: &[FileFinding],
    claims: &[Examined],
    decision: Decision,
    (mut evidence, cut): (Vec<String>, bool),
) -> CommitAnswer {
    let mut against = Vec::new();
    let scope = Scope::of(files);
    let shown = decision.shown;
    let all = shown.good + shown.lacking + shown.absent + shown.unclear;
    if shown.good > 0 {
        evidence.push(format!(
            "{} of {all} changed lines are at the tip as the fix leaves them",
            shown.good
        ));
    }
    if decision.explained > 0 {
        evidence.push(format!(
            "{} more lines are done in another way by a backport",
            decision.explained
        ));
    }
    for file in files
        .iter()
        .filter(|file| file.at.as_ref().is_some_and(|at| *at != file.path))
    {
        let at = file.at.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        evidence.push(format!("{} is {at} here", String::from_utf8_lossy(&file.path)));
    }
    // A commit of the same second by the same person that does something else is no claim worth naming.
    let worth = |claim: &&Examined| claim.related() || claim.claim.trailer || claim.claim.subject;
    for claim in claims.iter().filter(worth) {
        let words = patch::claim_words(claim);
        let whole = claim.stands() && !claim.partly_undone;
        let side = if claim.related() && whole && claim.reverted_by.is_none() {
            &mut evidence
        } else {
            &mut against
        };
        side.push(words);
    }
    for file in files {
        against.extend(lacking(file, scope));
    }
    let standing = standing(claims);
    for (file, copy) in forgotten_copies(files, &standing) {
        let (path, copy) = (String::from_utf8_lossy(&file.path), String::from_utf8_lossy(copy));
        against.push(format!(
            "{path} is here once more, as {copy}, and that is as before the fix"
        ));
    }
    for file in files {
        let Some(line) = file.unresolved else { continue };
        let at = String::from_utf8_lossy(file.at.as_deref().unwrap_or(&file.path));
        against.push(format!("{at}:{line} begins a conflict that was committed unresolved"));
    }
    for file in half_moved(files, &standing) {
        let path = String::from_utf8_lossy(&file.path);
        against.push(format!("{path}: a line that the fix moves was only taken away"));
    }
    for file in files {
        let Some(half) = forgotten_half(file, &standing) else {
            continue;
        };
        let was = String::from_utf8_lossy(file.was.as_deref().unwrap_or_default());
        let path = String::from_utf8_lossy(&file.path);
        against.push(match half {
            Half::Old => format!("{was} is still here, beside {path}, which the fix makes of it"),
            Half::New => format!("{was} was removed, and {path}, which the fix makes of it, is not here"),
        });
    }
    if cut {
        against.push("the history was not read back to the fix: it is too long, or the clone is shallow".to_owned());
    }
    let confidence = (shown.good + decision.explained) as f64 / all.max(1) as f64;
    CommitAnswer {
        fix: fix.id.to_string(),
        verdict: decision.verdict,
        matched: claims
            .iter()
            .filter(|claim| claim.related())
            .map(|claim| claim.id.to_string())
            .collect(),
        evidence,
        against,
        confidence: (confidence.min(1.0) * 100.0).round() / 100.0,
        range_diff: None,
    }
}

/// What of a file is not at the tip, in words.
fn lacking(file: &FileFinding, scope: Scope) -> Vec<String> {
    let path = String::from_utf8_lossy(&file.path);
    let aside = if scope.has(file) { "" } else { " (no part of what runs)" };
    let open = file.blocks.iter().filter(|block| block.state != State::InEffect);
    let words = open.map(|block| {
        let what = match (block.state, block.wording) {
            (State::Lacking, _) => "is as before the fix",
            (_, Wording::Before) => "is nearly as before the fix",
            (_, Wording::Like) => "is much like both sides of the fix",
            (State::Absent, Wording::Other) => "has no counterpart here",
            (_, Wording::Other) => "differs from both sides of the fix",
        };
        let ((there, of), (kept, to_go)) = (block.added, block.kept);
        format!(
            "{path}:{} {what} ({there} of {of} added lines there, {kept} of {to_go} removed lines kept){aside}",
            block.line
        )
    });
    let mut words: Vec<_> = words.collect();
    let more = words.len().saturating_sub(MOST_PLACES);
    words.truncate(MOST_PLACES);
    if more > 0 {
        words.push(format!("{path}: {more} more places{aside}"));
    }
    words
}
