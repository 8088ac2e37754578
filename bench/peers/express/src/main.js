// A peer to be measured against: the API of the shop, as far as `bench` uses it, as an Express
// service on Postgres and Redis, one process a core. `bench/README.md` says what it leaves out.

import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

import { config } from './config.js';
import { pool } from './db.js';
import { expireForever } from './expiry.js';

async function primary() {
  await pool.query(await readFile(new URL('./schema.sql', import.meta.url), 'utf8'));
  // All workers verify what one of them has signed.
  const env = { JWT_KEY: process.env.JWT_KEY ?? randomBytes(32).toString('hex') };
  for (let worker = 0; worker < availableParallelism(); worker += 1) {
    cluster.fork(env);
  }
  cluster.on('exit', (worker, code) => {
    console.error(`worker ${worker.process.pid} has ended with ${code}`);
    cluster.fork(env);
  });
  expireForever();
}

async function worker() {
  // Not above: there is no key for tokens before the first process has made one.
  const { app } = await import('./app.js');
  const server = app.listen(config.port, config.host);
  // Longer than any pause between two requests on a connection.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
}

if (cluster.isPrimary) {
  await primary();
} else {
  await worker();
}
