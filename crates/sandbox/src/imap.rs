//! The mailbox of reports: as much of IMAP (RFC 3501) as a client needs to read it. Commands are read by a codec of their
//! own; what is answered is written as the standard has it.

use std::num::NonZeroU32;
use std::sync::Weak;

use imap_codec::CommandCodec;
use imap_codec::decode::{CommandDecodeError, Decoder as _};
use imap_codec::imap_types::command::{Command, CommandBody};
use imap_codec::imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItemName};
use imap_codec::imap_types::search::SearchKey;
use imap_codec::imap_types::sequence::SequenceSet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Shared;

/// The mailbox keeps its numbers for ever.
const VALIDITY: u32 = 1;
/// What a client may send before it is cut off.
const MOST: usize = 1 << 20;

pub(crate) async fn serve(listener: TcpListener, shared: Weak<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            // A client that goes away in the middle has read what it has read.
            let _ = talk(stream, shared).await;
        });
    }
}

async fn talk(mut stream: TcpStream, shared: Weak<Shared>) -> std::io::Result<()> {
    stream.write_all(b"* OK sandbox IMAP4rev1\r\n").await?;
    let mut buffer = Vec::new();
    let mut session = Session::default();
    loop {
        let (answer, used, over) = match CommandCodec::default().decode(&buffer) {
            Ok((rest, command)) => {
                let Some(shared) = shared.upgrade() else { return Ok(()) };
                let over = matches!(command.body, CommandBody::Logout);
                (session.answer(&shared, &command), buffer.len() - rest.len(), over)
            }
            Err(CommandDecodeError::LiteralFound { .. }) => (b"+ go on\r\n".to_vec(), 0, false),
            Err(CommandDecodeError::Incomplete) => (Vec::new(), 0, false),
            Err(CommandDecodeError::Failed) => (b"* BAD not understood\r\n".to_vec(), buffer.len(), false),
        };
        buffer.drain(..used);
        stream.write_all(&answer).await?;
        if over || buffer.len() > MOST {
            return Ok(());
        }
        if used == 0 || buffer.is_empty() {
            let mut piece = [0; 4_096];
            match stream.read(&mut piece).await? {
                0 => return Ok(()),
                count => buffer.extend_from_slice(&piece[..count]),
            }
        }
    }
}

#[derive(Default)]
struct Session {
    logged_in: bool,
    selected: bool,
}

impl Session {
    fn answer(&mut self, shared: &Shared, command: &Command<'_>) -> Vec<u8> {
        let tag = command.tag.as_ref();
        let done = |untagged: Vec<u8>| [untagged, format!("{tag} OK done\r\n").into_bytes()].concat();
        let refused = |why: &str| format!("{tag} NO {why}\r\n").into_bytes();
        match &command.body {
            CommandBody::Capability => done(b"* CAPABILITY IMAP4rev1\r\n".to_vec()),
            CommandBody::Noop => done(Vec::new()),
            CommandBody::Logout => done(b"* BYE until later\r\n".to_vec()),
            CommandBody::Login { username, password } => {
                let fits = username.as_ref() == b"security" && password.declassify().as_ref() == b"letmein";
                self.logged_in = fits;
                if fits {
                    done(Vec::new())
                } else {
                    refused("[AUTHENTICATIONFAILED] not you")
                }
            }
            _ if !self.logged_in => refused("log in first"),
            CommandBody::Select { .. } | CommandBody::Examine { .. } => {
                self.selected = true;
                let count = shared.world().mailbox.len();
                let text = format!(
                    "* FLAGS (\\Seen)\r\n* {count} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {VALIDITY}] as ever\r\n* OK [UIDNEXT {}] \
                     next\r\n",
                    count + 1
                );
                done(text.into_bytes())
            }
            _ if !self.selected => refused("select a mailbox first"),
            CommandBody::Search {
                criteria, uid: true, ..
            } => {
                let mails = shared.world().mailbox.len();
                let found = uids(mails).filter(|uid| criteria.as_ref().iter().all(|key| fits(key, *uid, mails)));
                let found: Vec<_> = found.map(|uid| format!(" {uid}")).collect();
                done(format!("* SEARCH{}\r\n", found.concat()).into_bytes())
            }
            CommandBody::Fetch {
                sequence_set,
                macro_or_item_names,
                uid: true,
            } => {
                let world = shared.world();
                let mut text = Vec::new();
                for uid in uids(world.mailbox.len()).filter(|uid| contains(sequence_set, *uid, world.mailbox.len())) {
                    let mail = &world.mailbox[uid as usize - 1];
                    text.extend(item(uid, mail, macro_or_item_names));
                }
                done(text)
            }
            _ => format!("{tag} BAD not here\r\n").into_bytes(),
        }
    }
}

fn uids(mails: usize) -> impl Iterator<Item = u32> {
    1..=u32::try_from(mails).unwrap_or(u32::MAX)
}

/// `n:*` names the last mail even where its number is lower, as the standard has it.
fn contains(set: &SequenceSet, uid: u32, mails: usize) -> bool {
    let last = u32::try_from(mails).ok().and_then(NonZeroU32::new);
    last.is_some_and(|last| set.iter(last).any(|known| known.get() == uid))
}

/// Nobody reads this mailbox but the bot, which leaves no mark: every mail is unseen.
fn fits(key: &SearchKey<'_>, uid: u32, mails: usize) -> bool {
    match key {
        SearchKey::All | SearchKey::Unseen => true,
        SearchKey::Uid(set) => contains(set, uid, mails),
        _ => false,
    }
}

fn item(uid: u32, mail: &[u8], wanted: &MacroOrMessageDataItemNames<'_>) -> Vec<u8> {
    let mut parts = vec![format!("UID {uid}").into_bytes()];
    let MacroOrMessageDataItemNames::MessageDataItemNames(names) = wanted else {
        return Vec::new();
    };
    for name in names {
        match name {
            MessageDataItemName::Rfc822Size => parts.push(format!("RFC822.SIZE {}", mail.len()).into_bytes()),
            MessageDataItemName::BodyExt {
                section: None, partial, ..
            } => {
                let (piece, origin) = match partial {
                    None => (mail, String::new()),
                    Some((from, most)) => {
                        let from = (*from as usize).min(mail.len());
                        let to = from.saturating_add(most.get() as usize).min(mail.len());
                        (&mail[from..to], format!("<{from}>"))
                    }
                };
                let head = format!("BODY[]{origin} {{{}}}\r\n", piece.len());
                parts.push([head.as_bytes(), piece].concat());
            }
            _ => {}
        }
    }
    [format!("* {uid} FETCH (").as_bytes(), &parts.join(&b' '), b")\r\n"].concat()
}
