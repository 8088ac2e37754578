use futures::FutureExt;

use crate::sources::mail::smtp::resolver::{ask, parse};
use crate::sources::mail::smtp::wire::Wire;

/// A resolver that says what it was told to say, in pieces of one length, whatever it is asked.
struct Said<'a> {
    left: &'a [u8],
    piece: usize,
}

impl Wire for Said<'_> {
    async fn send(&mut self, _: &[u8]) -> Result<(), String> {
        Ok(())
    }

    async fn receive(&mut self) -> Result<Vec<u8>, String> {
        let (piece, left) = self.left.split_at(self.piece.min(self.left.len()));
        self.left = left;
        if piece.is_empty() { Err("closed".to_owned()) } else { Ok(piece.to_vec()) }
    }

    async fn encrypt(&mut self, _: &str) -> Result<(), String> {
        Err("a resolver is not encrypted".to_owned())
    }
}

/// Reads what a resolver answers to the question 0x3031, which is `01` in ASCII.
///
/// It gives an address or a reason, and the same however the answer is cut. What is too long is not waited
/// for. A text is a resolver's address or none.
pub fn resolver(data: &[u8]) {
    let answers = [1, 7, data.len().max(1)].map(|piece| {
        let mut said = Said { left: data, piece };
        let answer = ask(&mut said, "mail.example.com", 0x3031).now_or_never();
        answer.expect("a resolver that answers at once")
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    if let Err(why) = &answers[0] {
        assert!(!why.is_empty());
    }
    if let Ok(text) = str::from_utf8(data)
        && let Some(address) = parse(text)
    {
        assert_eq!(parse(&address.to_string()), Some(address));
    }
}
