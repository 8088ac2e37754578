//! What the server says: a code and lines of text (RFC 5321, 4.2).

/// The longest reply that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    /// Without the codes and line ends.
    pub(crate) lines: Vec<String>,
}

impl Reply {
    /// Takes a whole reply from the front of `buffer`; `None` until there is one.
    ///
    /// # Errors
    /// When this is not SMTP.
    pub(crate) fn take(buffer: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let (mut lines, mut start) = (Vec::new(), 0);
        while let Some(length) = buffer[start..].iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&buffer[start..start + length]);
            let line = line.trim_end_matches('\r');
            start += length + 1;
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code = code.filter(|code| (200..600).contains(code));
            let code = code.ok_or_else(|| format!("this is not SMTP: {}", shown(line)))?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            match line.as_bytes().get(3) {
                Some(b'-') => {}
                None | Some(b' ') => {
                    buffer.drain(..start);
                    return Ok(Some(Self { code, lines }));
                }
                Some(_) => return Err(format!("this is not SMTP: {}", shown(line))),
            }
        }
        if buffer.len() > LIMIT {
            return Err("the server's reply does not end".to_owned());
        }
        Ok(None)
    }

    /// Whether the server does what it was asked, or waits for more of it.
    pub(crate) const fn is_positive(&self) -> bool {
        self.code < 400
    }

    /// Whether asking again may help.
    pub(crate) const fn is_transient(&self) -> bool {
        matches!(self.code, 400..500)
    }
}

impl std::fmt::Display for Reply {
    /// In one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, shown(&self.lines.join(" ")))
    }
}

/// What a server can do, as it answers `EHLO` (RFC 5321, 4.1.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extensions(Vec<String>);

impl Extensions {
    /// Reads the answer to `EHLO`. Its first line is the server's name, whatever it says.
    pub(crate) fn of(answer: &Reply) -> Self {
        Self(answer.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect())
    }

    /// Tells whether the server has the extension of this name, in capitals.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|line| line.split(' ').next() == Some(name))
    }

    /// Tells whether one may log in by this mechanism, in capitals. Old servers write `AUTH=`.
    pub(crate) fn logs_in_by(&self, mechanism: &str) -> bool {
        let mechanisms = self.0.iter().find_map(|line| line.strip_prefix("AUTH"));
        mechanisms.unwrap_or_default().split([' ', '=']).any(|known| known == mechanism)
    }
}

/// What a log may have of a stranger's text.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn take(text: &str) -> Result<Option<Reply>, String> {
        Reply::take(&mut text.as_bytes().to_vec())
    }

    #[test]
    fn a_reply_is_taken_when_its_last_line_is_there() {
        let mut buffer = b"250-one\r\n250-two\r\n250 last\r\n220 next".to_vec();
        let reply = Reply::take(&mut buffer).unwrap().unwrap();
        assert_eq!(reply.lines, ["one", "two", "last"]);
        assert_eq!(reply.to_string(), "250 one two last");
        assert_eq!(Reply::take(&mut buffer), Ok(None));
        assert_eq!(buffer, b"220 next");
        assert_eq!(take("221\r\n").unwrap().unwrap().lines, [""]);
    }

    #[test]
    fn what_is_not_smtp_is_refused() {
        for text in ["HTTP/1.1 400 Bad Request\r\n", "99 x\r\n", "250_x\r\n", "\r\n", "6ö0 x\r\n"]
        {
            assert!(take(text).is_err(), "{text}");
        }
        let endless = "250-x\r\n".repeat(LIMIT / 7 + 1);
        assert!(take(&endless).unwrap_err().contains("does not end"));
    }

    #[test]
    fn codes_tell_whether_to_ask_again() {
        let code = |code| Reply { code, lines: vec![] };
        assert!(code(354).is_positive() && !code(354).is_transient());
        assert!(code(451).is_transient() && !code(451).is_positive());
        assert!(!code(550).is_transient() && !code(550).is_positive());
    }
}
