//! The same stories over real mail servers, where the environment names some (`tests/servers/mail.sh` starts them), and over
//! the sandbox's where it does not. Which of the two it was is printed.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may panic, and says what it ran on"
)]

mod common;

use std::time::Duration;

use common::Tale;
use embargod::rehearsal::{MIRROR, MailServers};
use embargod_sandbox::Flavour;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use tokio::net::TcpStream;

type Session = async_imap::Session<TcpStream>;

/// How long a mail may take from one server to the other.
const PATIENCE: Duration = Duration::from_secs(60);

/// The servers of this run: SMTP, IMAP in the clear, IMAP over TLS, and who signed its certificate.
struct Servers {
    smtp: String,
    imap: String,
    imaps: String,
    authority: String,
}

fn servers() -> Option<Servers> {
    let all = std::env::var("EMBARGOD_TEST_MAIL").ok()?;
    let mut parts = all.split(',').map(str::to_owned);
    Some(Servers {
        smtp: parts.next()?,
        imap: parts.next()?,
        imaps: parts.next()?,
        authority: std::env::var("EMBARGOD_TEST_MAIL_CA").ok()?,
    })
}

/// How mails come and go in a story.
struct Post {
    servers: Option<Servers>,
    address: String,
}

impl Post {
    /// Post of a story's own: an address that no other story has.
    fn new() -> Self {
        let unique = tempfile::Builder::new()
            .prefix("")
            .rand_bytes(12)
            .tempdir()
            .expect("a name");
        let name = unique
            .path()
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .to_lowercase();
        let servers = servers();
        match &servers {
            Some(servers) => println!("over the mail servers at {} and {}", servers.smtp, servers.imaps),
            None => println!("over the sandbox's mail servers: EMBARGOD_TEST_MAIL names no others"),
        }
        let address = match servers {
            Some(_) => format!("security-{name}@example.org"),
            None => "security@example.org".to_owned(),
        };
        Self { servers, address }
    }

    fn reporter(&self) -> String {
        self.address
            .replace("security", "reporter")
            .replace("example.org", "reporter.example")
    }

    fn settings(&self) -> Option<MailServers> {
        let servers = self.servers.as_ref()?;
        Some(MailServers {
            smtp: format!("smtp+plain://{}", servers.smtp),
            imap: format!("imaps://{}@{}", self.address.replace('@', "%40"), servers.imaps),
            ca_file: servers.authority.clone().into(),
            address: self.address.clone(),
        })
    }

    async fn tale(&self) -> Tale {
        let now = Timestamp::from_second(Timestamp::now().as_second()).expect("an instant");
        let folder = tempfile::tempdir().expect("a folder");
        let forges = (Flavour::Gitlab, Flavour::Gitlab);
        Tale::begin_over(forges, MIRROR, "", now, self.settings().as_ref(), folder).await
    }

    /// Somebody's mail reaches the mailbox, after which it holds this many.
    async fn receive(&self, tale: &Tale, raw: &str, count: usize) {
        match &self.servers {
            None => tale.stage.sandbox.receive_mail(raw.as_bytes()),
            Some(servers) => {
                let (host, port) = servers.smtp.split_once(':').expect("host and port");
                let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
                    .port(port.parse().expect("a port"))
                    .build();
                let parse = |address: &str| address.parse().expect("an address");
                let envelope = Envelope::new(Some(parse(&self.reporter())), vec![parse(&self.address)]);
                smtp.send_raw(&envelope.expect("an envelope"), raw.as_bytes())
                    .await
                    .expect("sent");
                self.mailbox(&self.address, count).await;
            }
        }
        tale.settle().await;
    }

    /// The mails that somebody has, once there are so many.
    async fn mails_to(&self, tale: &Tale, address: &str, count: usize) -> Vec<String> {
        match &self.servers {
            None => tale.stage.sandbox.mails_to(address),
            Some(_) => self.mailbox(address, count).await,
        }
    }

