//! `mail`: the letters, and what it asks of the services that know what they say.
//!
//! An event brings a letter about and tells no address, no code and no link. `mail` asks the owner for
//! those when it sends the letter. It asks by a sibling call: only services can make one.
//!
//! Its own API is about which letters somebody wants, and about those that came back.

use serde::{Deserialize, Serialize};

use crate::admissions::AdmittedEvent;
use crate::orders::OrderStatus;
use crate::{AdmissionId, LetterId, OrderId, TicketId, Timestamp, TransferId, UserId, Word};

/// The path at `auth` that answers [`AskAddressee`] with an [`Addressee`].
pub const ADDRESSEES: &str = "/api/users/letters";
/// The path at `admissions` that answers [`AskTransfer`] with [`TransferFacts`].
pub const TRANSFERS: &str = "/api/admissions/letters";
/// The path at `admissions` that answers [`AskHolders`] with [`Holders`].
pub const HOLDERS: &str = "/api/admissions/holders";
/// The path at `orders` that answers [`AskOrder`] with [`OrderFacts`].
pub const ORDERS: &str = "/api/orders/letters";

/// The path at `admissions` that answers [`AskHeld`] with [`HeldOf`].
pub const HELD: &str = "/api/admissions/held";
/// The path at `admissions` that answers [`AskTickets`] with [`Tickets`].
pub const TICKETS: &str = "/api/admissions/files";

/// The most holders that one answer names.
pub const HOLDERS_PER_PAGE: i64 = 500;

/// The problem's code if a call is not proven to be a service's (403).
pub const NOT_A_SIBLING: &str = "not_a_sibling";
/// The problem's code if no account has the id (404).
pub const NO_SUCH_ACCOUNT: &str = "no_such_account";
/// The problem's code if the letter must not be sent any more (410).
pub const LETTER_VOID: &str = "letter_void";

names! {
    /// A letter about an account, which `auth` asks for.
    pub enum AccountLetter {
        /// Asks the owner to prove that the address is theirs.
        VerifyAddress = "verify_address",
        /// Lets the owner choose a new password.
        ResetPassword = "reset_password",
        /// Says that the password was changed.
        PasswordChanged = "password_changed",
        /// Says that somebody signed in on a device that was not used before.
        NewDevice = "new_device",
        /// Lets the owner sign in without a password.
        SignIn = "sign_in",
        /// Asks a new address to confirm that an account gets it.
        ConfirmAddress = "confirm_address",
        /// Tells the old address that the account has another one, with a way back.
        AddressChanged = "address_changed",
        /// Says that the file with everything about the account can be downloaded.
        ExportReady = "export_ready",
        /// Says that the account is deleted.
        AccountDeleted = "account_deleted",
        /// Says that a second factor was added or removed.
        FactorsChanged = "factors_changed",
    }
}

names! {
    /// Letters that people can do without, by what they are about.
    pub enum Category {
        /// Somebody bought one's tickets.
        Sales = "sales",
        /// A hold is about to end.
        Reminders = "reminders",
    }

    /// Why letters that one can do without no longer go to an address.
    pub enum Trouble {
        /// A letter came back for good.
        Bounce = "bounce",
        /// A reader said that a letter is unwanted.
        Complaint = "complaint",
    }
}

/// Which letters somebody wants. What is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(example = json!({"sales": false, "reminders": true})))]
pub struct NewPreferences {
    /// Whether to write that somebody bought one's tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sales: Option<bool>,
    /// Whether to write that a hold is about to end, if one asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminders: Option<bool>,
}

impl NewPreferences {
    /// Returns what is said of `category`, if anything is.
    #[must_use]
    pub const fn wants(&self, category: Category) -> Option<bool> {
        match category {
            Category::Sales => self.sales,
            Category::Reminders => self.reminders,
        }
    }
}

/// Which letters somebody gets. All others are sent to everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preferences {
    /// Whether they get letters about tickets that they sold.
    pub sales: bool,
    /// Whether they get the letters about ending holds that they ask for.
    pub reminders: bool,
    /// Why none of these is sent at present, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Trouble>))]
    pub trouble: Option<Word<Trouble>>,
}

