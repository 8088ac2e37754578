//! What people do on several pages in a row, and who has listed what for it.

use std::rc::Rc;

use boxoffice_tests::{Person, id};
use serde_json::{Value, json};

use crate::harness::{Shop, Window};

/// The password of everybody who signs up here.
pub(crate) use boxoffice_tests::person::PASSWORD;

/// The sandbox's cards: one that works, one whose bank asks first, and one without money on it.
pub(crate) const GOOD_CARD: &str = "Visa ···· 4242";
pub(crate) const ASKING_CARD: &str = "Visa ···· 3220";
pub(crate) const EMPTY_CARD: &str = "Visa ···· 9995";

/// The price of one ticket of [`a_concert`], as the shop shows it.
pub(crate) const PRICE: &str = "€45.00";

/// What most tests are about: a listing in all detail, with `wish` over it.
pub(crate) fn a_concert(wish: Value) -> Value {
    let mut concert = json!({
        "title": "The Paper Kites", "price": 4500, "currency": "EUR", "quantity": 1,
        "venue": "Old Mill", "city": "Basel", "startsAt": "2030-06-12T18:30:00Z",
        "timeZone": "Europe/Zurich", "description": "Two seats in row 7.\nNo dogs.",
    });
    for (name, value) in wish.as_object().unwrap() {
        concert[name] = value.clone();
    }
    concert
}

/// The address of a listing's page.
pub(crate) fn page_of(ticket: &Value) -> String {
    format!("/tickets/{}", id(ticket))
}

/// The address of the page on which an order is paid.
pub(crate) fn checkout_of(order: &Value) -> String {
    format!("/orders/{}/checkout", id(order))
}

/// A seller with one listing, and a buyer with a window.
pub(crate) struct Stage {
    pub(crate) seller: Person,
    pub(crate) ticket: Value,
    pub(crate) buyer: Person,
    pub(crate) window: Rc<Window>,
}

impl Stage {
    /// Lists [`a_concert`], with `wish` over it.
    pub(crate) async fn set(shop: &Shop, wish: Value) -> Self {
        let (seller, buyer) = tokio::join!(shop.sign_up(), shop.sign_up());
        let ticket = seller.list(a_concert(wish)).await.expect(201);
        let window = shop.window_of("Bob", &buyer).await;
        Self { seller, ticket, buyer, window }
    }

    /// The same, and the buyer is about to pay.
    pub(crate) async fn at_checkout(shop: &Shop) -> (Self, Value) {
        let stage = Self::set(shop, json!({})).await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        stage.window.go(&checkout_of(&order)).await;
        (stage, order)
    }
}

impl Window {
    /// Fills in and sends the form for a new account.
    pub(crate) async fn signs_up(&self, email: &str) {
        self.sees_heading("Sign up").await;
        self.fill("E-mail address", email).await;
        self.fill("Password", PASSWORD).await;
        self.click_in("main", "Sign up").await;
    }

    /// Fills in and sends the form for signing in.
    pub(crate) async fn signs_in(&self, email: &str, password: &str) {
        self.sees_heading("Sign in").await;
        self.fill("E-mail address", email).await;
        self.fill("Password", password).await;
        self.click_in("main", "Sign in").await;
    }

    /// Fills in and sends the form for a new listing.
    pub(crate) async fn sells(&self, title: &str, price: &str) {
        self.fill("Title", title).await;
        self.choose("Currency", "EUR").await;
        self.fill("Price of one ticket", price).await;
        self.fill("Venue", "Old Mill").await;
        self.fill("City", "Basel").await;
        self.click("List for sale").await;
    }

    /// Chooses a card, and pays what the button says.
    pub(crate) async fn pays(&self, card: &str, total: &str) {
        self.click_field(card).await;
        self.click(&format!("Pay {total}")).await;
    }

    /// Waits until the page tells that the purchase is done; the order's page.
    pub(crate) async fn sees_confirmation(&self) -> String {
        self.sees_heading(CONFIRMED).await;
        self.path().await
    }
}

/// The heading of a purchase that is done.
pub(crate) const CONFIRMED: &str = "You have your tickets";
