// Errors that clients see (RFC 9457).

import { STATUS_CODES } from 'node:http';

import { ZodError } from 'zod';

export class Problem extends Error {
  constructor(status, detail, { code, errors = [] } = {}) {
    super(detail);
    Object.assign(this, { status, code, errors });
  }

  body() {
    const { status, message, errors, code } = this;
    return { title: STATUS_CODES[status], status, detail: message, errors, code };
  }
}

export const invalid = (detail) => new Problem(400, detail);
export const unauthorized = (detail) => new Problem(401, detail);
export const declined = (code) =>
  new Problem(402, 'The card was declined. Your hold stays; try another card', { code });
export const forbidden = (detail) => new Problem(403, detail);
export const notFound = (detail) => new Problem(404, detail);
export const conflict = (detail, code) => new Problem(409, detail, { code });

function asProblem(error) {
  if (error instanceof Problem) {
    return error;
  }
  if (error instanceof ZodError) {
    const errors = error.issues.map(({ message, path }) => ({ message, field: path.join('.') }));
    return new Problem(400, 'Some fields need your attention', { errors });
  }
  // What Express's own parts throw, such as a body that is no JSON.
  if (error.status >= 400 && error.status < 500) {
    return new Problem(error.status, error.message);
  }
  console.error(error);
  return new Problem(500, 'The fault is ours. Try again');
}

// Express knows by the four parameters that it is for errors.
// eslint-disable-next-line no-unused-vars
export function handleError(error, request, response, next) {
  const problem = asProblem(error);
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem.body()));
}
