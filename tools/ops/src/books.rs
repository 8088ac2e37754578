//! What the services have written down.

use boxoffice_contract::EventType;
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::Verdict;
use boxoffice_contract::orders::OrderStatus;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sources::Problem;
use crate::store::{Databases, Select, Tables};

/// A row of a table.
trait Record: DeserializeOwned {
    const SERVICE: &'static str;
    const TABLE: &'static str;
    const COLUMNS: &'static [&'static str];

    fn select() -> Select {
        Select {
            service: Self::SERVICE,
            table: Self::TABLE.to_owned(),
            columns: Self::COLUMNS,
            condition: "1 = 1".into(),
        }
    }
}

/// Declares rows and the columns that they are read from, which are named like their fields.
macro_rules! records {
    ($($(#[$doc:meta])* $name:ident: $service:literal, $table:literal {
        $($field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }

        impl Record for $name {
            const SERVICE: &'static str = $service;
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    )*};
}

records! {
    /// A listing as its seller wrote it, with the counts that `tickets` has heard of.
    Listing: "tickets", "tickets_tickets" {
        id: String,
        seller_id: String,
        title: String,
        price: i64,
        currency: String,
        quantity: i64,
        held: i64,
        sold: i64,
        withdrawn: i64,
        venue: Option<String>,
        city: Option<String>,
        starts_at: Option<i64>,
        time_zone: Option<String>,
        resale_of: Option<String>,
        created_at: i64,
        version: i64,
    }

    /// An order as `tickets` has heard of it.
    HeardOrder: "tickets", "tickets_orders" {
        id: String,
        ticket_id: String,
        quantity: i64,
        status: OrderStatus,
        version: i64,
    }

    /// A listing as `orders` has heard of it, with the counts that are decided there.
    Stock: "orders", "orders_listings" {
        ticket_id: String,
        seller_id: String,
        title: String,
        price: i64,
        currency: String,
        quantity: i64,
        withdrawn: i64,
        venue: Option<String>,
        city: Option<String>,
        starts_at: Option<i64>,
        time_zone: Option<String>,
        resale_of: Option<String>,
        version: i64,
        held: i64,
        sold: i64,
    }

    /// An order. A refunded one is `complete` still, with the time of that beside it.
    Order: "orders", "orders_orders" {
        id: String,
        buyer_id: String,
        ticket_id: String,
        quantity: i64,
        price: i64,
        amount: i64,
        currency: String,
        status: OrderStatus,
        payment_id: Option<String>,
        expires_at: i64,
        version: i64,
        created_at: i64,
        refunded_at: Option<i64>,
        restocked: i64,
        resale_of: Option<String>,
    }

    /// A payment.
    Payment: "payments", "payments_payments" {
        id: String,
        order_id: String,
        amount: i64,
        currency: String,
        status: PaymentStatus,
        intent_id: Option<String>,
        attention: Option<String>,
        fee: i64,
        undone_at: Option<i64>,
    }

    /// What a movement of a payment's money put into an account of the ledger, or took out of it.
    Entry: "payments", "payments_ledger" {
        payment_id: String,
        movement: String,
        account: String,
        amount: i64,
        currency: String,
    }

    /// What the provider put into an account, or took out of it, without the shop.
    Adjustment: "payments", "payments_adjustments" {
        payment_id: String,
        movement: String,
        reference: String,
        account: String,
        amount: i64,
        currency: String,
    }

    /// How an order ended, as `payments` has heard of it.
    OrderEnd: "payments", "payments_orders" {
        id: String,
        status: OrderStatus,
        payment_id: Option<String>,
        version: i64,
    }

    /// The timer of an order.
    Timer: "expiration", "expiration_timers" {
        order_id: String,
        expires_at: i64,
        version: i64,
        running: i64,
    }

    /// The right of one person to enter an event.
    Admission: "admissions", "admissions_admissions" {
        id: String,
        order_id: String,
        number: i64,
        total: i64,
        ticket_id: String,
        holder_id: String,
        status: AdmissionStatus,
        generation: i64,
        transfer_id: Option<String>,
        used_scan: Option<String>,
        unit_id: String,
        offer_id: Option<String>,
        resold_order_id: Option<String>,
        undone: i64,
    }

    /// What a door has scanned, and what came of it.
    Scan: "admissions", "admissions_scans" {
        id: String,
        admission_id: String,
        verdict: Verdict,
    }

    /// A listing as `admissions` has heard of it.
    Event: "admissions", "admissions_listings" {
        ticket_id: String,
        seller_id: String,
        title: String,
        venue: Option<String>,
        city: Option<String>,
        starts_at: Option<i64>,
        time_zone: Option<String>,
        version: i64,
    }

    /// The newest version of a sold order that `admissions` has heard of.
    Sale: "admissions", "admissions_orders" {
        id: String,
        version: i64,
    }

    /// A letter that an event has brought about.
    Letter: "mail", "mail_letters" {
        id: String,
        kind: String,
        subject: String,
        created_at: i64,
    }

    /// An account, and since when it is suspended.
    Person: "auth", "auth_users" {
        id: String,
        suspended_at: Option<i64>,
    }

    /// When the tables of `admissions` were made, or changed. It is younger than the other services.
    Upgrade: "admissions", "admissions_migrations" {
        applied_at: i64,
    }
}

/// The adjustment of a refund of a part.
pub(crate) const PART_REFUND: &str = "part_refund";
/// The adjustment of a dispute that was lost.
pub(crate) const DISPUTE: &str = "dispute";

impl Adjustment {
    /// How much it took out of what the provider holds; 0 for the account that it went to.
    pub(crate) fn taken(&self) -> i64 {
        if self.account == "provider" { -self.amount } else { 0 }
    }
}

/// An event that waits in an outbox.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Unpublished {
    pub(crate) id: String,
    /// In milliseconds since 1970.
    pub(crate) created_at: i64,
}

/// The status of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PaymentStatus {
    Pending,
    Authorized,
    Captured,
    Voided,
    Refunded,
    Declined,
}

