//! Questions from real history. They need mirrors that are too large to be carried along, so this runs where
//! `EMBARGOD_CORPUS` names a folder with `real-history.jsonl` and, for each repository of it, a bare mirror `NAME.git`.
//! Without it the test says so and passes. Run it optimised: `cargo test --release -p embargod-backports --test corpus`.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use embargod_backports::{Question, Verdict, assess};
use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid, Repository};
use serde::Deserialize;

/// One question with its answer.
#[derive(Deserialize)]
struct Row {
    id: String,
    repo: String,
    fix_main: Vec<String>,
    tip: String,
    expected: String,
    kind: String,
    recipe: Option<Recipe>,
}

/// How the tip of a mutant is made from a real backport.
#[derive(Deserialize)]
struct Recipe {
    commit: String,
    drop: Vec<String>,
}

/// How many rows of one kind, and how many were answered how.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn of(&self, answer: &str) -> usize {
        self.0.get(answer).copied().unwrap_or_default()
    }

    fn all(&self) -> usize {
        self.0.values().sum()
    }
}

#[test]
fn real_history_with_and_without_trailers() {
    let Ok(folder) = std::env::var("EMBARGOD_CORPUS") else {
        eprintln!("EMBARGOD_CORPUS is not set: the questions from real history were not asked");
        return;
    };
    let folder = PathBuf::from(folder);
    let text = std::fs::read_to_string(folder.join("real-history.jsonl")).expect("the questions");
    let rows: Vec<Row> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    let scratch = tempfile::tempdir().expect("a temporary folder");
    for (ignore_trailers, least) in [(false, 0.95), (true, 0.90)] {
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        let mut repositories = BTreeMap::new();
        for row in &rows {
            let repository = repositories
                .entry(row.repo.clone())
                .or_insert_with(|| borrow(&folder, scratch.path(), &row.repo));
            let answer = ask(repository, row, ignore_trailers);
            if answer == "present" && row.expected != "present" {
                eprintln!("false present: {} ({})", row.id, row.kind);
            }
            for name in [row.kind.clone(), format!("= {}", row.expected)] {
                *tallies.entry(name).or_default().0.entry(answer).or_default() += 1;
            }
        }
        eprintln!("ignore trailers: {ignore_trailers}");
        for (name, tally) in &tallies {
            eprintln!("{name:34} {:5}  {:?}", tally.all(), tally.0);
        }
        let no = ["= absent", "= partial", "= reverted", "= needs_human"];
        let share = |some: usize, all: usize| some as f64 / all.max(1) as f64;
        let tally = |name: &str| tallies.get(name);
        let wrong = no
            .iter()
            .filter_map(|name| tally(name))
            .map(|tally| tally.of("present"))
            .sum();
        let lacking = no.iter().filter_map(|name| tally(name)).map(Tally::all).sum();
        let (found, there) = tally("= present").map_or((0, 0), |tally| (tally.of("present"), tally.all()));
        let of_kinds = tallies.iter().filter(|(name, _)| !name.starts_with("= "));
        let asked: usize = of_kinds.clone().map(|(_, tally)| tally.of("asked")).sum();
        let mutants: usize = of_kinds
            .filter(|(name, _)| name.starts_with("mutant"))
            .map(|(_, tally)| tally.of("present"))
            .sum();
        eprintln!(
            "false present {wrong}/{lacking}, recall {found}/{there}, asked {asked}/{}",
            rows.len()
        );
        assert!(share(wrong, lacking) <= 0.005, "false present");
        assert!(share(found, there) >= least, "recall");
        assert!(share(asked, rows.len()) <= 0.04, "asked");
        assert_eq!(mutants, 0, "mutants called present");
    }
}

fn ask(repository: &Repository, row: &Row, ignore_trailers: bool) -> &'static str {
    let tip = Oid::from_str(&row.tip).expect("an id");
    if let Some(recipe) = &row.recipe {
        assert_eq!(mutant(repository, &row.kind, recipe), tip, "{}", row.id);
    }
    let question = Question {
        fixes: row
            .fix_main
            .iter()
            .map(|id| Oid::from_str(id).expect("an id"))
            .collect(),
        ignore_trailers,
        without_range_diff: true,
        ..Question::default()
    };
    match assess(repository, &question, tip).expect("an answer").verdict {
        Verdict::Present | Verdict::Adapted => "present",
        Verdict::Unproven => "asked",
        Verdict::Partial => "partial",
        Verdict::Reverted => "reverted",
        Verdict::Missing | Verdict::NotAffected => "absent",
    }
}

/// A repository that borrows the objects of a mirror, so that nothing is written there.
fn borrow(folder: &Path, scratch: &Path, name: &str) -> Repository {
    let name = format!("{}.git", name.rsplit('/').next().unwrap_or(name));
    let mirror = folder.join(&name).canonicalize().expect("a mirror");
    let repository = Repository::init_bare(scratch.join(name)).expect("made");
    let objects = mirror.join("objects");
    repository
        .odb()
        .and_then(|odb| odb.add_disk_alternate(objects.to_str().unwrap_or_default()))
        .expect("borrowed");
    repository
}

/// Makes the tip of a mutant: a backport with files left out, with its message alone, or undone without saying so.
fn mutant(repository: &Repository, kind: &str, recipe: &Recipe) -> Oid {
    let id = Oid::from_str(&recipe.commit).expect("an id");
    let commit = repository.find_commit(id).expect("a commit");
    let parent = commit.parent(0).expect("a parent");
    let before = parent.tree().expect("a tree");
    let (tree, onto, message) = match kind {
        "mutant_silent_undo" => (before.id(), id, b"Tidy up\n".to_vec()),
        "mutant_empty_pick" => (before.id(), parent.id(), commit.message_raw_bytes().to_vec()),
        _ => {
            let mut update = TreeUpdateBuilder::new();
            for path in &recipe.drop {
                match before.get_path(Path::new(path)) {
                    Ok(entry) => {
                        let mode = match entry.filemode() {
                            0o100_755 => FileMode::BlobExecutable,
                            0o120_000 => FileMode::Link,
                            _ => FileMode::Blob,
                        };
                        update.upsert(path, entry.id(), mode);
                    }
                    Err(_) => {
                        update.remove(path);
                    }
                }
            }
            let after = commit.tree().expect("a tree");
            let tree = update.create_updated(repository, &after).expect("a tree");
            (tree, parent.id(), commit.message_raw_bytes().to_vec())
        }
    };
    let kept = commit.raw_header_bytes().split(|byte| *byte == b'\n');
    let kept = kept.filter(|line| {
        [b"author ".as_slice(), b"committer ", b"encoding "]
            .iter()
            .any(|key| line.starts_with(key))
    });
    let mut raw = format!("tree {tree}\nparent {onto}\n").into_bytes();
    for line in kept {
        raw.extend_from_slice(line);
        raw.push(b'\n');
    }
    raw.push(b'\n');
    raw.extend_from_slice(&message);
    let odb = repository.odb().expect("objects");
    odb.write(ObjectType::Commit, &raw).expect("written")
}
