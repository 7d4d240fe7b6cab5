//! What no single value shows: references between keys, orders, and values that make no sense together.

use embargod_core::BranchName;
use jiff::civil::Weekday;

use super::error::{ConfigError, Source};
use super::file::{Cases, Config, Place, Project, PublishMode};
use super::secrets::Secrets;
use super::values::{ConnectionName, is_loopback};
use super::{intake, reports, vendors};
use crate::intake::GitlabSecrets;

pub(super) fn check(source: &Source<'_>, config: &Config) -> Result<(), ConfigError> {
    if config.sqlite_path().is_none() {
        let remedy = "write sqlite: and the path of a file, such as sqlite:/var/lib/embargod/embargod.db";
        return Err(source.wrong("database_url", "not a database that this version can use", remedy));
    }
    if !(1..=86_400).contains(&config.resync_seconds) {
        return Err(source.wrong(
            "resync_seconds",
            "must lie between 1 and 86400",
            "60 is a sensible value",
        ));
    }
    if config.project.is_empty() {
        let remedy = "add a [[project]]; config/libvirt.toml is a worked example";
        return Err(source.wrong("project", "there is no project", remedy));
    }
    check_smtp(source, config)?;
    intake::check(source, config)?;
    for (index, project) in config.project.iter().enumerate() {
        let key = |rest: &str| format!("project[{index}].{rest}");
        if config.project[..index].iter().any(|other| other.name == project.name) {
            return Err(source.wrong(&key("name"), "another project has this name", "give each its own"));
        }
        check_project(source, config, project, key)?;
    }
    Ok(())
}

/// A webhook secret that cannot be used would be noticed only when GitLab has switched the hook off.
pub(super) fn check_secrets(source: &Source<'_>, config: &Config, secrets: &Secrets) -> Result<(), ConfigError> {
    for name in config.gitlab.keys() {
        let secret = |rest: &str| secrets.get(&format!("gitlab.{name}.{rest}"));
        if let Err(error) = GitlabSecrets::new(secret("webhook_token"), secret("webhook_signing_secret")) {
            let key = format!("gitlab.{name}.webhook_signing_secret_file");
            let remedy = "the webhook's page on GitLab shows the signing token once, when it is made";
            return Err(source.wrong(&key, error.to_string(), remedy));
        }
    }
    intake::check_secrets(source, config, secrets)
}

/// The host of a mail server's URL, if it is this machine. `url` gives hosts of schemes that it does not know as plain names.
pub(super) fn on_loopback(url: &url::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url::Url::parse(&format!("http://{host}")).is_ok_and(|url| is_loopback(&url))
}

fn check_smtp(source: &Source<'_>, config: &Config) -> Result<(), ConfigError> {
    let Some(smtp) = &config.smtp else {
        return match config
            .project
            .iter()
            .position(|project| !project.announce.lists.is_empty())
        {
            Some(index) => Err(source.wrong(
                &format!("project[{index}].announce.lists"),
                "there are lists to announce to, and no mail server",
                "add [smtp], or leave the lists empty",
            )),
            None => Ok(()),
        };
    };
    let forms = "use smtps://USER@HOST:465, smtp://USER@HOST:587 (STARTTLS is required), or smtp+plain:// on loopback";
    let url = url::Url::parse(&smtp.url).map_err(|_| source.wrong("smtp.url", "not a URL", forms))?;
    if url.password().is_some() {
        return Err(source.wrong(
            "smtp.url",
            "a password in a URL",
            "put it into a file and name it: password_file",
        ));
    }
    let loopback = on_loopback(&url);
    match url.scheme() {
        "smtps" | "smtp" => {}
        "smtp+plain" if loopback => {}
        "smtp+plain" => return Err(source.wrong("smtp.url", "mail in the clear to another machine", forms)),
        _ => return Err(source.wrong("smtp.url", "not a way to send mail", forms)),
    }
    smtp.from.parse::<lettre::message::Mailbox>().map(|_| ()).map_err(|_| {
        source.wrong(
            "smtp.from",
            "not a sender",
            "write it as Example Security <security@example.org>",
        )
    })
}