/// What became of a letter after the mail server had taken it. One of the two ids names the letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "messageId": "<01980f3c-0000-7000-8000-000000000001@tickets.example.com>",
    "kind": "bounce",
    "permanent": true,
    "reason": "550 5.1.1 no such user"
})))]
pub struct Bounce {
    /// The letter's `Message-ID`, with angle brackets or without.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 500))]
    pub message_id: Option<String>,
    /// The letter's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub letter_id: Option<LetterId>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Trouble>,
    /// Whether it would happen again. A complaint counts either way.
    pub permanent: bool,
    /// What the other mail server said. Addresses in it are not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 2000))]
    pub reason: Option<String>,
}

impl Bounce {
    /// Returns the letter that it is about: a `Message-ID` begins with its id.
    #[must_use]
    pub fn letter(&self) -> Option<LetterId> {
        let of_message = || {
            let id = self.message_id.as_deref()?.trim().trim_start_matches('<');
            id.split_once('@')?.0.parse().ok()
        };
        self.letter_id.or_else(of_message)
    }
}

/// Asks `auth` for the address of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskAddressee {
    /// The account.
    pub user_id: UserId,
    /// The letter of a `letter:asked`; left out for any other letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter_id: Option<LetterId>,
}

// Without `Debug`: a log must not have the address, nor the code.
/// Where a letter goes, and what only its reader may know.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addressee {
    /// The address.
    pub email: String,
    /// The language that the owner last asked for, such as `de-AT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Whether the address is proven; left out if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// What proves that the reader has the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// What the letter tells the owner of their account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// The token of a link that signs in to an account without a password: see [`opening`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
}

/// Returns the path of the page where one signs in by a link with `token`, and goes on to `next`.
#[must_use]
pub fn opening(token: &str, next: Option<&str>) -> String {
    going_on("/sign-in/link", token, next)
}

/// Returns the path of the page where one chooses a password by a link with `token`, and goes on to `next`.
#[must_use]
pub fn resetting(token: &str, next: Option<&str>) -> String {
    going_on("/reset", token, next)
}

fn going_on(page: &str, token: &str, next: Option<&str>) -> String {
    let mut path = format!("{page}?token={token}");
    if let Some(next) = next.filter(|next| *next != "/") {
        path.push_str("&next=");
        for byte in next.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    path.push(char::from(byte));
                }
                byte => path.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    path
}

// Without `Debug`, as above.
/// What proves that somebody has read a letter: a code to type, or the token of a link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Six digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The token of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The path that the link goes on to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What happened to an account, from where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What the browser said of itself (`User-Agent`); left out if it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The address that the request came from, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// When it happened.
    pub at: Timestamp,
}

/// Asks `admissions` what the letter of a transfer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskTransfer {
    /// The transfer.
    pub transfer_id: TransferId,
}

// Without `Debug`: a log must not have the address, nor the link.
/// What the letter of a transfer says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferFacts {
    /// The address that the holder gave.
    pub email: String,
    /// The path of the page where it is accepted, with its token.
    pub link: String,
    /// The admission.
    pub admission_id: AdmissionId,
    /// The listing, which is the event.
    pub ticket_id: TicketId,
    /// Who hands it on; `auth` knows their address.
    pub holder_id: UserId,
    /// What it is for.
    pub event: AdmittedEvent,
    /// When it can no longer be accepted.
    pub expires_at: Timestamp,
}

/// Asks `admissions` who holds valid admissions of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskHolders {
    /// The event's listing.
    pub ticket_id: TicketId,
    /// The `next` of the page before; left out for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<UserId>,
}

/// A page of an event's holders, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holders {
    /// The accounts, in the order of their ids.
    pub holders: Vec<UserId>,
    /// What the next page comes after; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// Asks `admissions` what one account holds of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskHeld {
    /// The event's listing.
    pub ticket_id: TicketId,
    /// The account.
    pub holder_id: UserId,
}

