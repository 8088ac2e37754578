// What the environment says.

function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`set ${name}`);
  }
  return value;
}

export const config = {
  host: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT ?? 3200),
  databaseUrl: required('DATABASE_URL'),
  redisUrl: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  stripeBase: process.env.STRIPE_API_BASE ?? 'http://127.0.0.1:3001',
  stripeKey: process.env.STRIPE_API_KEY ?? 'sk_test_sandbox',
  holdSeconds: Number(process.env.HOLD_SECONDS ?? 900),
  jwtKey: process.env.JWT_KEY,
};
