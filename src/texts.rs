//! What people read on the forge. Whatever comes from outside is made inert; the bot's own comments carry a marker, by which
//! it finds them again and says nothing twice.

use embargod_core::case::{Case, CaseView, Proposal, TargetView, Verdict};
use embargod_core::escape::inert;
use embargod_core::gate::Gate;
use embargod_core::{BranchName, CaseId};
use embargod_forge::Audience;
use embargod_repo::Conflict;
use jiff::Timestamp;

/// The marker of a comment of the bot's.
pub fn marker(key: &str) -> String {
    format!("<!-- embargod:{key} -->")
}

/// A text with its marker.
pub fn marked(key: &str, text: &str) -> String {
    format!("{}\n{text}", marker(key))
}

/// Text in a fence that is longer than every run of backticks in it.
pub fn fenced(text: &str) -> String {
    let (mut longest, mut run) = (2, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

/// How an adapted backport differs from the fix; nothing where it does not.
pub fn differences(range_diff: &str) -> String {
    /// A comment takes 65,536 characters, and there may be several branches in it.
    const MOST: usize = 8_000;
    if range_diff.is_empty() {
        return String::new();
    }
    let cut = range_diff
        .char_indices()
        .nth(MOST)
        .map_or(range_diff.len(), |(at, _)| at);
    format!("\nHow it differs from the fix:\n\n{}\n\n", fenced(&range_diff[..cut]))
}

/// How far away an instant is, in one unit: coarse, so that the status does not change with every look.
fn countdown(end: Timestamp, now: Timestamp) -> String {
    let seconds = end.duration_since(now).as_secs();
    match seconds {
        ..=0 => "has ended".to_owned(),
        1..7_200 => "less than two hours left".to_owned(),
        7_200..172_800 => format!("{} hours left", seconds / 3_600),
        _ => format!("{} days left", seconds / 86_400),
    }
}

/// The verdict in its word.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotAffected => "not affected",
        Verdict::Present => "present",
        Verdict::Adapted => "adapted",
        Verdict::Unproven => "unproven",
        Verdict::Partial => "partial",
        Verdict::Reverted => "reverted",
        Verdict::Missing => "missing",
    }
}

/// That the end comes near.
pub fn reminder(words: &str, end: Timestamp, gate: &Gate) -> String {
    format!(
        "**{words} or less** until the embargo ends, at {end}. {}",
        what_closes(gate)
    )
}

/// That the end has come, and nothing was published.
pub fn ended(end: Timestamp, gate: &Gate) -> String {
    format!(
        "**The embargo ended at {end}, and nothing was published:** every branch or none. {}",
        what_closes(gate)
    )
}

/// That a proposal found no agreement.
pub fn lapsed(proposal: &Proposal) -> String {
    format!(
        "Not agreed in time, and what was agreed before stays: {} (proposed by {}).",
        proposal.describe(),
        inert(&proposal.by)
    )
}

/// What still closes the gate, apart from the date, which is said beside it.
fn what_closes(gate: &Gate) -> String {
    let closed: Vec<_> = gate
        .reasons
        .iter()
        .filter(|reason| !reason.holds && reason.rule != "embargo-ended")
        .cloned()
        .collect();
    match closed.is_empty() {
        true => "Nothing else closes the gate.\n".to_owned(),
        false => format!("What still closes the gate:\n\n{}", Gate::of(closed).to_markdown()),
    }
}

/// A proposal that waits for answers.
fn proposal(proposal: &Proposal) -> String {
    let names = |names: Vec<&String>| match names.is_empty() {
        true => "nobody yet".to_owned(),
        false => names.into_iter().map(|name| inert(name)).collect::<Vec<_>>().join(", "),
    };
    format!(
        "\n**Proposed by {}: {}**, because {}. Agreed: {}. Objected: {}. Answers of {} count until {}: `/embargo agree`, or \
         `/embargo object because …`.\n",
        inert(&proposal.by),
        proposal.describe(),
        inert(&proposal.because),
        names(proposal.agreed.iter().collect()),
        names(proposal.objected.keys().collect()),
        proposal.asks(),
        proposal.until
    )
}