impl PaymentStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
            Self::Declined => "declined",
        }
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(crate) listings: Vec<Listing>,
    pub(crate) heard_orders: Vec<HeardOrder>,
    pub(crate) stocks: Vec<Stock>,
    pub(crate) orders: Vec<Order>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) adjustments: Vec<Adjustment>,
    pub(crate) order_ends: Vec<OrderEnd>,
    pub(crate) timers: Vec<Timer>,
    pub(crate) admissions: Vec<Admission>,
    pub(crate) scans: Vec<Scan>,
    pub(crate) events: Vec<Event>,
    pub(crate) sales: Vec<Sale>,
    pub(crate) upgrades: Vec<Upgrade>,
    pub(crate) letters: Vec<Letter>,
    pub(crate) people: Vec<Person>,
    pub(crate) outboxes: Vec<Outbox>,
}

/// What a service has committed and not published.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    pub(crate) service: &'static str,
    pub(crate) waiting: Vec<Unpublished>,
}

impl Outbox {
    /// The event that has waited longest.
    pub(crate) fn oldest(&self) -> Option<&Unpublished> {
        self.waiting.iter().min_by_key(|event| event.created_at)
    }
}

/// The services that publish events.
pub(crate) fn publishers() -> Vec<&'static str> {
    let mut services: Vec<_> = EventType::ALL.into_iter().map(EventType::source).collect();
    services.sort_unstable();
    services.dedup();
    services
}

fn outbox(service: &'static str) -> Select {
    Select {
        service,
        table: format!("{service}_outbox"),
        columns: &["id", "created_at"],
        condition: "published_at IS NULL".into(),
    }
}

