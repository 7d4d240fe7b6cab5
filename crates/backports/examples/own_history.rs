//! How often the engine is right on a project's own history.
//!
//! ```sh
//! cargo run --release -p embargod-backports --example own_history -- REPOSITORY COUNT MAIN BRANCH…
//! ```
//!
//! Backports are found by what their messages name, an id or the number of a request, or by author, date and subject. Some
//! of them, evenly spread, are asked about as they are, before they were made and forty commits later; and from each of them
//! others are made of which the answer is known: each file or a hunk forgotten, a hunk or all of it undone without a word, the
//! message on an unchanged tree. Where the fix says which commits brought the flaw (`Fixes: …`), the state before the backport is
//! asked about with these, too, and so is the state before the flaw. What is made stays in memory. Prints a line for each kind, and
//! the questions that were answered wrong.

#![allow(clippy::expect_used, reason = "a tool for developers ends with its reason")]

use std::collections::{BTreeMap, HashMap, HashSet};

use embargod_backports::{Index, Question, Verdict, assess_each, is_ancillary};
use git2::build::TreeUpdateBuilder;
use git2::{Commit, Delta, DiffOptions, Oid, Patch, Repository, Sort, Tree};

/// A backport of more files than this is left out: it is hardly ever a fix.
const MOST_FILES: usize = 12;
/// The word before the id of a commit that a fix repairs.
const REPAIRS: &str = "\nFixes: ";
/// Words before the id of a fix.
const SOURCES: [&str; 2] = ["cherry picked from commit ", "master commit: "];

/// A fix and its backport.
struct Pair<'r> {
    fix: Commit<'r>,
    backport: Commit<'r>,
    branch: String,
    /// The commits that brought the flaw.
    flaws: Vec<Commit<'r>>,
    /// Whether one of them is in the branch's own history.
    has_flaw: bool,
}

/// What is asked, of which commit, and which answers are right.
struct Asked {
    kind: &'static str,
    tip: Oid,
    /// The commits that brought the flaw, where that is asked about.
    flaws: Vec<Oid>,
    right: &'static [Verdict],
}

const GOOD: &[Verdict] = &[Verdict::Present, Verdict::Adapted];
const ANY_BUT_NOT_AFFECTED: &[Verdict] = &[
    Verdict::Present,
    Verdict::Adapted,
    Verdict::Partial,
    Verdict::Reverted,
    Verdict::Missing,
];
const PART: &[Verdict] = &[Verdict::Partial, Verdict::Reverted, Verdict::Missing];
const GONE: &[Verdict] = &[Verdict::Reverted, Verdict::Missing, Verdict::Partial];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repository, count, main, branches @ ..] = arguments.as_slice() else {
        eprintln!("usage: own_history REPOSITORY COUNT MAIN BRANCH…");
        std::process::exit(2);
    };
    let repository = Repository::open(repository).expect("a repository");
    let objects = repository.odb().expect("its objects");
    objects.add_new_mempack_backend(1_000).expect("room in memory");
    let pairs = pairs(&repository, main, branches);
    let step = pairs.len().div_ceil(count.parse().expect("a number")).max(1);
    let (index, mut table, mut wrong) = (Index::default(), BTreeMap::new(), Vec::new());
    for (number, pair) in pairs.iter().step_by(step).enumerate() {
        for asked in questions(&repository, pair, number) {
            let question = Question {
                fixes: vec![pair.fix.id()],
                introduced: asked.flaws,
                ..Question::default()
            };
            let answers = assess_each(&repository, &index, &question, &[asked.tip]);
            let Some(Ok(answer)) = answers.into_iter().next() else {
                continue;
            };
            let counts: &mut BTreeMap<_, usize> = table.entry(asked.kind).or_default();
            *counts.entry(answer.verdict).or_default() += 1;
            if !asked.right.contains(&answer.verdict) && answer.verdict != Verdict::Unproven {
                let (fix, backport) = (pair.fix.id(), pair.backport.id());
                let (kind, branch, word) = (asked.kind, &pair.branch, answer.verdict.word());
                wrong.push(format!("{kind}: {fix} as {backport} on {branch}: {word}"));
            }
        }
    }
    println!("{} backports, every {step}th asked about", pairs.len());
    for (kind, counts) in table {
        let words = counts
            .iter()
            .map(|(verdict, count)| format!("{} {count}", verdict.word()));
        println!("{kind:24} {}", words.collect::<Vec<_>>().join(", "));
    }
    wrong.iter().for_each(|line| println!("{line}"));
}

