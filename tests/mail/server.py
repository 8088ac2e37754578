"""An aiosmtpd that wants TLS, a name and a password, and hands what it takes on to another server.

Arguments: starttls or smtps; its port; the files of its certificate and of its key; its user's name and
password; the port of the server to hand on to. It says "ready" when it listens.
"""

import asyncio
import ssl
import sys

from aiosmtpd.handlers import Proxy
from aiosmtpd.smtp import SMTP, AuthResult


def main(tls, port, certificate, key, name, password, onward):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    starts = tls == "starttls"

    def known(_server, _session, _envelope, _mechanism, data):
        given = (data.login.decode(), data.password.decode())
        # Who is refused has not been told so yet.
        return AuthResult(success=given == (name, password), handled=False)

    def session():
        return SMTP(
            Proxy("127.0.0.1", int(onward)),
            hostname="mail.localhost",
            tls_context=context if starts else None,
            require_starttls=starts,
            auth_required=True,
            # Where the connection begins with TLS, it is there already.
            auth_require_tls=starts,
            authenticator=known,
            enable_SMTPUTF8=True,
        )

    async def serve():
        loop = asyncio.get_running_loop()
        wrapped = None if starts else context
        server = await loop.create_server(session, "127.0.0.1", int(port), ssl=wrapped)
        print("ready", flush=True)
        await server.serve_forever()

    asyncio.run(serve())


main(*sys.argv[1:])
