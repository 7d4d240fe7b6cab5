//! The roster in memory together with its events on disk, and what people see of it.

use std::fmt::Write as _;

use embargod_core::case::Delivery;
use embargod_core::escape::inert;
use embargod_core::roster::{Access, Event, Member, Roster, RosterPolicy, Standing, Way};
use embargod_store::{Store, StoreError};
use jiff::Timestamp;

use crate::project::Project;
use crate::reconcile::{PassError, Reconciler};

/// A roster that is worked on.
pub(crate) struct Ledger {
    store: Store,
    project: String,
    seen: i64,
    /// The roster as its events tell it.
    pub roster: Roster,
}

impl Ledger {
    /// Reads the roster of a project; `None` where it never began.
    pub async fn open(store: &Store, project: &str) -> Result<Option<Self>, PassError> {
        let found = read(store, project).await?;
        Ok(found.map(|(seen, roster)| Self {
            store: store.clone(),
            project: project.to_owned(),
            seen,
            roster,
        }))
    }

    /// Begins the roster.
    pub async fn begin(reconciler: &Reconciler, project: &Project, issue: u64) -> Result<Self, PassError> {
        let now = reconciler.clock.now();
        let number = i64::try_from(issue).unwrap_or(i64::MAX);
        reconciler.store.begin_ledger(&project.name, number, now).await?;
        let begun = Event::Begun { issue, at: now };
        let roster = Roster::of([begun.clone()]).ok_or(StoreError::Damaged)?;
        let mut ledger = Self {
            store: reconciler.store.clone(),
            project: project.name.clone(),
            seen: 0,
            roster,
        };
        ledger.record(vec![begun], now).await?;
        Ok(ledger)
    }

    /// Records events, all or none.
    pub async fn record(&mut self, events: Vec<Event>, now: Timestamp) -> Result<(), PassError> {
        let bodies: Vec<_> = events
            .iter()
            .map(|event| serde_json::to_string(event).map_err(|_| StoreError::Damaged))
            .collect::<Result<_, _>>()?;
        self.store
            .append_to_ledger(&self.project, self.seen, &bodies, now)
            .await?;
        self.seen += i64::try_from(bodies.len()).map_err(|_| StoreError::Damaged)?;
        events.iter().for_each(|event| self.roster.apply(event));
        Ok(())
    }
}

async fn read(store: &Store, project: &str) -> Result<Option<(i64, Roster)>, StoreError> {
    let stored = store.ledger(project).await?;
    let seen = stored.last().map_or(0, |event| event.seq);
    let events = stored
        .iter()
        .map(|event| serde_json::from_str(&event.body).map_err(|_| StoreError::Damaged))
        .collect::<Result<Vec<Event>, _>>()?;
    Ok(Roster::of(events).map(|roster| (seen, roster)))
}

/// The members of a project, and who may become one or was one.
pub(crate) async fn members(store: &Store, project: &str) -> Result<Vec<Member>, StoreError> {
    let found = read(store, project).await?;
    Ok(found.map_or_else(Vec::new, |(_, roster)| roster.members.into_values().collect()))
}

/// Who is where, as people read it.
pub(super) fn overview(roster: &Roster, policy: &RosterPolicy) -> String {
    let mut text = String::from("### Members\n\n");
    if roster.members.is_empty() {
        text.push_str("Nobody was proposed yet.\n");
        return text;
    }
    text.push_str("| name | for | vouched | stands | access |\n|---|---|---|---|---|\n");
    for member in roster.members.values() {
        let vouched: Vec<_> = member.vouched.iter().map(|name| inert(name)).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            inert(&member.name),
            inert(&member.organisation),
            vouched.join(", "),
            standing(member, policy),
            access(member.access)
        );
    }
    for (name, letter) in roster.letters.values() {
        if let Delivery::Stuck { because } = &letter.delivery {
            let _ = write!(text, "\nThe terms for {} did not leave: {because}.\n", inert(name));
        }
    }
    text
}

fn standing(member: &Member, policy: &RosterPolicy) -> String {
    match &member.standing {
        Standing::Proposed => {
            let lacking = policy.vouches.saturating_sub(member.vouched.len());
            format!("proposed by {}; {lacking} more must vouch", inert(&member.proposed_by))
        }
        Standing::Invited { at } => format!("invited at {at}; the terms wait for consent"),
        Standing::Signatory { at, way, terms } => {
            let way = match way {
                Way::Comment => "in a comment",
                Way::Mail => "by mail",
            };
            let older = if *terms == policy.digest() {
                ""
            } else {
                " to older terms"
            };
            format!("consented{older} {way} at {at}")
        }
        Standing::Declined { at } => format!("declined at {at}"),
        Standing::Lapsed { at, by, because } => {
            format!("ended by {} at {at}, because {}", inert(by), inert(because))
        }
    }
}

fn access(access: Access) -> String {
    match access {
        Access::Never => "none".to_owned(),
        Access::Asked { at } => format!("the forge was asked at {at}; it may wait for them to accept"),
        Access::Given { at } => format!("to read, since {at}"),
        Access::Withdrawn { at } => format!("withdrawn at {at}"),
    }
}
