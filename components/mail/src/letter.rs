//! Letters in the database.

use boxoffice_contract::UserId;
use boxoffice_contract::mail::{AccountLetter, Category};
use boxoffice_kernel::db::{self, FromValue, Query, Value};
use boxoffice_kernel::{Timestamp, query, row};
use uuid::Uuid;

/// How long a worker has for a letter that it has taken up, in seconds. It is stopped before.
pub(crate) const LEASE_SECONDS: i64 = 60;
/// The pauses after each attempt, in seconds; the last one repeats.
const PAUSES: [i64; 6] = [60, 120, 300, 900, 3_600, 4 * 3_600];
/// After this many attempts a letter is given up.
const MAX_ATTEMPTS: i64 = 20;
/// How much of an error or of a server's answer is kept, in characters.
const KEPT: usize = 500;

/// What a letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What `auth` asks for.
    Account(AccountLetter),
    /// To a buyer: the tickets are theirs.
    OrderConfirmed,
    /// To a seller: tickets were sold.
    TicketSold,
    /// To a buyer: the money comes back.
    OrderRefunded,
    /// To all holders, or to one: the event has another time or place.
    EventMoved,
    /// To whom a holder gives a ticket.
    TicketTransferred,
    /// To a buyer who asked for it: the time to pay is nearly up.
    HoldEnding,
}

impl Kind {
    /// The name in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Account(kind) => kind.name(),
            Self::OrderConfirmed => "order_confirmed",
            Self::TicketSold => "ticket_sold",
            Self::OrderRefunded => "order_refunded",
            Self::EventMoved => "event_moved",
            Self::TicketTransferred => "ticket_transferred",
            Self::HoldEnding => "hold_ending",
        }
    }

    /// What the letter is about, if people can do without it.
    pub(crate) const fn category(self) -> Option<Category> {
        match self {
            Self::TicketSold => Some(Category::Sales),
            Self::HoldEnding => Some(Category::Reminders),
            Self::Account(_)
            | Self::OrderConfirmed
            | Self::OrderRefunded
            | Self::EventMoved
            | Self::TicketTransferred => None,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        const OTHERS: [Kind; 6] = [
            Kind::OrderConfirmed,
            Kind::TicketSold,
            Kind::OrderRefunded,
            Kind::EventMoved,
            Kind::TicketTransferred,
            Kind::HoldEnding,
        ];
        let account = AccountLetter::from_name(name).map(Self::Account);
        account.or_else(|| OTHERS.into_iter().find(|kind| kind.name() == name))
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        kind.name().into()
    }
}

impl FromValue for Kind {
    fn from_value(value: &Value) -> Result<Self, String> {
        let name = String::from_value(value)?;
        Self::from_name(&name).ok_or_else(|| format!("{name:?} is not a kind of letter"))
    }
}

/// How a letter ended. Until then its status is `waiting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server has taken it.
    Sent,
    /// It cannot be delivered.
    GivenUp,
    /// It is no longer true or no longer wanted.
    Dropped,
}

impl End {
    const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
            Self::Dropped => "dropped",
        }
    }
}

row! {
    /// A letter that an event brings about.
    #[derive(Clone, Debug)]
    pub(crate) struct NewLetter in "mail_letters" {
        pub(crate) id: Uuid,
        pub(crate) key: String,
        pub(crate) kind: Kind,
        pub(crate) subject: Uuid,
        pub(crate) recipient: Option<UserId>,
        pub(crate) version: i64,
        pub(crate) status: String,
        pub(crate) attempts: i64,
        pub(crate) next_at: Timestamp,
        pub(crate) expires_at: Option<Timestamp>,
        pub(crate) created_at: Timestamp,
    }
}

impl NewLetter {
    /// Makes a letter about `subject`. `recipient` is left out where only its owner knows it.
    pub(crate) fn new(
        kind: Kind,
        subject: Uuid,
        version: i64,
        recipient: Option<UserId>,
        expires_at: Option<Timestamp>,
    ) -> Self {
        let now = Timestamp::now();
        // An event may be moved more than once; everything else happens to a subject once.
        let about = match kind {
            Kind::EventMoved => format!("{}:{subject}:{version}", kind.name()),
            _ => format!("{}:{subject}", kind.name()),
        };
        Self {
            id: Uuid::now_v7(),
            key: recipient.map_or_else(|| about.clone(), |user| format!("{about}:{user}")),
            kind,
            subject,
            recipient,
            version,
            status: "waiting".to_owned(),
            attempts: 0,
            next_at: now,
            expires_at,
            created_at: now,
        }
    }

