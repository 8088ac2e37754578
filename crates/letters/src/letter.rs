//! The letters, each with what it says.

use boxoffice_contract::{AdmissionId, OrderId, TicketId, Timestamp};

/// A letter to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    /// Asks a new account to prove its address.
    VerifyAddress(VerifyAddress),
    /// Lets somebody choose a new password.
    ResetPassword(ResetPassword),
    /// Tells that the password was changed.
    PasswordChanged(PasswordChanged),
    /// Tells that somebody signed in on a device that the account had not used.
    NewDevice(NewDevice),
    /// Lets somebody sign in without a password.
    SignIn(SignIn),
    /// Asks a new address to confirm that an account gets it.
    ConfirmAddress(ConfirmAddress),
    /// Tells the old address that the account has another one.
    AddressChanged(AddressChanged),
    /// Tells that the file with everything about an account can be downloaded.
    ExportReady(ExportReady),
    /// Tells that an account is deleted.
    AccountDeleted(AccountDeleted),
    /// Says that a second factor was added or removed.
    FactorsChanged(FactorsChanged),
    /// Tells buyers that the tickets are theirs.
    OrderConfirmed(OrderConfirmed),
    /// Tells sellers that tickets were sold.
    TicketSold(TicketSold),
    /// Tells buyers that they get their money back.
    OrderRefunded(OrderRefunded),
    /// Tells holders that an event has another time or place.
    EventMoved(EventMoved),
    /// Reminds buyers, who asked for it, that the time to pay is nearly up.
    HoldEnding(HoldEnding),
    /// Offers a ticket to the person whom its holder gives it to.
    TicketTransferred(TicketTransferred),
}

/// What it takes to prove an address: either of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyAddress {
    /// The code to type in.
    pub code: String,
    /// The path of the page that proves it, such as `/verify?token=…`.
    pub link: String,
}

/// What it takes to choose a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetPassword {
    /// The path of the page, such as `/reset?token=…`.
    pub link: String,
    /// For how many minutes the link works.
    pub minutes: i64,
}

/// When and where a password was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChanged {
    /// When it was changed.
    pub at: Timestamp,
    /// The device on which it was changed, if that is known.
    pub device: Option<String>,
    /// The network address of that device, if that is known.
    pub client: Option<String>,
}

/// When and where a second factor was added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorsChanged {
    /// When that was.
    pub at: Timestamp,
    /// The device on which it was done, if that is known.
    pub device: Option<String>,
    /// The network address of that device, if that is known.
    pub client: Option<String>,
}

/// When and where somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    /// When that was.
    pub at: Timestamp,
    /// The device, as it calls itself.
    pub device: String,
    /// Its network address, if that is known.
    pub client: Option<String>,
}

/// What it takes to sign in without a password: either of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The code to type in.
    pub code: String,
    /// The path of the page, such as `/sign-in/link?token=…`.
    pub link: String,
    /// For how many minutes they work.
    pub minutes: i64,
}

/// What it takes to give an account another address: either of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmAddress {
    /// The code to type in.
    pub code: String,
    /// The path of the page, such as `/account/address?token=…`.
    pub link: String,
}

/// When and where an account got another address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChanged {
    /// When that was.
    pub at: Timestamp,
    /// The device on which it was done, if that is known.
    pub device: Option<String>,
    /// The network address of that device, if that is known.
    pub client: Option<String>,
    /// The path of the page that gives the old address back, such as `/account/undo?token=…`.
    pub link: String,
    /// Until when it does.
    pub until: Timestamp,
}

/// A file with everything that the shop knows of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportReady {
    /// The path of the file, such as `/account/export/…`.
    pub link: String,
    /// When it is removed.
    pub until: Timestamp,
}

/// The end of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountDeleted;

/// An event, as its listing describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The listing's title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
    /// Grows when the seller changes the listing; 0 until then.
    pub revision: i64,
}

