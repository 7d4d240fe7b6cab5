//! Histories made at random, against an oracle that keeps count of what was done: whatever happened in whatever order, the
//! engine never calls in effect what is not, and finds what is.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::ops::Range;

use common::World;
use embargod_backports::Verdict;
use git2::Oid;
use proptest::prelude::*;

/// What may happen on a branch.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// The fix is picked whole, with its message or with another one.
    Pick { own_words: bool },
    /// Only some of its hunks are taken, under its message.
    Part([bool; HUNKS]),
    /// Its message on an unchanged tree.
    Empty,
    /// It is undone, and the message may say so.
    Undo { says: bool },
    /// Some of its hunks are undone in silence.
    UndoPart([bool; HUNKS]),
    /// Another commit changes another place of a file of the fix.
    Elsewhere(usize),
    /// Another commit changes a line next to a place of the fix.
    Beside(usize),
    /// The first file of the fix gets another folder.
    Move,
    /// The function that the fix changes in the first file goes to the start of it.
    Reorder,
    /// A new file that has nothing to do with it.
    Unrelated,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => any::<bool>().prop_map(|own_words| Happening::Pick { own_words }),
        2 => any::<[bool; HUNKS]>().prop_map(Happening::Part),
        1 => Just(Happening::Empty),
        2 => any::<bool>().prop_map(|says| Happening::Undo { says }),
        1 => any::<[bool; HUNKS]>().prop_map(Happening::UndoPart),
        3 => (0_usize..40).prop_map(Happening::Elsewhere),
        2 => prop::sample::select(vec![47_usize, 48, 49, 51, 52, 53, 55, 56]).prop_map(Happening::Beside),
        1 => Just(Happening::Move),
        1 => Just(Happening::Reorder),
        2 => Just(Happening::Unrelated),
    ]
}

/// What a hunk of the fix does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A line becomes others.
    Replace,
    /// Lines come where none were.
    Add,
    /// A line goes.
    Remove,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Replace), Just(Kind::Add), Just(Kind::Remove)]
}

/// The state of a branch as the oracle keeps it.
#[derive(Debug, Clone)]
struct Branch {
    /// What each hunk of the fix does, on any branch.
    kinds: [Kind; HUNKS],
    /// Whether each hunk of the fix is there.
    fixed: [bool; HUNKS],
    /// Whether any of it was ever there.
    ever: bool,
    /// Whether some of it came under its message.
    named: bool,
    /// Changed lines of the first file, none of them the fix's own.
    edits: BTreeMap<usize, usize>,
    moved: bool,
    reordered: bool,
    extra: usize,
}

/// Three hunks: two in the first file, close to each other, and one in the second.
const HUNKS: usize = 3;
/// Where they are.
const PLACES: [usize; 2] = [50, 54];

/// The function around them.
const FUNCTION: Range<usize> = 44..60;

/// Forty lines before the places of the fix and forty after them; each line is unlike any other.
fn text(name: &str, (fixed, kinds): (&[bool], &[Kind]), edits: &BTreeMap<usize, usize>, reordered: bool) -> String {
    let mut text = String::new();
    let first = if reordered { FUNCTION } else { 0..0 };
    let others = (0..100).filter(|line| !first.contains(line));
    for line in first.clone().chain(others) {
        let hunk = PLACES
            .iter()
            .position(|place| *place == line)
            .and_then(|hunk| Some((hunk, *fixed.get(hunk)?)));
        match hunk {
            Some((hunk, fixed)) => {
                let (before, after) = (
                    format!("copy_{name}_{hunk}(to, from);\n"),
                    format!(
                        "if (length > limit_{name}_{hunk})\nreturn too_long_{name};\ncopy_bounded_{name}_{hunk}(to, from);\n"
                    ),
                );
                text += match (kinds[hunk], fixed) {
                    (Kind::Add, false) | (Kind::Remove, true) => "",
                    (_, false) => &before,
                    (_, true) => &after,
                };
            }
            // The oracle does not say what an edit of the fix's own lines would make of it.
            _ => match edits.get(&line) {
                Some(edit) => text += &format!("edited {name} {line} {edit}\n"),
                None => text += &format!("statement {name} {line};\n"),
            },
        }
    }
    text
}

