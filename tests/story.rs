//! Stories of cases, over HTTP and real git, from the label to the publication.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use common::Tale;
use embargod::rehearsal::{LABEL, MIRROR, PUBLIC};
use embargod_sandbox::Flavour::{self, Github, Gitlab};
use embargod_sandbox::{Fault, Order, Ruleset, When};
use jiff::SignedDuration;
use rstest::rstest;

const ALL: [&str; 3] = ["master", "v8.0-maint", "v9.0-maint"];

#[rstest]
#[tokio::test]
async fn from_one_label_to_one_atomic_publication(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    let pulls = tale.stage.sandbox.pulls(MIRROR);
    assert_eq!(pulls.len(), 3, "{pulls:?}");
    let facts = tale.facts().await;
    for target in facts["targets"].as_array().expect("targets") {
        assert_eq!(target["verdict"], "present");
        let head = target["head"].as_str().expect("a head");
        let (conclusion, _) = tale
            .stage
            .sandbox
            .check(MIRROR, head, "embargod/embargo")
            .expect("a check");
        assert_eq!(conclusion, "failure", "closed while the embargo lasts");
        let (conclusion, _) = tale
            .stage
            .sandbox
            .check(MIRROR, head, "embargod/backports")
            .expect("a check");
        assert_eq!(conclusion, "success");
    }
    tale.stage
        .clock
        .move_to(tale.end().await - SignedDuration::from_secs(1));
    tale.settle().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
    for branch in ALL {
        assert!(tale.is_fixed(branch).await);
    }
    let pulls = tale.stage.sandbox.pulls(MIRROR);
    assert!(pulls.iter().all(|(_, _, open, merged)| !open && *merged), "{pulls:?}");
    let said = tale.comments();
    assert_eq!(said.matches("### Case").count(), 1, "one status comment");
    assert!(said.contains("State: **published**"), "{said}");
}

