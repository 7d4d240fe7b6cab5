//! A mail as the process needs it.

use embargod_core::case::Automatic;
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use crate::automatic::automatic;
use crate::{KeyError, PrivateKey};

/// How much of a mail is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Characters of its text; the whole of it is an attachment where it has more.
    pub text: usize,
    /// Attachments; what comes after them stays in the mail.
    pub attachments: usize,
    /// Bytes that an encrypted message may become.
    pub decrypted: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // An issue takes 65,536 characters on GitHub, and there is more to say on it.
            text: 40_000,
            attachments: 50,
            decrypted: 64 << 20,
        }
    }
}

/// What is ours: the address that reports go to, and the lists that they come over.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// The address.
    pub address: String,
    /// The `List-Id`s.
    pub lists: Vec<String>,
}

/// A part of a mail that is no text to be read on the issue. Embargoed: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// A name that is harmless as a file's, whatever the sender called it.
    pub name: String,
    /// What the sender says that it is.
    pub media_type: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A mail that came. Embargoed: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its `Message-ID` without the angle brackets.
    pub message_id: Option<String>,
    /// The mails that it answers or, where it tells that one could not be delivered, is about; the nearest last.
    pub references: Vec<String>,
    /// The name of who wrote it, as they call themselves.
    pub name: String,
    /// The address in `From`.
    pub from: Option<String>,
    /// The address to answer to.
    pub answer_to: Option<String>,
    /// Its subject on one line.
    pub subject: String,
    /// Its text; from HTML where it has no other.
    pub text: String,
    /// What else it holds.
    pub attachments: Vec<Attachment>,
    /// Why it must not be answered by itself.
    pub automatic: Option<Automatic>,
    /// Whether its content came encrypted.
    pub encrypted: bool,
    /// What a person should know of how it was read.
    pub remarks: Vec<String>,
}

/// The longest name, subject, address or id that is taken over, in characters.
const MOST_NAME: usize = 250;
/// How many ids of other mails are taken over.
const MOST_REFERENCES: usize = 50;

/// How many parts and nested mails one may have: each takes memory of its own, and people send a handful.
const MOST_PARTS: usize = 1_000;
const MOST_NESTED: usize = 50;

/// Whether a mail costs no more to read than a person's does.
fn is_reasonable(raw: &[u8]) -> bool {
    let parts = memchr::memmem::find_iter(raw, b"\n--").take(MOST_PARTS + 1).count();
    let nested = raw
        .windows(8)
        .filter(|window| window.eq_ignore_ascii_case(b"message/"))
        .take(MOST_NESTED + 1)
        .count();
    parts <= MOST_PARTS && nested <= MOST_NESTED
}

/// What was read, or nothing where reading panics: the library does so over some mails that end within nested parts. What was
/// half made is thrown away with it.
fn caught<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .ok()
        .flatten()
}

/// Reads a mail: whole where it is like a person's, else its headers; what is no mail at all is one without a sender, whose text
/// is what is there.
pub fn read(raw: &[u8], own: &Own, limits: &Limits) -> Incoming {
    let whole = is_reasonable(raw).then(|| caught(|| read_as(raw, own, limits, true)));
    whole
        .flatten()
        .or_else(|| caught(|| read_as(raw, own, limits, false)))
        .unwrap_or_else(|| {
            let mut incoming = Incoming::of_nobody();
            incoming.attach_whole(raw);
            incoming.text = cut(&String::from_utf8_lossy(raw), limits.text);
            let remark = "this is no mail that could be read: the whole of it is attached";
            incoming.remarks.push(remark.to_owned());
            incoming
        })
}