fn check_project(
    source: &Source<'_>,
    config: &Config,
    project: &Project,
    key: impl Fn(&str) -> String,
) -> Result<(), ConfigError> {
    for (index, rule) in project.stable.iter().enumerate() {
        let fits = matches!(
            (&rule.glob, &rule.name),
            (Some(glob), None) if !glob.is_empty()
        ) || (rule.glob.is_none() && rule.name.is_some());
        if !fits {
            let remedy = "give exactly one of glob = \"v*-maint\" and name = \"v5.0-maint\"";
            return Err(source.wrong(&key(&format!("stable[{index}]")), "which branches?", remedy));
        }
    }
    for (name, place) in [("public", &project.public), ("private", &project.private)] {
        check_place(source, config, place, |rest| key(&format!("{name}.{rest}")))?;
    }
    if project.public == project.private {
        let remedy = "make a plain private repository (never a fork) for the security branches";
        return Err(source.wrong(
            &key("private.repo"),
            "the mirror must not be the public repository",
            remedy,
        ));
    }
    let embargo = &project.embargo;
    if embargo.default.0.is_zero() {
        return Err(source.wrong(&key("embargo.default"), "an embargo of no length", "14d is libvirt's"));
    }
    if embargo.default > embargo.maximum {
        return Err(source.wrong(
            &key("embargo.default"),
            "longer than embargo.maximum",
            "lower it, or raise the cap",
        ));
    }
    if embargo.quorum == 0 {
        let remedy = "1 lets the one who proposes a later end agree to it; 2 is libvirt's";
        return Err(source.wrong(&key("embargo.quorum"), "nobody would have to agree", remedy));
    }
    if embargo.agree_within.0.is_zero() {
        return Err(source.wrong(
            &key("embargo.agree_within"),
            "no time for an answer",
            "48h is the default",
        ));
    }
    if project.members.as_ref().is_some_and(|members| members.vouches == 0) {
        let remedy = "1 lets who proposes a member vouch alone; 2 is the default";
        return Err(source.wrong(&key("members.vouches"), "nobody would have to vouch", remedy));
    }
    let week = Weekday::Monday.cycle_forward().take(7);
    if week
        .into_iter()
        .all(|day| embargo.not_on.iter().any(|known| Weekday::from(*known) == day))
    {
        let remedy = "leave at least one day of the week on which an embargo may end";
        return Err(source.wrong(&key("embargo.not_on"), "no day is left", remedy));
    }
    for (name, people) in [
        ("security_team", &project.roles.security_team),
        ("release_manager", &project.roles.release_manager),
    ] {
        if people.is_empty() {
            let remedy = "name at least one person or team, or no case can ever be published";
            return Err(source.wrong(&key(&format!("roles.{name}")), "nobody has this role", remedy));
        }
    }
    check_holders(source, project, &key)?;
    vendors::check(source, project, &key)?;
    reports::check(source, &project.reports, &key)?;
    check_aftermath(source, config, project, &key)?;
    for (index, list) in project.announce.lists.iter().enumerate() {
        if list.parse::<lettre::Address>().is_err() {
            let key = key(&format!("announce.lists[{index}]"));
            return Err(source.wrong(&key, "not a mail address", "write it as devel@lists.example.org"));
        }
    }
    if project.publish != PublishMode::Rebase && !project.checks_after_rebuild.is_empty() {
        let remedy = "use publish = \"rebase\", or leave it empty";
        return Err(source.wrong(&key("checks_after_rebuild"), "nothing is rebuilt in this mode", remedy));
    }
    Ok(())
}

