//! Rehearsals of single rules of the process, each with what it measured.

use std::path::PathBuf;

use embargod_mail::PrivateKey;
use embargod_sandbox::Flavour;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::catalogue::Scenario;
use super::outside;
use super::play::Play;
use super::script::{EMBEDDED, leave_behind};
use super::stage::{LISTS, MIRROR, PUBLIC, Stage, StageError, git};
use crate::config::read;
use crate::page::{Process, markdown};

/// How a scenario ended.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Its name.
    pub scenario: &'static str,
    /// The rule.
    pub rule: &'static str,
    /// Whether the rule held.
    pub holds: bool,
    /// What was measured, and what it should be.
    pub figures: Vec<Figure>,
    /// Where everything is.
    pub out: PathBuf,
}

/// One thing that was measured.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// What.
    pub what: &'static str,
    /// How it should be.
    pub expected: String,
    /// How it was.
    pub was: String,
}

#[derive(Default)]
pub(super) struct Figures(Vec<Figure>);

impl Figures {
    pub(super) fn note(&mut self, what: &'static str, was: impl ToString, expected: impl ToString) {
        self.0.push(Figure {
            what,
            expected: expected.to_string(),
            was: was.to_string(),
        });
    }
}

/// Rehearses one rule.
pub async fn rehearse(scenario: Scenario, out: PathBuf, forge: Flavour) -> Result<Outcome, StageError> {
    let key = PrivateKey::generate("Example Linux").map_err(|error| StageError::Server(error.to_string().into()))?;
    let extra = match (scenario.name, forge) {
        ("already-public", Flavour::Gitlab) => "cases = \"public\"".to_owned(),
        ("vendor-joins", _) => "members = {}".to_owned(),
        ("vendors-told", _) => outside::vendors(&key, &out)?,
        _ => String::new(),
    };
    let stage = Stage::build(&out, forge, "master", EMBEDDED, &extra, Timestamp::now()).await?;
    let mut figures = Figures::default();
    let dir = stage.dir.clone();
    match scenario.name {
        "extension-agreed" => extension(stage, &mut figures, true).await?,
        "extension-refused" => extension(stage, &mut figures, false).await?,
        "rework-restarts" => rework(stage, &mut figures).await?,
        "already-public" => already_public(stage, &mut figures, forge).await?,
        "leak-ends-embargo" => leak(stage, &mut figures).await?,
        "not-affected" => not_affected(stage, &mut figures).await?,
        "new-stable-branch" => new_branch(stage, &mut figures).await?,
        "late-push" => late_push(stage, &mut figures).await?,
        "report-by-mail" => outside::report_by_mail(stage, &mut figures).await?,
        "vendor-joins" => outside::vendor_joins(stage, &mut figures).await?,
        "vendors-told" => outside::vendors_told(stage, &mut figures, &key).await?,
        "duplicate-reports" => outside::duplicate(stage, &mut figures).await?,
        "not-a-vulnerability" => dismissed(stage, &mut figures).await?,
        "no-cve" => no_cve(stage, &mut figures).await?,
        "date-binds-everybody" => date_binds(stage, &mut figures).await?,
        "announced-on-every-list" => announced(stage, &mut figures).await?,
        "page-is-what-happens" => page(stage, &mut figures).await?,
        _ => outage(stage, &mut figures).await?,
    }
    Ok(Outcome {
        scenario: scenario.name,
        rule: scenario.rule,
        holds: figures.0.iter().all(|figure| figure.was == figure.expected),
        figures: figures.0,
        out: dir,
    })
}

async fn ready(stage: Stage) -> Result<Play, StageError> {
    let play = Play::open(stage, MIRROR, false).await?;
    play.fix().await?;
    play.agree().await?;
    Ok(play)
}

pub(super) async fn ending(play: &Play) -> Result<Timestamp, StageError> {
    let end = play.end().await?;
    end.ok_or_else(|| StageError::Server("the case has no embargo".into()))
}

pub(super) fn finish(play: &Play) -> Result<(), StageError> {
    leave_behind(&play.stage, &play.case.to_string())
}

async fn extension(stage: Stage, figures: &mut Figures, agreed: bool) -> Result<(), StageError> {
    let play = ready(stage).await?;
    let first = ending(&play).await?;
    let later = first + SignedDuration::from_hours(5 * 24);
    play.say("alice", &format!("extend {later} because a vendor needs the week"))
        .await?;
    figures.note("the end while nobody agreed", ending(&play).await?, first);
    match agreed {
        true => play.say("erin", "agree").await?,
        false => play.wait_hours(49).await?,
    }
    let end = if agreed { later } else { first };
    figures.note("the end after that", ending(&play).await?, end);
    play.wait_until(first).await?;
    figures.note("public pushes at the first end", play.pushes(), usize::from(!agreed));
    play.wait_until(end).await?;
    figures.note("public pushes at the agreed end", play.pushes(), 1);
    figures.note("published", play.is_published().await?, true);
    finish(&play)
}

