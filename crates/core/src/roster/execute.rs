//! What a command does to the roster, and what an answer by mail does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Access, Event, Member, Roster, Standing, Way};
use crate::case::Letter;
use crate::roles::{Person, Role};

/// A command about members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "membership", rename_all = "kebab-case")]
pub enum Membership {
    /// `member propose NAME for ORGANISATION at ADDRESS`.
    Propose {
        /// The name on the forge.
        name: String,
        /// For whom they come.
        organisation: String,
        /// Where the terms go.
        address: Option<String>,
    },
    /// `vouch NAME`.
    Vouch {
        /// For whom.
        name: String,
    },
    /// `consent`.
    Consent,
    /// `decline`.
    Decline,
    /// `leave`.
    Leave,
    /// `member remove NAME because …`.
    Remove {
        /// Who.
        name: String,
        /// Why.
        because: String,
    },
}

impl Membership {
    /// The verb as it is written.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Propose { .. } | Self::Remove { .. } => "member",
            Self::Vouch { .. } => "vouch",
            Self::Consent => "consent",
            Self::Decline => "decline",
            Self::Leave => "leave",
        }
    }
}

/// The project's rules for members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterPolicy {
    /// How many members must vouch, whoever proposed them included.
    pub vouches: usize,
    /// The terms that a new member consents to.
    pub terms: String,
    /// The project, as it calls itself.
    pub project: String,
}

impl RosterPolicy {
    /// What the ledger says of the terms that were consented to.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(&self.terms))
    }
}

type Answer = Result<(Vec<Event>, String), String>;

/// Executes a command of a person. Refused, it changes nothing; the text either way is the answer on the forge.
pub fn execute(
    command: &Membership,
    person: &Person,
    roster: &Roster,
    policy: &RosterPolicy,
    now: Timestamp,
) -> Answer {
    if !person.has_access {
        return Err(format!(
            "`/embargo {}` is for people with access to this repository",
            command.verb()
        ));
    }
    let team = person.roles.contains(&Role::SecurityTeam);
    let member = team || person.roles.contains(&Role::Vendor) || roster.has_signatory(&person.name);
    match command {
        Membership::Propose { .. } | Membership::Vouch { .. } if !member => {
            Err("this is for the security team and for members who have consented to the terms".into())
        }
        Membership::Propose {
            name,
            organisation,
            address,
        } => {
            if roster.member(name).is_some_and(|known| !known.is_over()) {
                return Err(format!("{name} is on the roster already"));
            }
            let proposed = Event::Proposed {
                name: name.clone(),
                organisation: organisation.clone(),
                address: address.clone(),
                by: person.name.clone(),
            };
            let mut after = roster.clone();
            after.apply(&proposed);
            let (vouched, answer) = vouch(name, person, &after, policy, now)?;
            Ok(([vec![proposed], vouched].concat(), answer))
        }
        Membership::Vouch { name } => vouch(name, person, roster, policy, now),
        Membership::Consent => consent(invited(roster, &person.name)?, Way::Comment, policy, now),
        Membership::Decline => decline(invited(roster, &person.name)?, now),
        Membership::Leave => {
            let member = listed(roster, &person.name)?;
            Ok((
                lapse(member, &person.name, "left", now),
                "you have left; access is withdrawn".into(),
            ))
        }
        Membership::Remove { .. } if !team => Err("`/embargo member remove` is for the security team".into()),
        Membership::Remove { name, because } => {
            let member = listed(roster, name)?;
            let events = lapse(member, &person.name, because, now);
            Ok((events, format!("{name} is removed; access is withdrawn")))
        }
    }
}

/// What an answer to the terms says, by the mail that it answers: the first line of it that is one of the two commands counts.
pub fn answered_by_mail(
    text: &str,
    name: &str,
    roster: &Roster,
    policy: &RosterPolicy,
    now: Timestamp,
) -> Option<Answer> {
    let line = text.lines().map(str::trim).find_map(|line| match line {
        "/embargo consent" => Some(true),
        "/embargo decline" | "/embargo leave" => Some(false),
        _ => None,
    })?;
    let done = match (line, roster.member(name)) {
        (true, _) => invited(roster, name).and_then(|member| consent(member, Way::Mail, policy, now)),
        (false, Some(member)) if member.is_signatory() => Ok((lapse(member, name, "left", now), "left".into())),
        (false, _) => invited(roster, name).and_then(|member| decline(member, now)),
    };
    Some(done)
}

