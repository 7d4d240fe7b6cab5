//! When people are reminded of the end of an embargo.

use jiff::{SignedDuration, Timestamp};

/// So long before the end, the longest first.
const BEFORE: [(SignedDuration, &str); 4] = [
    (SignedDuration::from_hours(7 * 24), "7 days"),
    (SignedDuration::from_hours(3 * 24), "3 days"),
    (SignedDuration::from_hours(24), "24 hours"),
    (SignedDuration::from_hours(1), "1 hour"),
];

/// The reminder that is due now, by its words: the one nearest to the end, so that an end that is set late brings one alone.
pub fn due(end: Timestamp, now: Timestamp) -> Option<&'static str> {
    if now >= end {
        return None;
    }
    let left = end.duration_since(now);
    let passed = BEFORE.iter().rev().find(|(before, _)| left <= *before);
    passed.map(|(_, words)| *words)
}

/// The instant of the next reminder.
pub fn next(end: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let instants = BEFORE.iter().filter_map(|(before, _)| end.checked_sub(*before).ok());
    instants.filter(|instant| *instant > now).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_once_and_in_its_order() {
        let hours = |hours: i64| Timestamp::from_second(hours * 3_600).expect("in range");
        let end = hours(14 * 24);
        let (mut now, mut told) = (hours(0), Vec::new());
        assert_eq!(due(end, now), None);
        while let Some(at) = next(end, now) {
            now = at;
            told.extend(due(end, now));
        }
        assert_eq!(told, ["7 days", "3 days", "24 hours", "1 hour"]);
        assert_eq!(due(end, hours(14 * 24 - 2)), Some("24 hours"), "until the next one");
        assert_eq!(due(end, end), None);
    }

    #[test]
    fn an_end_that_is_set_late_brings_one_reminder() {
        let at = |seconds: i64| Timestamp::from_second(seconds).expect("in range");
        assert_eq!(due(at(10), at(0)), Some("1 hour"));
        assert_eq!(next(at(10), at(0)), None);
    }
}
