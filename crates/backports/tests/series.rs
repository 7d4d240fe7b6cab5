//! Series made at random, whose commits change each other's lines and take them back, against an oracle that keeps the states: a
//! branch that carried all of them has the fix, and one that is in any other state has not.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;
use git2::Oid;
use proptest::prelude::*;

/// Two places of one file, the first of them a long one, one place of another, and a file that is there or not.
const SLOTS: usize = 4;
/// What is in each of them: 0 is the state before the series.
type State = [usize; SLOTS];

/// What a commit puts where.
type Step = Vec<(usize, usize)>;

fn series() -> impl Strategy<Value = Vec<Step>> {
    let step = prop::collection::vec((0..SLOTS, 0_usize..3), 1..4);
    prop::collection::vec(step, 2..5)
}

fn slot(number: usize, value: usize) -> String {
    match value {
        0 => format!("copy_{number}(to, from);\n"),
        // Of a long place most of a commit still stands where the rest of the series takes its other places back.
        _ => {
            let lines = if number == 0 { 20 } else { 1 };
            let line = |line: usize| format!("check_{number}_{value}_{line}(to, from, length);\n");
            (0..lines).map(line).collect()
        }
    }
}

fn write(world: &World, parent: Option<Oid>, message: &str, state: &State, own: &str) -> Oid {
    let around = |name: &str| -> String { (0..30).map(|line| format!("statement {name} {line};\n")).collect() };
    let [one, two, three] = [0, 1, 2].map(|number| slot(number, state[number]));
    let first = [
        &around("one"),
        one.as_str(),
        &around("two"),
        &two,
        &around("three"),
        own,
    ]
    .concat();
    let second = [own, &around("four"), &three, &around("five")].concat();
    let known = slot(3, state[3]);
    let mut files = vec![("first.c", first.as_str()), ("second.c", second.as_str())];
    if state[3] > 0 {
        files.push(("known", known.as_str()));
    }
    world.commit(parent.as_slice(), message, &files)
}

#[test]
fn a_place_that_the_series_leaves_alone_is_found_beside_one_that_it_takes_back() {
    let world = World::new();
    let with = |top: &str, two: &str| [top, &A.replace("two\nthree\n", two)].concat();
    let commit =
        |parent: Option<Oid>, message: &str, text: &str| world.commit(parent.as_slice(), message, &[("a", text)]);
    let base = commit(None, "base", A);
    let first = commit(Some(base), "first", &with("for a while\n", "zwei and more\ndrei\n"));
    let second = commit(Some(first), "second", &with("", "zwei and more\ndrei\n"));
    let maint = commit(Some(base), "maint", &with("", "two of old\nthree\n"));
    let picked = |fix: Oid| format!("pick\n\n(cherry picked from commit {fix})");
    let one = commit(
        Some(maint),
        &picked(first),
        &with("for a while\n", "zwei of old\ndrei\n"),
    );
    let tip = commit(Some(one), &picked(second), &with("", "zwei of old\ndrei\n"));
    let answer = world.answer(&[first, second], tip);
    assert_eq!(answer.verdict, Verdict::Adapted, "{answer:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_series_is_in_effect_where_all_of_it_is(steps in series(), left in 0_usize..3, undone in prop::option::of(0..SLOTS)) {
        let world = World::new();
        let mut state = State::default();
        let base = write(&world, None, "base", &state, "");
        let (mut main, mut fixes) = (base, Vec::new());
        for step in steps {
            let before = state;
            step.into_iter().for_each(|(slot, value)| state[slot] = value);
            if state != before {
                main = write(&world, Some(main), &format!("step {}", fixes.len()), &state, "");
                fixes.push((main, state));
            }
        }
        prop_assume!(!fixes.is_empty());
        let last = state;
        let own = "what only the branch has\n";
        let mut tip = write(&world, Some(base), "branch off", &State::default(), own);
        let mut state = State::default();
        for (number, (fix, after)) in fixes.iter().enumerate().take(fixes.len().saturating_sub(left)) {
            state = *after;
            let message = format!("step {number}\n\n(cherry picked from commit {fix})");
            tip = write(&world, Some(tip), &message, &state, own);
        }
        if let Some(slot) = undone {
            state[slot] = 0;
            tip = write(&world, Some(tip), "tidy up", &state, own);
        }
        let fixes: Vec<_> = fixes.iter().map(|(fix, _)| *fix).collect();
        let verdict = world.verdict(&fixes, tip);
        if state != last {
            prop_assert!(!verdict.is_good(), "{verdict:?}");
        } else if left == 0 {
            prop_assert!(verdict.is_good(), "{:?}", world.answer(&fixes, tip));
        }
    }
}