fn write(world: &World, parent: Option<Oid>, message: &str, branch: &Branch) -> Oid {
    let first = if branch.moved { "lib/first.c" } else { "src/first.c" };
    let mut files = vec![
        (
            first.to_owned(),
            text(
                "first",
                (&branch.fixed[..2], &branch.kinds[..2]),
                &branch.edits,
                branch.reordered,
            ),
        ),
        (
            "src/second.c".to_owned(),
            text(
                "second",
                (&branch.fixed[2..], &branch.kinds[2..]),
                &BTreeMap::new(),
                false,
            ),
        ),
    ];
    files.extend((0..branch.extra).map(|number| (format!("extra{number}.c"), format!("extra {number}\n"))));
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    world.commit(parent.as_slice(), message, &files)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_that_of_the_oracle(kinds in [kind(), kind(), kind()], happenings in prop::collection::vec(happening(), 0..9)) {
        let world = World::new();
        let mut state = Branch { kinds, fixed: [false; HUNKS], ever: false, named: false, edits: BTreeMap::new(), moved: false, reordered: false, extra: 0 };
        let base = write(&world, None, "base", &state);
        let fix = write(&world, Some(base), "first, second: check the length", &Branch { fixed: [true; HUNKS], ..state.clone() });
        let mut tip = write(&world, Some(base), "branch off", &Branch { extra: 1, ..state.clone() });
        state.extra = 1;
        let mut last_pick = tip;
        for (number, happening) in happenings.iter().enumerate() {
            let picked = format!("first, second: check the length\n\n(cherry picked from commit {fix})");
            let message = match happening {
                Happening::Pick { own_words: false } | Happening::Part(_) | Happening::Empty => picked.clone(),
                Happening::Undo { says: true } => format!("Revert it\n\nThis reverts commit {last_pick}."),
                Happening::Pick { own_words: true } => format!("harden {number}"),
                _ => format!("change {number}"),
            };
            let before = state.fixed;
            match happening {
                Happening::Pick { .. } => state.fixed = [true; HUNKS],
                Happening::Part(taken) => taken.iter().zip(&mut state.fixed).for_each(|(taken, fixed)| *fixed |= taken),
                Happening::UndoPart(gone) => gone.iter().zip(&mut state.fixed).for_each(|(gone, fixed)| *fixed &= !gone),
                Happening::Undo { .. } => state.fixed = [false; HUNKS],
                Happening::Elsewhere(line) | Happening::Beside(line) => {
                    state.edits.insert(*line, number);
                }
                Happening::Move => state.moved = true,
                Happening::Reorder => state.reordered = true,
                Happening::Unrelated => state.extra += 1,
                Happening::Empty => {}
            }
            state.named |= message == picked && state.fixed != before;
            tip = write(&world, Some(tip), &message, &state);
            if matches!(happening, Happening::Pick { .. }) {
                last_pick = tip;
            }
            state.ever |= state.fixed.contains(&true);
        }
        let verdict = world.verdict(&[fix], tip);
        let there = state.fixed.iter().filter(|fixed| **fixed).count();
        let beside = happenings.iter().any(|happening| matches!(happening, Happening::Beside(_)));
        if beside {
            // How much of what is left shows, depends on how much around it was written anew.
            let (good, asked) = (verdict.is_good(), verdict == Verdict::Unproven);
            prop_assert!(if there == HUNKS { good || asked } else { !good }, "{verdict:?}");
            return Ok(());
        }
        let gone_alone = state.fixed.iter().zip(kinds).all(|(fixed, kind)| !fixed || kind == Kind::Remove);
        match there {
            // That somebody said "reverted" and nobody said "again" asks for a person; all else is in effect.
            HUNKS => prop_assert!(verdict.is_good() || verdict == Verdict::Unproven, "{verdict:?}"),
            0 => prop_assert!(matches!(verdict, Verdict::Missing | Verdict::Reverted), "{verdict:?}"),
            // That a line is gone, of what nobody says to have carried, may be chance.
            _ if gone_alone && !state.named && verdict == Verdict::Missing => {}
            // Most of it was undone: either word says that something is to be done.
            _ => prop_assert!(matches!(verdict, Verdict::Partial | Verdict::Reverted), "{verdict:?}"),
        }
        let said = happenings.iter().any(|happening| matches!(happening, Happening::Undo { says: true }));
        // That lines are gone proves nothing.
        let brings = kinds.iter().any(|kind| *kind != Kind::Remove);
        if there == HUNKS && !said && brings {
            prop_assert!(verdict.is_good(), "{verdict:?}");
        }
        if !state.ever {
            prop_assert!(verdict == Verdict::Missing, "{verdict:?}");
        }
    }
}