fn read_as(raw: &[u8], own: &Own, limits: &Limits, whole: bool) -> Option<Incoming> {
    let parser = MessageParser::default();
    let message = if whole {
        parser.parse(raw)
    } else {
        parser.parse_headers(raw)
    }?;
    let sender = |list: Option<&Address<'_>>| {
        let first = list?.iter().find(|party| party.address().is_some())?;
        let address = first.address().filter(|address| is_address(address))?;
        Some((address.to_owned(), line(first.name().unwrap_or_default())))
    };
    let from = sender(message.from());
    let answer_to = sender(message.reply_to()).or_else(|| from.clone());
    let address = from.as_ref().map(|(address, _)| address.as_str());
    let mut incoming = Incoming {
        message_id: message.message_id().map(line).filter(|id| !id.is_empty()),
        references: references(&message),
        name: from.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
        from: from.as_ref().map(|(address, _)| address.clone()),
        answer_to: answer_to.map(|(address, _)| address),
        subject: line(message.subject().unwrap_or_default()),
        automatic: automatic(&message, address, own),
        ..Incoming::of_nobody()
    };
    if whole {
        incoming.take_content(&message, limits);
        incoming.encrypted = ciphertext(&message).is_some();
        if incoming.from.is_none() && incoming.text.trim().is_empty() && incoming.attachments.is_empty() {
            incoming.attach_whole(raw);
        }
    } else {
        incoming.attach_whole(raw);
        incoming
            .remarks
            .push("its parts are not like those of a person's mail: the whole of it is attached, unread".to_owned());
    }
    Some(incoming)
}

impl Incoming {
    fn of_nobody() -> Self {
        Self {
            message_id: None,
            references: Vec::new(),
            name: String::new(),
            from: None,
            answer_to: None,
            subject: String::new(),
            text: String::new(),
            attachments: Vec::new(),
            automatic: None,
            encrypted: false,
            remarks: Vec::new(),
        }
    }

    fn attach_whole(&mut self, raw: &[u8]) {
        self.attachments.push(Attachment {
            name: "1-mail.eml".to_owned(),
            media_type: "message/rfc822".to_owned(),
            bytes: raw.to_vec(),
        });
    }

    /// Replaces the content by what it is without its encryption; where the key does not fit, a remark says so.
    pub fn decrypt(&mut self, raw: &[u8], key: Option<&PrivateKey>, limits: &Limits) {
        if !self.encrypted {
            return;
        }
        let ciphertext = caught(|| ciphertext(&MessageParser::default().parse(raw)?));
        let (Some(key), Some(ciphertext)) = (key, ciphertext) else {
            self.remarks
                .push("it is encrypted, and no key is configured: openpgp_key_file of [intake.imap]".to_owned());
            return;
        };
        let opened = caught(|| Some(key.decrypt(&ciphertext, limits.decrypted)));
        match opened.unwrap_or(Err(KeyError::Foreign)) {
            Ok(plain) => {
                let mut opened = Self {
                    text: String::new(),
                    attachments: Vec::new(),
                    ..self.clone()
                };
                match caught(|| opened.take_plain(&plain, limits)) {
                    Some(()) => *self = opened,
                    None => self.attach_whole(&plain),
                }
                self.remarks.push("it came encrypted".to_owned());
            }
            Err(error) => self
                .remarks
                .push(format!("it is encrypted, and could not be decrypted: {error}")),
        }
    }

    /// What was encrypted is a mail's content with headers of its own (RFC 3156), or bare text.
    fn take_plain(&mut self, plain: &[u8], limits: &Limits) -> Option<()> {
        if !is_reasonable(plain) {
            return None;
        }
        let inner = MessageParser::default().parse(plain);
        match inner.filter(|inner| inner.content_type().is_some()) {
            Some(inner) => self.take_content(&inner, limits),
            None => self.take_text(&String::from_utf8_lossy(plain), limits),
        }
        Some(())
    }

    /// Replaces the attachments by the whole mail as it came.
    pub fn keep_only(&mut self, raw: Vec<u8>) {
        self.attachments.clear();
        self.attach_whole(&raw);
    }

    fn take_content(&mut self, message: &Message<'_>, limits: &Limits) {
        let texts: Vec<_> = (0..message.text_body_count())
            .filter_map(|place| message.body_text(place))
            .collect();
        self.take_text(&texts.join("\n"), limits);
        let mut left = 0;
        for part in message.attachments() {
            if self.attachments.len() >= limits.attachments {
                left += 1;
                continue;
            }
            let attachment = self.attachment(part);
            self.attachments.push(attachment);
        }
        if left > 0 {
            self.remarks
                .push(format!("{left} more attachments are in the mail in the mailbox"));
        }
        if message.parts.iter().any(|part| part.is_encoding_problem) {
            self.remarks
                .push("it is not well-formed: what could be read is here, the rest is in the mailbox".to_owned());
        }
    }

