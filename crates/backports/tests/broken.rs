//! Branches on which the lines of a fix are broken elsewhere: main was formatted anew, and they were not.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

const MAIN: &str = "void show(int i)\n{\n    prepare();\n    print(level, \"%d: %s\\n\", ++count, name(i));\n}\n";
const BRANCH: &str =
    "void show (int i)\n{\n  setup ();\n  print (level, \"%d: %s\\n\",\n         ++count,\n         name (i));\n}\n";

/// What is said of a fix that changes two files, on a branch which has them like this in the end.
fn verdict(one: bool, other: bool) -> Verdict {
    let mend = |mend: bool, text: &str| if mend { text.replace("\\n", "") } else { text.to_owned() };
    let world = World::new();
    let fixed = |is: bool| if is { A.replace("two", "zwei") } else { A.to_owned() };
    let commit = |parent: Option<git2::Oid>, message: &str, files: [&str; 2]| {
        world.commit(parent.as_slice(), message, &[("a.c", files[0]), ("b.c", files[1])])
    };
    let maint = commit(None, "base", [A, BRANCH]);
    let main = commit(Some(maint), "Format", [A, MAIN]);
    let fix = commit(Some(main), "Fix it", [&fixed(true), &mend(true, MAIN)]);
    let tip = commit(Some(maint), "Fix it", [&fixed(one), &mend(other, BRANCH)]);
    world.verdict(&[fix], tip)
}

#[test]
fn a_fix_is_there_in_lines_that_are_broken_elsewhere() {
    assert_eq!(verdict(true, true), Verdict::Present);
}

#[test]
fn a_file_that_was_forgotten_is_seen_where_its_lines_are_broken_elsewhere() {
    assert_eq!(verdict(true, false), Verdict::Partial);
    assert_eq!(verdict(false, true), Verdict::Partial);
    assert!(!verdict(false, false).is_good());
}