    /// Puts the letter off until `at`, before which it would be too early.
    pub(crate) fn due_at(self, at: Timestamp) -> Self {
        Self { next_at: at, ..self }
    }

    /// Makes the statement that stores `letters` and returns the keys of those that are new.
    pub(crate) fn storing(letters: &[Self]) -> Query {
        const COLUMNS: &str = NewLetter::INSERTED;
        let values: Vec<Value> = letters.iter().flat_map(Self::values).collect();
        let rows = db::places(letters.len(), values.len() / letters.len().max(1));
        query!(
            "INSERT INTO mail_letters ({COLUMNS}) VALUES {rows} \
             ON CONFLICT (key) DO NOTHING RETURNING key"
        )
        .bind_all(values)
    }
}

row! {
    /// A letter that a worker has taken up.
    #[derive(Clone, Debug)]
    pub(crate) struct Letter {
        pub(crate) id: Uuid,
        pub(crate) kind: Kind,
        pub(crate) subject: Uuid,
        pub(crate) recipient: Option<UserId>,
        pub(crate) version: i64,
        /// This one included.
        pub(crate) attempts: i64,
        pub(crate) expires_at: Option<Timestamp>,
        pub(crate) reached: Option<UserId>,
        pub(crate) created_at: Timestamp,
    }
}

impl Letter {
    /// Whether nobody wants it any more at `now`.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at.as_millis() <= now.as_millis())
    }

    /// How long the letter waits after an attempt that failed, in seconds; `None` after the last.
    pub(crate) fn pause(&self) -> Option<i64> {
        if self.attempts >= MAX_ATTEMPTS {
            return None;
        }
        let index = usize::try_from(self.attempts - 1).unwrap_or(0);
        Some(PAUSES.get(index).copied().unwrap_or(PAUSES[PAUSES.len() - 1]))
    }
}

/// Finds out whether any letter is due at `now`.
pub(crate) fn any_due(now: Timestamp) -> Query {
    query!("SELECT id FROM mail_letters WHERE status = 'waiting' AND next_at <= ?1 LIMIT 1", now)
}

/// Takes up the `most` letters that have been due for longest. What another worker is taking up at this
/// moment is left to it.
pub(crate) fn taking_up(now: Timestamp, most: i64) -> Query {
    const COLUMNS: &str = Letter::COLUMNS;
    query!(
        "WITH due AS \
         (SELECT id FROM mail_letters WHERE status = 'waiting' AND next_at <= ?1 \
         ORDER BY next_at LIMIT ?3 FOR UPDATE SKIP LOCKED) \
         UPDATE mail_letters SET attempts = attempts + 1, next_at = ?2 \
         WHERE id IN (SELECT id FROM due) RETURNING {COLUMNS}",
        now,
        now.plus_seconds(LEASE_SECONDS),
        most
    )
}

/// Who got a letter, as far as that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    /// The account.
    pub(crate) account: Option<UserId>,
    /// What stands for the address ([`crate::suppressed::hash`]).
    pub(crate) address_hash: Option<String>,
}

/// Notes that the server has taken a letter. A worker that took it up after a lease ran out finds it
/// ended.
pub(crate) fn sending(id: Uuid, now: Timestamp, answer: &str, reader: Reader) -> Query {
    query!(
        "UPDATE mail_letters SET status = 'sent', server_answer = ?2, sent_at = ?3, \
         recipient = COALESCE(recipient, ?4), address_hash = ?5 \
         WHERE id = ?1 AND status = 'waiting'",
        id,
        kept(answer),
        now,
        reader.account,
        reader.address_hash
    )
}

