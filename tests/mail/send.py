"""Sends a letter by Python's own client, to see that a server is what a test takes it for.

Arguments: starttls or smtps; the server's port; the file of the authority's certificate; a name and a
password, or nothing for both.
"""

import smtplib
import ssl
import sys

LETTER = "Message-ID: <1@tickets.example>\r\nSubject: Kites\r\n\r\nText\r\n"


def main(tls, port, authority, name, password):
    context = ssl.create_default_context(cafile=authority)
    if tls == "smtps":
        client = smtplib.SMTP_SSL("localhost", int(port), timeout=10, context=context)
    else:
        client = smtplib.SMTP("localhost", int(port), timeout=10)
        client.starttls(context=context)
    if name:
        client.login(name, password)
    client.sendmail("shop@example.org", ["you@example.org"], LETTER)
    client.quit()


main(*sys.argv[1:])
