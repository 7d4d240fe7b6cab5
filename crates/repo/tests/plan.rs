//! The plan over a real repository, step by step as a case goes.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;

use common::git;
use embargod_core::case::Memory;
use embargod_core::{BranchName, CommitId};
use embargod_repo::{Branch, Plan, Planned, Source, plan};

const TEXT: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";

/// A repository with a work tree, whose branches `public/*` and `security/*` stand for the two sides.
struct World {
    folder: tempfile::TempDir,
    memory: Memory,
}

impl World {
    /// Main and one stable branch, which differ in a line that no fix touches.
    fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            memory: Memory::default(),
        };
        world.git(&["init", "--quiet", "--initial-branch=public/master"]);
        world.write("file", TEXT);
        world.commit("start");
        world.git(&["checkout", "--quiet", "-b", "public/v9.0-maint"]);
        world.write("file", &TEXT.replace("12", "twelve"));
        world.commit("maint: differs");
        for name in ["master", "v9.0-maint"] {
            world.git(&["branch", &format!("security/{name}"), &format!("public/{name}")]);
        }
        world
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.folder.path(), arguments)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("written");
    }

    fn read(&self, revision: &str, name: &str) -> String {
        self.git(&["show", &format!("{revision}:{name}")]) + "\n"
    }

    fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", message]);
        self.id("HEAD")
    }

    fn id(&self, revision: &str) -> CommitId {
        self.git(&["rev-parse", revision]).parse().expect("an id")
    }

    /// Changes one line of the file on a branch.
    fn change(&self, branch: &str, from: &str, to: &str, message: &str) -> CommitId {
        self.git(&["checkout", "--quiet", branch]);
        let text = self.read("HEAD", "file");
        let changed: Vec<_> = text.lines().map(|line| if line == from { to } else { line }).collect();
        self.write("file", &format!("{}\n", changed.join("\n")));
        self.commit(message)
    }

    /// Computes the plan and puts the security branches where it says.
    async fn follow(&mut self) -> Plan {
        self.follow_wanting(true).await
    }

    async fn follow_wanting(&mut self, wants_fix: bool) -> Plan {
        let branch = |name: &str| {
            let (public_tip, head) = (self.id(&format!("public/{name}")), self.id(&format!("security/{name}")));
            (
                name.parse::<BranchName>().expect("valid"),
                Branch {
                    public_tip,
                    head,
                    wants_fix,
                },
            )
        };
        let branches: BTreeMap<_, _> = ["master", "v9.0-maint"].into_iter().map(branch).collect();
        let main = "master".parse().expect("valid");
        let plan = plan(
            &self.folder.path().join(".git"),
            Source::Branch(&main),
            &branches,
            &self.memory,
            true,
        )
        .await
        .expect("a plan");
        self.git(&["checkout", "--quiet", "--detach"]);
        for (name, planned) in &plan.branches {
            self.git(&["branch", "--force", &format!("security/{name}"), planned.head.as_str()]);
        }
        self.memory = plan.memory.clone();
        plan
    }
}

fn at<'a>(plan: &'a Plan, name: &str) -> &'a Planned {
    &plan.branches[&name.parse::<BranchName>().expect("valid")]
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|found| found == line)
}

#[tokio::test]
async fn a_fix_is_carried_with_author_and_trailer_and_once() {
    let mut world = World::new();
    world.change(
        "security/master",
        "2",
        "two",
        "fix: the length\n\nSigned-off-by: A <a@example.org>",
    );
    world.git(&[
        "commit",
        "--quiet",
        "--amend",
        "--no-edit",
        "--author=Somebody Else <else@example.org>",
    ]);
    let fix = world.id("HEAD");
    let plan = world.follow().await;
    let maint = at(&plan, "v9.0-maint");
    assert_eq!(maint.commits.len(), 1);
    assert_eq!(maint.carried.values().collect::<Vec<_>>(), [&fix]);
    let text = world.git(&["log", "-1", "--format=%an <%ae>%n%B", "security/v9.0-maint"]);
    let trailer = format!("Signed-off-by: A <a@example.org>\n(cherry picked from commit {fix})");
    assert_eq!(
        text,
        format!("Somebody Else <else@example.org>\nfix: the length\n\n{trailer}")
    );
    let file = world.read("security/v9.0-maint", "file");
    assert!(has(&file, "two") && has(&file, "twelve"));
    assert_eq!(world.follow().await, plan, "a second look changes nothing");
}

#[tokio::test]
async fn a_public_branch_that_moves_is_followed_and_every_patch_kept() {
    let mut world = World::new();
    world.change("security/master", "2", "two", "fix");
    let before = world.follow().await;
    let old_fix = at(&before, "master").head.clone();
    world.change("public/master", "9", "nine", "main moves");
    world.change("public/v9.0-maint", "8", "eight", "maint moves");
    let after = world.follow().await;
    for name in ["master", "v9.0-maint"] {
        assert_eq!(at(&before, name).patches, at(&after, name).patches, "{name}");
        assert_ne!(at(&before, name).head, at(&after, name).head, "{name}");
        assert!(at(&after, name).on_public_tip, "{name}");
    }
    let text = world.git(&["log", "-1", "--format=%B", "security/v9.0-maint"]);
    assert!(
        text.contains(at(&after, "master").head.as_str()) && !text.contains(old_fix.as_str()),
        "{text}"
    );
    assert_eq!(
        world.follow().await.branches["master".parse::<BranchName>().as_ref().expect("valid")].head,
        at(&after, "master").head
    );
}

