//! What the people do in a rehearsal, from the label to the announcement.

use std::path::PathBuf;

use embargod_sandbox::{Flavour, Surface};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::outsider::look_around;
use super::replay::{replay, resolve};
use super::stage::{MIRROR, PUBLIC, Stage, StageError, git};

/// The issue of a rehearsal.
pub const ISSUE: &str = "A length is not checked.\n\n```advisory\nsummary = \"A length is not checked before a copy\"\n\
    description = \"A guest can send a length larger than the buffer; the host copies that many bytes.\"\n\
    severity = \"high\"\ncredits = [\"A Reporter\"]\n```\n";
/// What its advisory says in one line.
const SUMMARY: &str = "A length is not checked before a copy";
/// The label that opens a case.
pub const LABEL: &str = "security::confirmed";
const FILE: &str = "copy.c";

/// The stable branches of the embedded repository, one of them past its end of life.
pub const EMBEDDED: &str = "{ glob = \"v*-maint\" }, { name = \"v5.0-maint\", end_of_life = \"2020-01-01\" }";

/// What is rehearsed.
pub enum Source {
    /// A small repository that the rehearsal makes itself.
    Embedded,
    /// A real fix in somebody's repository.
    Repository {
        /// The repository; it is only read.
        path: PathBuf,
        /// Its main branch.
        main: String,
        /// Patterns of its stable branches.
        stable: Vec<String>,
        /// The commits of the fix, oldest first.
        fix: Vec<String>,
    },
}

/// How a rehearsal runs.
pub struct Script {
    /// Where everything is left behind.
    pub out: PathBuf,
    /// The forge that it runs on.
    pub forge: Flavour,
    /// What is rehearsed.
    pub source: Source,
}

/// How it ended.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The case.
    pub case: String,
    /// Whether every branch became public.
    pub published: bool,
    /// Each branch and what the engine said.
    pub verdicts: Vec<(String, String)>,
    /// Branches that were waived because their conflict needs a person.
    pub waived: Vec<String>,
    /// How many pushes the public repository saw after the label.
    pub public_pushes: usize,
    /// What became public after the label, and when.
    pub public: Vec<(Timestamp, String)>,
    /// Why the gate stayed closed, where it did.
    pub closed_by: Vec<String>,
    /// Where people without a role were shown something of the case before its time.
    pub shown_to_outsiders: Vec<String>,
    /// In how many places the same look showed it after the publication: the proof that the look sees.
    pub shown_afterwards: usize,
    /// Where everything is.
    pub out: PathBuf,
}

