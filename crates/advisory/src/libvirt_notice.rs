//! The libvirt security notice: one XML document for each flaw, in the namespace
//! `http://security.libvirt.org/xmlns/security-notice/1.0`, as libvirt's security pages are made from.

use jiff::civil::Date;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use thiserror::Error;

/// The namespace of the document.
const NAMESPACE: &str = "http://security.libvirt.org/xmlns/security-notice/1.0";

/// The facts of a notice. What is not known is left out of the document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LibvirtNotice {
    /// `YYYY-NNNN`.
    pub id: String,
    /// One line.
    pub summary: Option<String>,
    /// What is wrong.
    pub description: Option<String>,
    /// What an attacker gains.
    pub impact: Option<String>,
    /// What to do until the fix is installed.
    pub workaround: Option<String>,
    /// Who reported it.
    pub reporters: Vec<String>,
    /// Who fixed it.
    pub patchers: Vec<String>,
    /// When it was reported.
    pub reported: Option<Date>,
    /// When it was made public.
    pub published: Option<Date>,
    /// When main got its fix.
    pub fixed: Option<Date>,
    /// The CVEs, with their prefix.
    pub cves: Vec<String>,
    /// What is affected.
    pub products: Vec<NoticeProduct>,
}

/// A product and its branches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticeProduct {
    /// Its name.
    pub name: String,
    /// Its repository.
    pub repository: String,
    /// The branches.
    pub branches: Vec<NoticeBranch>,
}

/// A branch with the tags and commits that have the flaw or its fix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticeBranch {
    /// Its name.
    pub name: String,
    /// Tags with the flaw.
    pub vulnerable_tags: Vec<String>,
    /// Tags with the fix.
    pub fixed_tags: Vec<String>,
    /// Commits that brought the flaw.
    pub vulnerable_changes: Vec<String>,
    /// Commits that fix it.
    pub fixed_changes: Vec<String>,
}

/// Why a notice could not be written or read.
#[derive(Debug, Error)]
pub enum NoticeError {
    /// The writer.
    #[error("the notice could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// The document is not well-formed.
    #[error("the notice is no well-formed XML")]
    Form,
}

