// The application: what all requests go through, and the routes.

import cookieParser from 'cookie-parser';
import express from 'express';

import { handleError, notFound } from './problem.js';
import { orders } from './routes/orders.js';
import { payments } from './routes/payments.js';
import { tickets } from './routes/tickets.js';
import { users } from './routes/users.js';
import { currentUser } from './session.js';

export const app = express();

app.disable('x-powered-by');
app.use(express.json({ limit: '64kb' }));
app.use(cookieParser());
app.use(currentUser);

app.get('/healthz', (request, response) => response.send('ok'));
app.use('/api/users', users);
app.use('/api/tickets', tickets);
app.use('/api/orders', orders);
app.use('/api/payments', payments);

app.use(() => {
  throw notFound('There is nothing at this address');
});
app.use(handleError);
