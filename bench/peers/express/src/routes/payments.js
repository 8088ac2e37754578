// Payments: the order is taken off the clock, the money is taken, the order is completed.

import { Router } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';

import { first, pool, rows, transaction } from '../db.js';
import { publish } from '../events.js';
import { COLUMNS, own, view } from '../orders.js';
import { conflict, declined } from '../problem.js';
import { requireUser } from '../session.js';
import { charge } from '../stripe.js';

const BEGIN = `
  UPDATE orders SET status = 'awaiting:payment', version = version + 1
  WHERE id = $1 AND status = 'created' AND expires_at > $2 RETURNING ${COLUMNS}`;
const END = `
  UPDATE orders SET status = 'created', version = version + 1
  WHERE id = $1 AND status = 'awaiting:payment'`;
const COMPLETE = `
  UPDATE orders SET status = 'complete', payment_id = $1, version = version + 1
  WHERE id = $2 AND status = 'awaiting:payment' RETURNING ${COLUMNS}`;
const ADD = `
  INSERT INTO payments (id, order_id, amount, currency, status, intent_id, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
const SELL = `
  UPDATE tickets SET held = held - $1, sold = sold + $1, version = version + 1 WHERE id = $2`;

const NewPayment = z.strictObject({ orderId: z.uuid(), token: z.string().min(4).max(255) });

export const payments = Router();

payments.use(requireUser);

payments.post('/', async (request, response) => {
  const { orderId, token } = NewPayment.parse(request.body);
  await own(pool, request.currentUser.id, orderId);
  // From here on it neither runs out nor is cancelled, nor paid a second time.
  const order = await first(pool, 'begin-payment', BEGIN, [orderId, Date.now()]);
  if (!order) {
    throw conflict('This order has ended, or is paid for, or being paid for', 'not_payable');
  }
  const id = uuidv7();
  // If it is not known whether the money was taken, the order stays as it is, for an operator.
  const outcome = await charge(id, order, token);
  if (outcome.declined) {
    await rows(pool, 'end-payment', END, [orderId]);
    throw declined(outcome.declined);
  }
  const payment = {
    id,
    orderId,
    amount: order.amount,
    currency: order.currency,
    status: 'captured',
    intentId: outcome.intentId,
    createdAt: new Date().toISOString(),
  };
  const completed = await transaction((client) => complete(client, payment));
  await publish('payment:created', id, payment);
  await publish('order:completed', orderId, completed);
  response.status(201).json(payment);
});

async function complete(client, payment) {
  const order = await first(client, 'complete', COMPLETE, [payment.id, payment.orderId]);
  if (!order) {
    throw new Error(`the order ${payment.orderId} is paid and was not waiting for it`);
  }
  await rows(client, 'add-payment', ADD, [
    payment.id,
    payment.orderId,
    payment.amount,
    payment.currency,
    payment.status,
    payment.intentId,
    Date.parse(payment.createdAt),
  ]);
  await rows(client, 'sell', SELL, [order.quantity, order.ticket_id]);
  return view(order);
}
