//! The rules of the process that can be rehearsed alone.

/// A rule that can be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// The rule in words.
    pub rule: &'static str,
}

/// Every scenario.
pub const SCENARIOS: [Scenario; 18] = [
    Scenario {
        name: "extension-agreed",
        rule: "a later end that the team's quorum agrees to binds everybody",
    },
    Scenario {
        name: "extension-refused",
        rule: "no answer in time counts as no, and the agreed end holds",
    },
    Scenario {
        name: "rework-restarts",
        rule: "the clock starts again when a patch had a problem, under the same cap",
    },
    Scenario {
        name: "already-public",
        rule: "an issue that everybody can see gets no embargo; it is hidden where the forge can, and the team is told",
    },
    Scenario {
        name: "leak-ends-embargo",
        rule: "a fix that became public is told, two release managers end the embargo, and the other branches follow",
    },
    Scenario {
        name: "not-affected",
        rule: "a branch that needs no fix is waived by name, and left alone",
    },
    Scenario {
        name: "new-stable-branch",
        rule: "a stable branch that is made while a case is open gets the fix too",
    },
    Scenario {
        name: "late-push",
        rule: "what was approved is what is published: a late push closes the gate until it is approved",
    },
    Scenario {
        name: "outage-over-the-end",
        rule: "a server that is down when the embargo ends publishes within the grace, and not after it",
    },
    Scenario {
        name: "report-by-mail",
        rule: "a report by mail is held with an answer that says so, accepted by a moderator, and talked about with its reporter",
    },
    Scenario {
        name: "vendor-joins",
        rule: "a new member is vouched for and consents to the terms before they see anything, and sees nothing after they left",
    },
    Scenario {
        name: "vendors-told",
        rule: "vendors are told within the window, each encrypted to their key, with every branch's patches; one without is a gap",
    },
    Scenario {
        name: "not-a-vulnerability",
        rule: "what is no vulnerability ends with a reason, and nothing is published",
    },
    Scenario {
        name: "duplicate-reports",
        rule: "of two cases that are one the earlier date wins",
    },
    Scenario {
        name: "no-cve",
        rule: "without a CVE nothing is published, unless it is on record that there will be none",
    },
    Scenario {
        name: "date-binds-everybody",
        rule: "what is not public gets a date, and nothing of it is public before: not by the bot, and not by its merges",
    },
    Scenario {
        name: "announced-on-every-list",
        rule: "when all is public it is announced on every list, once",
    },
    Scenario {
        name: "page-is-what-happens",
        rule: "the public page is made from the configuration that a case runs with, and says what happens to it",
    },
];