fn pairs<'r>(repository: &'r Repository, main: &str, branches: &[String]) -> Vec<Pair<'r>> {
    let tip = |name: &str| {
        let found = repository.revparse_single(name).expect("a branch");
        found.peel_to_commit().expect("a commit").id()
    };
    let identity = |commit: &Commit<'_>| {
        let author = commit.author();
        let subject = commit.summary_bytes().unwrap_or_default().to_vec();
        (author.email_bytes().to_vec(), author.when().seconds(), subject)
    };
    let walk = |name: &str, hidden: Option<&str>| {
        let mut walk = repository.revwalk().expect("a walk");
        walk.set_sorting(Sort::TIME).expect("by time");
        walk.push(tip(name)).expect("there");
        if let Some(name) = hidden {
            walk.hide(tip(name)).expect("there");
        }
        let commits = walk.filter_map(|id| repository.find_commit(id.ok()?).ok());
        commits.filter(|commit| commit.parent_count() == 1).collect::<Vec<_>>()
    };
    let mut on_main = HashMap::new();
    let mut by_identity: HashMap<_, Vec<Oid>> = HashMap::new();
    let mut by_request: HashMap<u64, Vec<Oid>> = HashMap::new();
    for commit in walk(main, None) {
        by_identity.entry(identity(&commit)).or_default().push(commit.id());
        if let Some(request) = requests(&commit).last() {
            by_request.entry(*request).or_default().push(commit.id());
        }
        on_main.insert(commit.id(), commit);
    }
    let mut pairs = Vec::new();
    for branch in branches {
        let mut all = repository.revwalk().expect("a walk");
        all.push(tip(branch)).expect("there");
        let history: HashSet<Oid> = all.filter_map(Result::ok).collect();
        for backport in walk(branch, Some(main)) {
            let named = sources(&String::from_utf8_lossy(backport.message_bytes()));
            let same = by_identity.get(&identity(&backport)).cloned().unwrap_or_default();
            let earlier = match requests(&backport).as_slice() {
                [earlier @ .., _] => earlier
                    .iter()
                    .filter_map(|request| by_request.get(request))
                    .flatten()
                    .copied()
                    .collect(),
                [] => Vec::new(),
            };
            let fix = match (named.as_slice(), same.as_slice(), earlier.as_slice()) {
                ([fix], _, _) | ([], [fix], _) | ([], [], [fix]) => on_main.get(fix).cloned(),
                _ => None,
            };
            pairs.extend(fix.map(|fix| {
                let flaws = flaws(repository, &fix);
                Pair {
                    has_flaw: flaws.iter().any(|flaw| history.contains(&flaw.id())),
                    fix,
                    backport,
                    branch: branch.clone(),
                    flaws,
                }
            }));
        }
    }
    pairs
}

/// The numbers of the requests that a subject has in brackets.
fn requests(commit: &Commit<'_>) -> Vec<u64> {
    let subject = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned();
    let groups = subject.split("(#").skip(1).filter_map(|rest| rest.split_once(')'));
    groups.filter_map(|(number, _)| number.parse().ok()).collect()
}

fn sources(message: &str) -> Vec<Oid> {
    let after = SOURCES.iter().flat_map(|words| message.split(words).skip(1));
    after.filter_map(|rest| Oid::from_str(rest.get(..40)?).ok()).collect()
}

/// The commits that brought what a fix repairs, as it says; none where one of them is not found.
fn flaws<'r>(repository: &'r Repository, fix: &Commit<'_>) -> Vec<Commit<'r>> {
    let message = String::from_utf8_lossy(fix.message_bytes()).into_owned();
    let ids = message.split(REPAIRS).skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_hexdigit());
        rest.get(..end.unwrap_or(rest.len())).filter(|id| id.len() >= 8)
    });
    let find = |id: Option<&str>| repository.revparse_single(id?).ok()?.peel_to_commit().ok();
    ids.map(find).collect::<Option<_>>().unwrap_or_default()
}

