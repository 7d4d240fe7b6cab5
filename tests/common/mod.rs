//! A case on the stage of a rehearsal, told step by step.

#![allow(dead_code, reason = "each story uses what it needs")]

use embargod::clock::Clock as _;
use embargod::rehearsal::{EMBEDDED, ISSUE, LABEL, MIRROR, MailServers, PUBLIC, Stage, git, seed};
use embargod_core::CaseId;
use embargod_sandbox::{Entry, Flavour, Order, Ruleset, Surface};
use jiff::Timestamp;
use serde_json::Value;

pub struct Tale {
    pub stage: Stage,
    pub issue: u64,
    pub case: Option<CaseId>,
    pub order: Order,
    /// The repository with the issue of the case.
    pub desk: &'static str,
    fix: (std::path::PathBuf, String),
    before: (usize, usize),
    watches: Vec<embargod_contract::Watch>,
    _folder: tempfile::TempDir,
}

/// Every story ends with the question whether the forge would have understood it.
impl Drop for Tale {
    fn drop(&mut self) {
        let breaches: Vec<_> = self
            .watches
            .iter()
            .flat_map(embargod_contract::Watch::breaches)
            .collect();
        assert!(std::thread::panicking() || breaches.is_empty(), "{breaches:#?}");
    }
}

impl Tale {
    /// A seeded public repository and an issue of the mirror without a label.
    pub async fn begin(forge: Flavour, extra: &str) -> Self {
        Self::begin_at(forge, extra, Timestamp::now()).await
    }

    /// The same at another time.
    pub async fn begin_at(forge: Flavour, extra: &str, now: Timestamp) -> Self {
        Self::begin_on((forge, forge), MIRROR, extra, now).await
    }

    /// The same with a public repository and a mirror on forges of these kinds, and the issue in one of them.
    pub async fn begin_on(
        (public, mirror): (Flavour, Flavour),
        desk: &'static str,
        extra: &str,
        now: Timestamp,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let now = Timestamp::from_second(now.as_second()).expect("an instant");
        Self::begin_over((public, mirror), desk, extra, now, None, folder).await
    }

    /// The same with mail servers of its own.
    pub async fn begin_over(
        (public, mirror): (Flavour, Flavour),
        desk: &'static str,
        extra: &str,
        now: Timestamp,
        mail: Option<&MailServers>,
        folder: tempfile::TempDir,
    ) -> Self {
        let stage = Stage::build_over(folder.path(), (public, mirror), "master", EMBEDDED, extra, now, mail)
            .await
            .expect("a stage");
        let mut watches = vec![embargod_contract::watch(&stage.sandbox)];
        if public != mirror {
            watches.push(embargod_contract::watch(&stage.public));
        }
        let fix = seed(&stage).await.expect("seeded");
        let (title, sandbox) = ("canary-title", stage.at(desk));
        let issue = match desk {
            PUBLIC => sandbox.open_confidential_issue(desk, "alice", title, ISSUE),
            _ => sandbox.open_issue(desk, "alice", title, ISSUE),
        };
        let before = (stage.public.timeline().len(), stage.sandbox.timeline().len());
        Self {
            stage,
            issue: issue.expect("an issue"),
            case: None,
            order: Order::AsHappened,
            desk,
            fix,
            before,
            watches,
            _folder: folder,
        }
    }

    /// The same with the label on and the case open.
    pub async fn opened(forge: Flavour, extra: &str) -> Self {
        let mut tale = Self::begin(forge, extra).await;
        tale.open().await;
        tale
    }

    pub async fn open(&mut self) {
        self.stage
            .at(self.desk)
            .label(self.desk, "alice", self.issue, LABEL, true);
        self.settle().await;
        let number = i64::try_from(self.issue).expect("small");
        self.case = self
            .stage
            .server
            .store
            .latest_case("example", number)
            .await
            .expect("read");
        assert!(self.case.is_some(), "a case: {:?}", self.comments());
    }

    /// Opened, fixed, waived, approved and asked for.
    pub async fn ready(forge: Flavour, extra: &str) -> Self {
        let mut tale = Self::opened(forge, extra).await;
        tale.fix().await;
        tale.agree().await;
        tale
    }