impl Books {
    /// Reads all services' books.
    pub(crate) async fn read(databases: &Databases) -> Result<Self, Problem> {
        let mut selects = vec![
            Listing::select(),
            HeardOrder::select(),
            Stock::select(),
            Order::select(),
            Payment::select(),
            Entry::select(),
            Adjustment::select(),
            OrderEnd::select(),
            Timer::select(),
            Admission::select(),
            Scan::select(),
            Event::select(),
            Sale::select(),
            Upgrade::select(),
            Letter::select(),
            Person::select(),
        ];
        selects.extend(publishers().into_iter().map(outbox));
        let mut tables = databases.read(&selects).await?;
        Ok(Self {
            listings: take(&mut tables)?,
            heard_orders: take(&mut tables)?,
            stocks: take(&mut tables)?,
            orders: take(&mut tables)?,
            payments: take(&mut tables)?,
            entries: take(&mut tables)?,
            adjustments: take(&mut tables)?,
            order_ends: take(&mut tables)?,
            timers: take(&mut tables)?,
            admissions: take(&mut tables)?,
            scans: take(&mut tables)?,
            events: take(&mut tables)?,
            sales: take(&mut tables)?,
            upgrades: take(&mut tables)?,
            letters: take(&mut tables)?,
            people: take(&mut tables)?,
            outboxes: outboxes(&mut tables)?,
        })
    }
}

/// How much waits in a service's outbox.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Waiting {
    #[serde(skip)]
    pub(crate) service: &'static str,
    pub(crate) events: u64,
    /// When the oldest was committed, in milliseconds since 1970; none if nothing waits.
    pub(crate) oldest: Option<i64>,
}

/// The orders of one status that hold tickets.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Held {
    pub(crate) status: OrderStatus,
    pub(crate) orders: u64,
    pub(crate) tickets: u64,
}

/// The letters of one status that nobody has got.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Unsent {
    pub(crate) status: String,
    pub(crate) letters: u64,
    /// When the oldest was made, in milliseconds since 1970.
    pub(crate) oldest: i64,
}

/// The addresses that letters came back from, or whose readers complained.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Suppressed {
    pub(crate) trouble: String,
    pub(crate) addresses: u64,
}

/// What is left to do, counted by the databases.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    pub(crate) outboxes: Vec<Waiting>,
    pub(crate) holds: Vec<Held>,
    pub(crate) letters: Vec<Unsent>,
    pub(crate) suppressed: Vec<Suppressed>,
}

impl Backlog {
    /// Reads how much waits in the outboxes and how much is held, and nothing else.
    pub(crate) async fn read(databases: &Databases) -> Result<Self, Problem> {
        let held = Select {
            service: "orders",
            table: "orders_orders".to_owned(),
            columns: &["status", "COUNT(*) AS orders", "CAST(SUM(quantity) AS BIGINT) AS tickets"],
            condition: "status IN ('created', 'awaiting:payment') GROUP BY status".into(),
        };
        let unsent = Select {
            service: "mail",
            table: "mail_letters".to_owned(),
            columns: &["status", "COUNT(*) AS letters", "MIN(created_at) AS oldest"],
            condition: "status IN ('waiting', 'given_up') GROUP BY status".into(),
        };
        let suppressed = Select {
            service: "mail",
            table: "mail_suppressed".to_owned(),
            columns: &["trouble", "COUNT(*) AS addresses"],
            condition: "trouble IN ('bounce', 'complaint') GROUP BY trouble".into(),
        };
        let columns = &["COUNT(*) AS events", "MIN(created_at) AS oldest"];
        let count = |service| Select { columns, ..outbox(service) };
        let mut selects: Vec<Select> = publishers().into_iter().map(count).collect();
        selects.extend([held, unsent, suppressed]);
        let mut tables = databases.read(&selects).await?;
        let waiting = |service| {
            // A service that was never called has no table yet.
            let counted = rows(&mut tables, &format!("{service}_outbox"))?.pop();
            Ok(Waiting { service, ..counted.unwrap_or_default() })
        };
        let outboxes = publishers().into_iter().map(waiting).collect::<Result<_, _>>()?;
        let holds = rows(&mut tables, "orders_orders")?;
        let letters = rows(&mut tables, "mail_letters")?;
        Ok(Self { outboxes, holds, letters, suppressed: rows(&mut tables, "mail_suppressed")? })
    }
}