/// What can be asked about a backport; nothing where it changes nothing that runs.
fn questions(repository: &Repository, pair: &Pair<'_>, number: usize) -> Vec<Asked> {
    let backport = &pair.backport;
    let parent = backport.parent(0).expect("it has one");
    let (before, after) = (parent.tree().expect("a tree"), backport.tree().expect("a tree"));
    let mut options = DiffOptions::new();
    options.context_lines(0);
    let diff = repository.diff_tree_to_tree(Some(&before), Some(&after), Some(&mut options));
    let diff = diff.expect("a difference");
    let path = |file: git2::DiffFile<'_>| file.path_bytes().map(<[u8]>::to_vec).unwrap_or_default();
    let runs: Vec<_> = (0..diff.deltas().len())
        .filter(|index| {
            diff.get_delta(*index)
                .is_some_and(|delta| !is_ancillary(&path(delta.new_file())))
        })
        .collect();
    if runs.is_empty() || diff.deltas().len() > MOST_FILES {
        return Vec::new();
    }
    let commit = |tree: &Tree<'_>, parent: &Commit<'_>, message: &str| {
        let (author, committer) = (backport.author(), backport.committer());
        let made = repository.commit(None, &author, &committer, message, tree, &[parent]);
        made.expect("written to memory")
    };
    let message = String::from_utf8_lossy(backport.message_bytes()).into_owned();
    let ask = |kind, tip, right| Asked {
        kind,
        tip,
        flaws: Vec::new(),
        right,
    };
    let ask_whether_affected = |kind, tip, right| Asked {
        flaws: pair.flaws.iter().map(Commit::id).collect(),
        ..ask(kind, tip, right)
    };
    let mut asked = vec![
        ask("as it is", backport.id(), GOOD),
        ask("before it", parent.id(), &[Verdict::Missing]),
        ask("undone in silence", commit(&before, backport, "Tidy up"), GONE),
        ask(
            "the message alone",
            commit(&before, &parent, &message),
            &[Verdict::Missing],
        ),
    ];
    if let Some(later) = later(repository, pair) {
        asked.push(ask("forty commits later", later, GOOD));
    }
    if pair.has_flaw {
        asked.push(ask_whether_affected(
            "it has the flaw",
            parent.id(),
            ANY_BUT_NOT_AFFECTED,
        ));
    }
    if let [flaw] = pair.flaws.as_slice()
        && let Ok(before) = flaw.parent_id(0)
    {
        asked.push(ask_whether_affected("before the flaw", before, &[Verdict::NotAffected]));
    }
    let updated = |path: &[u8], blob: Option<(Oid, git2::FileMode)>| {
        let mut update = TreeUpdateBuilder::new();
        match blob {
            Some((blob, mode)) => update.upsert(path, blob, mode),
            None => update.remove(path),
        };
        let id = update.create_updated(repository, &after).expect("a tree");
        repository.find_tree(id).expect("just made")
    };
    let fixed: Vec<_> = names(repository, &pair.fix);
    // A file that the fix does not have is no part of it; one that moved keeps its name.
    let name = |path: &[u8]| path.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
    let there = |path: &[u8]| {
        let path = String::from_utf8_lossy(path).into_owned();
        after.get_path(std::path::Path::new(&path)).is_ok()
    };
    for index in runs.iter().filter(|_| runs.len() > 1) {
        let delta = diff.get_delta(*index).expect("counted above");
        let file = path(delta.new_file());
        let moved = |of_fix: &Vec<u8>| name(of_fix) == name(&file) && !there(of_fix);
        if fixed.contains(&file) || fixed.iter().any(moved) {
            let old = delta.old_file();
            let blob = old.exists().then(|| (old.id(), old.mode()));
            let tree = updated(&file, blob);
            asked.push(ask("a file forgotten", commit(&tree, &parent, &message), PART));
        }
    }
    let changed = changed_lines(repository, &pair.fix);
    let hunks: Vec<_> = runs
        .iter()
        .flat_map(|index| hunks(repository, &diff, *index, &changed))
        .collect();
    let acting: Vec<_> = hunks.iter().filter(|hunk| hunk.acts).collect();
    if hunks.len() + runs.len() > 2 && !acting.is_empty() && hunks.len() > 1 {
        let hunk = acting[number % acting.len()];
        let blob = repository.blob(&hunk.without).expect("written to memory");
        let tree = updated(&hunk.path, Some((blob, hunk.mode)));
        asked.push(ask("a hunk forgotten", commit(&tree, &parent, &message), PART));
        asked.push(ask("a hunk undone", commit(&tree, backport, "Tidy up"), PART));
    }
    asked
}