    fn take_text(&mut self, text: &str, limits: &Limits) {
        self.text = cut(text, limits.text);
        if text.chars().count() > limits.text {
            self.attachments.push(Attachment {
                name: format!("{}-text.txt", self.attachments.len() + 1),
                media_type: "text/plain".to_owned(),
                bytes: text.as_bytes().to_vec(),
            });
            self.remarks
                .push("its text is long: the whole of it is attached".to_owned());
        }
    }

    fn attachment(&self, part: &MessagePart<'_>) -> Attachment {
        let number = self.attachments.len() + 1;
        let media_type = part.content_type().map_or_else(
            || "application/octet-stream".to_owned(),
            |kind| match kind.subtype() {
                Some(subtype) => format!("{}/{subtype}", kind.ctype()),
                None => kind.ctype().to_owned(),
            },
        );
        let (name, bytes) = match &part.body {
            PartType::Message(message) => ("message.eml", message.raw_message().to_vec()),
            _ => (part.attachment_name().unwrap_or("attachment"), part.contents().to_vec()),
        };
        Attachment {
            name: format!("{number}-{}", harmless(name)),
            media_type: line(&media_type.to_ascii_lowercase()),
            bytes,
        }
    }
}

/// The encrypted message of a mail: in the form of RFC 3156, or in its text.
fn ciphertext(message: &Message<'_>) -> Option<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN PGP MESSAGE-----";
    const END: &str = "-----END PGP MESSAGE-----";
    if is_type(message.content_type(), "multipart", "encrypted") {
        let of_type = |part: &&MessagePart<'_>| is_type(part.content_type(), "application", "octet-stream");
        return message.parts.iter().find(of_type).map(|part| part.contents().to_vec());
    }
    let text = message.body_text(0)?;
    let begin = text.find(BEGIN)?;
    let end = text[begin..].find(END)? + begin + END.len();
    Some(text[begin..end].as_bytes().to_vec())
}

fn is_type(kind: Option<&mail_parser::ContentType<'_>>, major: &str, minor: &str) -> bool {
    kind.is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case(major)
            && kind
                .subtype()
                .is_some_and(|subtype| subtype.eq_ignore_ascii_case(minor))
    })
}

fn references(message: &Message<'_>) -> Vec<String> {
    let listed = |value: &HeaderValue<'_>| -> Vec<String> {
        match value {
            HeaderValue::Text(id) => vec![line(id)],
            HeaderValue::TextList(ids) => ids.iter().map(|id| line(id)).collect(),
            _ => Vec::new(),
        }
    };
    let mut found = Vec::new();
    if is_type(message.content_type(), "multipart", "report") {
        // What could not be delivered is in it, whole or as headers alone (RFC 3462).
        for part in &message.parts {
            let nested = part.message().and_then(|nested| nested.message_id().map(line));
            let headers = is_type(part.content_type(), "text", "rfc822-headers")
                .then(|| part.contents().to_vec())
                .and_then(|text| {
                    let headers = MessageParser::default().parse_headers(&text)?;
                    headers.message_id().map(line)
                });
            found.extend(nested.or(headers));
        }
    }
    found.extend(listed(message.references()));
    found.extend(listed(message.in_reply_to()));
    found.retain(|id| !id.is_empty());
    let surplus = found.len().saturating_sub(MOST_REFERENCES);
    found.drain(..surplus);
    found
}

/// Text on one line, without what a terminal or a header would act on.
fn line(text: &str) -> String {
    let plain = |c: char| if c.is_whitespace() { ' ' } else { c };
    let text: String = text
        .chars()
        .map(plain)
        .filter(|c| !c.is_control())
        .take(MOST_NAME)
        .collect();
    text.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// As much of an address as keeps a header and an envelope whole: the mail server judges the rest.
fn is_address(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c);
    text.len() <= MOST_NAME
        && text.chars().all(fits)
        && text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !local.contains('@'))
}

/// A file name that is one on every system and hides nothing: letters, digits, dots, dashes, underscores.
fn harmless(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().rev().take(80).map(plain).collect();
    let name: String = name.chars().rev().collect();
    name.trim_start_matches('.').to_owned()
}

/// As many characters as there is room for, without control characters other than line ends and tabs.
fn cut(text: &str, most: usize) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| !c.is_control() || "\n\t".contains(*c))
        .take(most)
        .collect()
}
