"""Signs somebody up at a shop, and prints the session: takes the shop's address and a name."""

import json
import sys
import urllib.request

url, name = sys.argv[1:]
request = urllib.request.Request(
    f"{url}/api/users/signUp",
    json.dumps({"email": f"{name}@example.com", "password": "correct horse battery"}).encode(),
    {"Content-Type": "application/json"},
)
with urllib.request.urlopen(request, timeout=30) as answer:
    for cookie in answer.headers.get_all("Set-Cookie", []):
        cookie_name, _, value = cookie.split(";")[0].partition("=")
        if cookie_name == "session":
            print(value)