impl LibvirtNotice {
    /// The document.
    pub fn to_xml(&self) -> Result<String, NoticeError> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let root = BytesStart::new("security-notice").with_attributes([("xmlns", NAMESPACE)]);
        writer.write_event(Event::Start(root))?;
        text(&mut writer, "id", &self.id)?;
        let texts = [
            ("summary", &self.summary),
            ("description", &self.description),
            ("impact", &self.impact),
            ("workaround", &self.workaround),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                text(&mut writer, name, value)?;
            }
        }
        if !self.reporters.is_empty() || !self.patchers.is_empty() {
            within(&mut writer, "credits", |writer| {
                let reporters = self.reporters.iter().map(|name| ("reporter", name));
                let patchers = self.patchers.iter().map(|name| ("patcher", name));
                for (role, name) in reporters.chain(patchers) {
                    within(writer, role, |writer| text(writer, "name", name))?;
                }
                Ok(())
            })?;
        }
        within(&mut writer, "lifecycle", |writer| {
            let dates = [
                ("reported", self.reported),
                ("published", self.published),
                ("fixed", self.fixed),
            ];
            for (name, date) in dates {
                if let Some(date) = date {
                    text(writer, name, &date.strftime("%Y%m%d").to_string())?;
                }
            }
            Ok(())
        })?;
        if !self.cves.is_empty() {
            within(&mut writer, "reference", |writer| {
                for cve in &self.cves {
                    let id = cve.strip_prefix("CVE-").unwrap_or(cve);
                    let advisory = BytesStart::new("advisory").with_attributes([("type", "CVE"), ("id", id)]);
                    writer.write_event(Event::Empty(advisory))?;
                }
                Ok(())
            })?;
        }
        for product in &self.products {
            product.write(&mut writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new("security-notice")))?;
        let mut text = String::from_utf8(writer.into_inner()).map_err(|_| NoticeError::Form)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads what [`LibvirtNotice::to_xml`] writes, and libvirt's own notices. Unknown elements are passed over.
    pub fn from_xml(document: &str) -> Result<Self, NoticeError> {
        let mut reader = Reader::from_str(document);
        let mut notice = Self::default();
        let (mut path, mut state, mut content) = (Vec::<String>::new(), String::new(), String::new());
        loop {
            match reader.read_event().map_err(|_| NoticeError::Form)? {
                Event::Start(start) => {
                    state = attribute(&start, "state")?.unwrap_or_default();
                    notice.open(&name_of(&start), &start)?;
                    path.push(name_of(&start));
                    content.clear();
                }
                Event::Empty(start) => notice.open(&name_of(&start), &start)?,
                Event::Text(piece) => content.push_str(&piece),
                Event::CData(piece) => content.push_str(&piece),
                Event::GeneralRef(entity) => content.push_str(&resolved(&entity)?),
                Event::End(_) => {
                    let names: Vec<_> = path.iter().map(String::as_str).collect();
                    notice.close(&names, &state, content.trim())?;
                    path.pop();
                    content.clear();
                }
                Event::Eof => break,
                _ => {}
            }
        }
        Ok(notice)
    }

    fn open(&mut self, name: &str, start: &BytesStart<'_>) -> Result<(), NoticeError> {
        match name {
            "product" => {
                let name = attribute(start, "name")?.unwrap_or_default();
                self.products.push(NoticeProduct {
                    name,
                    ..NoticeProduct::default()
                });
            }
            "branch" => {
                if let Some(product) = self.products.last_mut() {
                    product.branches.push(NoticeBranch::default());
                }
            }
            "advisory" if attribute(start, "type")?.as_deref() == Some("CVE") => {
                let id = attribute(start, "id")?.unwrap_or_default();
                self.cves.push(format!("CVE-{id}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, path: &[&str], state: &str, content: &str) -> Result<(), NoticeError> {
        let some = || Some(content.to_owned());
        let date = || {
            Date::strptime("%Y%m%d", content)
                .map(Some)
                .map_err(|_| NoticeError::Form)
        };
        match path {
            [_, "id"] => self.id = content.to_owned(),
            [_, "summary"] => self.summary = some(),
            [_, "description"] => self.description = some(),
            [_, "impact"] => self.impact = some(),
            [_, "workaround"] => self.workaround = some(),
            [_, "credits", "reporter", "name"] => self.reporters.extend(some()),
            [_, "credits", "patcher", "name"] => self.patchers.extend(some()),
            [_, "lifecycle", "reported"] => self.reported = date()?,
            [_, "lifecycle", "published"] => self.published = date()?,
            [_, "lifecycle", "fixed"] => self.fixed = date()?,
            [_, "product", rest @ ..] => {
                if let Some(product) = self.products.last_mut() {
                    product.close(rest, state, content);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl NoticeProduct {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> Result<(), NoticeError> {
        let start = BytesStart::new("product").with_attributes([("name", self.name.as_str())]);
        writer.write_event(Event::Start(start))?;
        text(writer, "repository", &self.repository)?;
        for branch in &self.branches {
            within(writer, "branch", |writer| {
                text(writer, "name", &branch.name)?;
                let lists = [
                    ("tag", "vulnerable", &branch.vulnerable_tags),
                    ("tag", "fixed", &branch.fixed_tags),
                    ("change", "vulnerable", &branch.vulnerable_changes),
                    ("change", "fixed", &branch.fixed_changes),
                ];
                for (name, state, values) in lists {
                    for value in values {
                        let start = BytesStart::new(name).with_attributes([("state", state)]);
                        writer.write_event(Event::Start(start))?;
                        writer.write_event(Event::Text(BytesText::new(value)))?;
                        writer.write_event(Event::End(BytesEnd::new(name)))?;
                    }
                }
                Ok(())
            })?;
        }
        writer.write_event(Event::End(BytesEnd::new("product")))?;
        Ok(())
    }

    fn close(&mut self, path: &[&str], state: &str, content: &str) {
        let value = content.to_owned();
        match (path, state, self.branches.last_mut()) {
            (["repository"], _, _) => self.repository = value,
            (["branch", "name"], _, Some(branch)) => branch.name = value,
            (["branch", "tag"], "vulnerable", Some(branch)) => branch.vulnerable_tags.push(value),
            (["branch", "tag"], "fixed", Some(branch)) => branch.fixed_tags.push(value),
            (["branch", "change"], "vulnerable", Some(branch)) => branch.vulnerable_changes.push(value),
            (["branch", "change"], "fixed", Some(branch)) => branch.fixed_changes.push(value),
            _ => {}
        }
    }
}

fn text(writer: &mut Writer<Vec<u8>>, name: &str, value: &str) -> Result<(), NoticeError> {
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    writer.write_event(Event::Text(BytesText::new(value)))?;
    writer.write_event(Event::End(BytesEnd::new(name)))?;
    Ok(())
}

fn within(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    content: impl FnOnce(&mut Writer<Vec<u8>>) -> Result<(), NoticeError>,
) -> Result<(), NoticeError> {
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    content(writer)?;
    writer.write_event(Event::End(BytesEnd::new(name)))?;
    Ok(())
}

fn name_of(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, NoticeError> {
    let found = start.try_get_attribute(name).map_err(|_| NoticeError::Form)?;
    let value = |value: quick_xml::events::attributes::Attribute<'_>| {
        quick_xml::escape::unescape(&value.value)
            .map(|text| text.into_owned())
            .map_err(|_| NoticeError::Form)
    };
    found.map(value).transpose()
}

fn resolved(entity: &quick_xml::events::BytesRef<'_>) -> Result<String, NoticeError> {
    if let Some(character) = entity.resolve_char_ref().map_err(|_| NoticeError::Form)? {
        return Ok(character.to_string());
    }
    quick_xml::escape::resolve_predefined_entity(entity)
        .map(str::to_owned)
        .ok_or(NoticeError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> LibvirtNotice {
        let list = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        LibvirtNotice {
            id: "2026-0001".into(),
            summary: Some("A length is not checked <before> a copy & more".into()),
            description: Some("Two\nlines, with ]]> and \"quotes\".".into()),
            impact: None,
            workaround: Some("None.".into()),
            reporters: list(&["A Reporter"]),
            patchers: list(&["A Developer", "Another"]),
            reported: Some(jiff::civil::date(2024, 2, 29)),
            published: Some(jiff::civil::date(2024, 3, 12)),
            fixed: None,
            cves: list(&["CVE-2024-1234", "CVE-2024-1235"]),
            products: vec![NoticeProduct {
                name: "libvirt".into(),
                repository: "libvirt.git".into(),
                branches: vec![
                    NoticeBranch {
                        name: "master".into(),
                        vulnerable_tags: list(&["v1.0.0", "v1.1.0"]),
                        fixed_tags: list(&["v1.2.0"]),
                        vulnerable_changes: list(&["a".repeat(40).as_str()]),
                        fixed_changes: list(&["b".repeat(40).as_str()]),
                    },
                    NoticeBranch {
                        name: "v1.0-maint".into(),
                        ..NoticeBranch::default()
                    },
                ],
            }],
        }
    }

    #[test]
    fn what_is_written_is_read_again_whole() {
        let document = notice().to_xml().expect("written");
        assert_eq!(LibvirtNotice::from_xml(&document).expect("read"), notice());
        for wanted in [
            "<security-notice xmlns=\"http://security.libvirt.org/xmlns/security-notice/1.0\">",
            "<reported>20240229</reported>",
            "<advisory type=\"CVE\" id=\"2024-1234\"/>",
            "<change state=\"fixed\">bbbb",
        ] {
            assert!(document.contains(wanted), "{wanted} is not in {document}");
        }
    }

    #[test]
    fn what_is_no_notice_is_refused_or_empty() {
        for document in [
            "<a>",
            "<a></b>",
            "<a>&nonsense;</a>",
            "<n><lifecycle><reported>yesterday</reported></lifecycle></n>",
        ] {
            let read = LibvirtNotice::from_xml(document);
            assert!(
                read.as_ref().is_err() || read.is_ok_and(|read| read == LibvirtNotice::default()),
                "{document}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives(text in "[ -~äöü\n]{0,60}") {
            let text = text.trim().to_owned();
            let notice = LibvirtNotice {
                summary: (!text.is_empty()).then(|| text.clone()),
                ..notice()
            };
            let document = notice.to_xml().expect("written");
            proptest::prop_assert_eq!(LibvirtNotice::from_xml(&document).expect("read"), notice);
        }
    }
}