#[rstest]
#[tokio::test]
async fn a_late_push_needs_a_new_approval(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    tale.commit("dave", MIRROR, &tale.branch("master"), "late.c", "late\n", "one more")
        .await;
    tale.at_the_end().await;
    tale.assert_silent().await;
    assert!(
        tale.comments().contains("changed since the approval"),
        "{}",
        tale.comments()
    );
    tale.say("alice", "/embargo approve").await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn a_public_branch_that_moves_up_to_the_push_is_followed(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    let approved = tale.facts().await["approval"]["digest"].clone();
    for number in 0..3 {
        tale.commit("alice", PUBLIC, "master", "busy.c", &format!("{number}\n"), "busy")
            .await;
        tale.settle().await;
    }
    let dir = tale.stage.sandbox.repository_dir(PUBLIC);
    for number in 0..3 {
        let dir = dir.clone();
        // Right before the push arrives, somebody else's does.
        let busy = move || {
            let git = |arguments: &[&str]| {
                let mut command = std::process::Command::new("git");
                command
                    .arg("-C")
                    .arg(&dir)
                    .args(["-c", "user.name=B", "-c", "user.email=b@example.org"]);
                let output = command.args(arguments).output().expect("git runs");
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            };
            let message = format!("busier {number}");
            let commit = git(&["commit-tree", "master^{tree}", "-p", "master", "-m", &message]);
            git(&["update-ref", "refs/heads/master", &commit]);
        };
        let path = format!("{PUBLIC}.git/git-receive-pack");
        tale.stage
            .sandbox
            .fail(Fault::call("POST", &path, When::Before, Arc::new(busy)));
    }
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
    assert_eq!(tale.facts().await["approval"]["digest"], approved, "the approval held");
    let log = tale
        .stage
        .sandbox
        .git(PUBLIC, &["log", "--format=%s", "master"])
        .await
        .expect("read");
    assert!(log.starts_with("copy: check the length"), "{log}");
    assert_eq!(log.matches("busier").count(), 3, "nobody's commit is lost: {log}");
}

#[rstest]
#[tokio::test]
async fn a_rule_that_refuses_one_branch_keeps_all_of_them_closed(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    tale.close_branch("v9.0-maint");
    tale.at_the_end().await;
    tale.assert_silent().await;
    assert!(tale.comments().contains("would refuse the push"), "{}", tale.comments());
    tale.stage.pass_seconds(3_601);
    tale.settle().await;
    tale.assert_silent().await;
    assert!(tale.comments().contains("has lapsed"), "{}", tale.comments());
}

#[rstest]
#[tokio::test]
async fn a_branch_that_is_not_affected_is_waived_and_left_alone(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::opened(forge, "").await;
    tale.commit(
        "alice",
        PUBLIC,
        "v8.0-maint",
        "copy.c",
        "/* another life */\n",
        "rewritten",
    )
    .await;
    tale.fix().await;
    assert!(tale.comments().contains("git cherry-pick -x"), "{}", tale.comments());
    assert!(
        !tale
            .stage
            .sandbox
            .pulls(MIRROR)
            .iter()
            .any(|(_, head, ..)| head.ends_with("v8.0-maint"))
    );
    tale.say("alice", "/embargo not-affected v8.0-maint because it has no copy")
        .await;
    let mut tale = tale;
    tale.agree().await;
    tale.at_the_end().await;
    tale.assert_published(&["master", "v9.0-maint"]).await;
    assert!(!tale.is_fixed("v8.0-maint").await);
}

#[rstest]
#[tokio::test]
async fn a_commit_that_would_close_a_public_issue_never_gets_there(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::opened(forge, "").await;
    let public = tale
        .stage
        .sandbox
        .open_issue(PUBLIC, "dave", "something else", "")
        .expect("an issue");
    tale.fix().await;
    let message = format!("more of it\n\nFixes #{public}, see {MIRROR} and @alice");
    tale.commit("dave", MIRROR, &tale.branch("master"), "more.c", "more\n", &message)
        .await;
    tale.agree().await;
    let said = tale.comments();
    assert!(
        said.contains("names the private mirror") && said.contains("bare reference"),
        "{said}"
    );
    tale.at_the_end().await;
    tale.assert_silent().await;
    for (repository, number) in [(PUBLIC, public), (MIRROR, tale.issue)] {
        assert_eq!(
            tale.stage.sandbox.issue_is_open(repository, number),
            Some(true),
            "{repository}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_waiver_after_the_carry_takes_the_fix_from_that_branch_again(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::opened(forge, "").await;
    tale.fix().await;
    tale.say(
        "alice",
        "/embargo not-affected v8.0-maint because nobody calls it there",
    )
    .await;
    tale.agree().await;
    tale.at_the_end().await;
    tale.assert_published(&["master", "v9.0-maint"]).await;
    assert!(!tale.is_fixed("v8.0-maint").await);
}

#[rstest]
#[tokio::test]
async fn a_persons_backport_is_adapted_and_needs_an_acknowledgement(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::opened(forge, "").await;
    let other = "int copy(char *to, const char *from, int n)\n{\n    memcpy(to, from, n);\n    return 1;\n}\n";
    tale.commit("alice", PUBLIC, "v8.0-maint", "copy.c", other, "rewritten")
        .await;
    tale.fix().await;
    let fix = tale.stage.tip(MIRROR, &tale.branch("master")).await.expect("the fix");
    let resolved = other.replace("    memcpy", "    if (n < 0 || n > 64)\n        return -1;\n    memcpy");
    let message = format!("copy: check the length before the copy\n\n(cherry picked from commit {fix})");
    tale.commit(
        "dave",
        MIRROR,
        &tale.branch("v8.0-maint"),
        "copy.c",
        &resolved,
        &message,
    )
    .await;
    tale.agree().await;
    assert!(
        tale.comments().contains("/embargo ack v8.0-maint"),
        "{}",
        tale.comments()
    );
    let said = tale.comments();
    assert!(
        said.contains("How it differs from the fix") && said.contains("+    if (n < 0 || n > 64)"),
        "the range-diff: {said}"
    );
    tale.at_the_end().await;
    tale.assert_silent().await;
    tale.say("alice", "/embargo ack v8.0-maint").await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn labels_and_commands_of_outsiders_are_answered_and_change_nothing(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::begin(forge, "").await;
    tale.stage.sandbox.label(MIRROR, "dave", tale.issue, LABEL, true);
    tale.settle().await;
    tale.settle().await;
    assert_eq!(
        tale.comments().matches("by anyone else changes nothing").count(),
        1,
        "{}",
        tale.comments()
    );
    tale.stage.sandbox.label(MIRROR, "dave", tale.issue, LABEL, false);
    tale.open().await;
    tale.fix().await;
    tale.say("dave", "/embargo approve").await;
    tale.say("mallory", "/embargo status").await;
    tale.say("alice", "/embargo publish").await;
    let said = tale.comments();
    assert!(
        said.contains("is for the security team") && said.contains("is for the release managers"),
        "{said}"
    );
    assert!(said.contains("people with access"), "{said}");
    assert_eq!(tale.state().await, "open");
    tale.stage.sandbox.label(MIRROR, "dave", tale.issue, LABEL, false);
    tale.settle().await;
    assert_eq!(tale.state().await, "open", "who may not open may not close");
}

#[rstest]
#[tokio::test]
async fn an_edited_command_is_answered_and_not_executed(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::opened(forge, "").await;
    tale.fix().await;
    let id = tale
        .stage
        .sandbox
        .comment(MIRROR, "alice", tale.issue, "looks good")
        .expect("written");
    tale.stage.pass_seconds(5);
    assert!(tale.stage.sandbox.edit_comment(MIRROR, "alice", id, "/embargo approve"));
    tale.settle().await;
    assert!(
        tale.comments().contains("was edited before it was read"),
        "{}",
        tale.comments()
    );
    assert_eq!(tale.state().await, "open");
}

#[rstest]
#[tokio::test]
async fn an_abort_whose_delivery_is_lost_still_aborts(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::ready(forge, "").await;
    tale.stage
        .sandbox
        .comment(MIRROR, "bob", tale.issue, "/embargo abort because of a doubt")
        .expect("written");
    tale.order = Order::Lost;
    tale.at_the_end().await;
    tale.assert_silent().await;
    assert_eq!(tale.state().await, "aborted");
}

#[rstest]
#[tokio::test]
async fn an_early_merge_in_the_mirror_is_put_back_and_voids_the_approval(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    tale.merge_early().await;
    tale.settle().await;
    assert_eq!(
        tale.stage.tip(MIRROR, "master").await,
        tale.stage.tip(PUBLIC, "master").await
    );
    assert!(tale.comments().contains("somebody merged early"), "{}", tale.comments());
    tale.at_the_end().await;
    tale.assert_silent().await;
    tale.say("alice", "/embargo approve").await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn where_the_mirror_requires_the_bots_check_nobody_merges_early(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    if forge == Github {
        let rule = Ruleset {
            branches: "{master,v*}".to_owned(),
            rules: vec![],
            checks: vec!["embargod/embargo".to_owned()],
            apps: [7].into(),
            administrators: false,
        };
        tale.stage.sandbox.add_ruleset(MIRROR, rule);
    }
    let reason = match forge {
        Github => "a required check",
        // The bot has set this up by itself.
        Gitlab => "only some may merge",
    };
    for (number, ..) in tale.stage.sandbox.pulls(MIRROR) {
        let refused = tale.stage.sandbox.merge_pull(MIRROR, "dave", number).await;
        assert!(refused.is_err_and(|error| error.to_string().contains(reason)));
    }
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn a_fix_that_somebody_pushed_to_one_public_branch_is_a_leak_and_the_rest_can_follow_now(
    #[values(Github, Gitlab)] forge: Flavour,
) {
    let tale = Tale::ready(forge, "").await;
    let desk = tale.stage.clone_for("dave", MIRROR).await.expect("a clone");
    let public = tale.stage.sandbox.clone_url(PUBLIC, "dave").expect("a URL");
    let refspec = format!("origin/{}:refs/heads/master", tale.branch("master"));
    embargod::rehearsal::git(&desk, &["push", "--quiet", &public, &refspec])
        .await
        .expect("pushed by hand");
    tale.settle().await;
    assert_eq!(tale.comments().matches("**Leak.**").count(), 1, "{}", tale.comments());
    tale.assert_silent().await;
    let soon = tale.now() + SignedDuration::from_secs(30);
    tale.say("bob", &format!("/embargo until {soon} because it is public"))
        .await;
    tale.assert_silent().await;
    tale.say("frank", "/embargo agree").await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&["v8.0-maint", "v9.0-maint"]).await;
}

#[rstest]
#[tokio::test]
async fn every_delivery_lost_or_doubled_and_reversed_leads_to_the_same_end(#[values(Github, Gitlab)] forge: Flavour) {
    for order in [Order::Lost, Order::DoubledAndReversed] {
        let mut tale = Tale::begin(forge, "").await;
        tale.order = order;
        tale.open().await;
        tale.fix().await;
        tale.agree().await;
        tale.at_the_end().await;
        tale.assert_published(&ALL).await;
    }
}

#[rstest]
#[tokio::test]
async fn a_server_that_is_down_over_the_end_publishes_within_the_grace_and_not_after(
    #[values(Github, Gitlab)] forge: Flavour,
) {
    for (late, published) in [(3_599, true), (3_601, false)] {
        let tale = Tale::ready(forge, "").await;
        tale.stage
            .clock
            .move_to(tale.end().await + SignedDuration::from_secs(late));
        tale.settle().await;
        if published {
            tale.assert_published(&ALL).await;
        } else {
            tale.assert_silent().await;
            assert!(tale.comments().contains("has lapsed"), "{}", tale.comments());
        }
    }
}

#[rstest]
#[tokio::test]
async fn the_label_taken_off_by_the_team_closes_the_case(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    tale.stage.sandbox.label(MIRROR, "alice", tale.issue, LABEL, false);
    tale.at_the_end().await;
    tale.assert_silent().await;
    let branches = tale
        .stage
        .sandbox
        .git(MIRROR, &["for-each-ref", "refs/heads/embargo"])
        .await
        .expect("listed");
    assert_eq!(branches.lines().count(), 3, "the branches are kept");
    tale.stage.pass_seconds(30 * 86_400);
    tale.settle().await;
    let listed = tale
        .stage
        .sandbox
        .git(MIRROR, &["for-each-ref", "refs/heads/embargo"])
        .await
        .expect("listed");
    assert_eq!(listed, "", "for thirty days");
}

#[rstest]
#[tokio::test]
async fn the_label_on_a_public_issue_raises_a_private_alarm_once(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::begin(forge, "").await;
    let public = tale
        .stage
        .sandbox
        .open_issue(PUBLIC, "dave", "a flaw", "")
        .expect("an issue");
    tale.stage.sandbox.label(PUBLIC, "dave", public, LABEL, true);
    tale.settle().await;
    tale.assert_silent().await;
    let alarms = tale.stage.sandbox.timeline();
    let alarms = alarms
        .iter()
        .filter(|entry| entry.kind == "issue.opened" && entry.by.starts_with("embargod"));
    assert_eq!(alarms.count(), 1);
}

#[rstest]
#[tokio::test]
async fn in_merge_mode_the_heads_are_the_merges_that_become_public(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "publish = \"merge\"").await;
    tale.commit("alice", PUBLIC, "master", "busy.c", "busy\n", "busy").await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
    for branch in ALL {
        let subject = tale
            .stage
            .sandbox
            .git(PUBLIC, &["log", "-1", "--format=%s", branch])
            .await
            .expect("read");
        assert_eq!(subject, "Merge security fixes", "{branch}");
        assert!(tale.is_fixed(branch).await);
    }
    let pulls = tale.stage.sandbox.pulls(MIRROR);
    assert!(pulls.iter().all(|(_, _, _, merged)| *merged), "{pulls:?}");
}

#[rstest]
#[tokio::test]
async fn fast_forward_only_publishes_what_was_approved_or_nothing(#[values(Github, Gitlab)] forge: Flavour) {
    for moves in [false, true] {
        let tale = Tale::ready(forge, "publish = \"ff-only\"").await;
        if moves {
            tale.commit("alice", PUBLIC, "master", "busy.c", "busy\n", "busy").await;
        }
        tale.at_the_end().await;
        match moves {
            false => tale.assert_published(&ALL).await,
            true => tale.assert_silent().await,
        }
    }
}

#[rstest]
#[tokio::test]
async fn required_checks_that_are_absent_or_fail_keep_the_gate_closed(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "required_checks = [\"ci\"]").await;
    tale.at_the_end().await;
    tale.assert_silent().await;
    let facts = tale.facts().await;
    let heads = facts["targets"].as_array().expect("targets").iter();
    let heads: Vec<_> = heads
        .map(|target| target["head"].as_str().expect("a head").to_owned())
        .collect();
    for head in &heads {
        tale.stage.sandbox.set_check(MIRROR, head, "ci", Some("failure"));
    }
    tale.settle().await;
    tale.assert_silent().await;
    for head in &heads {
        tale.stage.sandbox.set_check(MIRROR, head, "ci", Some("success"));
    }
    tale.settle().await;
    tale.assert_published(&ALL).await;
}