/// Where cases are, and what follows a publication.
fn check_aftermath(
    source: &Source<'_>,
    config: &Config,
    project: &Project,
    key: impl Fn(&str) -> String,
) -> Result<(), ConfigError> {
    for (index, follower) in project.followers.iter().enumerate() {
        let key = |rest: &str| key(&format!("followers[{index}].{rest}"));
        check_place(source, config, follower, key)?;
        let taken = [&project.public, &project.private]
            .into_iter()
            .chain(&project.followers[..index]);
        if taken.into_iter().any(|place| place == follower) {
            let remedy = "name a further public repository, each once";
            return Err(source.wrong(&key("repo"), "the project has this repository already", remedy));
        }
    }
    let on_gitlab = |place: &Place| matches!(place.connection, ConnectionName::Gitlab(_));
    if project.cases == Cases::Public
        && (!on_gitlab(&project.public) || project.public.connection != project.private.connection)
    {
        let remedy =
            "GitLab alone hides issues of a public project; put the mirror on the same GitLab, or cases = \"private\"";
        return Err(source.wrong(&key("cases"), "not possible with these repositories", remedy));
    }
    if project.show_issue_afterwards && project.cases == Cases::Private {
        let remedy = "it is for cases = \"public\": an issue of the private mirror stays there";
        return Err(source.wrong(&key("show_issue_afterwards"), "nothing could be shown", remedy));
    }
    if let Some(tag) = &project.advisory.release_tag {
        let named = tag.replace("{case}", "2026-0001");
        if !on_gitlab(&project.public) || !tag.contains("{case}") || named.parse::<BranchName>().is_err() {
            let remedy = "for a public project on GitLab, a tag with {case} in it, such as security/{case}";
            return Err(source.wrong(
                &key("advisory.release_tag"),
                "not a tag for a release of its own",
                remedy,
            ));
        }
    }
    Ok(())
}

/// People are known by their names on the mirror's forge, and so are their teams.
fn check_holders(source: &Source<'_>, project: &Project, key: impl Fn(&str) -> String) -> Result<(), ConfigError> {
    let on_github = matches!(project.private.connection, ConnectionName::Github(_));
    let roles = &project.roles;
    for (role, holders) in [
        ("security_team", &roles.security_team),
        ("release_manager", &roles.release_manager),
        ("cve_coordinator", &roles.cve_coordinator),
        ("moderator", &roles.moderator),
        ("vendor", &roles.vendor),
    ] {
        for (index, holder) in holders.iter().enumerate() {
            let fits = match (holder.strip_prefix("team:"), holder.strip_prefix("group:")) {
                (Some(team), _) => on_github && team.split_once('/').is_some_and(|(_, slug)| !slug.is_empty()),
                (None, Some(group)) => !on_github && !group.is_empty(),
                (None, None) => !holder.contains([':', '/']),
            };
            if !fits {
                let remedy = if on_github {
                    "write a name, or team:ORGANISATION/SLUG; people are those of the mirror's forge, GitHub"
                } else {
                    "write a name, or group:PATH; people are those of the mirror's forge, GitLab"
                };
                return Err(source.wrong(
                    &key(&format!("roles.{role}[{index}]")),
                    "nobody that could be found",
                    remedy,
                ));
            }
        }
    }
    Ok(())
}

fn check_place(
    source: &Source<'_>,
    config: &Config,
    place: &Place,
    key: impl Fn(&str) -> String,
) -> Result<(), ConfigError> {
    let known = match &place.connection {
        ConnectionName::Github(name) => config.github.contains_key(name),
        ConnectionName::Gitlab(name) => config.gitlab.contains_key(name),
    };
    if !known {
        let remedy = format!("add the table [{}], or name one that is there", place.connection);
        return Err(source.wrong(&key("connection"), "no such connection in this file", remedy));
    }
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let parts: Vec<_> = place.repo.split('/').collect();
    let enough = match place.connection {
        ConnectionName::Github(_) => parts.len() == 2,
        ConnectionName::Gitlab(_) => parts.len() >= 2,
    };
    if enough && parts.into_iter().all(part) {
        Ok(())
    } else {
        Err(source.wrong(&key("repo"), "not a repository", "write it as owner/name"))
    }
}
