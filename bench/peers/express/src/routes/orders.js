// Orders: holds that may become sales.

import { Router } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';

import { config } from '../config.js';
import { first, pool, rows, transaction } from '../db.js';
import { publish } from '../events.js';
import { COLUMNS, free, own, view } from '../orders.js';
import { limit, readCursor, sendPage } from '../page.js';
import { conflict, forbidden, invalid, notFound } from '../problem.js';
import { requireUser } from '../session.js';

// Decides who gets them.
const HOLD = `
  UPDATE tickets SET held = held + $1, version = version + 1
  WHERE id = $2 AND seller_id <> $3 AND held + sold + $1 <= quantity
    AND (starts_at IS NULL OR starts_at > $4)
  RETURNING id, title, price, currency, venue, city, starts_at, time_zone, seller_id`;
const FIND_TICKET = `
  SELECT seller_id, starts_at, quantity, held, sold FROM tickets WHERE id = $1`;
const ADD = `
  INSERT INTO orders (id, status, quantity, amount, currency, ticket_id, title, price, venue, city,
    starts_at, time_zone, expires_at, created_at, version, seller_id, buyer_id)
  VALUES ($1, 'created', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15)
  RETURNING ${COLUMNS}`;
const CANCEL = `
  UPDATE orders SET status = 'cancelled', cancel_reason = 'buyer', version = version + 1
  WHERE id = $1 AND status = 'created' RETURNING ${COLUMNS}`;
const LIST = `
  SELECT ${COLUMNS} FROM orders WHERE buyer_id = $1 ORDER BY id DESC LIMIT $2`;
const LIST_AFTER = `
  SELECT ${COLUMNS} FROM orders WHERE buyer_id = $1 AND id < $3 ORDER BY id DESC LIMIT $2`;

const NewOrder = z.strictObject({
  ticketId: z.uuid(),
  quantity: z.int().min(1).max(1_000).default(1),
});
const Wish = z.object({ limit, cursor: z.string().optional() });
const Id = z.uuid();

export const orders = Router();

orders.use(requireUser);

orders.param('id', (request, response, next, id) => {
  if (!Id.safeParse(id).success) {
    throw notFound('There is no such order');
  }
  next();
});

orders.post('/', async (request, response) => {
  const wish = NewOrder.parse(request.body);
  const order = await transaction((client) => hold(client, request.currentUser.id, wish));
  await publish('order:created', order.id, order);
  response.status(201).json(order);
});

async function hold(client, buyer, { ticketId, quantity }) {
  const now = Date.now();
  const ticket = await first(client, 'hold', HOLD, [quantity, ticketId, buyer, now]);
  if (!ticket) {
    throw refusal(await first(client, 'refused', FIND_TICKET, [ticketId]), buyer, quantity, now);
  }
  const row = await first(client, 'add-order', ADD, [
    uuidv7(),
    quantity,
    ticket.price * quantity,
    ticket.currency,
    ticket.id,
    ticket.title,
    ticket.price,
    ticket.venue,
    ticket.city,
    ticket.starts_at,
    ticket.time_zone,
    now + config.holdSeconds * 1000,
    now,
    ticket.seller_id,
    buyer,
  ]);
  return view(row);
}

/** Why nothing was held. */
function refusal(ticket, buyer, quantity, now) {
  if (!ticket) {
    return notFound('There is no such listing');
  }
  const available = ticket.quantity - ticket.held - ticket.sold;
  if (ticket.seller_id === buyer) {
    return forbidden('These are your own tickets');
  }
  if (ticket.starts_at !== null && ticket.starts_at <= now) {
    return conflict('The event has begun; its tickets are off sale', 'begun');
  }
  if (ticket.sold === ticket.quantity) {
    return conflict('These tickets are sold', 'sold');
  }
  if (available === 0) {
    return conflict('Someone else just reserved this ticket', 'reserved');
  }
  if (available < quantity) {
    return conflict('So many are not left; order fewer', 'not_enough');
  }
  return conflict('This listing changed just now; try again', 'changed');
}

orders.get('/', async (request, response) => {
  const wish = Wish.parse(request.query);
  const values = [request.currentUser.id, wish.limit + 1];
  const found = wish.cursor
    ? await rows(pool, 'orders-after', LIST_AFTER, [...values, readId(wish.cursor)])
    : await rows(pool, 'orders', LIST, values);
  sendPage(request, response, found, { limit: wish.limit, view, position: (row) => row.id });
});

function readId(cursor) {
  const id = Id.safeParse(readCursor(cursor));
  if (!id.success) {
    throw invalid('This cursor is not from this list; start without one');
  }
  return id.data;
}

orders.get('/:id', async (request, response) => {
  response.json(view(await own(pool, request.currentUser.id, request.params.id)));
});

orders.delete('/:id', async (request, response) => {
  const { id } = request.params;
  const buyer = request.currentUser.id;
  await own(pool, buyer, id);
  const cancelled = await transaction(async (client) => {
    const order = await first(client, 'cancel', CANCEL, [id]);
    if (order) {
      await free(client, order);
    }
    return order;
  });
  if (cancelled) {
    await publish('order:cancelled', id, view(cancelled));
  } else {
    // It had ended before, or is being paid.
    const { status } = await own(pool, buyer, id);
    if (status === 'complete') {
      throw conflict('This order is paid for', 'complete');
    }
    if (status !== 'cancelled') {
      throw conflict('This order is being paid for', 'payment_pending');
    }
  }
  response.status(204).end();
});
