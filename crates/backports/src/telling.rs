//! What is said of a decision: what speaks for it and what against, for people.

use crate::claim::Examined;
use crate::content::State;
use crate::decide::{Decision, Half, forgotten_copies, forgotten_half, half_moved, standing};
use crate::engine::CommitAnswer;
use crate::files::FileFinding;
use crate::fix::Fix;
use crate::patch;
use crate::sum::Scope;
use crate::verdict::Verdict;
use crate::wording::Wording;

/// The most places that are named in an answer for each file.
const MOST_PLACES: usize = 8;
/// The most places that are named in all.
const MOST_IN_ALL: usize = 100;
/// The most of them in files that are no part of what runs, and the most files that are elsewhere.
const MOST_ASIDE: usize = 10;

/// The answer about one commit of a fix, in words.
pub(crate) fn answer(
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
    let elsewhere = files
        .iter()
        .filter_map(|file| Some((&file.path, file.at.as_ref().filter(|at| **at != file.path)?)));
    let elsewhere = elsewhere.map(|(path, at)| {
        let [path, at] = [path, at].map(|path| String::from_utf8_lossy(path));
        format!("{path} is {at} here")
    });
    evidence.extend(shortened(elsewhere, MOST_ASIDE, "files that are elsewhere"));
    // A commit of the same second by the same person that does something else is no claim worth naming.
    let worth = |claim: &&Examined| claim.related() || claim.claim.trailer || claim.claim.subject;
    for claim in claims.iter().filter(worth) {
        let words = patch::claim_words(claim);
        let whole = claim.since.stands() && !claim.since.partly_undone;
        let side = if claim.related() && whole && claim.reverted_by.is_none() {
            &mut evidence
        } else {
            &mut against
        };
        side.push(words);
    }
    let (deciding, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| scope.has(file));
    for (files, most) in [(deciding, MOST_IN_ALL), (others, MOST_ASIDE)] {
        let places = files.into_iter().flat_map(|file| lacking(file, scope));
        against.extend(shortened(places, most, "places like these"));
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
        let aside = aside(file, scope);
        against.push(format!(
            "{at}:{line} begins a conflict that was committed unresolved{aside}"
        ));
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
            Half::New if was == path => format!("{path}, which the fix changes, was removed by a backport"),
            Half::New => format!("{was} was removed, and {path}, which the fix makes of it, is not here"),
        });
    }
    if decision.verdict == Verdict::Unproven && against.is_empty() {
        // Whatever else makes it so has been said.
        let why = if shown.good > 0 {
            "what the fix removes is gone, but may never have been here: nothing that it adds shows it"
        } else {
            "the rest of the series takes all of it back, and no commit here says to have carried it"
        };
        against.push(why.to_owned());
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
        is_claimed: claims
            .iter()
            .any(|claim| claim.related() || claim.does_something_else()),
        evidence,
        against,
        confidence: (confidence.min(1.0) * 100.0).round() / 100.0,
        range_diff: None,
    }
}

/// The first few of some words, and how many more there are.
fn shortened(words: impl Iterator<Item = String>, most: usize, of: &str) -> Vec<String> {
    let mut words: Vec<_> = words.collect();
    let more = words.len().saturating_sub(most);
    words.truncate(most);
    words.extend((more > 0).then(|| format!("{more} more {of}")));
    words
}

/// What is said of a file that does not decide.
fn aside(file: &FileFinding, scope: Scope) -> &'static str {
    if scope.has(file) { "" } else { " (no part of what runs)" }
}

/// What of a file is not at the tip, in words.
fn lacking(file: &FileFinding, scope: Scope) -> Vec<String> {
    let path = String::from_utf8_lossy(&file.path);
    let aside = aside(file, scope);
    let open = file.blocks.iter().filter(|block| block.state != State::InEffect);
    let words = open.map(|block| {
        let what = match (block.state, block.wording) {
            (State::Lacking, _) => "is as before the fix",
            (_, Wording::Before) => "is nearly as before the fix",
            (_, Wording::Like) => "is much like both sides of the fix",
            (_, Wording::Older) => "is older than the state before the fix",
            (State::Absent, Wording::Other) => "has no counterpart here",
            (_, Wording::Other) => "differs from both sides of the fix",
        };
        let ((there, of), (kept, to_go)) = (block.added, block.kept);
        format!(
            "{path}:{} {what} ({there} of {of} added lines there, {kept} of {to_go} removed lines kept){aside}",
            block.line
        )
    });
    let mut words = shortened(words, MOST_PLACES, &format!("places{aside}"));
    if let Some(more) = words.get_mut(MOST_PLACES) {
        *more = format!("{path}: {more}");
    }
    words
}
