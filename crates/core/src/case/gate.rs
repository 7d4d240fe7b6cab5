//! The gate of a case: every condition of the publication, as one tree.

use jiff::Timestamp;

use super::{Case, CaseView, Cve, Policy, TargetView, Verdict};
use crate::checks;
use crate::gate::{Gate, Reason};
use crate::names::BranchName;

/// The gate as it stands now.
pub fn evaluate(case: &Case, view: &CaseView, policy: &Policy, now: Timestamp) -> Gate {
    Gate::of(vec![
        open_case(case, view),
        ground(view),
        embargo_ended(case, now),
        per_target(
            "verdicts",
            "the fix is in effect on every branch",
            view,
            |branch, target| verdict(case, view, branch, target),
        ),
        per_target(
            "up-to-date",
            "every security branch stands on its public tip",
            view,
            |branch, target| {
                let says = match (target.leaked, target.on_public_tip) {
                    (true, true) => "the fix became public here before its time; what is left will follow",
                    (true, false) => "the fix became public here before its time, and what is left does not apply",
                    (false, true) => "on the public tip",
                    (false, false) => "the public branch has moved on, and the security branch could not follow",
                };
                Reason::new("up-to-date", target.on_public_tip, format!("{branch}: {says}"))
            },
        ),
        per_target("checks", "the checks are green", view, |branch, target| {
            let reason = checks::evaluate(&policy.required_checks, &target.checks);
            Reason {
                text: format!("{branch}: {}", reason.text),
                ..reason
            }
        }),
        cve(case),
        advisory(view),
        per_target(
            "commits-clean",
            "no commit gives the private side away",
            view,
            |branch, target| {
                let children: Vec<_> = target
                    .findings
                    .iter()
                    .map(|finding| Reason::new("finding", false, finding.text()))
                    .collect();
                Reason::all("commits-clean", branch.to_string(), children)
            },
        ),
        approval(case, view),
        request(case, view),
    ])
}

fn open_case(case: &Case, view: &CaseView) -> Reason {
    let (holds, says) = match (case.closed.is_some(), view.issue_open) {
        (true, _) => (false, "the label was taken off: the case is closed"),
        (false, false) => (
            false,
            "the issue is closed: open it again, or take the label off to close the case",
        ),
        (false, true) => (true, "the case is open"),
    };
    Reason::new("case-open", holds, says)
}

fn ground(view: &CaseView) -> Reason {
    let children: Vec<_> = view
        .obstacles
        .iter()
        .map(|text| Reason::new("obstacle", false, text.as_str()))
        .collect();
    let text = if children.is_empty() {
        "nothing on the forge stands in the way"
    } else {
        "the forge is in the way"
    };
    Reason::all("ground", text, children)
}

fn embargo_ended(case: &Case, now: Timestamp) -> Reason {
    match case.embargo.ends_at() {
        Some(end) if end <= now => Reason::new("embargo-ended", true, format!("the embargo ended at {end}")),
        Some(end) => Reason::new("embargo-ended", false, format!("the embargo ends at {end}")),
        None if case.exposed.is_some() => Reason::new(
            "embargo-ended",
            false,
            "everybody could see the issue, and nobody has confirmed an embargo: `/embargo confirm because …`",
        ),
        None => Reason::new(
            "embargo-ended",
            false,
            "nobody has agreed on an embargo yet: `/embargo until …`",
        ),
    }
}

fn per_target(rule: &str, text: &str, view: &CaseView, reason: impl Fn(&BranchName, &TargetView) -> Reason) -> Reason {
    let children: Vec<_> = view
        .targets
        .iter()
        .map(|(branch, target)| reason(branch, target))
        .collect();
    if children.is_empty() {
        return Reason::new(rule, false, "there is no target branch");
    }
    Reason::all(rule, text, children)
}