#[tokio::test]
async fn a_conflict_is_named_and_a_persons_resolution_is_taken() {
    let mut world = World::new();
    world.change("public/v9.0-maint", "2", "zwei", "maint has its own");
    world.git(&["branch", "--force", "security/v9.0-maint", "public/v9.0-maint"]);
    let fix = world.change("security/master", "2", "two", "fix");
    let plan = world.follow().await;
    let conflict = at(&plan, "v9.0-maint").conflict.as_ref().expect("a conflict");
    assert!(conflict.carrying && conflict.commit == fix);
    assert_eq!(conflict.files.keys().collect::<Vec<_>>(), [b"file"]);
    assert!(at(&plan, "v9.0-maint").commits.is_empty(), "nothing with markers");
    let resolved = world.change(
        "security/v9.0-maint",
        "zwei",
        "TWO",
        &format!("fix\n\n(cherry picked from commit {fix})"),
    );
    let plan = world.follow().await;
    assert_eq!(at(&plan, "v9.0-maint").conflict, None);
    assert_eq!(at(&plan, "v9.0-maint").head, resolved);
    assert_eq!(at(&plan, "v9.0-maint").carried.get(&resolved), Some(&fix));
}

#[tokio::test]
async fn a_rebuild_that_conflicts_leaves_the_branch_and_names_the_public_commit() {
    let mut world = World::new();
    world.change("security/master", "2", "two", "fix");
    let before = world.follow().await;
    world.change("public/v9.0-maint", "9", "nine", "harmless");
    let cause = world.change("public/v9.0-maint", "2", "zwei", "the cause");
    world.change("public/v9.0-maint", "11", "eleven", "harmless too");
    let after = world.follow().await;
    let maint = at(&after, "v9.0-maint");
    assert_eq!(maint.head, at(&before, "v9.0-maint").head);
    assert!(!maint.on_public_tip);
    assert_eq!(
        maint.conflict.as_ref().and_then(|conflict| conflict.cause.clone()),
        Some(cause)
    );
}

#[tokio::test]
async fn a_changed_fix_redoes_what_nobody_touched_and_leaves_what_somebody_edited() {
    for edited in [false, true] {
        let mut world = World::new();
        world.change("security/master", "2", "two", "fix");
        world.follow().await;
        if edited {
            world.git(&["checkout", "--quiet", "security/v9.0-maint"]);
            world.write("more", "more\n");
            world.git(&["add", "--all"]);
            world.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        }
        world.git(&["checkout", "--quiet", "security/master"]);
        world.write("file", &TEXT.replace("2\n3", "TWO\n3"));
        world.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
        let edit = world.id("security/v9.0-maint");
        let plan = world.follow().await;
        let maint = at(&plan, "v9.0-maint");
        if edited {
            assert_eq!(maint.stale, std::slice::from_ref(&edit));
            assert_eq!(maint.head, edit);
        } else {
            assert!(maint.stale.is_empty());
            assert!(has(&world.read("security/v9.0-maint", "file"), "TWO"));
            assert_eq!(maint.commits.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_fix_that_is_taken_back_leaves_the_other_branches_too_but_not_their_own_commits() {
    let mut world = World::new();
    world.change("security/master", "2", "two", "fix");
    world.change("security/master", "5", "five", "and another");
    world.follow().await;
    world.git(&["checkout", "--quiet", "security/v9.0-maint"]);
    world.write("NEWS", "9.0.1\n");
    world.commit("release 9.0.1");
    world.git(&["checkout", "--quiet", "--detach"]);
    world.git(&["branch", "--force", "security/master", "security/master~1"]);
    let plan = world.follow().await;
    let log = world.git(&["log", "--format=%s", "public/v9.0-maint..security/v9.0-maint"]);
    assert_eq!(log, "release 9.0.1\nfix");
    assert!(at(&plan, "v9.0-maint").stale.is_empty());
}

#[tokio::test]
async fn where_the_fix_is_waived_nothing_is_carried() {
    let mut world = World::new();
    world.change("security/master", "2", "two", "fix");
    let plan = world.follow_wanting(false).await;
    assert!(at(&plan, "v9.0-maint").commits.is_empty());
    // A waiver that comes after the carry takes it back; one that lapses brings it again.
    assert_eq!(at(&world.follow().await, "v9.0-maint").commits.len(), 1);
    assert!(at(&world.follow_wanting(false).await, "v9.0-maint").commits.is_empty());
}

#[tokio::test]
async fn a_merge_is_shown_and_left() {
    let mut world = World::new();
    world.change("security/master", "2", "two", "fix");
    world.change("public/master", "9", "nine", "main moves");
    world.git(&["checkout", "--quiet", "security/master"]);
    world.git(&["merge", "--quiet", "--no-edit", "public/master"]);
    let merge = world.id("HEAD");
    let plan = world.follow().await;
    assert_eq!(at(&plan, "master").merges, std::slice::from_ref(&merge));
    assert_eq!(at(&plan, "master").head, merge);
}
