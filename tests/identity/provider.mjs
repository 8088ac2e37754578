// A provider of OpenID Connect for suites: oidc-provider, with the pages that it has for development.
//
// Anybody signs in there by a name, with any password. The name is the subject, and says what is known of
// its address: `ada+unverified` has one that is not proven, `ada+none` has none.
import { Provider } from 'oidc-provider';

// Nobody reads the output after its first line: a notice into a closed pipe would end the process.
console.info = () => {};

const { PORT, REDIRECT_URI, CLIENT_ID, CLIENT_SECRET } = process.env;
const issuer = `http://127.0.0.1:${PORT}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  pkce: { required: () => true },
  cookies: { keys: ['of no other use'] },
  findAccount: (_, sub) => {
    const [name, kind] = sub.split('+');
    const email = { email: `${name}@example.com`, email_verified: kind !== 'unverified' };
    return { accountId: sub, claims: () => ({ sub, ...(kind === 'none' ? {} : email) }) };
  },
});

provider.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
