//! Lines that tell whose a file is, and since when: projects raise the years beside what a fix does.

/// Longer lines, in bytes, say more: whole programs stand in one behind their copyright.
const LONGEST: usize = 200;

/// Whether a line says since when whose a file is.
pub(crate) fn tells_copyright(line: &[u8]) -> bool {
    const WORD: &[u8] = b"copyright";
    let is_word = |start: usize| {
        line[start..]
            .get(..WORD.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(WORD))
    };
    let word = memchr::memchr2_iter(b'c', b'C', line).find(|start| is_word(*start));
    let year =
        |digits: &[u8]| matches!(digits, [b'1', b'9', ..] | [b'2', b'0', ..]) && digits.iter().all(u8::is_ascii_digit);
    line.len() <= LONGEST && word.is_some_and(|start| line[start..].windows(4).any(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_years_of_a_copyright_change_nothing_that_runs() {
        for (line, told) in [
            ("*Copyright(C)2018-2021Somebody<a@example.org>", true),
            ("#(c)COPYRIGHT1999", true),
            ("show(copyright(2));", false),
            ("show_copyright(year);", false),
            ("copy(2021);", false),
            ("from=2021;copyright();", false),
            ("copyrigh", false),
        ] {
            assert_eq!(tells_copyright(line.as_bytes()), told, "{line}");
        }
        let program = format!("/*Copyright2021*/{}", "run();".repeat(40));
        assert!(!tells_copyright(program.as_bytes()));
    }
}
