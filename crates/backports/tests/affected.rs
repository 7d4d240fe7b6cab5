//! Whether a branch ever had the flaw, and what became of a fix that is in the branch's own history.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::{Answer, Question, Verdict, assess};
use git2::Oid;

fn ask(world: &World, fix: Oid, flaw: Oid, tip: Oid) -> Answer {
    let question = Question {
        fixes: vec![fix],
        introduced: vec![flaw],
        ..Question::default()
    };
    assess(&world.repository, &question, tip).expect("an answer")
}

/// A file with a flaw and without it again, and the commits before the flaw, of the flaw and of its fix.
fn fixed_flaw(world: &World) -> ([String; 2], [Oid; 3]) {
    let flawed = A.replace("five", "fuenf");
    let fixed = flawed.replace("fuenf", "five, checked");
    let base = world.commit(&[], "base", &[("a", A)]);
    let flaw = world.commit(&[base], "flaw", &[("a", &flawed)]);
    let fix = world.commit(&[flaw], "fix", &[("a", &fixed)]);
    ([flawed, fixed], [base, flaw, fix])
}

#[test]
fn a_branch_that_never_had_the_flaw_is_not_affected_and_its_tags_follow() {
    let world = World::new();
    let ([flawed, fixed], [base, flaw, fix]) = fixed_flaw(&world);
    let old = world.commit(&[base], "old branch", &[("a", A), ("v", "1\n")]);
    let new = world.commit(&[flaw], "new branch", &[("a", &flawed), ("v", "2\n")]);
    let done = world.commit(&[new], "fix", &[("a", &fixed), ("v", "2\n")]);
    for (name, commit) in [("v1.0", old), ("v2.0", new), ("v2.1", done)] {
        world.tag(name, commit);
    }
    let ask = |tip| ask(&world, fix, flaw, tip);
    assert_eq!(ask(old).verdict, Verdict::NotAffected);
    assert_eq!(ask(new).verdict, Verdict::Missing);
    let answer = ask(done);
    assert_eq!(answer.verdict, Verdict::Present);
    assert_eq!(
        (answer.fixed_tags, answer.affected_tags),
        (vec!["v2.1".to_owned()], vec!["v2.0".to_owned()])
    );
}

#[test]
fn a_branch_on_which_somebody_says_to_have_fixed_it_had_the_flaw() {
    let world = World::new();
    let (_, [base, flaw, fix]) = fixed_flaw(&world);
    let old = world.commit(&[base], "old branch", &[("a", A), ("v", "1\n")]);
    let message = format!("fix\n\n(cherry picked from commit {fix})");
    let otherwise = [("a", A), ("b", "five, as it was written then, checked\n"), ("v", "1\n")];
    let in_another_way = world.commit(&[old], &message, &otherwise);
    assert_eq!(ask(&world, fix, flaw, in_another_way).verdict, Verdict::Unproven);
    let unsaid = world.commit(&[old], "tidy up", &otherwise);
    assert_eq!(ask(&world, fix, flaw, unsaid).verdict, Verdict::NotAffected);
    // A message alone fixed nothing.
    let empty = world.commit(&[old], &message, &[("a", A), ("v", "1\n")]);
    assert_eq!(ask(&world, fix, flaw, empty).verdict, Verdict::NotAffected);
}