/// Runs the whole life of a case. `say` hears what happens.
pub async fn run(script: Script, say: &mut (dyn FnMut(&str) + Send)) -> Result<Report, StageError> {
    let (main, stable) = match &script.source {
        Source::Embedded => ("master".to_owned(), EMBEDDED.to_owned()),
        Source::Repository { main, stable, .. } => {
            let rules: Vec<_> = stable.iter().map(|glob| format!("{{ glob = {glob:?} }}")).collect();
            (main.clone(), rules.join(", "))
        }
    };
    let stage = Stage::build(&script.out, script.forge, &main, &stable, "", Timestamp::now()).await?;
    let fix = match &script.source {
        Source::Embedded => seed(&stage).await?,
        Source::Repository {
            path,
            main,
            stable,
            fix,
        } => replay(&stage, path, main, stable, fix).await?,
    };
    say("a public repository, its private mirror, and the server are up");
    let before = stage.sandbox.timeline().len();
    let issue = stage.sandbox.open_issue(MIRROR, "alice", "A report", ISSUE)?;
    stage.sandbox.label(MIRROR, "alice", issue, LABEL, true);
    stage.settle().await?;
    let case = stage
        .server
        .store
        .latest_case("example", i64::try_from(issue).unwrap_or_default())
        .await;
    let Some(case) = case.map_err(crate::reconcile::PassError::from)? else {
        return Err(StageError::Server(
            "the case was not opened: see the comments of the issue".into(),
        ));
    };
    say(&format!(
        "alice put the label on: case {case}, a security branch for every target"
    ));
    let security = format!("refs/heads/embargo/{case}/{main}");
    let desk = stage.clone_for("dave", MIRROR).await?;
    git(&desk, &["fetch", "--quiet", fix.0.to_str().unwrap_or_default(), &fix.1]).await?;
    git(
        &desk,
        &["push", "--quiet", "origin", &format!("+FETCH_HEAD:{security}")],
    )
    .await?;
    stage.settle().await?;
    say("dave pushed the fix to main's security branch; the bot carried it to the others");
    let mut waived = Vec::new();
    let facts = snapshot(&stage, case).await?;
    for target in facts["targets"].as_array().into_iter().flatten() {
        let branch = target["branch"].as_str().unwrap_or_default();
        let verdict = target["verdict"].as_str().unwrap_or_default();
        if branch == main || verdict == "present" {
            continue;
        }
        say(&format!("{branch}: {verdict}; the bot waits and says what to do"));
        let resolved = match &script.source {
            Source::Embedded => false,
            Source::Repository { path, stable, fix, .. } => resolve(&stage, path, stable, fix, case, branch).await?,
        };
        stage.settle().await?;
        let facts = snapshot(&stage, case).await?;
        let now = facts["targets"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|target| target["branch"] == branch);
        let now = now.map_or("missing", |target| target["verdict"].as_str().unwrap_or_default());
        let text = match (resolved, now) {
            (true, "present") => {
                say(&format!("{branch}: dave pushed the project's own backport; {now}"));
                continue;
            }
            (true, "adapted") => format!("/embargo ack {branch}"),
            _ => format!("/embargo not-affected {branch} because in this rehearsal nobody resolves its conflict"),
        };
        say(&format!("{branch}: {now}; alice: {text}"));
        stage.sandbox.comment(MIRROR, "alice", issue, &text)?;
        if now != "adapted" || !resolved {
            waived.push(branch.to_owned());
        }
        stage.settle().await?;
    }
    for (person, text) in [
        ("carol", "/embargo cve waive because this is a rehearsal"),
        ("alice", "/embargo approve"),
        ("bob", "/embargo publish"),
    ] {
        stage.sandbox.comment(MIRROR, person, issue, text)?;
        say(&format!("{person}: {text}"));
        stage.settle().await?;
        let mut closed = Vec::new();
        leaves(&snapshot(&stage, case).await?["gate"]["reasons"], &mut closed);
        closed
            .iter()
            .for_each(|reason| say(&format!("  gate closed: {reason}")));
    }
    let facts = snapshot(&stage, case).await?;
    let end = facts["embargo"]["ends_at"]
        .as_str()
        .and_then(|end| end.parse::<Timestamp>().ok());
    let Some(end) = end else {
        return Err(StageError::Server("the case has no embargo".into()));
    };
    stage.clock.move_to(end - SignedDuration::from_secs(1));
    stage.settle().await?;
    let early = public_pushes(&stage, before);
    let shown_to_outsiders = outsiders(&stage, case, &fix).await?;
    say(&format!(
        "one second before the end of the embargo: {early} public pushes, and people without a role were shown {}",
        match shown_to_outsiders.len() {
            0 => "nothing".to_owned(),
            count => format!("something in {count} places"),
        }
    ));
    stage.clock.move_to(end);
    stage.settle().await?;
    let facts = snapshot(&stage, case).await?;
    let published = facts["state"] == "published";
    say(if published {
        "the embargo ended: every branch is public, in one push"
    } else {
        "the embargo ended: the gate is closed"
    });
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let verdicts = facts["targets"].as_array().into_iter().flatten();
    let verdicts = verdicts
        .map(|target| (text(&target["branch"]), text(&target["verdict"])))
        .collect();
    let mut closed_by = Vec::new();
    if !published {
        leaves(&facts["gate"]["reasons"], &mut closed_by);
    }
    let shown_afterwards = outsiders(&stage, case, &fix).await?.len();
    leave_behind(&stage, &case.to_string())?;
    Ok(Report {
        case: case.to_string(),
        published: published && early == 0 && shown_to_outsiders.is_empty(),
        verdicts,
        waived,
        public_pushes: public_pushes(&stage, before),
        public: became_public(&stage, before),
        closed_by,
        shown_to_outsiders,
        shown_afterwards,
        out: stage.dir.clone(),
    })
}

/// What people without a role see of the case now.
async fn outsiders(
    stage: &Stage,
    case: embargod_core::CaseId,
    (desk, fix): &(PathBuf, String),
) -> Result<Vec<String>, StageError> {
    let subject = git(desk, &["show", "--no-patch", "--format=%s", fix]).await?;
    let facts = snapshot(stage, case).await?;
    let heads = facts["targets"].as_array().into_iter().flatten();
    // A branch that was waived has no commits of its own: its head is public.
    let heads = heads.filter(|target| target["head"] != target["public_tip"]);
    let heads: Vec<_> = heads
        .filter_map(|target| target["head"].as_str().map(str::to_owned))
        .collect();
    look_around(stage, case, &[SUMMARY.to_owned(), subject], &heads).await
}

fn leaves(reasons: &serde_json::Value, into: &mut Vec<String>) {
    for reason in reasons
        .as_array()
        .into_iter()
        .flatten()
        .filter(|reason| reason["holds"] == false)
    {
        match reason["children"].as_array() {
            Some(children) if !children.is_empty() => leaves(&reason["children"], into),
            _ => into.push(reason["text"].as_str().unwrap_or_default().to_owned()),
        }
    }
}

