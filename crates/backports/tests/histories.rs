//! Histories made at random, against an oracle that keeps count of what was done: whatever happened in whatever order, the
//! engine never calls in effect what is not, and finds what is.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;

use common::World;
use git2::Oid;
use proptest::prelude::*;

/// What may happen on a branch.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// The fix is picked whole, with its message or with another one.
    Pick { own_words: bool },
    /// Only one of its two files is taken, under its message.
    Half,
    /// Its message on an unchanged tree.
    Empty,
    /// It is undone, and the message may say so.
    Undo { says: bool },
    /// Another commit changes another place of a file of the fix.
    Elsewhere(usize),
    /// The first file of the fix gets another folder.
    Move,
    /// A new file that has nothing to do with it.
    Unrelated,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => any::<bool>().prop_map(|own_words| Happening::Pick { own_words }),
        1 => Just(Happening::Half),
        1 => Just(Happening::Empty),
        2 => any::<bool>().prop_map(|says| Happening::Undo { says }),
        3 => (0_usize..40).prop_map(Happening::Elsewhere),
        1 => Just(Happening::Move),
        2 => Just(Happening::Unrelated),
    ]
}

/// The state of a branch as the oracle keeps it.
#[derive(Debug, Clone)]
struct Branch {
    /// Whether each of the two files is fixed.
    fixed: [bool; 2],
    /// Whether a backport was ever there.
    ever: bool,
    /// Changed lines of the first file, far from the fix.
    edits: BTreeMap<usize, usize>,
    moved: bool,
    extra: usize,
}

const PLACE: usize = 50;

/// Forty lines before the place of the fix and forty after it; each line is unlike any other.
fn text(name: &str, fixed: bool, edits: &BTreeMap<usize, usize>) -> String {
    let mut text = String::new();
    for line in 0..100 {
        match (line, fixed) {
            (PLACE, false) => text += &format!("copy_{name}(to, from);\n"),
            (PLACE, true) => {
                text +=
                    &format!("if (length > limit_{name})\nreturn too_long_{name};\ncopy_bounded_{name}(to, from);\n")
            }
            // Edits stay away from the fix: the oracle does not say what an edit of its own lines would make of it.
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
        (first.to_owned(), text("first", branch.fixed[0], &branch.edits)),
        (
            "src/second.c".to_owned(),
            text("second", branch.fixed[1], &BTreeMap::new()),
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
    fn the_verdict_is_that_of_the_oracle(happenings in prop::collection::vec(happening(), 0..9)) {
        let world = World::new();
        let mut state = Branch { fixed: [false; 2], ever: false, edits: BTreeMap::new(), moved: false, extra: 0 };
        let base = write(&world, None, "base", &state);
        let fix = write(&world, Some(base), "first, second: check the length", &Branch { fixed: [true; 2], ..state.clone() });
        let mut tip = write(&world, Some(base), "branch off", &Branch { extra: 1, ..state.clone() });
        state.extra = 1;
        let mut last_pick = tip;
        for (number, happening) in happenings.iter().enumerate() {
            let picked = format!("first, second: check the length\n\n(cherry picked from commit {fix})");
            let message = match happening {
                Happening::Pick { own_words: false } | Happening::Half | Happening::Empty => picked,
                Happening::Undo { says: true } => format!("Revert it\n\nThis reverts commit {last_pick}."),
                Happening::Pick { own_words: true } => format!("harden {number}"),
                _ => format!("change {number}"),
            };
            match happening {
                Happening::Pick { .. } => state.fixed = [true; 2],
                Happening::Half => state.fixed[1] = true,
                Happening::Undo { .. } => state.fixed = [false; 2],
                Happening::Elsewhere(line) => {
                    state.edits.insert(*line, number);
                }
                Happening::Move => state.moved = true,
                Happening::Unrelated => state.extra += 1,
                Happening::Empty => {}
            }
            tip = write(&world, Some(tip), &message, &state);
            if matches!(happening, Happening::Pick { .. }) {
                last_pick = tip;
                state.ever = true;
            }
        }
        let verdict = world.verdict(&[fix], tip);
        let there = state.fixed.iter().filter(|fixed| **fixed).count();
        match there {
            // That somebody said "reverted" and nobody said "again" asks for a person; all else is in effect.
            2 => prop_assert!(verdict.is_good() || verdict == embargod_backports::Verdict::Unproven, "{verdict:?}"),
            1 => prop_assert_eq!(verdict, embargod_backports::Verdict::Partial),
            _ => prop_assert!(
                matches!(verdict, embargod_backports::Verdict::Missing | embargod_backports::Verdict::Reverted),
                "{:?}", verdict
            ),
        }
        let said = happenings.iter().any(|happening| matches!(happening, Happening::Undo { says: true }));
        if there == 2 && !said {
            prop_assert!(verdict.is_good(), "{verdict:?}");
        }
        if there == 0 && !state.ever {
            prop_assert!(verdict != embargod_backports::Verdict::Reverted || happenings.iter().any(|happening| matches!(happening, Happening::Half)));
        }
    }
}
