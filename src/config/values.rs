//! Values that are parsed narrowly where they enter.

use std::fmt;

use jiff::SignedDuration;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::Deserialize;
use url::Url;

/// A length of time: one number and one unit, `90s`, `10m`, `24h` or `14d` (a day is 24 hours).
// The contract's grammar is smaller than any library's: one number, one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Duration(pub SignedDuration);

impl TryFrom<String> for Duration {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        const FORM: &str = "not a length of time; remedy: write one number and one unit, such as 90s, 10m, 24h or 14d";
        let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(FORM),
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FORM);
        }
        let seconds = number
            .parse::<i64>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .ok_or(FORM)?;
        // A hundred years: beyond it, sums of instants and lengths could leave the calendar.
        if seconds > 36_500 * 86_400 {
            Err(FORM)
        } else {
            Ok(Self(SignedDuration::from_secs(seconds)))
        }
    }
}

/// A time zone by its name in the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone(pub TimeZone);

impl TryFrom<String> for Zone {
    type Error = &'static str;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        let zone = TimeZone::get(&name).map_err(|_| {
            "not a time zone of this machine; remedy: write UTC, or a name such as Europe/Berlin, and install tzdata"
        })?;
        Ok(Self(zone))
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a day is its name")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Day> for Weekday {
    fn from(day: Day) -> Self {
        match day {
            Day::Monday => Self::Monday,
            Day::Tuesday => Self::Tuesday,
            Day::Wednesday => Self::Wednesday,
            Day::Thursday => Self::Thursday,
            Day::Friday => Self::Friday,
            Day::Saturday => Self::Saturday,
            Day::Sunday => Self::Sunday,
        }
    }
}

/// The URL of a service: https, or plain http on a loopback address alone; without credentials in it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    /// The URL without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl TryFrom<String> for ServiceUrl {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&text).map_err(|_| "not a URL; remedy: write it whole, such as https://api.github.com")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL with credentials in it; remedy: put secrets into files and name them by *_file keys");
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err("plain http to another machine would give tokens away; remedy: use https (http is for loopback)"),
        }
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Which connection a repository is reached by: `github.NAME` or `gitlab.NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum ConnectionName {
    /// A table `[github.NAME]`.
    Github(String),
    /// A table `[gitlab.NAME]`.
    Gitlab(String),
}

impl TryFrom<String> for ConnectionName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('.') {
            Some(("github", name)) if !name.is_empty() => Ok(Self::Github(name.to_owned())),
            Some(("gitlab", name)) if !name.is_empty() => Ok(Self::Gitlab(name.to_owned())),
            _ => Err("not a connection; remedy: name a table of this file, such as github.main for [github.main]"),
        }
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Github(name) => write!(formatter, "github.{name}"),
            Self::Gitlab(name) => write!(formatter, "gitlab.{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_one_number_and_one_unit() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("24h", 86_400),
            ("14d", 1_209_600),
            ("0s", 0),
        ] {
            assert_eq!(
                Duration::try_from(text.to_owned()),
                Ok(Duration(SignedDuration::from_secs(seconds))),
                "{text}"
            );
        }
        for text in [
            "",
            "14",
            "d",
            "-1d",
            "1.5h",
            "14 d",
            "1d2h",
            "14ä",
            "99999999999999999999d",
            "40000d",
        ] {
            assert!(Duration::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for good in [
            "https://api.github.com",
            "http://127.0.0.1:8080/api/v3",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(ServiceUrl::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "http://example.org",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "https://user:pw@example.org",
            "api",
        ] {
            assert!(ServiceUrl::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
