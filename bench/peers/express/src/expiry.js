// Holds that end: once a second, those whose time is up.

import { rows, transaction } from './db.js';
import { publish } from './events.js';
import { COLUMNS, free, view } from './orders.js';

const EVERY_MS = 1_000;

const EXPIRE = `
  UPDATE orders SET status = 'cancelled', cancel_reason = 'expired', version = version + 1
  WHERE id IN (SELECT id FROM orders WHERE status = 'created' AND expires_at <= $1
               ORDER BY id LIMIT 100)
    AND status = 'created'
  RETURNING ${COLUMNS}`;

async function expire() {
  const ended = await transaction(async (client) => {
    const orders = await rows(client, 'expire', EXPIRE, [Date.now()]);
    for (const order of orders) {
      await free(client, order);
    }
    return orders.map(view);
  });
  for (const order of ended) {
    await publish('order:cancelled', order.id, order);
  }
}

export function expireForever() {
  setTimeout(async () => {
    await expire().catch((error) => console.error('holds that are over:', error));
    expireForever();
  }, EVERY_MS);
}