fn vouch(name: &str, person: &Person, roster: &Roster, policy: &RosterPolicy, now: Timestamp) -> Answer {
    let member = roster.member(name).filter(|member| !member.is_over()).ok_or_else(|| {
        format!("nobody has proposed {name}: `/embargo member propose {name} for ORGANISATION at ADDRESS`")
    })?;
    if member.standing != Standing::Proposed {
        return Err(format!("enough members have vouched for {name} already"));
    }
    if member.name.eq_ignore_ascii_case(&person.name) {
        return Err("nobody vouches for themselves".into());
    }
    if member.vouched.contains(&person.name.to_lowercase()) {
        return Err(format!("you have vouched for {name} already"));
    }
    let mut events = vec![Event::Vouched {
        name: member.name.clone(),
        by: person.name.clone(),
    }];
    let lacking = policy.vouches.saturating_sub(member.vouched.len() + 1);
    if lacking > 0 {
        return Ok((
            events,
            format!("on record; {lacking} more must vouch: `/embargo vouch {name}`"),
        ));
    }
    events.push(Event::Stands {
        name: member.name.clone(),
        standing: Standing::Invited { at: now },
    });
    let answer = match &member.address {
        Some(address) => {
            events.push(terms(member, address, roster, policy));
            "enough members vouch; the terms go to the new member by mail, and access waits for their consent"
        }
        None => {
            "enough members vouch; access waits for their consent to the terms, in a comment here: `/embargo consent`"
        }
    };
    Ok((events, answer.into()))
}

/// The terms, in a letter that only the new member can answer. No line of it is an answer itself: many programs quote without a
/// mark, and a quotation is no consent.
fn terms(member: &Member, address: &str, roster: &Roster, policy: &RosterPolicy) -> Event {
    let mut hash = Sha256::new();
    for part in [
        member.name.as_str(),
        address,
        &roster.begun_at.to_string(),
        &roster.letters.len().to_string(),
        &policy.digest(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hex::encode(hash.finalize());
    let id = format!("terms.{}.{}", roster.letters.len() + 1, &digest[..24]);
    let text = format!(
        "Members of the security team of {} have vouched for you ({}, for {}).\n\nBefore you see anything, please read the terms:\n\n\
         {}\n\nIf you consent, answer this mail with \"/embargo consent\" on a line of its own, without the quotation marks. If not, \
         answer with \"/embargo decline\" in the same way. You can leave at any time with \"/embargo leave\". Your answer is kept on \
         record.\n",
        policy.project,
        member.name,
        member.organisation,
        policy.terms.trim()
    );
    let subject = format!("{}: terms of the security team", policy.project);
    Event::LetterWritten {
        id,
        name: member.name.clone(),
        letter: Letter {
            to: vec![address.to_owned()],
            subject,
            text,
            references: Vec::new(),
            automatic: false,
            encrypted: false,
            delivery: crate::case::Delivery::Waiting,
        },
    }
}

fn consent(member: &Member, way: Way, policy: &RosterPolicy, now: Timestamp) -> Answer {
    let standing = Standing::Signatory {
        at: now,
        way,
        terms: policy.digest(),
    };
    let name = member.name.clone();
    Ok((
        vec![Event::Stands { name, standing }],
        "the consent is on record; access follows".into(),
    ))
}

fn decline(member: &Member, now: Timestamp) -> Answer {
    let standing = Standing::Declined { at: now };
    let name = member.name.clone();
    Ok((vec![Event::Stands { name, standing }], "on record: declined".into()))
}

fn lapse(member: &Member, by: &str, because: &str, now: Timestamp) -> Vec<Event> {
    let standing = Standing::Lapsed {
        at: now,
        by: by.to_owned(),
        because: because.to_owned(),
    };
    let name = member.name.clone();
    vec![Event::Stands { name, standing }]
}

fn invited<'a>(roster: &'a Roster, name: &str) -> Result<&'a Member, String> {
    match roster.member(name) {
        Some(member) if matches!(member.standing, Standing::Invited { .. }) => Ok(member),
        Some(member) if member.is_signatory() => Err("you have consented already".into()),
        Some(member) if member.standing == Standing::Proposed => {
            Err("not enough members have vouched yet: the terms come then".into())
        }
        _ => Err("nobody has invited you".into()),
    }
}

fn listed<'a>(roster: &'a Roster, name: &str) -> Result<&'a Member, String> {
    roster
        .member(name)
        .filter(|member| !member.is_over())
        .ok_or_else(|| format!("{name} is not on the roster"))
}

impl Member {
    /// What must be done on the forge: let them in, take them out, or nothing.
    pub fn wants_access(&self) -> Option<bool> {
        match (&self.standing, self.access) {
            (Standing::Signatory { .. }, Access::Never | Access::Withdrawn { .. } | Access::Asked { .. }) => Some(true),
            (Standing::Declined { .. } | Standing::Lapsed { .. }, Access::Asked { .. } | Access::Given { .. }) => {
                Some(false)
            }
            _ => None,
        }
    }
}