fn verdict(case: &Case, view: &CaseView, branch: &BranchName, target: &TargetView) -> Reason {
    let leaf = |holds, text: String| Reason {
        children: target
            .remarks
            .iter()
            .map(|remark| Reason::new("remark", holds, remark.as_str()))
            .collect(),
        ..Reason::new("verdict", holds, format!("{branch}: {text}"))
    };
    let series = view.fix_series();
    if series.is_empty() {
        return leaf(
            false,
            format!("there is no fix yet: push it to the security branch of {}", view.main),
        );
    }
    // The waiver is about the fix that it was given for: it lapses when the series on main changes.
    let waiver = case.waivers.get(branch);
    if let Some(waiver) = waiver.filter(|waiver| waiver.patches == series) {
        return leaf(true, format!("not affected, says {}", waiver.by));
    }
    let lapsed = if waiver.is_some() {
        "; the waiver lapsed because the fix changed"
    } else {
        ""
    };
    let waive = format!("where the branch does not need it, `/embargo not-affected {branch} because …` waives it");
    match target.verdict {
        Verdict::Present => leaf(true, "present".into()),
        Verdict::NotAffected => leaf(true, "not affected".into()),
        Verdict::Adapted => match case.acknowledgements.get(branch) {
            Some(ack) if ack.patches == target.patches => leaf(true, format!("adapted, acknowledged by {}", ack.by)),
            Some(_) => leaf(
                false,
                format!("adapted, and changed since it was acknowledged: `/embargo ack {branch}`"),
            ),
            None => leaf(false, format!("adapted: look at it, then `/embargo ack {branch}`")),
        },
        Verdict::Unproven => leaf(false, format!("unproven{lapsed}: a person must look; {waive}")),
        Verdict::Partial => leaf(false, format!("partial{lapsed}: pick the rest of the fix; {waive}")),
        Verdict::Reverted => leaf(false, format!("reverted{lapsed}: pick the fix again; {waive}")),
        Verdict::Missing => leaf(false, format!("missing{lapsed}: pick the fix; {waive}")),
    }
}

fn cve(case: &Case) -> Reason {
    match &case.cve {
        Some(Cve::Id(_)) => Reason::new("cve", true, "a CVE is on record"),
        Some(Cve::Waived(_)) => Reason::new("cve", true, "there will be no CVE"),
        None => Reason::new(
            "cve",
            false,
            "no CVE: `/embargo cve CVE-…` or `/embargo cve waive because …`",
        ),
    }
}

fn advisory(view: &CaseView) -> Reason {
    let children: Vec<_> = view
        .advisory
        .missing
        .iter()
        .map(|missing| Reason::new("advisory-field", false, missing.as_str()))
        .collect();
    let text = if children.is_empty() {
        "the advisory is complete"
    } else {
        "the advisory is not complete"
    };
    Reason::all("advisory", text, children)
}

/// Who asked must still have the role; that nobody asked closes nothing, it only publishes nothing.
fn request(case: &Case, view: &CaseView) -> Reason {
    let leaf = |holds, text: String| Reason::new("request", holds, text);
    match (&case.request, view.requester_may) {
        (None, _) => leaf(
            true,
            "nobody has asked for the publication yet: `/embargo publish`".into(),
        ),
        (Some(request), Some(true)) => leaf(true, format!("{} asked for the publication", request.by)),
        (Some(request), Some(false)) => leaf(
            false,
            format!("{} is no longer a release manager: somebody else must ask", request.by),
        ),
        (Some(_), None) => leaf(
            false,
            "the forge could not be asked whether the requester still has the role".into(),
        ),
    }
}

fn approval(case: &Case, view: &CaseView) -> Reason {
    let leaf = |holds, text: String| Reason::new("approval", holds, text);
    let Some(approval) = &case.approval else {
        return leaf(
            false,
            "nobody of the security team has approved: `/embargo approve`".into(),
        );
    };
    if approval.digest != view.digest() {
        return leaf(
            false,
            "patches or texts changed since the approval: look again, then `/embargo approve`".into(),
        );
    }
    match view.approver_may {
        Some(true) => leaf(true, format!("approved by {}", approval.by)),
        Some(false) => leaf(
            false,
            format!(
                "{} is no longer in the security team: somebody else must approve",
                approval.by
            ),
        ),
        None => leaf(
            false,
            "the forge could not be asked whether the approver still has the role".into(),
        ),
    }
}