#[test]
fn a_flaw_in_the_history_is_there_in_whatever_words() {
    let world = World::new();
    let flawed = A.replace("five", "fuenf");
    let fixed = flawed.replace("eight", "acht");
    let base = world.commit(&[], "base", &[("a", A), ("v", "0\n")]);
    let flaw = world.commit(&[base], "flaw", &[("a", &flawed), ("v", "0\n")]);
    let fix = world.commit(&[flaw], "fix", &[("a", &fixed), ("v", "0\n")]);
    let reworded = flawed.replace("four\nfuenf\nsix", "vier\nfive()\nsechs");
    // What it brought was written anew, or is gone from its place, and nobody says that it was taken back.
    for (name, text) in [("reworded", reworded.as_str()), ("gone", A)] {
        let maint = world.commit(&[flaw], name, &[("a", text), ("v", "1\n")]);
        assert_eq!(ask(&world, fix, flaw, maint).verdict, Verdict::Missing, "{name}");
        world.tag(name, maint);
        assert_eq!(ask(&world, fix, flaw, maint).affected_tags, [name]);
    }
    let said = format!("Revert \"flaw\"\n\nThis reverts commit {flaw}.");
    let reverted = world.commit(&[flaw], &said, &[("a", A), ("v", "1\n")]);
    assert_eq!(ask(&world, fix, flaw, reverted).verdict, Verdict::NotAffected);
    let again = format!("Revert \"Revert \"flaw\"\"\n\nThis reverts commit {reverted}.");
    let again = world.commit(&[reverted], &again, &[("a", &reworded), ("v", "1\n")]);
    assert_eq!(ask(&world, fix, flaw, again).verdict, Verdict::Missing);
}

#[test]
fn a_branch_on_which_somebody_began_the_fix_is_affected() {
    let world = World::new();
    let flawed = A.replace("five", "fuenf");
    let fixed = flawed.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a", A), ("b", A)]);
    let flaw = world.commit(&[base], "flaw", &[("a", &flawed), ("b", A)]);
    let fix = world.commit(&[flaw], "fix", &[("a", &fixed), ("b", &A.replace("two", "zwei"))]);
    let half = A.replace("two", "zwei");
    let begun = world.commit(&[base], "fix", &[("a", &half), ("b", A)]);
    assert_eq!(ask(&world, fix, flaw, base).verdict, Verdict::NotAffected);
    assert_eq!(ask(&world, fix, flaw, begun).verdict, Verdict::Partial);
}

#[test]
fn a_wrong_clock_does_not_hide_what_came_before_it() {
    let world = World::new();
    let flawed = A.replace("five", "fuenf");
    let base = world.commit(&[], "base", &[("a", A), ("v", "0\n")]);
    let flaw = world.commit(&[base], "flaw", &[("a", &flawed), ("v", "0\n")]);
    let fix = world.commit(&[flaw], "fix", &[("a", &flawed.replace("two", "zwei")), ("v", "0\n")]);
    let (mut tip, now) = (flaw, world.now());
    world.set_clock(1_000_000_000);
    for version in ["1\n", "2\n", "3\n"] {
        tip = world.commit(&[tip], "version", &[("a", &flawed), ("v", version)]);
    }
    world.set_clock(now);
    let gone = world.commit(&[tip], "gone", &[("a", A), ("v", "3\n")]);
    assert_eq!(ask(&world, fix, flaw, gone).verdict, Verdict::Missing);
}

#[test]
fn the_fix_itself_may_be_undone_and_written_anew() {
    let world = World::new();
    let fixed = A.replace("five", "fuenf");
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed)]);
    let said = format!("Revert \"fix\"\n\nThis reverts commit {fix}.");
    let reverted = world.commit(&[fix], &said, &[("a", A)]);
    let silent = world.commit(&[fix], "tidy up", &[("a", A)]);
    for (tip, words) in [
        (reverted, format!("{reverted} says that it reverts it")),
        (silent, format!("{silent} undid {fix} without saying so")),
    ] {
        let answer = world.answer(&[fix], tip);
        assert_eq!(answer.verdict, Verdict::Reverted);
        let against = &answer.commits[0].against;
        assert!(against.iter().any(|line| line.contains(&words)), "{against:?}");
        assert_eq!(answer.commits[0].matched, [fix.to_string()]);
    }
    // Nothing of either state is left: whether the fix is in what followed, a person must see.
    for later in [
        A.replace("four\nfive\nsix", "vier\nfive()\nsechs"),
        "other\n".to_owned(),
    ] {
        let later = world.commit(&[fix], "rewritten", &[("a", &later)]);
        assert_eq!(world.verdict(&[fix], later), Verdict::Unproven);
    }
    // What has no lines is undone as a whole.
    let (one, two) = ("\0one", "\0two");
    let base = world.commit(&[], "base", &[("image", one)]);
    let binary = world.commit(&[base], "image", &[("image", two)]);
    let undone = world.commit(&[binary], "tidy up", &[("image", one)]);
    let replaced = world.commit(&[binary], "another", &[("image", "\0three")]);
    assert_eq!(world.verdict(&[binary], undone), Verdict::Reverted);
    assert_eq!(world.verdict(&[binary], replaced), Verdict::Unproven);
    // A difference from itself is none to show.
    let beside = world.commit(
        &[fix],
        "beside",
        &[("a", &fixed.replace("fuenf", "fuenf\nfuenf-and-a-half"))],
    );
    assert!(world.answer(&[fix], beside).commits[0].range_diff.is_none());
}

