// What Redis is told: an entry in the stream of each event's type, after the commit.

import { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';

import { config } from './config.js';

// About how many entries a stream keeps: nobody reads them here.
const KEPT = 10_000;

const redis = new Redis(config.redisUrl);

redis.on('error', (error) => console.error('Redis:', error));

/** Tells of what was committed. If that fails, the change stays and nobody hears of it. */
export async function publish(type, subject, data) {
  const event = {
    specversion: '1.0',
    id: uuidv7(),
    source: '/express',
    type,
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data,
  };
  try {
    await redis.xadd(type, 'MAXLEN', '~', KEPT, '*', 'event', JSON.stringify(event));
  } catch (error) {
    console.error(`${type} of ${subject} was not published:`, error);
  }
}
