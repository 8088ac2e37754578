// The payment provider: Stripe, or the sandbox that speaks like it.

import { config } from './config.js';

const PATIENCE_MS = 15_000;

/**
 * Takes the money for an order, once for each payment `id`: `{ intentId }`, or `{ declined }` with
 * the reason. Throws if it is not known whether the money was taken.
 */
export async function charge(id, order, token) {
  const response = await fetch(`${config.stripeBase}/v1/payment_intents`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${config.stripeKey}`, 'Idempotency-Key': id },
    body: new URLSearchParams({
      amount: order.amount,
      currency: order.currency.toLowerCase(),
      payment_method: token,
      confirm: 'true',
      'automatic_payment_methods[enabled]': 'true',
      'automatic_payment_methods[allow_redirects]': 'never',
      'metadata[order_id]': order.id,
    }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const body = await response.json();
  if (response.status === 200) {
    return body.status === 'succeeded' ? { intentId: body.id } : { declined: body.status };
  }
  if (response.status === 402) {
    return { declined: body.error.decline_code ?? body.error.code ?? 'card_declined' };
  }
  throw new Error(`the payment provider answered ${response.status}: ${body.error?.message}`);
}
