// Accounts and sessions.

import { Algorithm, hash, verify } from '@node-rs/argon2';
import { Router } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';

import { first, pool, rows } from '../db.js';
import { conflict, unauthorized } from '../problem.js';
import { endSession, startSession } from '../session.js';

// The shop's parameters: 19 MiB, 2 passes, 1 lane.
const HASHING = { algorithm: Algorithm.Argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

const ADD = `INSERT INTO users (id, email, password_hash, created_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (email) DO NOTHING RETURNING id`;
const FIND = 'SELECT id, email, password_hash FROM users WHERE email = $1';

const Credentials = z.object({
  email: z.string().trim().toLowerCase().max(254).pipe(z.email()),
  password: z.string().min(8).max(128),
});

export const users = Router();

users.post('/signUp', async (request, response) => {
  const { email, password } = Credentials.parse(request.body);
  const account = { id: uuidv7(), email };
  const passwordHash = await hash(password, HASHING);
  const added = await rows(pool, 'add-user', ADD, [account.id, email, passwordHash, Date.now()]);
  if (added.length === 0) {
    throw conflict('This address has an account already; sign in instead', 'email_taken');
  }
  startSession(response, account);
  response.status(201).json(account);
});

users.post('/signIn', async (request, response) => {
  const { email, password } = Credentials.parse(request.body);
  const stored = await first(pool, 'user', FIND, [email]);
  // Where there is no account, it takes as long to say no.
  const matches = stored
    ? await verify(stored.password_hash, password)
    : (await hash(password, HASHING)) && false;
  if (!matches) {
    throw unauthorized('Address and password do not match');
  }
  const account = { id: stored.id, email: stored.email };
  startSession(response, account);
  response.json(account);
});

users.post('/signOut', (request, response) => {
  endSession(response);
  response.json({ currentUser: null });
});

users.get('/currentUser', (request, response) => {
  response.json({ currentUser: request.currentUser ?? null });
});
