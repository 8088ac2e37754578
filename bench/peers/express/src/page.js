// Lists by cursor.

import { z } from 'zod';

import { invalid } from './problem.js';

export const limit = z.coerce.number().int().min(1).max(100).default(20);

export function readCursor(text) {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw invalid('This cursor is not from this list; start without one');
  }
}

/**
 * Answers with a page of `rows`, of which one more than `limit` was asked for, each as `view` shows
 * it. `position` says where a row stands.
 */
export function sendPage(request, response, rows, { limit, view, position }) {
  const kept = rows.slice(0, limit);
  const page = { items: kept.map(view) };
  if (rows.length > limit) {
    const json = JSON.stringify(position(kept.at(-1)));
    page.nextCursor = Buffer.from(json).toString('base64url');
    const [path] = request.originalUrl.split('?');
    const query = new URLSearchParams({ ...request.query, cursor: page.nextCursor });
    response.set('Link', `<${path}?${query}>; rel="next"`);
  }
  response.json(page);
}