/// The status comment.
pub fn status(
    case: &Case,
    view: &CaseView,
    gate: &Gate,
    audience: &Audience,
    rating: Option<&str>,
    state: &str,
    now: Timestamp,
) -> String {
    let embargo = match case.embargo.ends_at() {
        Some(end) => format!("{} until {end} ({})", case.embargo.state_name(), countdown(end, now)),
        None => case.embargo.state_name().to_owned(),
    };
    let rating = rating.map_or_else(String::new, |rating| format!(" Severity: {rating}."));
    let mut text = format!(
        "### Case {}\n\nState: **{state}**. Embargo: {embargo}. Gate: **{}**.{rating}\n\n| branch | head | verdict | note |\n|---|---|---|---|\n",
        case.id,
        if gate.open { "open" } else { "closed" },
    );
    for (branch, target) in &view.targets {
        text.push_str(&row(case, branch, target));
    }
    text.extend(case.proposal.as_ref().map(proposal));
    for (vendor, standing) in case.vendor_standing() {
        text.push_str(&format!("\nVendor {}: {standing}.\n", inert(&vendor)));
    }
    text.push_str(&format!("\nReasons:\n\n{}", gate.to_markdown()));
    for (branch, target) in view.targets.iter().filter(|(_, target)| !target.differences.is_empty()) {
        let shown = differences(&target.differences);
        text.push_str(&format!(
            "\n<details><summary>The backport on <code>{branch}</code></summary>\n{shown}</details>\n"
        ));
    }
    let hooks = audience
        .hooks
        .map_or_else(|| "an unknown number of".to_owned(), |hooks| hooks.to_string());
    if audience.paused_hooks > 0 {
        text.push_str(&format!(
            "\n**Webhooks that the forge has switched off because they failed: {}.** The bot still looks at every resync; see \
             why its address does not answer.\n",
            audience.paused_hooks
        ));
    }
    text.push_str(&format!(
        "\nWho can see this: {} people, {} teams, {hooks} webhooks{}.\n",
        audience.people.len(),
        audience.teams.len(),
        if audience.unreadable.is_empty() {
            String::new()
        } else {
            format!(" (the App may not read: {})", audience.unreadable.join(", "))
        },
    ));
    text
}

fn row(case: &Case, branch: &BranchName, target: &TargetView) -> String {
    let note = match (target.leaked, case.waivers.get(branch)) {
        (true, _) => "public before its time".to_owned(),
        (_, Some(waiver)) => format!("waived by {}: {}", inert(&waiver.by), inert(&waiver.because)),
        _ => format!("{} commits", target.patches.len()),
    };
    let short = target.head.short();
    format!("| `{branch}` | `{short}` | {} | {note} |\n", verdict(target.verdict))
}

/// The request for a CVE, and where it goes.
pub fn cve_request(request: &str) -> String {
    format!(
        "No CVE is on record. For a project on gitlab.com, GitLab's CNA takes this as a **confidential** issue of \
         https://gitlab.com/gitlab-org/cves (fill in what says TODO); elsewhere ask the CNA that is in charge. Then \
         `/embargo cve CVE-…`, or `/embargo cve waive because …`.\n\n{}\n",
        fenced(request)
    )
}

/// The title of a security branch's pull request.
pub fn pull_title(case: CaseId, target: &BranchName) -> String {
    format!("{case}: {target}")
}

/// The body of a security branch's pull request.
pub fn pull_body(case: CaseId, target: &BranchName) -> String {
    format!(
        "Security branch of case {case} for `{target}`.\n\nDo not merge: the bot publishes every branch at once when the embargo has ended. \
         Its check `embargod/embargo` says what is missing.\n"
    )
}

/// What conflicts and the commands that resolve it.
pub fn conflict(case: CaseId, target: &BranchName, conflict: &Conflict) -> String {
    let what = match (conflict.carrying, &conflict.cause) {
        (true, _) => format!("The fix `{}` does not apply to `{target}`.", conflict.commit),
        (false, Some(cause)) => format!(
            "`{}` no longer applies to `{target}` since the public commit `{cause}`.",
            conflict.commit
        ),
        (false, None) => format!("`{}` no longer applies to `{target}`.", conflict.commit),
    };
    let mut text = format!("{what} A person must resolve it.\n\nIn conflict:\n");
    for (path, hunks) in &conflict.files {
        text.push_str(&format!("\n{}\n", fenced(&String::from_utf8_lossy(path))));
        for hunk in hunks {
            text.push_str(&format!("\n{}\n", fenced(hunk)));
        }
    }
    let branch = case.security_branch(target);
    let commands = match conflict.carrying {
        true => format!(
            "git fetch origin\ngit switch --track origin/{branch}\ngit cherry-pick -x {}\n# resolve, then:\ngit cherry-pick --continue\ngit push origin {branch}",
            conflict.commit
        ),
        false => format!(
            "git fetch origin\ngit switch --track origin/{branch}\ngit rebase origin/{target}\n# resolve, then:\ngit rebase --continue\ngit push --force-with-lease origin {branch}"
        ),
    };
    text.push_str(&format!("\nTo resolve it:\n\n{}\n", fenced(&commands)));
    text
}
