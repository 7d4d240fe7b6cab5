//! The line `(cherry picked from commit ID)` that git's `cherry-pick -x` writes, in messages as bytes: they need not be
//! UTF-8.

use embargod_core::CommitId;

const BEGIN: &[u8] = b"(cherry picked from commit ";
const END: &[u8] = b")";

/// The commits that a message says it was picked from, first to last.
pub(crate) fn origins(message: &[u8]) -> Vec<CommitId> {
    lines(message).filter_map(origin).collect()
}

/// The message with the origin that is now the right one: an old origin is replaced where it stands, and where there is
/// none a line is added as `cherry-pick -x` does.
pub(crate) fn with_origin(message: &[u8], old: Option<&CommitId>, new: &CommitId) -> Vec<u8> {
    let line = [BEGIN, new.as_str().as_bytes(), END].concat();
    if let Some(old) = old.filter(|old| origins(message).contains(old)) {
        let mut renewed = Vec::with_capacity(message.len());
        for part in message.split_inclusive(|byte| *byte == b'\n') {
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            if origin(text).as_ref() == Some(old) {
                renewed.extend(&line);
                renewed.extend(&part[text.len()..]);
            } else {
                renewed.extend(part);
            }
        }
        return renewed;
    }
    let mut text = message.trim_ascii_end().to_vec();
    let ends_in_trailers =
        text.split(|byte| *byte == b'\n').next_back().is_some_and(is_trailer) && text.contains(&b'\n');
    text.extend_from_slice(if ends_in_trailers { b"\n" } else { b"\n\n" });
    text.extend(line);
    text.push(b'\n');
    text
}

/// The message without the lines that name an origin, and without white space at its end: what its author wrote.
pub(crate) fn without_origins(message: &[u8]) -> Vec<u8> {
    let kept: Vec<_> = lines(message).filter(|line| origin(line).is_none()).collect();
    kept.join(&b'\n').trim_ascii_end().to_vec()
}

fn lines(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    message.split(|byte| *byte == b'\n')
}

fn origin(line: &[u8]) -> Option<CommitId> {
    let id = line.trim_ascii().strip_prefix(BEGIN)?.strip_suffix(END)?;
    std::str::from_utf8(id).ok()?.parse().ok()
}

/// `Signed-off-by: …` and the like: a token without spaces, a colon, and a value.
fn is_trailer(line: &[u8]) -> bool {
    let token = line
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count();
    origin(line).is_some() || (token > 0 && line[token..].starts_with(b": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> CommitId {
        digit.to_string().repeat(40).parse().expect("valid")
    }

    fn picked(message: &str, old: Option<char>, new: char) -> String {
        let message = with_origin(message.as_bytes(), old.map(id).as_ref(), &id(new));
        String::from_utf8(message)
            .expect("UTF-8")
            .replace(id(new).as_str(), "NEW")
    }

    #[test]
    fn a_line_is_added_as_git_does() {
        for (message, wanted) in [
            ("subject\n", "subject\n\n(cherry picked from commit NEW)\n"),
            ("fix: subject\n", "fix: subject\n\n(cherry picked from commit NEW)\n"),
            ("s\n\nbody\n", "s\n\nbody\n\n(cherry picked from commit NEW)\n"),
            (
                "s\n\nSigned-off-by: A <a@b>\n\n",
                "s\n\nSigned-off-by: A <a@b>\n(cherry picked from commit NEW)\n",
            ),
        ] {
            assert_eq!(picked(message, None, 'b'), wanted, "{message:?}");
        }
    }

    #[test]
    fn an_old_origin_is_renewed_in_its_place() {
        let message = format!("s\n\n(cherry picked from commit {})\nSigned-off-by: A <a@b>\n", id('a'));
        let wanted = "s\n\n(cherry picked from commit NEW)\nSigned-off-by: A <a@b>\n";
        assert_eq!(picked(&message, Some('a'), 'b'), wanted);
    }

    #[test]
    fn what_the_author_wrote_has_no_origins_and_need_not_be_text() {
        let message = with_origin(b"s\xff\n\nSigned-off-by: A <a@b>\n", None, &id('a'));
        assert_eq!(origins(&message), [id('a')]);
        assert_eq!(without_origins(&message), b"s\xff\n\nSigned-off-by: A <a@b>");
        assert_eq!(without_origins(&with_origin(b"subject\n", None, &id('a'))), b"subject");
        assert!(origins(b"(cherry picked from commit abc)").is_empty());
    }
}