async fn rework(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = ready(stage).await?;
    let first = ending(&play).await?;
    play.wait_hours(10 * 24).await?;
    play.say("alice", "restart because the patch broke migration").await?;
    play.say("erin", "agree").await?;
    let end = ending(&play).await?;
    figures.note("the end moved by", format!("{:#}", end.duration_since(first)), "240h");
    play.wait_until(first).await?;
    figures.note("public pushes at the first end", play.pushes(), 0);
    play.wait_until(end).await?;
    figures.note("public pushes at the new end", play.pushes(), 1);
    figures.note("published", play.is_published().await?, true);
    finish(&play)
}

async fn already_public(stage: Stage, figures: &mut Figures, forge: Flavour) -> Result<(), StageError> {
    if forge == Flavour::Github {
        // GitHub cannot hide an issue, and no case lives in a public one: the private side is alarmed.
        let issue = stage.public.open_issue(PUBLIC, "dave", "A flaw", "")?;
        stage.public.label(PUBLIC, "dave", issue, super::script::LABEL, true);
        stage.settle().await?;
        let cases = stage
            .server
            .store
            .cases()
            .await
            .map_err(crate::reconcile::PassError::from)?;
        figures.note("cases with an embargo", cases.len(), 0);
        let timeline = stage.sandbox.timeline();
        let alarms = timeline
            .iter()
            .filter(|entry| entry.kind == "issue.opened" && entry.by.ends_with("[bot]"));
        figures.note("private alarms", alarms.count(), 1);
        return leave_behind(&stage, "none");
    }
    let play = Play::open(stage, PUBLIC, false).await?;
    figures.note(
        "the issue is hidden",
        play.stage.public.is_confidential(PUBLIC, 1) == Some(true),
        true,
    );
    figures.note(
        "the embargo",
        play.facts().await?["embargo"]["state"].as_str().unwrap_or_default(),
        "none",
    );
    figures.note("times that the team was told", play.said("**Exposed.**"), 1);
    play.fix().await?;
    play.agree().await?;
    play.wait_hours(60 * 24).await?;
    figures.note("public pushes without a confirmed embargo", play.pushes(), 0);
    play.say("alice", "confirm because nobody understood the report")
        .await?;
    play.wait_until(ending(&play).await?).await?;
    figures.note("public pushes at the end of the confirmed one", play.pushes(), 1);
    finish(&play)
}

async fn leak(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = ready(stage).await?;
    let desk = play.stage.clone_for("dave", MIRROR).await?;
    let public = play.stage.public.clone_url(PUBLIC, "dave")?;
    let refspec = format!("origin/embargo/{}/master:refs/heads/master", play.case);
    git(&desk, &["push", "--quiet", &public, &refspec]).await?;
    play.stage.settle().await?;
    figures.note("times that the team was told", play.said("**Leak.**"), 1);
    figures.note("public pushes by the bot", play.pushes() - 1, 0);
    play.say("bob", "lift because the fix is on the public main branch")
        .await?;
    figures.note(
        "public pushes by the bot after one release manager",
        play.pushes() - 1,
        0,
    );
    play.say("frank", "agree").await?;
    figures.note("public pushes by the bot after the second", play.pushes() - 1, 1);
    figures.note("v8.0-maint is fixed", play.is_fixed("v8.0-maint").await, true);
    finish(&play)
}

async fn not_affected(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = Play::open(stage, MIRROR, false).await?;
    play.fix().await?;
    play.say("alice", "not-affected v8.0-maint because nobody calls it there")
        .await?;
    play.agree().await?;
    play.wait_until(ending(&play).await?).await?;
    figures.note("public pushes", play.pushes(), 1);
    for (branch, fixed) in [("master", true), ("v8.0-maint", false), ("v9.0-maint", true)] {
        figures.note(
            "a branch is fixed",
            format!("{branch}: {}", play.is_fixed(branch).await),
            format!("{branch}: {fixed}"),
        );
    }
    finish(&play)
}

async fn new_branch(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = Play::open(stage, MIRROR, false).await?;
    play.fix().await?;
    play.stage
        .public
        .git(PUBLIC, &["branch", "v10.0-maint", "master"])
        .await?;
    play.stage.settle().await?;
    play.agree().await?;
    let targets = play.facts().await?["targets"].as_array().map_or(0, Vec::len);
    figures.note("target branches", targets, 4);
    play.wait_until(ending(&play).await?).await?;
    figures.note("public pushes", play.pushes(), 1);
    figures.note("the new branch is fixed", play.is_fixed("v10.0-maint").await, true);
    finish(&play)
}

async fn late_push(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = ready(stage).await?;
    let desk = play.stage.clone_for("dave", MIRROR).await?;
    let branch = format!("embargo/{}/master", play.case);
    git(&desk, &["checkout", "--quiet", "--detach", &format!("origin/{branch}")]).await?;
    std::fs::write(desk.join("late.c"), "late\n")?;
    git(&desk, &["add", "late.c"]).await?;
    git(&desk, &["commit", "--quiet", "--message", "one more"]).await?;
    git(
        &desk,
        &["push", "--quiet", "origin", &format!("HEAD:refs/heads/{branch}")],
    )
    .await?;
    play.wait_until(ending(&play).await?).await?;
    figures.note("public pushes at the end", play.pushes(), 0);
    figures.note("times that the team was told", play.said("nothing was published"), 1);
    play.say("alice", "approve").await?;
    figures.note("public pushes after a new approval", play.pushes(), 1);
    finish(&play)
}

