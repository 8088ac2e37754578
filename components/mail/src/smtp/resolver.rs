//! Finding the server by its name: a question or two to a DNS resolver, over TCP (RFC 1035, RFC 7766).
//!
//! Spin looks no names up for components. The resolver is one that operators name by its address. It is
//! not believed more than it must be: a server that TLS does not find to be the one of that name gets
//! no letter.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::wire::Wire;

/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// How many records of an answer are looked at.
const RECORDS: u16 = 100;
/// A record's type: an IPv4 address.
const A: u16 = 1;
/// A record's type: an IPv6 address (RFC 3596).
const AAAA: u16 = 28;
/// A record's class: the Internet.
const IN: u16 = 1;

/// Reads the variable `smtp_resolver`. Its default is no address, and gives `None`.
pub(crate) fn parse(text: &str) -> Option<SocketAddr> {
    text.trim().parse().ok()
}

/// Asks the resolver behind `wire` for an address of `name`: for one of IPv4, and if there is not any, for one
/// of IPv6.
///
/// # Errors
/// Why the resolver tells no address.
pub(crate) async fn ask(wire: &mut impl Wire, name: &str, id: u16) -> Result<IpAddr, String> {
    let mut unread = Vec::new();
    for (id, kind) in [(id, A), (id.wrapping_add(1), AAAA)] {
        wire.send(&question(name, id, kind)?).await?;
        let body = receive(wire, &mut unread).await?;
        if let Some(address) = read(&body, id, kind) {
            return Ok(address);
        }
    }
    Err(format!("the resolver knows no address of {name}"))
}

/// Waits for a whole answer, and leaves in `unread` what comes after it.
async fn receive(wire: &mut impl Wire, unread: &mut Vec<u8>) -> Result<Vec<u8>, String> {
    loop {
        if let Some((length, body)) = unread.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            if length > LONGEST {
                return Err("the resolver's answer is too long".to_owned());
            }
            if let Some(body) = body.get(..length) {
                let body = body.to_vec();
                unread.drain(..length + 2);
                return Ok(body);
            }
        }
        unread.extend(wire.receive().await?);
    }
}

/// Writes a question for records `kind` of `name`, with its length before it.
fn question(name: &str, id: u16, kind: u16) -> Result<Vec<u8>, String> {
    let mut body = Vec::with_capacity(name.len() + 18);
    // One question, and the wish that the resolver asks others.
    for number in [id, 0x0100, 1, 0, 0, 0] {
        body.extend(number.to_be_bytes());
    }
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length));
        body.push(length.ok_or("the server's name is not one of the Internet")?);
        body.extend(label.as_bytes());
    }
    body.push(0);
    body.extend(kind.to_be_bytes());
    body.extend(IN.to_be_bytes());
    let length = u16::try_from(body.len()).map_err(|_| "the server's name is too long")?;
    Ok([&length.to_be_bytes()[..], &body].concat())
}

/// Reads the first address of the type `kind` in an answer to the question `id`.
fn read(body: &[u8], id: u16, kind: u16) -> Option<IpAddr> {
    let mut rest = body;
    let [known, flags, questions, answers, _, _] = [(); 6].map(|()| number(&mut rest));
    // An answer, without an error.
    let is_good = known? == id && flags? & 0x800f == 0x8000;
    if !is_good {
        return None;
    }
    for _ in 0..questions?.min(RECORDS) {
        skip_name(&mut rest)?;
        take(&mut rest, 4)?;
    }
    for _ in 0..answers?.min(RECORDS) {
        skip_name(&mut rest)?;
        let (found, class) = (number(&mut rest)?, number(&mut rest)?);
        take(&mut rest, 4)?;
        let length = usize::from(number(&mut rest)?);
        let data = take(&mut rest, length)?;
        if (found, class) == (kind, IN) {
            return address(data);
        }
    }
    None
}

/// Reads an address by its length: four bytes or sixteen.
fn address(data: &[u8]) -> Option<IpAddr> {
    let ip = <[u8; 4]>::try_from(data).map(Ipv4Addr::from).map(IpAddr::from);
    ip.or_else(|_| <[u8; 16]>::try_from(data).map(Ipv6Addr::from).map(IpAddr::from)).ok()
}

/// Skips a name, which may end in a pointer to another.
fn skip_name(rest: &mut &[u8]) -> Option<()> {
    loop {
        match *take(rest, 1)? {
            [0] => return Some(()),
            [length] if length < 64 => {
                take(rest, usize::from(length))?;
            }
            [pointer] if pointer >= 0xc0 => return take(rest, 1).map(drop),
            _ => return None,
        }
    }
}

