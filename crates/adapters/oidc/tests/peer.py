"""An issuer of OpenID Connect at which one person signs in: Ada.

peer.py PORT. Each line of the input is the address of its page; the person agrees there, and one
JSON line says where the browser is sent back to.
"""

import json
import sys
import threading
import urllib.error
import urllib.request

import werkzeug.serving
from oidc_provider_mock import app
from oidc_provider_mock._storage import User

ADA = {"email": "ada@example.org", "email_verified": True, "name": "Ada"}


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_):
        return None


application = app(user_claims=[User(sub="ada", claims=ADA)])
server = werkzeug.serving.make_server("127.0.0.1", int(sys.argv[1]), application, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ready": True}), flush=True)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay())
# Ends with the pipe of whoever started it.
for line in sys.stdin:
    try:
        answer = opener.open(line.strip(), data=b"sub=ada", timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    said = {"status": answer.status, "location": answer.headers.get("location")}
    print(json.dumps(said), flush=True)
server.shutdown()
