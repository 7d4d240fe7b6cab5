//! Every rule that can be rehearsed holds, on both forges.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod::rehearsal::{SCENARIOS, rehearse};
use embargod_sandbox::Flavour::{self, Github, Gitlab};
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn the_rule_holds(
    #[values(Github, Gitlab)] forge: Flavour,
    #[values(
        "extension-agreed",
        "extension-refused",
        "rework-restarts",
        "already-public",
        "leak-ends-embargo",
        "not-affected",
        "new-stable-branch",
        "late-push",
        "outage-over-the-end",
        "report-by-mail",
        "vendor-joins",
        "vendors-told",
        "not-a-vulnerability",
        "duplicate-reports",
        "no-cve",
        "date-binds-everybody",
        "announced-on-every-list",
        "page-is-what-happens"
    )]
    name: &str,
) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).expect("known");
    let outcome = rehearse(*scenario, folder.path().join("out"), forge)
        .await
        .expect("rehearsed");
    assert!(outcome.holds && outcome.figures.len() >= 2, "{outcome:#?}");
    for name in ["timeline.json", "access.jsonl", "embargod.db"] {
        assert!(outcome.out.join(name).exists(), "{name}");
    }
}

#[test]
fn each_has_a_name_of_its_own_and_none_is_forgotten_above() {
    let names: std::collections::BTreeSet<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), 18);
}