fn number(rest: &mut &[u8]) -> Option<u16> {
    take(rest, 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use futures::FutureExt as _;

    use super::*;

    /// What resolvers answer: a question, an alias, an address.
    fn answer(id: u16, flags: u16) -> Vec<u8> {
        let mut body = Vec::new();
        for number in [id, flags, 1, 2, 0, 0] {
            body.extend(number.to_be_bytes());
        }
        body.extend(b"\x04mail\x07example\x03com\x00\x00\x01\x00\x01");
        body.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x0c");
        body.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x07");
        body
    }

    struct Resolver(Vec<Vec<u8>>, Vec<u8>);

    impl Wire for Resolver {
        async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
            self.1.extend(bytes);
            Ok(())
        }

        async fn receive(&mut self) -> Result<Vec<u8>, String> {
            if self.0.is_empty() { Err("closed".to_owned()) } else { Ok(self.0.remove(0)) }
        }

        async fn encrypt(&mut self, _: &str) -> Result<(), String> {
            Err("a resolver is not encrypted".to_owned())
        }
    }

    #[test]
    fn a_name_is_asked_for_and_its_address_read() {
        let body = answer(7, 0x8180);
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        let pieces = [&length[..1], &[length[1]], &body[..9], &body[9..]].map(<[u8]>::to_vec);
        let mut resolver = Resolver(pieces.to_vec(), Vec::new());
        let found = ask(&mut resolver, "mail.example.com", 7).now_or_never().unwrap();
        assert_eq!(found.unwrap().to_string(), "203.0.113.7");
        let asked = b"\x00\x22\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\
            \x04mail\x07example\x03com\x00\x00\x01\x00\x01";
        assert_eq!(resolver.1, asked);
    }

    #[test]
    fn what_is_no_answer_gives_no_address() {
        let good = answer(7, 0x8180);
        assert!(read(&good, 7, A).is_some());
        assert_eq!(read(&good, 7, AAAA), None, "of another type");
        assert_eq!(read(&good, 8, A), None, "of another question");
        assert_eq!(read(&answer(7, 0x0180), 7, A), None, "a question");
        assert_eq!(read(&answer(7, 0x8183), 7, A), None, "no such name");
        for length in 0..good.len() {
            assert_eq!(read(&good[..length], 7, A), None, "{length} bytes");
        }
        for name in ["", "a..b", &"a".repeat(64)] {
            assert!(question(name, 7, A).is_err(), "{name}");
        }
    }

    /// An answer as it comes: with its length before it.
    fn sent(body: &[u8]) -> Vec<u8> {
        [&u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
    }

    /// No address of IPv4, and one of IPv6.
    fn of_ipv6() -> [Vec<u8>; 2] {
        let head = |id: u16, answers: u16| {
            let numbers = [id, 0x8180, 1, answers, 0, 0];
            numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>()
        };
        let name = b"\x04mail\x07example\x03com\x00";
        let none = [&head(7, 0)[..], name, b"\x00\x01\x00\x01"].concat();
        let found = b"\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10";
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).octets();
        let one = [&head(8, 1)[..], name, b"\x00\x1c\x00\x01", found, &address].concat();
        [none, one]
    }

    #[test]
    fn a_name_without_an_ipv4_address_may_have_one_of_ipv6() {
        let [none, one] = of_ipv6().map(|body| sent(&body));
        // One after the other, and both at once.
        for pieces in [vec![none.clone(), one.clone()], vec![[none, one].concat()]] {
            let mut resolver = Resolver(pieces, Vec::new());
            let found = ask(&mut resolver, "mail.example.com", 7).now_or_never().unwrap();
            assert_eq!(found.unwrap().to_string(), "2001:db8::1");
            let asked = resolver.1;
            assert!(asked.ends_with(b"\x03com\x00\x00\x1c\x00\x01"), "{asked:?}");
        }
        let [none, _] = of_ipv6();
        let mut second = none.clone();
        second[1] = 8;
        let mut resolver = Resolver(vec![sent(&none), sent(&second)], Vec::new());
        let found = ask(&mut resolver, "mail.example.com", 7).now_or_never().unwrap();
        assert!(found.unwrap_err().contains("knows no address"));
    }

    #[test]
    fn only_an_address_is_a_resolver() {
        assert!(parse("10.96.0.10:53").is_some());
        assert!(parse("resolver.invalid:53").is_none());
    }
}
