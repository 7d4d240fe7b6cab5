//! Forges that squash a request write its number behind the subject, and nothing else of a backport is as in the fix.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

#[test]
fn a_backport_names_the_request_of_its_fix() {
    let world = World::new();
    let (b, fixed) = (A.to_uppercase(), A.replace("two", "zwei"));
    let fixed_b = b.replace("EIGHT", "ACHT");
    let base = world.commit(&[], "base", &[("a", A), ("b", &b)]);
    let fix = world.commit(&[base], "Check it (#12)", &[("a", &fixed), ("b", &fixed_b)]);
    // The branch has no second file: only who carried the fix can say that nothing was forgotten.
    let maint = world.commit(&[base], "maint", &[("a", A)]);
    let picked = world.commit(&[maint], "[2.x] Check it (#12) (#40)", &[("a", &fixed)]);
    let other = world.commit(&[maint], "[2.x] Other (#13) (#40)", &[("a", &fixed)]);
    let answer = world.answer(&[fix], picked);
    assert_eq!(answer.verdict, Verdict::Adapted, "{answer:?}");
    assert_eq!(answer.commits[0].matched, [picked.to_string()]);
    assert_eq!(world.verdict(&[fix], other), Verdict::Unproven);

    let reverted = world.commit(&[picked], "Revert \"[2.x] Check it (#12) (#40)\" (#41)", &[("a", A)]);
    let answer = world.answer(&[fix], reverted);
    assert_eq!(answer.verdict, Verdict::Reverted);
    let says = format!("{reverted} says that it reverts it");
    let against = &answer.commits[0].against;
    assert!(against.iter().any(|line| line.contains(&says)), "{against:?}");
    let again = "Revert \"Revert \"[2.x] Check it (#12) (#40)\" (#41)\" (#42)";
    let again = world.commit(&[reverted], again, &[("a", &fixed)]);
    assert_eq!(world.verdict(&[fix], again), Verdict::Adapted);
}

#[test]
fn a_bot_names_the_request_whose_merge_is_the_fix() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a", A)]);
    let proposed = world.commit(&[base], "work in progress", &[("a", &fixed)]);
    let merge = "Merge pull request #12 from somebody/branch\n\nCheck it";
    let fix = world.commit(&[base, proposed], merge, &[("a", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a", A), ("v", "1\n")]);
    let picked = world.commit(&[maint], "Backport PR #12: Check it", &[("a", &fixed), ("v", "1\n")]);
    let bots = "Merge pull request #40 from bot/backport-12\n\nBackport PR #12 on branch 1.x (Check it)";
    let tip = world.commit(&[maint, picked], bots, &[("a", &fixed), ("v", "1\n")]);
    let answer = world.answer(&[fix], tip);
    assert_eq!(answer.verdict, Verdict::Present);
    assert_eq!(answer.commits[0].matched, [picked.to_string()]);

    let undone = world.commit(&[tip], "Tidy up", &[("a", A), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], undone), Verdict::Reverted);
    let says = "Revert \"Backport PR #12 on branch 1.x (Check it)\"\n\nReverts owner/name#40";
    let says = world.commit(&[tip], says, &[("a", A), ("v", "1\n")]);
    let against = world.answer(&[fix], says).commits.remove(0).against;
    let words = format!("{says} says that it reverts it");
    assert!(against.iter().any(|line| line.contains(&words)), "{against:?}");
}

#[test]
fn reverts_in_a_circle_come_to_an_end() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "Check it (#12)", &[("a", &fixed)]);
    // By its clock the first one is the newest: it is read before the one that reverts it, and names that one's request.
    let now = world.now();
    world.set_clock(now + 1_000_000);
    let first = world.commit(
        &[base],
        "Revert \"Check it (#12) (#2)\" (#1)",
        &[("a", A), ("v", "1\n")],
    );
    world.set_clock(now + 60);
    let second = format!("Check it (#12) (#2)\n\nThis reverts commit {first}.");
    let second = world.commit(&[first], &second, &[("a", &fixed), ("v", "1\n")]);
    world.set_clock(now + 2_000_000);
    let tip = world.commit(&[second, first], "Merge", &[("a", &fixed), ("v", "1\n")]);
    assert!(world.verdict(&[fix], tip) <= Verdict::Unproven);
}