#[test]
fn a_backport_that_was_rewritten_is_a_question() {
    let world = World::new();
    let fixed = A.replace("five", "fuenf");
    let base = world.commit(&[], "base", &[("a", A), ("v", "0\n")]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed), ("v", "0\n")]);
    let maint = world.commit(&[base], "maint", &[("a", A), ("v", "1\n")]);
    let picked = world.commit(&[maint], "fix", &[("a", &fixed), ("v", "1\n")]);
    let gone = world.commit(&[picked], "all in one line", &[("a", "one two three\n"), ("v", "1\n")]);
    let never = world.commit(&[maint], "all in one line", &[("a", "one two three\n"), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], gone), Verdict::Unproven);
    assert_eq!(world.verdict(&[fix], never), Verdict::Missing);
}

#[test]
fn a_history_that_is_not_there_may_have_brought_the_flaw() {
    let world = World::new();
    let flawed = A.replace("five", "fuenf");
    let base = world.commit(&[], "base", &[("a", A)]);
    let flaw = world.commit(&[base], "flaw", &[("a", &flawed)]);
    let fix = world.commit(&[flaw], "fix", &[("a", &flawed.replace("two", "zwei"))]);
    let whole = world.commit(&[base], "maint", &[("a", A), ("v", "1\n")]);
    assert_eq!(ask(&world, fix, flaw, whole).verdict, Verdict::NotAffected);
    let whole = world.repository.find_commit(whole).expect("there");
    let nobody = "a <a@example.org> 1800000000 +0000";
    let shallow = format!(
        "tree {}\nparent {}\nauthor {nobody}\ncommitter {nobody}\n\nmaint\n",
        whole.tree_id(),
        "1".repeat(40)
    );
    let objects = world.repository.odb().expect("its objects");
    let shallow = objects
        .write(git2::ObjectType::Commit, shallow.as_bytes())
        .expect("written");
    assert_eq!(ask(&world, fix, flaw, shallow).verdict, Verdict::Missing);
}

#[test]
fn a_few_lines_of_the_flaw_that_nobody_carried_are_enough() {
    let world = World::new();
    let some = A.replace("one", "eins");
    let flawed = some
        .replace("three", "drei")
        .replace("five", "fuenf")
        .replace("seven", "sieben");
    let flawed = flawed.replace("nine", "neun");
    let (b, broken) = (A.to_uppercase(), A.to_uppercase().replace("TWO", "ZWEI"));
    let base = world.commit(&[], "base", &[("a", A), ("b", &b)]);
    let flaw = world.commit(&[base], "flaw", &[("a", &flawed), ("b", &broken)]);
    let fix = world.commit(&[flaw], "fix", &[("a", &flawed.replace("eins", "uno")), ("b", &broken)]);
    let maint = world.commit(&[base], "maint", &[("a", &some), ("b", &b)]);
    assert_eq!(ask(&world, fix, flaw, maint).verdict, Verdict::Missing);
    assert_eq!(ask(&world, fix, flaw, base).verdict, Verdict::NotAffected);
}