/// An order that is paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderConfirmed {
    /// The order.
    pub order: OrderId,
    /// How many tickets it has.
    pub quantity: i64,
    /// What they cost together, in the currency's minor unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What the tickets are for.
    pub event: Event,
    /// Which files of the tickets come along.
    pub enclosed: Enclosed,
}

/// Which files of the tickets a letter encloses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enclosed {
    /// None: their page has the codes.
    Nothing,
    /// The tickets, to print or to keep on a phone.
    Tickets,
    /// None, since the codes change all the time.
    Turning,
}

/// A sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketSold {
    /// The order.
    pub order: OrderId,
    /// How many tickets were sold.
    pub quantity: i64,
    /// What they cost together, in the currency's minor unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What the tickets are for.
    pub event: Event,
}

/// An order whose money was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRefunded {
    /// The order.
    pub order: OrderId,
    /// How many tickets it had.
    pub quantity: i64,
    /// How much was given back, in the currency's minor unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What the tickets were for.
    pub event: Event,
}

/// An event with another time or place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMoved {
    /// The listing.
    pub ticket: TicketId,
    /// The event as it is now.
    pub event: Event,
    /// What the holder has of it, if that is known: their calendar's entry changes with it.
    pub held: Option<Held>,
}

/// What somebody holds of an event: it names the entry of their calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// An order.
    Order(OrderId),
    /// An admission that somebody else gave them.
    Admission(AdmissionId),
}

/// Tickets that are held for a buyer who has not paid yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldEnding {
    /// The order.
    pub order: OrderId,
    /// How many tickets are held.
    pub quantity: i64,
    /// What they cost together, in the currency's minor unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What the tickets are for.
    pub event: Event,
    /// Until when they are held.
    pub until: Timestamp,
}

/// A ticket that its holder gives away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketTransferred {
    /// Who gives it, if they are to be named.
    pub from: Option<String>,
    /// What it is for.
    pub event: Event,
    /// The path of the page that takes it.
    pub link: String,
    /// Until when it can be taken.
    pub until: Timestamp,
}

/// The shop that writes, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The shop's own address, such as `https://tickets.example`: all links begin with it.
    pub public_url: String,
    /// The recipient's language, such as `de-CH`; amounts and dates are written in it.
    pub locale: Option<String>,
    /// The shop's name.
    pub shop: String,
    /// The token that signs the recipient in, who has no password: links to their pages bring it.
    pub opens: Option<String>,
    /// The path of the page by which the recipient does without such letters, where they can.
    pub unsubscribe: Option<String>,
}

/// A letter, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line of 78 characters at most.
    pub subject: String,
    /// The text, in lines of 78 columns, each ended by a line feed. Links may be longer.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
    /// The event for a calendar (`text/calendar`), where there is a date.
    pub calendar: Option<String>,
    /// Whether it is sent whatever the recipient has opted out of.
    pub is_essential: bool,
}

impl Letter {
    /// Returns the letter's kind, as tables and events call it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::VerifyAddress(_) => "verify_address",
            Self::ResetPassword(_) => "reset_password",
            Self::PasswordChanged(_) => "password_changed",
            Self::NewDevice(_) => "new_device",
            Self::SignIn(_) => "sign_in",
            Self::ConfirmAddress(_) => "confirm_address",
            Self::AddressChanged(_) => "address_changed",
            Self::ExportReady(_) => "export_ready",
            Self::AccountDeleted(_) => "account_deleted",
            Self::FactorsChanged(_) => "factors_changed",
            Self::OrderConfirmed(_) => "order_confirmed",
            Self::TicketSold(_) => "ticket_sold",
            Self::OrderRefunded(_) => "order_refunded",
            Self::EventMoved(_) => "event_moved",
            Self::HoldEnding(_) => "hold_ending",
            Self::TicketTransferred(_) => "ticket_transferred",
        }
    }
}
