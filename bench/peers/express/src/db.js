// Postgres.

import pg from 'pg';

import { config } from './config.js';

// Amounts and times are far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export const pool = new pg.Pool({ connectionString: config.databaseUrl, max: 10 });

pool.on('error', (error) => console.error('an idle connection:', error));

/** Rows of a statement, which is prepared once for each connection under its name. */
export async function rows(client, name, text, values = []) {
  const result = await client.query({ name, text, values });
  return result.rows;
}

export async function first(client, name, text, values) {
  return (await rows(client, name, text, values))[0];
}

/** What `work` returns, committed as a whole; nothing, if it throws. */
export async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const outcome = await work(client);
    await client.query('COMMIT');
    client.release();
    return outcome;
  } catch (error) {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (broken) => client.release(broken),
    );
    throw error;
  }
}
