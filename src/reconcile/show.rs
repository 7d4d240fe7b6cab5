//! What people see: the checks on every head, the one status comment, and the snapshot for the command line.

use embargod_advisory::cve_request;
use embargod_core::case::{Case, Cve};
use embargod_core::gate::{Gate, Reason};
use embargod_core::publication::Wanted;
use embargod_forge::{CheckRun, Thread};
use serde_json::{Value, json};

use super::comments::keep;
use super::{Observation, PassError, Reconciler};
use crate::project::Project;
use crate::texts;

pub(super) async fn show(
    reconciler: &Reconciler,
    project: &Project,
    case: &Case,
    seen: &Observation,
    gate: &Gate,
) -> Result<(), PassError> {
    let verdicts: Vec<Reason> = gate
        .reasons
        .iter()
        .filter(|reason| reason.rule == "verdicts")
        .cloned()
        .collect();
    let backports = Gate::of(verdicts);
    for target in seen.view.targets.values().filter(|target| !target.patches.is_empty()) {
        for (name, gate) in [("embargod/embargo", gate), ("embargod/backports", &backports)] {
            let title = if gate.open { "open" } else { "closed" };
            let mut summary = gate.to_markdown();
            if name == "embargod/backports" {
                summary.push_str(&texts::differences(&target.differences));
            }
            let run = CheckRun {
                name,
                passed: gate.open,
                title: title.to_owned(),
                summary,
            };
            project.mirror.set_check(&target.head, &run).await?;
        }
    }
    let now = reconciler.clock.now();
    let state = case.state_name(&project.wanted);
    let rating = seen.advisory.as_ref().and_then(embargod_advisory::Advisory::rating);
    let text = texts::status(case, &seen.view, gate, &seen.audience, rating.as_deref(), state, now);
    let key = format!("status:{}", case.id);
    keep(
        project,
        Thread::Issue(case.issue),
        &seen.heard.comments,
        &seen.heard.bot,
        &key,
        &text,
    )
    .await?;
    request_cve(project, case, seen).await?;
    let snapshot = snapshot(project, case, seen, gate).to_string();
    reconciler.store.put_snapshot(case.id, &snapshot, now).await?;
    Ok(())
}

/// Where the forge itself asks for no CVE, a request for one is prepared once, as soon as the advisory is complete.
async fn request_cve(project: &Project, case: &Case, seen: &Observation) -> Result<(), PassError> {
    let complete = seen.advisory.as_ref().filter(|advisory| advisory.missing().is_empty());
    let (Some(advisory), None, false) = (complete, &case.cve, project.public.has_advisories()) else {
        return Ok(());
    };
    let request = cve_request(&project.public_name, &project.advisory.package, advisory);
    let text = texts::cve_request(&request);
    keep(
        project,
        Thread::Issue(case.issue),
        &seen.heard.comments,
        &seen.heard.bot,
        "cve-request",
        &text,
    )
    .await
}

/// The status comment of a case that is public: what was, and no gate any more.
pub(crate) async fn show_end(project: &Project, case: &Case, text: &str) -> Result<(), PassError> {
    let (comments, bot) = (
        project.desk.comments(Thread::Issue(case.issue)).await?,
        project.desk.bot().await?,
    );
    let text = format!("### Case {}\n\nState: **published**. {text}", case.id);
    keep(
        project,
        Thread::Issue(case.issue),
        &comments,
        &bot,
        &format!("status:{}", case.id),
        &text,
    )
    .await
}

/// What was observed, in the form of `case show --json`; what events alone tell is laid over it when it is read.
fn snapshot(project: &Project, case: &Case, seen: &Observation, gate: &Gate) -> Value {
    let targets: Vec<_> = seen
        .view
        .targets
        .iter()
        .map(|(branch, target)| {
            json!({
                "branch": branch,
                "security_branch": case.id.security_branch(branch),
                "head": target.head,
                "public_tip": target.public_tip,
                "verdict": target.verdict,
                "pull_request": seen.pulls.get(branch),
                "waiver": case.waivers.get(branch),
            })
        })
        .collect();
    let mut whole = facts(&project.name, &project.wanted, case);
    whole["targets"] = json!(targets);
    whole["gate"] = json!(gate);
    whole["severity"] = json!(seen.advisory.as_ref().and_then(embargod_advisory::Advisory::rating));
    whole
}

/// What the events of a case tell, in the form of `case show --json`.
pub(crate) fn facts(project: &str, wanted: &Wanted, case: &Case) -> Value {
    let cve = case.cve.as_ref().map(|cve| match cve {
        Cve::Id(id) => json!(id),
        Cve::Waived(because) => json!({ "waived": because }),
    });
    let approval = case
        .approval
        .as_ref()
        .map(|approval| json!({ "by": approval.by, "at": approval.at, "digest": approval.digest }));
    let receipts: Vec<Value> = case
        .publication
        .iter()
        .flat_map(|publication| &publication.receipts)
        .map(|(step, receipt)| json!({ "step": step, "at": receipt.at, "detail": receipt.detail }))
        .collect();
    let publication = case
        .request
        .as_ref()
        .map(|request| json!({ "requested_by": request.by, "state": case.state_name(wanted), "receipts": receipts }));
    json!({
        "id": case.id,
        "project": project,
        "state": case.state_name(wanted),
        "issue": case.issue,
        "opened_at": case.opened_at,
        "embargo": { "state": case.embargo.state_name(), "ends_at": case.embargo.ends_at() },
        "vendors": case.vendor_standing().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "seen_by": case.seen_by,
        "fix_source": case.fix_source,
        "closed_because": case.closed_because,
        "merged_into": case.merged_into,
        "exposed": case.exposed,
        "proposal": case.proposal,
        "cve": cve,
        "targets": [],
        "gate": { "open": false, "reasons": [] },
        "approval": approval,
        "publication": publication,
    })
}