/// What an account holds of an event: the entry of its calendar has the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HeldOf {
    /// Tickets that the account bought.
    Order(OrderId),
    /// A ticket that somebody gave it.
    Admission(AdmissionId),
    /// None that may still let somebody in.
    Nothing,
}

/// Asks `admissions` for the files of an order's tickets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskTickets {
    /// The order.
    pub order_id: OrderId,
    /// The account that the letter goes to. It gets no file of a ticket that is another's by now.
    pub holder_id: UserId,
    /// Its address, which stands on tickets that name no guest.
    pub email: String,
}

// Without `Debug`: a log must not have the codes.
/// The files of an order's tickets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tickets {
    /// Whether the order has tickets yet. They are made soon after it is complete.
    pub issued: bool,
    /// Whether their codes turn, so that no file can hold one.
    pub turning: bool,
    /// The files: all tickets as one PDF, then a pass for each.
    pub files: Vec<TicketFile>,
}

// Without `Debug`, as above.
/// A file of tickets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketFile {
    /// Its name, such as `tickets.pdf`.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What it holds, in base64.
    pub content: String,
}

/// Asks `orders` what a letter says of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskOrder {
    /// The order.
    pub order_id: OrderId,
}

/// What a letter says of an order, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderFacts {
    /// The order.
    pub id: OrderId,
    /// The listing.
    pub ticket_id: TicketId,
    /// Its status.
    pub status: Word<OrderStatus>,
    /// Who bought.
    pub buyer_id: UserId,
    /// Who sells; left out if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<UserId>,
    /// How many tickets.
    pub quantity: i64,
    /// What they cost together, in the currency's minor unit.
    pub amount: i64,
    /// What the buyer has back of it: 0, or all.
    pub refunded: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The listing's title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
    /// Grows when the seller changes the listing; left out until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// When its hold ends; left out by an older service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_an_older_service_does_not_say_is_left_out() {
        let json = r#"{"email":"ada@example.com"}"#;
        let addressee: Addressee = serde_json::from_str(json).unwrap();
        assert!(addressee.proof.is_none() && addressee.notice.is_none());
        assert_eq!(serde_json::to_string(&addressee).unwrap(), json);
        let last: Holders = serde_json::from_str(r#"{"holders":[]}"#).unwrap();
        assert_eq!(last, Holders { holders: vec![], next: None });
    }

    #[test]
    fn a_link_goes_on_to_a_page_with_its_query() {
        assert_eq!(opening("a-B_1", None), "/sign-in/link?token=a-B_1");
        assert_eq!(opening("a", Some("/")), "/sign-in/link?token=a");
        assert_eq!(
            opening("a", Some("/tickets/7/hold?quantity=2&x=%20")),
            "/sign-in/link?token=a&next=%2Ftickets%2F7%2Fhold%3Fquantity%3D2%26x%3D%2520"
        );
        assert_eq!(resetting("a", Some("/orders")), "/reset?token=a&next=%2Forders");
    }

    #[test]
    fn a_bounce_names_its_letter_by_either_id() {
        let id = LetterId::new();
        let of = |message_id: &str| {
            Bounce { message_id: Some(message_id.to_owned()), ..Bounce::default() }.letter()
        };
        for text in [format!("<{id}@shop.example>"), format!(" {id}@shop.example")] {
            assert_eq!(of(&text), Some(id), "{text}");
        }
        for odd in ["", "<>", "@", "1@shop.example", &id.to_string()] {
            assert_eq!(of(odd), None, "{odd}");
        }
        assert_eq!(Bounce { letter_id: Some(id), ..Bounce::default() }.letter(), Some(id));
    }

    #[test]
    fn a_question_is_written_as_its_owner_reads_it() {
        let ask = AskAddressee { user_id: UserId::nil(), letter_id: None };
        let json = serde_json::to_value(&ask).unwrap();
        assert_eq!(json, serde_json::json!({"userId": UserId::nil()}));
        assert_eq!(serde_json::from_value::<AskAddressee>(json).unwrap(), ask);
    }
}