fn later(repository: &Repository, pair: &Pair<'_>) -> Option<Oid> {
    let mut at = repository.revparse_single(&pair.branch).ok()?.peel_to_commit().ok()?;
    let mut line = Vec::new();
    while at.id() != pair.backport.id() && at.time() >= pair.backport.time() {
        line.push(at.id());
        at = at.parent(0).ok()?;
    }
    let whole = at.id() == pair.backport.id();
    line.into_iter().rev().nth(39).filter(|_| whole)
}

/// The lines that a commit adds or removes, in any file.
fn changed_lines(repository: &Repository, commit: &Commit<'_>) -> HashSet<Vec<u8>> {
    let diff = difference(repository, commit);
    let mut lines = HashSet::new();
    diff.print(git2::DiffFormat::Patch, |_, _, line| {
        if matches!(line.origin(), '+' | '-') {
            lines.insert(line.content().trim_ascii().to_vec());
        }
        true
    })
    .expect("read");
    lines
}

/// What a commit changes.
fn difference<'r>(repository: &'r Repository, commit: &Commit<'_>) -> git2::Diff<'r> {
    let before = commit.parent(0).and_then(|parent| parent.tree()).ok();
    let after = commit.tree().expect("a tree");
    let diff = repository.diff_tree_to_tree(before.as_ref(), Some(&after), None);
    diff.expect("a difference")
}

fn names(repository: &Repository, commit: &Commit<'_>) -> Vec<Vec<u8>> {
    let diff = difference(repository, commit);
    let name = |delta: git2::DiffDelta<'_>| delta.new_file().path_bytes().map(<[u8]>::to_vec);
    diff.deltas().filter_map(name).collect()
}

/// One hunk of a file that a backport modifies.
struct Hunk {
    path: Vec<u8>,
    mode: git2::FileMode,
    /// The file after the backport, but for this hunk.
    without: Vec<u8>,
    /// Whether it does something that the fix does, beyond comments, includes and brackets.
    acts: bool,
}

fn hunks(repository: &Repository, diff: &git2::Diff<'_>, index: usize, changed: &HashSet<Vec<u8>>) -> Vec<Hunk> {
    let (Some(delta), Ok(Some(patch))) = (diff.get_delta(index), Patch::from_diff(diff, index)) else {
        return Vec::new();
    };
    let Ok(after) = repository.find_blob(delta.new_file().id()) else {
        return Vec::new();
    };
    if delta.status() != Delta::Modified {
        return Vec::new();
    }
    let lines: Vec<_> = after.content().split_inclusive(|byte| *byte == b'\n').collect();
    let mut found = Vec::new();
    for number in 0..patch.num_hunks() {
        let (hunk, count) = patch.hunk(number).expect("counted");
        let (mut removed, mut acts) = (Vec::new(), false);
        for line in 0..count {
            let line = patch.line_in_hunk(number, line).expect("counted");
            acts |= act(line.content()) && changed.contains(line.content().trim_ascii());
            if line.origin() == '-' {
                removed.extend_from_slice(line.content());
            }
        }
        let (start, length) = (hunk.new_start() as usize, hunk.new_lines() as usize);
        // Of nothing added, git says after which line.
        let start = if length == 0 { start } else { start - 1 };
        found.push(Hunk {
            path: delta.new_file().path_bytes().map(<[u8]>::to_vec).unwrap_or_default(),
            mode: delta.new_file().mode(),
            without: [lines[..start].concat(), removed, lines[start + length..].concat()].concat(),
            acts,
        });
    }
    found
}

fn act(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let aside = [&b"#"[..], b"//", b"/*", b"*", b"import ", b"from "];
    !aside.iter().any(|start| line.starts_with(start))
        && line.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() > 5
}