pub(super) fn public_pushes(stage: &Stage, since: usize) -> usize {
    let entries = stage.public.timeline();
    let later = entries.iter().skip(since);
    later
        .filter(|entry| entry.kind == "git.push" && entry.surface == Surface::Public)
        .count()
}

/// What an outsider saw since then, as the sandbox wrote it down.
fn became_public(stage: &Stage, since: usize) -> Vec<(Timestamp, String)> {
    let entries = stage.sandbox.timeline().into_iter().skip(since);
    let public = entries.filter(|entry| entry.surface == Surface::Public);
    let what = |entry: &embargod_sandbox::Entry| match entry.details["refs"].as_array() {
        Some(refs) => {
            let names = refs.iter().filter_map(|step| step["ref"].as_str());
            let names: Vec<_> = names.map(|name| name.trim_start_matches("refs/heads/")).collect();
            format!("{}: {}", entry.kind, names.join(", "))
        }
        None => match entry.details["to"].as_array() {
            Some(to) => format!(
                "{} to {}",
                entry.kind,
                to.iter().filter_map(|to| to.as_str()).collect::<Vec<_>>().join(", ")
            ),
            None => entry.kind.clone(),
        },
    };
    public.map(|entry| (entry.at, what(&entry))).collect()
}

pub(super) async fn snapshot(stage: &Stage, case: embargod_core::CaseId) -> Result<serde_json::Value, StageError> {
    let body = stage
        .server
        .store
        .snapshot(case)
        .await
        .map_err(crate::reconcile::PassError::from)?;
    Ok(body
        .and_then(|body| serde_json::from_str(&body).ok())
        .unwrap_or_default())
}

/// A small repository with two stable branches and one past its end of life, which differ where no fix touches, and a fix for it.
pub async fn seed(stage: &Stage) -> Result<(PathBuf, String), StageError> {
    let desk = stage.clone_for("alice", PUBLIC).await?;
    let source = |name: &str| {
        format!(
            "/* {name} */\n\nint copy(char *to, const char *from, int length)\n{{\n    memcpy(to, from, length);\n    return 0;\n}}\n\n/* the end */\n"
        )
    };
    let commit = async |text: String, message: &str| -> Result<String, StageError> {
        std::fs::write(desk.join(FILE), text)?;
        git(&desk, &["add", FILE]).await?;
        git(&desk, &["commit", "--quiet", "--message", message]).await
    };
    git(&desk, &["checkout", "--quiet", "-b", "master"]).await?;
    commit(source("5.0"), "copy: begin").await?;
    git(&desk, &["branch", "v5.0-maint"]).await?;
    commit(source("8.0"), "copy: 8.0").await?;
    git(&desk, &["branch", "v8.0-maint"]).await?;
    commit(source("9.0"), "copy: 9.0").await?;
    git(&desk, &["branch", "v9.0-maint"]).await?;
    commit(source("next"), "copy: towards the next release").await?;
    git(
        &desk,
        &[
            "push",
            "--quiet",
            "origin",
            "master",
            "v5.0-maint",
            "v8.0-maint",
            "v9.0-maint",
        ],
    )
    .await?;
    git(&desk, &["checkout", "--quiet", "-b", "fix"]).await?;
    let fixed = source("next").replace(
        "    memcpy",
        "    if (length < 0 || length > 64)\n        return -1;\n    memcpy",
    );
    commit(fixed, "copy: check the length before the copy").await?;
    Ok((desk, "fix".to_owned()))
}

/// Leaves what people would look at: both repositories, the mails, the advisories, the timeline.
pub(super) fn leave_behind(stage: &Stage, case: &str) -> Result<(), StageError> {
    for (name, repository) in [("public.git", PUBLIC), ("private.git", MIRROR)] {
        let to = stage.dir.join(name);
        if !to.exists() {
            std::os::unix::fs::symlink(stage.sandbox.repository_dir(repository), to)?;
        }
    }
    let folder = stage.dir.join("advisories");
    std::fs::create_dir_all(&folder)?;
    for advisory in stage.sandbox.advisories(PUBLIC) {
        let id = advisory["ghsa_id"].as_str().unwrap_or("advisory").to_owned();
        std::fs::write(folder.join(format!("{id}.json")), format!("{advisory:#}\n"))?;
    }
    stage
        .sandbox
        .write_timeline(&stage.dir.join("timeline.json"), Some(case))?;
    stage.sandbox.write_access(&stage.dir.join("access.jsonl"))?;
    Ok(())
}
