//! When an embargo may end: an hour of the day, and days on which it may not, in one time zone.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

/// How far the next or last allowed instant is looked for, in days: longer than any embargo.
const FAR: i32 = 366;

/// The calendar rules of a project. Without any, every instant is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The zone that hours and days are of.
    pub time_zone: TimeZone,
    /// The only time of the day at which an embargo ends; `None`: any.
    pub hour: Option<Time>,
    /// Days of the week on which none ends.
    pub not_on: Vec<Weekday>,
    /// Days on which none ends.
    pub holidays: BTreeSet<Date>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            time_zone: TimeZone::UTC,
            hour: None,
            not_on: Vec::new(),
            holidays: BTreeSet::new(),
        }
    }
}

impl Calendar {
    /// Why an embargo may not end at this instant, with the next one that is allowed; `None`: it may.
    pub fn refuses(&self, end: Timestamp) -> Option<String> {
        if self.allows(&end.to_zoned_datetime(self.time_zone.clone())) {
            return None;
        }
        let next = match self.next(end) {
            Some(next) => format!("the next end that it allows is {next}"),
            None => "it allows no end within a year".to_owned(),
        };
        Some(format!("the project's calendar has no embargo end then: {next}"))
    }

    /// The last allowed instant that is not later than `end` and later than `after`.
    pub fn last(&self, end: Timestamp, after: Timestamp) -> Option<Timestamp> {
        self.search(end, -1).filter(|found| *found > after)
    }

    /// The first allowed instant that is not earlier than this one.
    pub fn next(&self, from: Timestamp) -> Option<Timestamp> {
        self.search(from, 1)
    }

    fn allows(&self, end: &ZonedDateTime) -> bool {
        // An hour that the clocks skip on a day is the one that they show instead.
        let hour = self.hour.is_none_or(|hour| {
            let meant = end.date().to_datetime(hour).to_zoned_datetime(self.time_zone.clone());
            meant.is_ok_and(|meant| meant.timestamp() == end.timestamp())
        });
        hour && self.allows_day(end.date())
    }

    fn allows_day(&self, day: Date) -> bool {
        !self.not_on.contains(&day.weekday()) && !self.holidays.contains(&day)
    }

    /// Day by day from an instant, in one direction: the instant itself where it is allowed.
    fn search(&self, from: Timestamp, direction: i32) -> Option<Timestamp> {
        let zoned = from.to_zoned_datetime(self.time_zone.clone());
        if self.allows(&zoned) {
            return Some(from);
        }
        for days in 0..=FAR {
            let day = zoned.date().checked_add((direction * days).days()).ok()?;
            if !self.allows_day(day) {
                continue;
            }
            // Without an hour the day's own bound is the nearest.
            let hour = match (self.hour, direction) {
                (Some(hour), _) => hour,
                (None, 1) if days > 0 => Time::midnight(),
                (None, -1) if days > 0 => Time::constant(23, 59, 59, 0),
                (None, _) => zoned.time(),
            };
            let found = day
                .to_datetime(hour)
                .to_zoned_datetime(self.time_zone.clone())
                .ok()?
                .timestamp();
            let right = if direction > 0 { found >= from } else { found <= from };
            if right {
                return Some(found);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// At three in the afternoon, not on Mondays, Fridays and Christmas, where the clocks change.
    fn berlin() -> Calendar {
        // The rules of central Europe, written out: tests need no zone files.
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        Calendar {
            time_zone: zone,
            hour: Some(Time::constant(15, 0, 0, 0)),
            not_on: vec![Weekday::Monday, Weekday::Friday],
            holidays: BTreeSet::from([date(2026, 12, 24)]),
        }
    }

    #[test]
    fn hours_are_those_of_the_zone_in_summer_and_in_winter() {
        for (text, allowed) in [
            ("2026-07-01T13:00Z", true),
            ("2026-07-01T14:00Z", false),
            ("2026-12-02T14:00Z", true),
            ("2026-12-02T15:00Z", false),
            ("2026-12-04T14:00Z", false),
            ("2026-12-07T14:00Z", false),
            ("2026-12-24T14:00Z", false),
            ("2028-02-29T14:00Z", true),
        ] {
            assert_eq!(berlin().refuses(at(text)).is_none(), allowed, "{text}");
        }
    }

    #[test]
    fn what_is_not_allowed_moves_to_the_nearest_that_is() {
        let calendar = berlin();
        // From Thursday, Christmas Eve, over the weekend and Monday.
        assert_eq!(calendar.next(at("2026-12-24T14:00Z")), Some(at("2026-12-26T14:00Z")));
        assert_eq!(
            calendar.last(at("2026-12-25T20:00Z"), at("2026-12-20T00:00Z")),
            Some(at("2026-12-23T14:00Z"))
        );
        assert_eq!(calendar.last(at("2026-12-25T20:00Z"), at("2026-12-24T00:00Z")), None);
        let refusal = calendar.refuses(at("2026-12-24T14:00Z")).expect("a holiday");
        assert!(refusal.contains("2026-12-26T14:00:00Z"), "{refusal}");
    }

    #[test]
    fn an_hour_that_the_clocks_skip_is_the_one_that_they_show() {
        let calendar = Calendar {
            hour: Some(Time::constant(2, 30, 0, 0)),
            not_on: Vec::new(),
            ..berlin()
        };
        assert_eq!(calendar.next(at("2026-03-28T12:00Z")), Some(at("2026-03-29T01:30Z")));
        assert_eq!(calendar.refuses(at("2026-03-29T01:30Z")), None);
    }

    #[test]
    fn without_rules_every_instant_is_allowed() {
        assert_eq!(Calendar::default().refuses(at("2026-12-25T03:17:11Z")), None);
        let never = Calendar {
            not_on: Weekday::Monday.cycle_forward().take(7).collect(),
            ..Calendar::default()
        };
        assert_eq!(never.next(at("2026-12-25T03:17:11Z")), None);
        assert!(never.refuses(at("2026-12-25T03:17:11Z")).is_some());
    }

    proptest! {
        /// Whatever is found is allowed, and lies on the right side.
        #[test]
        fn what_is_found_is_allowed(seconds in 1_700_000_000_i64..2_000_000_000) {
            let from = Timestamp::from_second(seconds).expect("in range");
            let calendar = berlin();
            let (next, last) = (calendar.next(from).expect("found"), calendar.last(from, at("2020-01-01T00:00Z")).expect("found"));
            prop_assert!(next >= from && last <= from);
            prop_assert_eq!(calendar.refuses(next), None);
            prop_assert_eq!(calendar.refuses(last), None);
            prop_assert!(next.duration_since(from).as_hours() <= 7 * 24);
        }
    }
}
