//! A project's rules as the core wants them, from its configuration.

use std::collections::{BTreeMap, BTreeSet};

use embargod_core::calendar::Calendar;
use embargod_core::case::{AgreementPolicy, Policy, VendorPolicy};
use embargod_core::embargo::EmbargoPolicy;
use embargod_core::publication::Wanted;
use embargod_core::roles::Role;
use embargod_core::roster::RosterPolicy;
use embargod_core::targets::{Maintained, StableRule, Which};
use embargod_forge::Team;
use jiff::SignedDuration;

use crate::config::{EmbargoSettings, Place, Project as Settings, VendorNotice};

/// Who holds a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A person by name.
    Person(String),
    /// Whoever is in a team.
    Team(Team),
}

/// What a project wants to happen after a publication.
pub(crate) fn wanted(settings: &Settings) -> Wanted {
    Wanted {
        lists: settings.announce.lists.clone(),
        followers: settings.followers.iter().map(follower).collect(),
        release_notes: settings.advisory.release_tag.is_some(),
        show_issue: settings.show_issue_afterwards,
    }
}

pub(crate) fn follower(place: &Place) -> String {
    format!("{}:{}", place.connection, place.repo)
}

pub(crate) fn maintained(settings: &Settings) -> Maintained {
    let which = |rule: &crate::config::StableRule| match (&rule.name, &rule.glob) {
        (Some(name), _) => Some(Which::Name(name.clone())),
        (None, glob) => glob.clone().map(Which::Glob),
    };
    let rule = |rule| {
        Some(StableRule {
            which: which(rule)?,
            end_of_life: rule.end_of_life,
        })
    };
    Maintained {
        main: settings.main.clone(),
        stable: settings.stable.iter().filter_map(rule).collect(),
    }
}

pub(crate) fn policy(settings: &Settings) -> Policy {
    let rules = &settings.embargo;
    let embargo = EmbargoPolicy {
        default: rules.default.0,
        maximum: rules.maximum.0,
    };
    Policy {
        embargo,
        vendors: VendorPolicy {
            vendors: settings.vendors.iter().map(|vendor| vendor.name.clone()).collect(),
            earliest: settings.vendor_notice.earliest.0,
            latest: settings.vendor_notice.latest.0,
        },
        agreement: agreement(settings),
        calendar: Calendar {
            time_zone: rules.time_zone.0.clone(),
            hour: rules.hour,
            not_on: rules.not_on.iter().map(|day| (*day).into()).collect(),
            holidays: rules.holidays.iter().copied().collect(),
        },
        required_checks: settings.required_checks.clone(),
        publish_grace: settings.publish_grace.0,
    }
}

/// The policy of a configuration that says nothing of its own.
pub(crate) fn default_policy() -> Policy {
    let rules = EmbargoSettings::default();
    let notice = VendorNotice::default();
    Policy {
        embargo: EmbargoPolicy {
            default: rules.default.0,
            maximum: rules.maximum.0,
        },
        agreement: AgreementPolicy {
            quorum: rules.quorum,
            window: rules.agree_within.0,
            second_release_manager: rules.second_release_manager,
        },
        vendors: VendorPolicy {
            vendors: BTreeSet::new(),
            earliest: notice.earliest.0,
            latest: notice.latest.0,
        },
        calendar: Calendar::default(),
        required_checks: Vec::new(),
        publish_grace: SignedDuration::from_hours(1),
    }
}

/// How people become members, where the project wants it. Vouching needs no more people than there are in the security team.
pub(crate) fn roster(settings: &Settings) -> Option<RosterPolicy> {
    let members = settings.members.as_ref()?;
    let vouches =
        named(&settings.roles.security_team).map_or(members.vouches, |named| members.vouches.min(named.max(1)));
    Some(RosterPolicy {
        vouches,
        terms: members.terms.clone(),
        project: settings.name.clone(),
    })
}

/// How many people hold a role; of a team nobody knows beforehand.
fn named(holders: &[String]) -> Option<usize> {
    let people: BTreeSet<_> = holders.iter().map(|holder| holder.to_lowercase()).collect();
    holders
        .iter()
        .all(|holder| team(holder).is_none())
        .then_some(people.len())
}

/// Where fewer people are named than a rule asks for, there is nobody else to ask: then those who are named suffice.
fn agreement(settings: &Settings) -> AgreementPolicy {
    let rules = &settings.embargo;
    AgreementPolicy {
        quorum: named(&settings.roles.security_team).map_or(rules.quorum, |named| rules.quorum.min(named.max(1))),
        window: rules.agree_within.0,
        second_release_manager: rules.second_release_manager
            && named(&settings.roles.release_manager).is_none_or(|named| named > 1),
    }
}

/// An organisation and a team in it, or a group, which has nothing in it.
fn team(holder: &str) -> Option<(&str, &str)> {
    if let Some(group) = holder.strip_prefix("group:") {
        return Some((group, ""));
    }
    holder.strip_prefix("team:")?.split_once('/')
}

pub(crate) fn roles(settings: &Settings) -> BTreeMap<Role, Vec<Holder>> {
    let holder = |text: &String| match team(text) {
        Some((organisation, slug)) => Holder::Team(Team {
            organisation: organisation.to_owned(),
            slug: slug.to_owned(),
        }),
        None => Holder::Person(text.clone()),
    };
    let holders = |names: &Vec<String>| names.iter().map(holder).collect();
    BTreeMap::from([
        (Role::SecurityTeam, holders(&settings.roles.security_team)),
        (Role::ReleaseManager, holders(&settings.roles.release_manager)),
        (Role::CveCoordinator, holders(&settings.roles.cve_coordinator)),
        (Role::Moderator, holders(&settings.roles.moderator)),
        (Role::Vendor, holders(&settings.roles.vendor)),
    ])
}