async fn dismissed(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = ready(stage).await?;
    play.say("alice", "not-a-vulnerability because it is meant so").await?;
    figures.note("the issue is open", play.is_open(), false);
    figures.note("times that the reason was told", play.said("because it is meant so"), 2);
    play.wait_hours(60 * 24).await?;
    figures.note("public pushes", play.pushes(), 0);
    finish(&play)
}

async fn no_cve(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = Play::open(stage, MIRROR, false).await?;
    play.fix().await?;
    play.say("alice", "approve").await?;
    play.say("bob", "publish").await?;
    play.wait_until(ending(&play).await?).await?;
    figures.note("public pushes at the end without a CVE", play.pushes(), 0);
    figures.note("times that the team was told", play.said("nothing was published"), 1);
    play.say("carol", "cve waive because this is a rehearsal").await?;
    figures.note("public pushes after it was waived", play.pushes(), 1);
    finish(&play)
}

async fn date_binds(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = ready(stage).await?;
    figures.note(
        "the embargo",
        play.facts().await?["embargo"]["state"].as_str().unwrap_or_default(),
        "active",
    );
    play.say("bob", "publish now").await?;
    figures.note(
        "times that publishing now was refused",
        play.said("the embargo has not ended"),
        1,
    );
    // Somebody tries the merge button of the mirror.
    for (number, ..) in play.stage.sandbox.pulls(MIRROR) {
        // Where only the bot may merge the forge refuses; where it does not, the bot puts the branch back.
        let _ = play.stage.sandbox.merge_pull(MIRROR, "dave", number).await;
        play.stage.settle().await?;
    }
    play.wait_until(ending(&play).await? - SignedDuration::from_secs(1))
        .await?;
    figures.note("public pushes a second before the end", play.pushes(), 0);
    for branch in ["master", "v8.0-maint", "v9.0-maint"] {
        figures.note("a branch is fixed before the end", play.is_fixed(branch).await, false);
    }
    finish(&play)
}

/// How many mails each list has.
fn announcements(play: &Play) -> [usize; 2] {
    LISTS.map(|list| play.stage.sandbox.mails_to(list).len())
}

async fn announced(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = ready(stage).await?;
    let end = ending(&play).await?;
    play.wait_until(end - SignedDuration::from_secs(1)).await?;
    figures.note(
        "mails to each list before the end",
        format!("{:?}", announcements(&play)),
        "[0, 0]",
    );
    play.wait_until(end).await?;
    figures.note(
        "mails to each list at the end",
        format!("{:?}", announcements(&play)),
        "[1, 1]",
    );
    play.wait_hours(48).await?;
    figures.note(
        "mails to each list two days later",
        format!("{:?}", announcements(&play)),
        "[1, 1]",
    );
    figures.note("published", play.is_published().await?, true);
    finish(&play)
}

async fn page(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let config = read(&stage.dir.join("embargod.toml")).map_err(|error| StageError::Server(error.into()))?;
    let settings = config
        .project
        .first()
        .ok_or_else(|| StageError::Server("no project".into()))?;
    let text = markdown(&Process::of(&config, settings, Timestamp::now()));
    let says = |words: &str| text.contains(words);
    let play = ready(stage).await?;
    let (end, facts) = (ending(&play).await?, play.facts().await?);
    let opened = facts["opened_at"]
        .as_str()
        .and_then(|at| at.parse::<Timestamp>().ok())
        .unwrap_or(end);
    let days = (end.duration_since(opened).as_secs() + 1) / 86_400;
    figures.note("days of the embargo", days, 14);
    figures.note("the page says so", says(&format!("lasts {days} days")), true);
    play.say(
        "alice",
        &format!(
            "extend {} because it is hard",
            opened + SignedDuration::from_hours(31 * 24)
        ),
    )
    .await?;
    figures.note("times that 31 days were refused", play.said("may last until"), 1);
    figures.note("the page names the cap", says("never longer than 30 days"), true);
    play.wait_until(end).await?;
    let lists = announcements(&play).iter().filter(|mails| **mails == 1).count();
    figures.note("lists with an announcement", lists, LISTS.len());
    figures.note("the page names each", LISTS.iter().all(|list| says(list)), true);
    finish(&play)
}

async fn outage(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = ready(stage).await?;
    let end = ending(&play).await?;
    // Nothing looked between the approval and this instant: as after a restart.
    play.wait_until(end + SignedDuration::from_secs(3_599)).await?;
    figures.note("public pushes a second before the grace is over", play.pushes(), 1);
    figures.note("published", play.is_published().await?, true);
    finish(&play)
}
