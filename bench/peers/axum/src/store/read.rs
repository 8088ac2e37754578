//! Rows as what they are of. Both databases' rows are read by the same lines.

/// A listing, of a row of `ticket_columns`; `$get` is the row's method that reads a column.
macro_rules! ticket {
    ($row:expr, $get:ident) => {{
        let row = $row;
        let ticket = crate::model::Ticket {
            id: row.$get(0)?,
            title: row.$get(1)?,
            price: row.$get(2)?,
            currency: row.$get(3)?,
            quantity: row.$get(4)?,
            available: 0,
            status: "open",
            seller_id: row.$get(7)?,
            venue: row.$get(8)?,
            city: row.$get(9)?,
            starts_at: row.$get::<_, Option<i64>>(10)?.map(crate::model::Time),
            time_zone: row.$get(11)?,
            description: row.$get(12)?,
            created_at: crate::model::Time(row.$get(13)?),
            version: row.$get(14)?,
        };
        ticket.counted(row.$get(5)?, row.$get(6)?)
    }};
}

/// An order, of a row of `order_columns`.
macro_rules! order {
    ($row:expr, $get:ident) => {{
        let row = $row;
        crate::model::Order {
            id: row.$get(0)?,
            status: row.$get(1)?,
            cancel_reason: row.$get(2)?,
            quantity: row.$get(3)?,
            amount: row.$get(4)?,
            currency: row.$get(5)?,
            ticket: crate::model::OrderedTicket {
                id: row.$get(6)?,
                title: row.$get(7)?,
                price: row.$get(8)?,
                venue: row.$get(9)?,
                city: row.$get(10)?,
                starts_at: row.$get::<_, Option<i64>>(11)?.map(crate::model::Time),
                time_zone: row.$get(12)?,
            },
            expires_at: crate::model::Time(row.$get(13)?),
            created_at: crate::model::Time(row.$get(14)?),
            version: row.$get(15)?,
            seller_id: row.$get(16)?,
            buyer_id: row.$get(17)?,
        }
    }};
}

pub(super) use {order, ticket};

use crate::model::{Order, OrderedTicket, Ticket};
use crate::store::Hold;

/// The order that `hold` of `ticket` becomes.
pub(super) fn new_order(hold: Hold, ticket: Ticket) -> Order {
    Order {
        id: hold.id,
        status: "created".to_owned(),
        cancel_reason: None,
        quantity: hold.quantity,
        amount: ticket.price * hold.quantity,
        currency: ticket.currency,
        ticket: OrderedTicket {
            id: ticket.id,
            title: ticket.title,
            price: ticket.price,
            venue: ticket.venue,
            city: ticket.city,
            starts_at: ticket.starts_at,
            time_zone: ticket.time_zone,
        },
        expires_at: hold.until,
        created_at: hold.now,
        version: 1,
        seller_id: ticket.seller_id,
        buyer_id: hold.buyer_id,
    }
}
