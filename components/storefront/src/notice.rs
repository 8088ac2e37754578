//! What is said once, on the page that follows a redirect.
//!
//! A short-lived cookie holds a word of a fixed list: nobody can make the shop say anything else,
//! and no address carries it on.

use std::time::Duration;

use boxoffice_kernel::config;
use boxoffice_web::state::{self, Tone};
use http::header::{COOKIE, HeaderMap, HeaderValue};

/// The cookie's name.
const NAME: &str = "notice";
/// A redirect that nobody followed within this time is forgotten.
const LIFE: Duration = Duration::from_secs(60);

/// Something that has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// An account was made.
    SignedUp,
    /// The session has ended.
    SignedOut,
    /// Tickets were listed.
    Listed,
    /// A listing was changed.
    Saved,
    /// A listing was taken off sale.
    Withdrawn,
    /// A hold was given up.
    Cancelled,
    /// A sale was refunded.
    Refunded,
    /// A sale is being refunded.
    Refunding,
}

impl Notice {
    const ALL: [Self; 8] = [
        Self::SignedUp,
        Self::SignedOut,
        Self::Listed,
        Self::Saved,
        Self::Withdrawn,
        Self::Cancelled,
        Self::Refunded,
        Self::Refunding,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::SignedUp => "signed-up",
            Self::SignedOut => "signed-out",
            Self::Listed => "listed",
            Self::Saved => "saved",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::Refunding => "refunding",
        }
    }

    /// What is said.
    pub(crate) fn say(self) -> state::Notice {
        let text = match self {
            Self::SignedUp => "Welcome to Boxoffice. You are signed in.",
            Self::SignedOut => "You are signed out.",
            Self::Listed => "Your tickets are on sale.",
            Self::Saved => "Your changes are saved.",
            Self::Withdrawn => "Your listing is off sale.",
            Self::Cancelled => "Your hold is cancelled. You were not charged.",
            Self::Refunded => "Refunded. The buyer has the money back in 5 to 10 days.",
            Self::Refunding => "The refund is on its way. There is nothing more for you to do.",
        };
        state::Notice { tone: Tone::Good, text: text.to_owned() }
    }

    /// The notice that a request's cookies bring.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let word = cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, word)| (name == NAME).then_some(word))?;
        Self::ALL.into_iter().find(|notice| notice.word() == word)
    }

    /// The value of `Set-Cookie` that has it said on the next page.
    pub(crate) async fn cookie(self) -> anyhow::Result<HeaderValue> {
        cookie(self.word(), LIFE).await
    }

    /// The value of `Set-Cookie` by which it is not said again.
    pub(crate) async fn forget() -> anyhow::Result<HeaderValue> {
        cookie("", Duration::ZERO).await
    }
}

async fn cookie(word: &str, life: Duration) -> anyhow::Result<HeaderValue> {
    let https = config::variable("public_url").await?.starts_with("https://");
    let secure = if https { "; Secure" } else { "" };
    let life = life.as_secs();
    let cookie = format!("{NAME}={word}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}");
    Ok(HeaderValue::try_from(cookie)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn only_words_of_the_list_are_said() {
        let read = |cookies: &str| {
            Notice::read(&HeaderMap::from_iter([(COOKIE, cookies.parse().unwrap())]))
        };
        assert_eq!(read("session=a.b; notice=listed"), Some(Notice::Listed));
        assert_eq!(read("notice=You won! Call 555"), None);
        assert_eq!(read("xnotice=listed"), None);
        for notice in Notice::ALL {
            assert_eq!(read(&format!("notice={}", notice.word())), Some(notice));
        }
    }
}
