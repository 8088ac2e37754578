// Who is asking, by a token in a cookie.

import { createSecretKey } from 'node:crypto';

import jwt from 'jsonwebtoken';

import { config } from './config.js';
import { unauthorized } from './problem.js';

// Of a text, jsonwebtoken would find out for each token that it is no public key.
const KEY = createSecretKey(Buffer.from(config.jwtKey));
const NAME = 'session';
const SECONDS = 7 * 24 * 60 * 60;
const OPTIONS = { path: '/', httpOnly: true, sameSite: 'lax' };

export function startSession(response, { id, email }) {
  const token = jwt.sign({ email }, KEY, { subject: id, expiresIn: SECONDS });
  response.cookie(NAME, token, { ...OPTIONS, maxAge: SECONDS * 1000 });
}

export function endSession(response) {
  response.clearCookie(NAME, OPTIONS);
}

export function currentUser(request, response, next) {
  const token = request.cookies[NAME];
  if (token) {
    try {
      const { sub, email } = jwt.verify(token, KEY, { algorithms: ['HS256'] });
      request.currentUser = { id: sub, email };
    } catch {
      // Nobody is signed in by such a token.
    }
  }
  next();
}

export function requireUser(request, response, next) {
  if (!request.currentUser) {
    throw unauthorized('Sign in first, then try again');
  }
  next();
}