    /// What a real mailbox holds, once it holds so many mails: the server says when another has come.
    async fn mailbox(&self, address: &str, count: usize) -> Vec<String> {
        let servers = self.servers.as_ref().expect("real servers");
        let found = async {
            let mut session = login(&servers.imap, address).await;
            while session.examine("INBOX").await.expect("a mailbox").exists < u32::try_from(count).expect("few") {
                let mut idle = session.idle();
                idle.init().await.expect("idling");
                idle.wait_with_timeout(Duration::from_secs(2)).0.await.expect("waited");
                session = idle.done().await.expect("done");
            }
            let mails: Vec<_> = session
                .fetch("1:*", "BODY.PEEK[]")
                .await
                .expect("fetched")
                .try_collect()
                .await
                .expect("fetched");
            let mails = mails.iter().filter_map(|mail| mail.body());
            mails.map(|body| String::from_utf8_lossy(body).into_owned()).collect()
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the mails came")
    }
}

async fn login(server: &str, address: &str) -> Session {
    let stream = TcpStream::connect(server).await.expect("connected");
    let mut client = async_imap::Client::new(stream);
    client.read_response().await.expect("greeted");
    client
        .login(address, "letmein")
        .await
        .map_err(|(error, _)| error)
        .expect("logged in")
}

fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let mut lines = mail.lines().take_while(|line| !line.is_empty());
    lines
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_default()
        .trim()
}

#[tokio::test]
async fn a_report_and_its_thread() {
    let post = Post::new();
    let mut tale = post.tale().await;
    let reporter = post.reporter();
    let mail = |id: &str, headers: &str, text: &str| {
        format!(
            "Message-ID: <{id}.{reporter}>\r\nFrom: A Reporter <{reporter}>\r\nTo: {}\r\nSubject: canary in copy\r\n{headers}\r\n{text}\r\n",
            post.address
        )
    };
    post.receive(&tale, &mail("one", "", "The length is not checked."), 1)
        .await;
    let reports = tale.issues_titled("Report by mail");
    assert_eq!(reports.len(), 1);
    tale.issue = reports[0];
    assert!(
        tale.issue_body().contains("The length is not checked."),
        "{}",
        tale.issue_body()
    );
    let mails = post.mails_to(&tale, &reporter, 1).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(header(&mails[0], "Auto-Submitted:"), "auto-replied");
    assert_eq!(header(&mails[0], "In-Reply-To:"), format!("<one.{reporter}>"));

    tale.say(
        "dave",
        "/embargo accept\n/embargo reply\nWhich version? – the one from München?",
    )
    .await;
    let mails = post.mails_to(&tale, &reporter, 2).await;
    let reply = mails
        .iter()
        .find(|mail| header(mail, "Auto-Submitted:").is_empty())
        .expect("a reply");
    let id = header(reply, "Message-ID:").to_owned();
    post.receive(&tale, &mail("two", &format!("In-Reply-To: {id}\r\n"), "Since 7.0."), 2)
        .await;
    assert!(tale.comments().contains("Since 7.0."), "{}", tale.comments());
    assert_eq!(tale.issues_titled("Report by mail").len(), 1);
    assert_eq!(
        post.mails_to(&tale, &reporter, 2).await.len(),
        2,
        "the answer is not answered by itself"
    );
    // A look at a mailbox that has nothing new takes nothing twice.
    tale.settle().await;
    assert_eq!(tale.issues_titled("Report by mail").len(), 1);
}

#[tokio::test]
async fn what_is_made_to_break_is_held_whole() {
    let post = Post::new();
    let tale = post.tale().await;
    let reporter = post.reporter();
    let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(20_000);
    let long = "0123456789abcde\r\n".repeat(400_000);
    let hostile = [
        format!("From: {reporter}\r\nSubject: deep\r\n{deep}"),
        format!("From: {reporter}\r\nSubject: long\r\n\r\n{long}"),
        format!("From: \"a\\\r\n Bcc: x@y\" <{reporter}>\r\nSubject: =?utf-8?q?a=0D=0ABcc:_x@y?=\r\n\r\ntext\r\n"),
        format!("From: {reporter}\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n--\r\n"),
        format!(
            "From: {reporter}\r\nContent-Type: text/plain; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\n=====\r\n"
        ),
        "Subject: nobody\r\n\r\ntext\r\n".to_owned(),
    ];
    for (number, raw) in hostile.iter().enumerate() {
        post.receive(&tale, raw, number + 1).await;
    }
    assert_eq!(
        tale.issues_titled("Report by mail").len(),
        hostile.len(),
        "nothing is lost"
    );
    // As many are answered as are answered by itself in a day; none of the answers went elsewhere.
    let mails = post.mails_to(&tale, &reporter, 4).await;
    assert_eq!(mails.len(), 4);
    for mail in &mails {
        let head = mail.split("\r\n\r\n").next().expect("a head");
        assert!(!head.contains("\nBcc:"), "{head}");
    }
}