    pub async fn agree(&mut self) {
        for (person, text) in [
            ("carol", "/embargo cve CVE-2026-1234"),
            ("alice", "/embargo approve"),
            ("bob", "/embargo publish"),
        ] {
            self.say(person, text).await;
        }
    }

    pub fn id(&self) -> CaseId {
        self.case.expect("the case is open")
    }

    pub fn forge(&self) -> Flavour {
        self.stage.sandbox.flavour()
    }

    /// A rule of the public repository's stops every push to a branch, the bot's too.
    pub fn close_branch(&self, branch: &str) {
        match self.forge() {
            Flavour::Github => self.stage.public.add_ruleset(
                PUBLIC,
                Ruleset {
                    branches: branch.to_owned(),
                    rules: vec!["pull_request".to_owned()],
                    checks: vec![],
                    apps: [].into(),
                    administrators: false,
                },
            ),
            Flavour::Gitlab => self.stage.public.protect_branch(PUBLIC, branch, 0, 0),
        }
    }

    /// Dave gets the fix into the mirror's main branch before its time: by a merge, or, where only the bot may merge, by a
    /// push after an owner took the protection away.
    pub async fn merge_early(&self) {
        let pulls = self.stage.sandbox.pulls(MIRROR);
        let (number, ..) = pulls
            .iter()
            .find(|(_, head, ..)| head.ends_with("/master"))
            .expect("main's");
        let merged = self.stage.sandbox.merge_pull(MIRROR, "dave", *number).await;
        if self.forge() == Flavour::Github {
            merged.expect("merged");
            return;
        }
        assert!(merged.is_err(), "only the bot may merge");
        self.stage.sandbox.unprotect_branch(MIRROR, "master");
        let desk = self.stage.clone_for("dave", MIRROR).await.expect("a clone");
        let refspec = format!("origin/{}:refs/heads/master", self.branch("master"));
        git(&desk, &["push", "--quiet", "origin", &refspec])
            .await
            .expect("pushed");
    }

    pub fn branch(&self, target: &str) -> String {
        format!("embargo/{}/{target}", self.id())
    }

    pub async fn settle(&self) {
        self.stage.settle_with(self.order).await.expect("at rest");
    }

    pub async fn say(&self, person: &str, text: &str) {
        self.stage
            .at(self.desk)
            .comment(self.desk, person, self.issue, text)
            .expect("written");
        self.settle().await;
    }

    /// Dave pushes the fix to the security branch of main.
    pub async fn fix(&self) {
        self.push_fix().await;
        self.settle().await;
    }

    pub async fn push_fix(&self) {
        let desk = self.stage.clone_for("dave", MIRROR).await.expect("a clone");
        self.fetch_fix(&desk).await;
        let to = format!("+FETCH_HEAD:refs/heads/{}", self.branch("master"));
        git(&desk, &["push", "--quiet", "origin", &to]).await.expect("pushed");
    }

    /// The fix becomes `FETCH_HEAD` of a clone.
    pub async fn fetch_fix(&self, desk: &std::path::Path) {
        git(
            desk,
            &["fetch", "--quiet", self.fix.0.to_str().expect("text"), &self.fix.1],
        )
        .await
        .expect("fetched");
    }

    /// A person changes a file on a branch of a repository and pushes.
    pub async fn commit(&self, person: &str, repository: &str, branch: &str, file: &str, text: &str, message: &str) {
        let desk = self.stage.clone_for(person, repository).await.expect("a clone");
        git(&desk, &["checkout", "--quiet", "--detach", &format!("origin/{branch}")])
            .await
            .expect("checked out");
        std::fs::write(desk.join(file), text).expect("written");
        git(&desk, &["add", file]).await.expect("added");
        git(&desk, &["commit", "--quiet", "--message", message])
            .await
            .expect("committed");
        git(
            &desk,
            &["push", "--quiet", "origin", &format!("HEAD:refs/heads/{branch}")],
        )
        .await
        .expect("pushed");
    }

    pub async fn at_the_end(&self) {
        let end = self.end().await;
        self.stage.clock.move_to(end);
        self.settle().await;
    }

    pub async fn end(&self) -> Timestamp {
        let facts = self.facts().await;
        facts["embargo"]["ends_at"]
            .as_str()
            .expect("an end")
            .parse()
            .expect("an instant")
    }

