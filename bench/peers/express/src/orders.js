// Orders, as they are kept and sent.

import { first, rows } from './db.js';
import { forbidden, notFound } from './problem.js';
import { time } from './tickets.js';

export const COLUMNS = `id, status, cancel_reason, quantity, amount, currency, ticket_id, title,
  price, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, buyer_id`;

const FIND = `SELECT ${COLUMNS} FROM orders WHERE id = $1`;
const FREE = 'UPDATE tickets SET held = held - $1, version = version + 1 WHERE id = $2';

/** A row as its buyer sees it. */
export function view(row) {
  return {
    id: row.id,
    status: row.status,
    cancelReason: row.cancel_reason ?? undefined,
    quantity: row.quantity,
    amount: row.amount,
    currency: row.currency,
    ticket: {
      id: row.ticket_id,
      title: row.title,
      price: row.price,
      venue: row.venue,
      city: row.city,
      startsAt: time(row.starts_at),
      timeZone: row.time_zone,
    },
    expiresAt: time(row.expires_at),
    createdAt: time(row.created_at),
    version: row.version,
    sellerId: row.seller_id,
  };
}

/** The row of the order `id`, which must be `buyer`'s. */
export async function own(client, buyer, id) {
  const order = await first(client, 'order', FIND, [id]);
  if (!order) {
    throw notFound('There is no such order');
  }
  if (order.buyer_id !== buyer) {
    throw forbidden("This is somebody else's order");
  }
  return order;
}

/** Puts the tickets of a hold that has ended back on sale. */
export async function free(client, { quantity, ticket_id }) {
  await rows(client, 'free', FREE, [quantity, ticket_id]);
}
