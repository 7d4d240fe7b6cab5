//! The mailbox: as much of SMTP (RFC 5321) as a client needs to hand over a mail, each kept as a file.

use std::sync::Weak;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::Shared;
use crate::faults::When;

pub(crate) async fn serve(listener: TcpListener, shared: Weak<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            // A client that goes away in the middle has not handed over a mail.
            let _ = talk(stream, shared).await;
        });
    }
}

async fn talk(stream: TcpStream, shared: Weak<Shared>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).split(b'\n');
    write.write_all(b"220 sandbox ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    while let Some(line) = lines.next_segment().await? {
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        let upper = line.to_ascii_uppercase();
        let answer: &[u8] = if upper.starts_with("EHLO") || upper.starts_with("HELO") {
            b"250-sandbox\r\n250-8BITMIME\r\n250 SIZE 10485760\r\n"
        } else if upper.starts_with("MAIL FROM:") {
            from = address(&line);
            b"250 ok\r\n"
        } else if upper.starts_with("RCPT TO:") {
            to.push(address(&line));
            b"250 ok\r\n"
        } else if upper == "DATA" {
            write.write_all(b"354 go on\r\n").await?;
            let mut mail = Vec::new();
            while let Some(line) = lines.next_segment().await? {
                let line = line.strip_suffix(b"\r").unwrap_or(&line);
                if line == b"." {
                    break;
                }
                mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
                mail.extend_from_slice(b"\r\n");
            }
            let Some(shared) = shared.upgrade() else { return Ok(()) };
            take(&shared, &from, &std::mem::take(&mut to), &mail)?;
            let fault = shared.fault("SMTP", "DATA", When::After);
            if let Some(fault) = fault {
                if let Some(then) = fault.then {
                    then();
                }
                // The mail is there, and the client never hears of it.
                return Ok(());
            }
            b"250 taken\r\n"
        } else if upper == "QUIT" {
            write.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else if upper == "RSET" || upper == "NOOP" {
            b"250 ok\r\n"
        } else {
            b"502 not here\r\n"
        };
        write.write_all(answer).await?;
    }
    Ok(())
}

fn address(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or(String::new(), |(address, _)| address.into())
}

fn take(shared: &Shared, from: &str, to: &[String], mail: &[u8]) -> std::io::Result<()> {
    let id = shared.world().id();
    std::fs::write(shared.dir.join("mail").join(format!("{id}.eml")), mail)?;
    let text = String::from_utf8_lossy(mail);
    let subject = text
        .lines()
        .find_map(|line| line.strip_prefix("Subject: "))
        .unwrap_or_default()
        .to_owned();
    let private = !to.iter().any(|address| shared.lists.contains(address));
    shared.record(
        private,
        "mail",
        from,
        json!({ "to": to, "subject": subject, "file": format!("{id}.eml") }),
    );
    Ok(())
}
