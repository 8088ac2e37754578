//! The shop with a mailbox.

use boxoffice_mailbox::{Mailbox, Message, Options};
use boxoffice_tests::database::Row;
use boxoffice_tests::mailbox::{letters_to, variables};
use boxoffice_tests::{App, Person, Surroundings, eventually};
use serde_json::{Value, json};

/// How the subjects of letters begin.
pub(crate) const ORDER: &str = "Your order: ";
pub(crate) const SOLD: &str = "Sold: ";
pub(crate) const REFUND: &str = "Your refund: ";
pub(crate) const ENDING: &str = "Pay soon: ";
pub(crate) const MOVED: &str = "New time or place: ";
pub(crate) const TRANSFER: &str = "A ticket for you: ";

/// A shop that sends its letters to a mailbox, somebody who sells, and somebody who buys.
pub(crate) struct Post {
    pub(crate) app: App,
    pub(crate) mailbox: Mailbox,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
}

impl Post {
    /// Opens it.
    pub(crate) async fn open() -> Self {
        Self::open_with([]).await
    }

    /// Opens it with more variables.
    pub(crate) async fn open_with<const N: usize>(more: [(&str, &str); N]) -> Self {
        let mailbox = Mailbox::start(Options::default()).await.unwrap();
        let mut around = Surroundings::prepare().await;
        for (name, value) in variables(&mailbox) {
            around.variables.insert(name.to_owned(), value);
        }
        for (name, value) in more {
            around.variables.insert(name.to_owned(), value.to_owned());
        }
        let app = App::start_in(around).await;
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        Self { app, mailbox, seller, buyer }
    }

    /// Lists tickets, and has one of them bought.
    pub(crate) async fn sell(&self, title: &str) -> (Value, Value) {
        let ticket = self.list(title).await;
        let order = self.buyer.buy(&ticket, 1).await;
        (ticket, order)
    }

    /// Lists tickets, and waits until they can be bought.
    pub(crate) async fn list(&self, title: &str) -> Value {
        let wish = json!({
            "title": title, "quantity": 10, "venue": "Great Hall", "city": "Vienna",
            "startsAt": self.app.time(90 * 24 * 60 * 60), "timeZone": "Europe/Vienna",
        });
        self.seller.list(wish).await.expect(201)
    }

    /// The letters to `person` whose subject begins so.
    pub(crate) fn letters(&self, person: &Person, subject: &str) -> Vec<Message> {
        let mut letters = letters_to(&self.mailbox, address(person));
        letters.retain(|letter| letter.subject.starts_with(subject));
        letters
    }

    /// Waits until `person` has so many letters whose subject begins so. Time goes by meanwhile, and
    /// ticks with it, so that what was put off comes too.
    pub(crate) async fn receives(
        &self,
        person: &Person,
        subject: &str,
        count: usize,
    ) -> Vec<Message> {
        let what = format!("{} gets {count} letters `{subject}…`", address(person));
        let look = async || {
            let letters = self.letters(person, subject);
            if letters.len() < count {
                self.app.advance(5);
                self.app.host().fire_cron().await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            letters
        };
        eventually(&what, look, |letters| letters.len() >= count).await
    }

    /// Waits until each letter has a status among `statuses`, and returns kinds and statuses.
    pub(crate) async fn settled(&self, statuses: &[&str]) -> Vec<(String, String)> {
        let look = async || {
            self.app.advance(5);
            self.app.host().fire_cron().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            self.kept()
        };
        let is_settled = |(_, status): &(String, String)| statuses.contains(&&**status);
        eventually("letters settle", look, |kept| kept.iter().all(is_settled)).await
    }

    /// Kind and status of each letter.
    pub(crate) fn kept(&self) -> Vec<(String, String)> {
        let rows = self
            .app
            .database()
            .rows("SELECT kind, status FROM mail_letters ORDER BY created_at, kind", []);
        let row = |row: &Row| (row.get(0).unwrap(), row.get(1).unwrap());
        rows.unwrap().iter().map(row).collect()
    }
}

/// A person's address.
pub(crate) fn address(person: &Person) -> &str {
    person.account["email"].as_str().unwrap()
}