/// Ends a letter. A worker that took it up after a lease ran out finds it ended.
pub(crate) fn ending(id: Uuid, end: End, now: Timestamp, said: &str) -> Query {
    let said = kept(said);
    let (error, answer, sent_at) = match end {
        End::Sent => (None, Some(said), Some(now)),
        End::GivenUp | End::Dropped => (Some(said), None, None),
    };
    query!(
        "UPDATE mail_letters SET status = ?2, last_error = COALESCE(?3, last_error), \
         server_answer = ?4, sent_at = ?5 WHERE id = ?1 AND status = 'waiting'",
        id,
        end.name(),
        error,
        answer,
        sent_at
    )
}

/// Puts a letter off until `at`, since this attempt failed.
pub(crate) fn putting_off(letter: &Letter, at: Timestamp, error: &str) -> Query {
    query!(
        "UPDATE mail_letters SET next_at = ?3, last_error = ?4 \
         WHERE id = ?1 AND attempts = ?2 AND status = 'waiting'",
        letter.id,
        letter.attempts,
        at,
        kept(error)
    )
}

/// Gives a letter back that was taken up and not tried, to be taken up again from `at` on. `error` says
/// why, if anything failed.
pub(crate) fn giving_back(letter: &Letter, at: Timestamp, error: Option<&str>) -> Query {
    query!(
        "UPDATE mail_letters SET attempts = attempts - 1, next_at = ?3, \
         last_error = COALESCE(?4, last_error) \
         WHERE id = ?1 AND attempts = ?2 AND status = 'waiting'",
        letter.id,
        letter.attempts,
        at,
        error.map(kept)
    )
}

/// Notes up to whom a letter for several has become letters of their own.
pub(crate) fn reaching(letter: &Letter, reached: UserId) -> Query {
    query!(
        "UPDATE mail_letters SET reached = ?2 WHERE id = ?1 AND status = 'waiting'",
        letter.id,
        reached
    )
}

/// Counts the letters that wait, and tells since when the oldest of them is due.
pub(crate) fn waiting() -> Query {
    query!(
        "SELECT COUNT(*) AS count, MIN(created_at) AS since FROM mail_letters \
         WHERE status = 'waiting'"
    )
}

/// Cuts what is kept of an error or an answer.
fn kept(text: &str) -> String {
    text.chars().take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn letter(attempts: i64) -> Letter {
        Letter {
            id: Uuid::nil(),
            kind: Kind::OrderConfirmed,
            subject: Uuid::nil(),
            recipient: None,
            version: 1,
            attempts,
            expires_at: Some(Timestamp::from_millis(7)),
            reached: None,
            created_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        let account = AccountLetter::ALL.iter().map(|kind| Kind::Account(*kind));
        let all = account.chain([Kind::OrderConfirmed, Kind::TicketSold, Kind::OrderRefunded]);
        for kind in all.chain([Kind::EventMoved, Kind::TicketTransferred, Kind::HoldEnding]) {
            assert_eq!(Kind::from_value(&Value::from(kind)).unwrap(), kind);
        }
        assert!(Kind::from_value(&Value::from("spam")).is_err());
    }

    #[test]
    fn pauses_grow_and_come_to_an_end() {
        let pauses: Vec<_> = (1..=7).map(|attempts| letter(attempts).pause().unwrap()).collect();
        assert_eq!(pauses, [60, 120, 300, 900, 3_600, 14_400, 14_400]);
        assert_eq!(letter(MAX_ATTEMPTS).pause(), None);
    }

    #[test]
    fn only_a_move_makes_another_letter_about_the_same() {
        let key = |kind, version| NewLetter::new(kind, Uuid::nil(), version, None, None).key;
        assert_eq!(key(Kind::OrderConfirmed, 1), key(Kind::OrderConfirmed, 2));
        assert_ne!(key(Kind::EventMoved, 1), key(Kind::EventMoved, 2));
        let of = |user| NewLetter::new(Kind::EventMoved, Uuid::nil(), 1, Some(user), None).key;
        assert_ne!(of(UserId::new()), of(UserId::new()));
    }

    #[test]
    fn a_letter_expires() {
        assert!(!letter(1).has_expired(Timestamp::from_millis(6)));
        assert!(letter(1).has_expired(Timestamp::from_millis(7)));
    }
}
