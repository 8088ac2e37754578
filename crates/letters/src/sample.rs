//! One letter of each kind, for tests and for those who work on them. It is about nobody.

use crate::letter::{
    AccountDeleted, AddressChanged, ConfirmAddress, Enclosed, Event, EventMoved, ExportReady,
    FactorsChanged, Held, HoldEnding, Letter, NewDevice, OrderConfirmed, OrderRefunded,
    PasswordChanged, ResetPassword, Setting, SignIn, TicketSold, TicketTransferred, VerifyAddress,
};
use boxoffice_contract::{OrderId, TicketId, Timestamp};
use uuid::Uuid;

/// Where the shop is.
pub const SHOP: &str = "https://tickets.example";

/// The shop, and a reader.
#[must_use]
pub fn setting() -> Setting {
    Setting {
        public_url: format!("{SHOP}/"),
        locale: Some("de-DE".to_owned()),
        shop: "Boxoffice".to_owned(),
        opens: None,
        unsubscribe: None,
    }
}

/// One letter of each kind.
#[must_use]
pub fn letters() -> Vec<Letter> {
    let (order, ticket) = (OrderId(Uuid::from_u128(7)), TicketId(Uuid::from_u128(9)));
    let (quantity, amount, currency) = (2, 9000, "EUR".to_owned());
    // Each is a time; the tests would see one that is not.
    let at = |text| Timestamp::parse(text).unwrap_or(Timestamp::from_millis(0));
    let event = Event {
        title: "Kites: live".to_owned(),
        venue: Some("Old Mill".to_owned()),
        city: Some("Basel".to_owned()),
        starts_at: Some(at("2027-06-12T18:30:00Z")),
        time_zone: Some("Europe/Zurich".to_owned()),
        revision: 3,
    };
    vec![
        Letter::VerifyAddress(VerifyAddress {
            code: "482913".to_owned(),
            link: "/verify?token=abc-DEF_1".to_owned(),
        }),
        Letter::ResetPassword(ResetPassword {
            link: "/reset?token=abc-DEF_1".to_owned(),
            minutes: 30,
        }),
        Letter::PasswordChanged(PasswordChanged {
            at: at("2027-06-01T12:00:00Z"),
            device: Some("Firefox on Linux".to_owned()),
            client: Some("203.0.113.7".to_owned()),
        }),
        Letter::NewDevice(NewDevice {
            at: at("2027-06-01T12:00:00Z"),
            device: "Safari on iPhone".to_owned(),
            client: Some("203.0.113.7".to_owned()),
        }),
        Letter::SignIn(SignIn {
            code: "482913".to_owned(),
            link: "/sign-in/link?token=abc-DEF_1".to_owned(),
            minutes: 15,
        }),
        Letter::ConfirmAddress(ConfirmAddress {
            code: "482913".to_owned(),
            link: "/account/address?token=abc-DEF_1".to_owned(),
        }),
        Letter::AddressChanged(AddressChanged {
            at: at("2027-06-01T12:00:00Z"),
            device: Some("Firefox on Linux".to_owned()),
            client: Some("203.0.113.7".to_owned()),
            link: "/account/undo?token=abc-DEF_1".to_owned(),
            until: at("2027-06-08T12:00:00Z"),
        }),
        Letter::ExportReady(ExportReady {
            link: "/account/export/9".to_owned(),
            until: at("2027-06-08T12:00:00Z"),
        }),
        Letter::AccountDeleted(AccountDeleted),
        Letter::FactorsChanged(FactorsChanged {
            at: at("2027-06-01T12:00:00Z"),
            device: Some("Firefox on Linux".to_owned()),
            client: Some("203.0.113.7".to_owned()),
        }),
        Letter::OrderConfirmed(OrderConfirmed {
            order,
            quantity,
            amount,
            currency: currency.clone(),
            event: event.clone(),
            enclosed: Enclosed::Tickets,
        }),
        Letter::TicketSold(TicketSold {
            order,
            quantity,
            amount,
            currency: currency.clone(),
            event: event.clone(),
        }),
        Letter::OrderRefunded(OrderRefunded {
            order,
            quantity,
            amount,
            currency: currency.clone(),
            event: event.clone(),
        }),
        Letter::HoldEnding(HoldEnding {
            order,
            quantity,
            amount,
            currency,
            event: event.clone(),
            until: at("2027-06-01T12:03:00Z"),
        }),
        Letter::EventMoved(EventMoved {
            ticket,
            event: event.clone(),
            held: Some(Held::Order(order)),
        }),
        Letter::TicketTransferred(TicketTransferred {
            from: Some("ada@example.org".to_owned()),
            event,
            link: "/admissions/8/accept?key=xyz".to_owned(),
            until: at("2027-06-05T12:00:00Z"),
        }),
    ]
}
