//! `embargod policy review`: past notices against the policy.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use embargod_advisory::{LibvirtNotice, NoticeBranch, NoticeProduct};
use embargod_core::case::Policy;
use embargod_core::review::{Disclosure, Figures, Review as Reviewed, figures, review};
use embargod_core::{BranchName, CaseId};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;

use super::super::Failure;
use crate::config::read as read_config;
use crate::policy::{default_policy, policy};

#[derive(Debug, Args)]
pub(in crate::cli) struct Review {
    /// The notices, one JSON object a line: notice, reported, published, fixed, cve, and products with their branches.
    file: PathBuf,
    /// By the policy of this project of the configuration [default: the only one, or the embedded policy of 14 and 30 days
    /// where there is no configuration]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Write each notice as a libvirt security notice into this folder.
    #[arg(long, value_name = "DIR")]
    advisories: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A line of the file.
#[derive(Debug, Deserialize)]
struct Notice {
    notice: CaseId,
    reported: Date,
    published: Date,
    fixed: Date,
    #[serde(default)]
    cve: Vec<String>,
    products: Vec<Product>,
}

#[derive(Debug, Deserialize)]
struct Product {
    name: String,
    repository: String,
    branches: Vec<Branch>,
}

#[derive(Debug, Deserialize)]
struct Branch {
    name: BranchName,
    #[serde(default)]
    vulnerable_tags: Vec<String>,
    #[serde(default)]
    fixed_tags: Vec<String>,
    #[serde(default)]
    vulnerable_changes: Vec<String>,
    #[serde(default)]
    fixed_changes: Vec<String>,
}

pub(super) fn run(arguments: &Review, path: &Path) -> Result<ExitCode, Failure> {
    let (policy, main) = rules(arguments, path)?;
    let notices = read(&arguments.file)?;
    if let Some(folder) = &arguments.advisories {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for notice in &notices {
            let document = advisory(notice).to_xml()?;
            let file = folder.join(format!("{}.xml", notice.notice));
            std::fs::write(&file, document).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    let reviewed = notices.iter().filter_map(|notice| {
        let disclosure = disclosure(notice, main.as_ref())?;
        review(&disclosure, &policy).map(|review| (disclosure, review))
    });
    let reviewed: Vec<_> = reviewed.collect();
    let figures = figures(&reviewed);
    if arguments.json {
        let flagged: Vec<_> = reviewed
            .iter()
            .map(|(disclosure, review)| json!({ "notice": disclosure.id, "days": review.days, "findings": review.findings }))
            .collect();
        println!("{:#}", json!({ "notices": flagged, "figures": figures }));
    } else {
        print(&reviewed, &figures);
    }
    Ok(ExitCode::SUCCESS)
}

/// The policy, and the main branch where a configuration names it.
fn rules(arguments: &Review, path: &Path) -> Result<(Policy, Option<BranchName>), Failure> {
    if arguments.project.is_none() && !path.exists() {
        return Ok((default_policy(), None));
    }
    let config = read_config(path)?;
    let projects = &config.project;
    let settings = match &arguments.project {
        Some(name) => projects.iter().find(|project| project.name == *name),
        None => projects.first().filter(|_| projects.len() == 1),
    };
    let settings = settings.ok_or("which project? name one of the configuration with --project")?;
    Ok((policy(settings), Some(settings.main.clone())))
}

fn read(file: &Path) -> Result<Vec<Notice>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut notices = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |problem: &dyn std::fmt::Display| {
            format!(
                "{}:{}: {problem}; write one object a line with notice (YYYY-NNNN), reported, published, fixed (YYYY-MM-DD), cve and \
                 products, each with name, repository and branches",
                file.display(),
                number + 1
            )
        };
        let notice: Notice = serde_json::from_str(line).map_err(|error| wrong(&error))?;
        if notice.products.iter().all(|product| product.branches.is_empty()) {
            return Err(wrong(&"the notice names no branch").into());
        }
        notices.push(notice);
    }
    Ok(notices)
}

/// Main is the branch of the configuration, or the first that the notice names. Every notice that was read names one.
fn disclosure(notice: &Notice, main: Option<&BranchName>) -> Option<Disclosure> {
    let branches: Vec<_> = notice
        .products
        .iter()
        .flat_map(|product| &product.branches)
        .map(|branch| (branch.name.clone(), !branch.fixed_changes.is_empty()))
        .collect();
    let first = branches.first().map(|(name, _)| name.clone());
    let main = main.cloned().or(first)?;
    Some(Disclosure {
        id: notice.notice,
        reported: notice.reported,
        published: notice.published,
        fixed: notice.fixed,
        has_cve: !notice.cve.is_empty(),
        main,
        branches,
    })
}

fn advisory(notice: &Notice) -> LibvirtNotice {
    let branch = |branch: &Branch| NoticeBranch {
        name: branch.name.to_string(),
        vulnerable_tags: branch.vulnerable_tags.clone(),
        fixed_tags: branch.fixed_tags.clone(),
        vulnerable_changes: branch.vulnerable_changes.clone(),
        fixed_changes: branch.fixed_changes.clone(),
    };
    let product = |product: &Product| NoticeProduct {
        name: product.name.clone(),
        repository: product.repository.clone(),
        branches: product.branches.iter().map(branch).collect(),
    };
    LibvirtNotice {
        id: notice.notice.to_string(),
        reported: Some(notice.reported),
        published: Some(notice.published),
        fixed: Some(notice.fixed),
        cves: notice.cve.clone(),
        products: notice.products.iter().map(product).collect(),
        ..LibvirtNotice::default()
    }
}

fn print(reviewed: &[(Disclosure, Reviewed)], figures: &Figures) {
    for (disclosure, review) in reviewed.iter().filter(|(_, review)| !review.findings.is_empty()) {
        println!("{}", disclosure.id);
        for finding in &review.findings {
            println!("  {finding}");
        }
    }
    let median = |value: Option<f64>| value.map_or("-".to_owned(), |value| value.to_string());
    println!(
        "{} notices, {} of them flagged. Under embargo: {}, median {} days; {} longer than the policy's length, {} of these longer \
         than its cap; fixed on main after the publication: {} of them. Published before they were reported: {}. With vulnerable \
         branches without a fix: {}. Without a CVE: {}. Branches: {}, median {} a notice, at most {}.",
        figures.disclosures,
        figures.flagged,
        figures.embargoed,
        median(figures.median_days),
        figures.over_default,
        figures.over_maximum,
        figures.fixed_after_publication,
        figures.contradicting_dates,
        figures.with_unfixed_branches,
        figures.without_cve,
        figures.branches,
        median(figures.median_branches),
        figures.most_branches,
    );
}
