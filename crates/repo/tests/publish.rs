//! Law 2 over real repositories: never does a proper subset of the branches move.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

mod common;

use common::git;
use embargod_core::{BranchName, CommitId};
use embargod_repo::{PushOutcome, RefUpdate, Remote, publish, remote_branches};

const BRANCHES: [&str; 3] = ["master", "v8.0-maint", "v9.0-maint"];

struct World {
    clone: PathBuf,
    remote: PathBuf,
    updates: Vec<RefUpdate>,
    _folder: tempfile::TempDir,
}

fn commit(repository: &Path, parent: Option<&str>, message: &str) -> CommitId {
    let tree = git(repository, &["mktree", "--missing"]);
    let mut arguments = vec!["commit-tree", "-m", message];
    arguments.extend(parent.iter().flat_map(|parent| ["-p", *parent]));
    arguments.push(&tree);
    git(repository, &arguments).parse().expect("an id")
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (clone, remote) = (folder.path().join("clone.git"), folder.path().join("remote.git"));
        for path in [&clone, &remote] {
            git(
                folder.path(),
                &["init", "--quiet", "--bare", path.to_str().expect("UTF-8")],
            );
        }
        let updates = BRANCHES.map(|name| {
            let branch: BranchName = name.parse().expect("valid");
            let from = commit(&clone, None, name);
            let to = commit(&clone, Some(from.as_str()), "fix");
            let refspec = format!("{from}:{}", branch.reference());
            git(&clone, &["push", "--quiet", remote.to_str().expect("UTF-8"), &refspec]);
            RefUpdate {
                branch,
                from: Some(from),
                to: Some(to),
            }
        });
        Self {
            clone,
            remote,
            updates: updates.into(),
            _folder: folder,
        }
    }

    fn url(&self) -> String {
        format!("file://{}", self.remote.display())
    }

    fn remote(&self) -> Remote {
        Remote::open(self.url())
    }

    fn from(&self, index: usize) -> &str {
        self.updates[index].from.as_ref().expect("there before").as_str()
    }

    fn to(&self, index: usize) -> &str {
        self.updates[index].to.as_ref().expect("there after").as_str()
    }

    async fn publish(&self) -> PushOutcome {
        publish(&self.clone, &self.remote(), &self.updates)
            .await
            .expect("an outcome")
    }

    /// How many branches have their new commit.
    async fn moved(&self) -> usize {
        let tips = remote_branches(&self.clone, &self.remote()).await.expect("read");
        self.updates
            .iter()
            .filter(|update| tips.get(&update.branch) == update.to.as_ref())
            .count()
    }
}

#[tokio::test]
async fn all_branches_move_at_once_and_a_repetition_is_harmless() {
    let world = World::new();
    assert_eq!(world.publish().await, PushOutcome::Done);
    assert_eq!(world.moved().await, 3);
    assert_eq!(world.publish().await, PushOutcome::Done);
}

#[tokio::test]
async fn one_branch_that_moved_on_and_none_moves() {
    let world = World::new();
    let other = commit(&world.clone, Some(world.from(1)), "somebody else");
    let refspec = format!("{other}:{}", world.updates[1].branch.reference());
    git(&world.clone, &["push", "--quiet", &world.url(), &refspec]);
    assert_eq!(
        world.publish().await,
        PushOutcome::Stale(vec![world.updates[1].branch.clone()])
    );
    assert_eq!(world.moved().await, 0);
}

#[tokio::test]
async fn one_branch_that_a_rule_refuses_and_none_moves() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let hook = world.remote.join("hooks/update");
    std::fs::create_dir_all(world.remote.join("hooks")).expect("made");
    std::fs::write(&hook, "#!/bin/sh\n[ \"$1\" != refs/heads/v9.0-maint ]\n").expect("written");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("executable");
    assert_eq!(world.publish().await, PushOutcome::Refused);
    assert_eq!(world.moved().await, 0);
}

#[tokio::test]
async fn a_rewrite_of_history_is_refused_before_anything_is_sent() {
    let mut world = World::new();
    world.updates[2].to = Some(commit(&world.clone, None, "another root"));
    assert_eq!(
        world.publish().await,
        PushOutcome::NotForward(vec![world.updates[2].branch.clone()])
    );
    assert_eq!(world.moved().await, 0);
}

#[tokio::test]
async fn without_updates_nothing_is_sent() {
    let mut world = World::new();
    git(&world.clone, &["update-ref", "refs/heads/master", world.to(0)]);
    let updates = std::mem::take(&mut world.updates);
    assert_eq!(world.publish().await, PushOutcome::Done);
    world.updates = updates;
    assert_eq!(world.moved().await, 0);
}

#[tokio::test]
async fn errors_name_no_branch_and_no_commit() {
    let world = World::new();
    std::fs::remove_dir_all(&world.remote).expect("removed");
    let error = publish(&world.clone, &world.remote(), &world.updates)
        .await
        .expect_err("no remote")
        .to_string();
    for index in 0..world.updates.len() {
        let branch = world.updates[index].branch.as_str();
        assert!(
            !error.contains(branch) && !error.contains(&world.to(index)[..7]),
            "{error}"
        );
    }
}
