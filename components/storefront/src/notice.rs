//! What is said once, on the page that follows a redirect.
//!
//! A short-lived cookie holds a word of a fixed list: nobody can make the shop say anything else,
//! and no address carries it on.

use std::time::Duration;

use boxoffice_web::state::{self, Tone};
use http::header::{HeaderMap, HeaderValue};

use crate::cookie;

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
    /// A buyer has given tickets back.
    GivenBack,
    /// A ticket's guest was named.
    Named,
    /// A link was made by which somebody accepts a ticket.
    Offered,
    /// A ticket was taken back before somebody accepted it.
    TakenBack,
    /// Somebody else's ticket was accepted.
    Accepted,
    /// A ticket was put on sale.
    OnSale,
    /// A ticket was taken off sale.
    OffSale,
    /// An entry at a door was undone.
    Undone,
    /// A link for a door's staff was made.
    LinkMade,
    /// A link for a door's staff was ended.
    LinkEnded,
    /// Sessions of one's own were ended.
    SessionsEnded,
    /// A sign-in provider was unlinked.
    Unlinked,
    /// An address was proven.
    Verified,
    /// A letter was asked for.
    LetterAsked,
    /// A password was changed.
    PasswordChanged,
    /// A password was chosen by the link of a letter.
    PasswordReset,
    /// A letter was asked for by which one chooses a password.
    PasswordAsked,
    /// A letter to a new address was asked for.
    AddressAsked,
    /// The account has another address.
    AddressChanged,
    /// The account has its old address back.
    AddressRestored,
    /// A file with one's data was asked for.
    DataAsked,
    /// An account was deleted.
    AccountDeleted,
    /// Somebody chose which letters they get.
    LettersChosen,
    /// A letter will come before a hold ends.
    Reminding,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was renamed.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// An authenticator app was added.
    AppAdded,
    /// An authenticator app was removed.
    AppRemoved,
}

impl Notice {
    const ALL: [Self; 37] = [
        Self::SignedUp,
        Self::SignedOut,
        Self::Listed,
        Self::Saved,
        Self::Withdrawn,
        Self::Cancelled,
        Self::Refunded,
        Self::Refunding,
        Self::GivenBack,
        Self::Named,
        Self::Offered,
        Self::TakenBack,
        Self::Accepted,
        Self::OnSale,
        Self::OffSale,
        Self::Undone,
        Self::LinkMade,
        Self::LinkEnded,
        Self::SessionsEnded,
        Self::Unlinked,
        Self::Verified,
        Self::LetterAsked,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::PasswordAsked,
        Self::AddressAsked,
        Self::AddressChanged,
        Self::AddressRestored,
        Self::DataAsked,
        Self::AccountDeleted,
        Self::LettersChosen,
        Self::Reminding,
        Self::PasskeyAdded,
        Self::PasskeyRenamed,
        Self::PasskeyRemoved,
        Self::AppAdded,
        Self::AppRemoved,
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
            Self::GivenBack => "given-back",
            Self::Named => "named",
            Self::Offered => "offered",
            Self::TakenBack => "taken-back",
            Self::Accepted => "accepted",
            Self::OnSale => "on-sale",
            Self::OffSale => "off-sale",
            Self::Undone => "undone",
            Self::LinkMade => "link-made",
            Self::LinkEnded => "link-ended",
            Self::SessionsEnded => "sessions-ended",
            Self::Unlinked => "unlinked",
            Self::Verified => "verified",
            Self::LetterAsked => "letter-asked",
            Self::PasswordChanged => "password-changed",
            Self::PasswordReset => "password-reset",
            Self::PasswordAsked => "password-asked",
            Self::AddressAsked => "address-asked",
            Self::AddressChanged => "address-changed",
            Self::AddressRestored => "address-restored",
            Self::DataAsked => "data-asked",
            Self::AccountDeleted => "account-deleted",
            Self::LettersChosen => "letters-chosen",
            Self::Reminding => "reminding",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRenamed => "passkey-renamed",
            Self::PasskeyRemoved => "passkey-removed",
            Self::AppAdded => "app-added",
            Self::AppRemoved => "app-removed",
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
            Self::GivenBack => "Your money is on its way back. You have it in 5 to 10 days.",
            Self::Named => "The name is saved.",
            Self::Offered => "The link is ready. Send it to the person who gets the ticket.",
            Self::TakenBack => "The ticket is yours alone again. The link no longer works.",
            Self::Accepted => "The ticket is yours. Show its code at the door.",
            Self::OnSale => "Your ticket is on sale.",
            Self::OffSale => "Your ticket is off sale. Its code lets you in again.",
            Self::Undone => "The entry is undone. The ticket lets one person in again.",
            Self::LinkMade => "The link is ready. Send it to your staff.",
            Self::LinkEnded => "The link is ended. It lets nobody in any more.",
            Self::SessionsEnded => "You are signed out there.",
            Self::Unlinked => "It can no longer sign you in.",
            Self::Verified => "Your e-mail address is verified.",
            Self::LetterAsked => "Another e-mail is on its way.",
            Self::PasswordChanged => "Your password is changed. Other devices are signed out.",
            Self::DataAsked => "We are making the file. You get an e-mail when it is ready.",
            Self::AccountDeleted => "Your account is deleted. Goodbye.",
            Self::LettersChosen => "Your choice of e-mails is saved.",
            Self::Reminding => "We will e-mail you 3 minutes before your hold ends.",
            Self::PasswordReset => {
                "Your password is changed. You are signed in here, and nowhere else."
            }
            Self::PasswordAsked => {
                "An e-mail is on its way. By its link you choose a password, within half an hour."
            }
            Self::AddressAsked => {
                "An e-mail is on its way to the new address. Type its code here, or follow its link."
            }
            Self::AddressChanged => "Your e-mail address is changed.",
            Self::AddressRestored => {
                "Your address is back, and everybody is signed out. Choose a new password now."
            }
            Self::PasskeyAdded => "The passkey is added. It signs you in from now on.",
            Self::PasskeyRenamed => "The passkey has its new name.",
            Self::PasskeyRemoved => "The passkey is removed.",
            Self::AppAdded => "The app is set up. You need its code to sign in.",
            Self::AppRemoved => "The app is removed.",
        };
        state::Notice { tone: Tone::Good, text: text.to_owned() }
    }

    /// The notice that a request's cookies bring.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let word = cookie::read(headers, NAME)?;
        Self::ALL.into_iter().find(|notice| notice.word() == word)
    }

    /// The value of `Set-Cookie` that has it said on the next page.
    pub(crate) async fn cookie(self) -> anyhow::Result<HeaderValue> {
        cookie::set(NAME, self.word(), "/", LIFE).await
    }

    /// The value of `Set-Cookie` by which it is not said again.
    pub(crate) async fn forget() -> anyhow::Result<HeaderValue> {
        cookie::set(NAME, "", "/", Duration::ZERO).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use http::header::COOKIE;

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
