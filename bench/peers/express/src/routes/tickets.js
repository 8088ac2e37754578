// Listings.

import { Router } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';

import { first, pool, rows } from '../db.js';
import { publish } from '../events.js';
import { limit, readCursor, sendPage } from '../page.js';
import { invalid, notFound } from '../problem.js';
import { requireUser } from '../session.js';
import { COLUMNS, view } from '../tickets.js';

const ADD = `INSERT INTO tickets (id, title, price, currency, quantity, seller_id, venue, city,
    starts_at, time_zone, description, created_at, version, words)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13) RETURNING ${COLUMNS}`;
const FIND = `SELECT ${COLUMNS} FROM tickets WHERE id = $1`;

const SORTS = {
  newest: { key: null, way: 'DESC', of: () => 0 },
  startsAt: {
    key: 'COALESCE(starts_at, 9007199254740991)',
    way: 'ASC',
    of: (row) => row.starts_at ?? Number.MAX_SAFE_INTEGER,
  },
  price: { key: 'price', way: 'ASC', of: (row) => row.price },
  '-price': { key: 'price', way: 'DESC', of: (row) => row.price },
};

const text = (max) => z.string().trim().min(1).max(max);

const Draft = z.strictObject({
  title: text(200),
  price: z.int().min(1).max(99_999_999),
  currency: z.string().length(3).default('USD'),
  quantity: z.int().min(1).max(1_000).default(1),
  venue: text(200).nullish(),
  city: text(100).nullish(),
  startsAt: z.iso
    .datetime({ offset: true })
    .transform((value) => Date.parse(value))
    .refine((millis) => millis > Date.now(), 'The event must begin in the future')
    .nullish(),
  timeZone: text(100).nullish(),
  description: text(5_000).nullish(),
});

const Wish = z.object({
  q: z.string().max(200).default(''),
  sort: z.enum(Object.keys(SORTS)).default('newest'),
  limit,
  cursor: z.string().optional(),
});

const Position = z.tuple([z.string(), z.number(), z.uuid()]);
const Id = z.uuid();

export const tickets = Router();

tickets.post('/', requireUser, async (request, response) => {
  const draft = Draft.parse(request.body);
  const { title, venue = null, city = null, description = null } = draft;
  const words = [title, venue, city, description].filter(Boolean).join('\n').toLowerCase();
  const row = await first(pool, 'add-ticket', ADD, [
    uuidv7(),
    title,
    draft.price,
    draft.currency,
    draft.quantity,
    request.currentUser.id,
    venue,
    city,
    draft.startsAt ?? null,
    draft.timeZone ?? null,
    description,
    Date.now(),
    words,
  ]);
  const ticket = view(row);
  await publish('ticket:created', ticket.id, ticket);
  response.status(201).json(ticket);
});

tickets.get('/:id', async (request, response) => {
  const id = Id.safeParse(request.params.id);
  const row = id.success ? await first(pool, 'ticket', FIND, [id.data]) : undefined;
  if (!row) {
    throw notFound('There is no such listing');
  }
  response.json(view(row));
});

tickets.get('/', async (request, response) => {
  const wish = Wish.parse(request.query);
  const { name, text, values } = select(wish);
  const found = await rows(pool, name, text, values);
  const position = (row) => [wish.sort, SORTS[wish.sort].of(row), row.id];
  sendPage(request, response, found, { limit: wish.limit, view, position });
});

/** The statement that a wish asks for; every value is a parameter. */
function select({ q, sort, limit, cursor }) {
  const { key, way } = SORTS[sort];
  const values = [Date.now()];
  const parameter = (value) => `$${values.push(value)}`;
  const conditions = ['(starts_at IS NULL OR starts_at > $1)'];
  for (const word of q.toLowerCase().split(/\s+/).filter(Boolean)) {
    const literal = word.replace(/[\\%_]/g, '\\$&');
    conditions.push(`words LIKE ${parameter(`%${literal}%`)}`);
  }
  if (cursor) {
    const sign = way === 'DESC' ? '<' : '>';
    const [, last, id] = readPosition(sort, cursor);
    conditions.push(
      key
        ? `(${key}, id) ${sign} (${parameter(last)}, ${parameter(id)})`
        : `id ${sign} ${parameter(id)}`,
    );
  }
  const order = key ? `${key} ${way}, id ${way}` : `id ${way}`;
  const text = `SELECT ${COLUMNS} FROM tickets WHERE ${conditions.join(' AND ')}
    ORDER BY ${order} LIMIT ${parameter(limit + 1)}`;
  // Equal texts have equal names, so that each is prepared once.
  return { name: `tickets ${sort} ${conditions.length} ${Boolean(cursor)}`, text, values };
}

function readPosition(sort, cursor) {
  const position = Position.safeParse(readCursor(cursor));
  if (!position.success || position.data[0] !== sort) {
    throw invalid('This cursor belongs to another order; start again without one');
  }
  return position.data;
}