    pub fn now(&self) -> Timestamp {
        self.stage.clock.now()
    }

    pub async fn facts(&self) -> Value {
        let body = self
            .stage
            .server
            .store
            .snapshot(self.id())
            .await
            .expect("read")
            .expect("observed");
        serde_json::from_str(&body).expect("JSON")
    }

    pub async fn state(&self) -> String {
        self.facts().await["state"].as_str().expect("a state").to_owned()
    }

    /// The issues of the desk whose titles start like this.
    pub fn issues_titled(&self, start: &str) -> Vec<u64> {
        self.stage.at(self.desk).issues_titled(self.desk, start)
    }

    pub fn issue_body(&self) -> String {
        self.stage
            .at(self.desk)
            .issue(self.desk, self.issue)
            .expect("an issue")
            .0
    }

    pub fn labels(&self) -> Vec<String> {
        self.stage
            .at(self.desk)
            .issue(self.desk, self.issue)
            .expect("an issue")
            .1
    }

    pub fn is_open(&self) -> Option<bool> {
        self.stage.at(self.desk).issue_is_open(self.desk, self.issue)
    }

    /// Somebody of the team writes the advisory into the issue.
    pub async fn describe(&self) {
        let body = format!("{}\n\n{ISSUE}", self.issue_body());
        self.stage.at(self.desk).edit_issue(self.desk, self.issue, &body);
        self.settle().await;
    }

    pub fn comments(&self) -> String {
        let comments = self.stage.at(self.desk).comments(self.desk, self.issue);
        comments
            .into_iter()
            .map(|(by, text)| format!("{by}: {text}\n"))
            .collect()
    }

    /// What the bot made public since the issue was written.
    pub fn public_by_bot(&self) -> Vec<Entry> {
        let mut entries: Vec<_> = self.stage.public.timeline().into_iter().skip(self.before.0).collect();
        if self.stage.public.git_url() != self.stage.sandbox.git_url() {
            entries.extend(self.stage.sandbox.timeline().into_iter().skip(self.before.1));
        }
        let bots = |entry: &Entry| entry.surface == Surface::Public && !["alice", "dave"].contains(&&*entry.by);
        entries.into_iter().filter(bots).collect()
    }

    pub async fn assert_silent(&self) {
        let public = self.public_by_bot();
        assert!(public.is_empty(), "{public:#?}");
    }

    /// One atomic push of exactly these branches, then the rest, each once.
    pub async fn assert_published(&self, branches: &[&str]) {
        let public = self.public_by_bot();
        let pushes: Vec<_> = public.iter().filter(|entry| entry.kind == "git.push").collect();
        assert_eq!(pushes.len(), 1, "{}\n{public:#?}", self.comments());
        assert_eq!(public[0].kind, "git.push", "the push leads");
        let mut moved: Vec<_> = pushes[0].details["refs"]
            .as_array()
            .expect("refs")
            .iter()
            .map(|step| {
                step["ref"]
                    .as_str()
                    .expect("a name")
                    .trim_start_matches("refs/heads/")
                    .to_owned()
            })
            .collect();
        moved.sort();
        assert_eq!(moved, branches);
        // GitLab has no advisories: their text goes into a release.
        let advisory = match self.stage.public.flavour() {
            Flavour::Github => "advisory.published",
            Flavour::Gitlab => "release",
        };
        for (kind, count) in [(advisory, 1), ("mail", 2)] {
            assert_eq!(
                public.iter().filter(|entry| entry.kind == kind).count(),
                count,
                "{kind}"
            );
        }
        assert_eq!(self.state().await, "published");
        assert_eq!(
            self.stage.at(self.desk).issue_is_open(self.desk, self.issue),
            Some(false)
        );
        let branches = self
            .stage
            .sandbox
            .git(MIRROR, &["for-each-ref", "refs/heads/embargo"])
            .await
            .expect("listed");
        assert_eq!(branches, "", "the security branches are gone");
    }

    /// Whether a public branch has the fix.
    pub async fn is_fixed(&self, branch: &str) -> bool {
        let file = self
            .stage
            .public
            .git(PUBLIC, &["show", &format!("{branch}:copy.c")])
            .await
            .expect("read");
        file.contains("length > 64")
    }
}