fn outboxes(tables: &mut Tables) -> Result<Vec<Outbox>, Problem> {
    let read = |service| {
        let waiting = rows(tables, &format!("{service}_outbox"))?;
        Ok(Outbox { service, waiting })
    };
    publishers().into_iter().map(read).collect()
}

fn take<T: Record>(tables: &mut Tables) -> Result<Vec<T>, Problem> {
    rows(tables, T::TABLE)
}

pub(crate) fn rows<T: DeserializeOwned>(
    tables: &mut Tables,
    table: &str,
) -> Result<Vec<T>, Problem> {
    let rows = tables.remove(table).unwrap_or_default();
    let read = |row| {
        serde_json::from_value(Value::Object(row)).map_err(|error| {
            Problem::new(
                format!("this build cannot read a row of {table}: {error}"),
                "use the same build as the shop",
            )
        })
    };
    rows.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use rusqlite::Connection;

    use super::*;
    use crate::schema;
    use crate::store::Database;

    /// A row of each table of `admissions`.
    const ADMISSIONS: &str = "
        INSERT INTO admissions_listings
            (ticket_id, seller_id, title, starts_at, resale_cap, version)
        VALUES ('gig', 'seller', 'Gig', 5, 100, 3);
        INSERT INTO admissions_orders VALUES ('order', 2);
        INSERT INTO admissions_admissions (id, order_id, number, total, ticket_id, unit_id,
            face_price, currency, holder_id, status, generation, transfers, used_scan, used_at,
            used_door, created_at, version)
        VALUES ('admission', 'order', 1, 2, 'gig', 'admission', 900, 'EUR', 'buyer', 'used', 4, 3,
            'scan', 6, 'North', 0, 9);
        INSERT INTO admissions_scans VALUES ('scan', 'gig', 'admission', 'North', 6, 'admitted', 7, 0);
        INSERT INTO admissions_scans VALUES ('other', 'gig', 'admission', 'North', 6, 'otherEvent', 7, 0);";

    #[tokio::test]
    async fn books_are_read_from_the_tables_that_services_make() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let database = Connection::open(&path).unwrap();
        for service in schema::ALL {
            database.execute_batch(&boxoffice_schema::versions_table(service)).unwrap();
            for statement in boxoffice_schema::upgrade(service, 0, 1) {
                database.execute_batch(&statement).unwrap();
            }
        }
        database.execute_batch(ADMISSIONS).unwrap();
        let databases = Databases::shared(Database::Sqlite(path));
        let books = Books::read(&databases).await.unwrap();

        let [admission] = books.admissions.as_slice() else { panic!("{books:?}") };
        assert_eq!((admission.number, admission.total, admission.generation), (1, 2, 4));
        assert_eq!(admission.status, AdmissionStatus::Used);
        assert_eq!((&admission.transfer_id, admission.used_scan.as_deref()), (&None, Some("scan")));
        let verdicts: Vec<_> = books.scans.iter().map(|scan| scan.verdict).collect();
        assert_eq!(verdicts, [Verdict::Admitted, Verdict::OtherEvent]);
        assert_eq!((books.events[0].starts_at, books.events[0].version), (Some(5), 3));
        assert_eq!((books.sales[0].id.as_str(), books.sales[0].version), ("order", 2));
        assert!(books.upgrades.iter().all(|upgrade| upgrade.applied_at == 1));
        assert!(!books.upgrades.is_empty() && books.orders.is_empty());
    }
}
