// Listings, as they are kept and sent.

export const COLUMNS = `id, title, price, currency, quantity, held, sold, seller_id, venue, city,
  starts_at, time_zone, description, created_at, version`;

export const time = (millis) => (millis === null ? null : new Date(millis).toISOString());

function status(available, held) {
  if (available > 0) {
    return 'open';
  }
  return held > 0 ? 'held' : 'sold';
}

/** A row as clients see it. */
export function view(row) {
  const available = row.quantity - row.held - row.sold;
  return {
    id: row.id,
    title: row.title,
    price: row.price,
    currency: row.currency,
    quantity: row.quantity,
    available,
    status: status(available, row.held),
    sellerId: row.seller_id,
    venue: row.venue,
    city: row.city,
    startsAt: time(row.starts_at),
    timeZone: row.time_zone,
    description: row.description,
    createdAt: time(row.created_at),
    version: row.version,
  };
}
