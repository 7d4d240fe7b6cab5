//! Vendors are told: a notice for each with the patches that they need, encrypted to their key, or a gap that everybody sees.

use embargod_advisory::{Advisory, AttachedPatches, NoticeFacts, vendor_notice};
use embargod_core::case::{Case, Cve, Event, Told};
use embargod_core::embargo::State;
use embargod_core::{BranchName, CommitId};
use embargod_mail::PublicKey;
use embargod_repo::{bundle, patch_series};
use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart, SinglePart};

use crate::project::Project;
use crate::reconcile::{Journal, PassError, Reconciler};

/// A vendor as the configuration names it.
pub struct Vendor {
    /// Its name.
    pub name: String,
    /// Where the notice goes.
    pub contact: String,
    /// The key that it is encrypted to.
    pub key: Option<PublicKey>,
    /// Patterns of the branches that it cares about; empty: all.
    pub branches: Vec<String>,
}

/// Prepares what the standing notice still owes: for every vendor at once, so that nobody is told before another. True:
/// something is on record that was not before.
pub(crate) async fn prepare(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    advisory: Option<&Advisory>,
) -> Result<bool, PassError> {
    let owed: Vec<_> = journal.case.untold(&project.policy.vendors.vendors).cloned().collect();
    if owed.is_empty() {
        return Ok(false);
    }
    let now = reconciler.clock.now();
    let series = series(project, &journal.case).await?;
    let mut events = Vec::new();
    let mut letters = 0;
    for vendor in project.vendors.iter().filter(|vendor| owed.contains(&vendor.name)) {
        let told = |told| Event::VendorTold {
            vendor: vendor.name.clone(),
            told,
        };
        let gap = |because: String| told(Told::Gap { because });
        let Some(key) = &vendor.key else {
            events.push(gap(
                "it has no key, and nothing is sent in the clear: key_file of its [[project.vendors]]".into(),
            ));
            continue;
        };
        let content = content(project, &journal.case, vendor, advisory, &series).await?;
        match key.encrypt(&content, now) {
            Ok(armoured) => {
                // The subject travels in the clear: it says nothing of the flaw.
                let subject = format!("[{}] notice {}", project.name, journal.case.id);
                let to = vendor.contact.clone();
                let (id, letter) = journal.case.vendor_letter(letters, &vendor.name, to, subject, armoured);
                letters += 1;
                events.push(Event::LetterWritten { id: id.clone(), letter });
                events.push(told(Told::Letter { id }));
            }
            Err(error) => events.push(gap(format!("its key cannot be used: {error}"))),
        }
    }
    journal.record(events, now).await?;
    Ok(true)
}

/// The patches of a branch.
struct Series {
    branch: String,
    /// The branch, its public tip and its head, for the bundle.
    range: (BranchName, CommitId, CommitId),
    patches: String,
    count: usize,
}

async fn series(project: &Project, case: &Case) -> Result<Vec<Series>, PassError> {
    let mut all = Vec::new();
    let heads = case.notice.iter().flat_map(|notice| &notice.heads);
    for (branch, head) in heads {
        let Some(tip) = case.memory.public_tips.get(branch) else {
            continue;
        };
        let (patches, count) = patch_series(project.clone.path(), tip, head).await?;
        all.push(Series {
            branch: branch.to_string(),
            range: (branch.clone(), tip.clone(), head.clone()),
            patches,
            count,
        });
    }
    Ok(all)
}

/// What is encrypted: a mail's content with the text first and a file for each branch.
async fn content(
    project: &Project,
    case: &Case,
    vendor: &Vendor,
    advisory: Option<&Advisory>,
    series: &[Series],
) -> Result<Vec<u8>, PassError> {
    let main = project.main().as_str();
    let wanted = |branch: &str| {
        let patterns = &vendor.branches;
        branch == main || patterns.is_empty() || patterns.iter().any(|glob| glob_match::glob_match(glob, branch))
    };
    let chosen: Vec<_> = series.iter().filter(|series| wanted(&series.branch)).collect();
    let attached: Vec<_> = chosen
        .iter()
        .map(|series| AttachedPatches {
            branch: series.branch.clone(),
            file: format!("{}.mbox", series.branch.replace('/', "-")),
            count: series.count,
        })
        .collect();
    let covered = |glob: &&String| series.iter().any(|series| glob_match::glob_match(glob, &series.branch));
    let unmaintained: Vec<_> = vendor.branches.iter().filter(|glob| !covered(glob)).cloned().collect();
    let ends_at = match &case.embargo.state {
        State::Active { terms } | State::Revise { terms, .. } => terms.ends_at.to_string(),
        _ => case.embargo.ends_at().map_or_else(String::new, |end| end.to_string()),
    };
    let cve = match &case.cve {
        Some(Cve::Id(id)) => Some(id.as_str()),
        _ => None,
    };
    let id = case.id.to_string();
    let bundled = format!("{id}.bundle");
    let facts = NoticeFacts {
        project: &project.name,
        case: &id,
        ends_at: &ends_at,
        cve,
        patches: &attached,
        bundle: (!chosen.is_empty()).then_some(bundled.as_str()),
        unmaintained: &unmaintained,
    };
    let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(vendor_notice(&facts, advisory)));
    for (series, attached) in chosen.iter().zip(&attached) {
        let file = Attachment::new(attached.file.clone());
        parts = parts.singlepart(file.body(series.patches.clone(), ContentType::TEXT_PLAIN));
    }
    let ranges: Vec<_> = chosen.iter().map(|series| series.range.clone()).collect();
    // Git makes no empty bundle: where no branch that they care about changes, there is none.
    if let (false, Ok(kind)) = (ranges.is_empty(), ContentType::parse("application/octet-stream")) {
        let bytes = bundle(project.clone.path(), &ranges).await?;
        parts = parts.singlepart(Attachment::new(bundled).body(bytes, kind));
    }
    Ok(parts.formatted())
}
