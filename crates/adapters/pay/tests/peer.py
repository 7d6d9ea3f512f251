"""Stripe's API as another maker knows it (localstripe), with events that it signs and delivers.

peer.py PORT. The API listens on PORT. Each line of the input is a request, {"method", "path", "form"},
and its answer is one JSON line, {"answer"}. Events come to a receiver in this program; each is one
JSON line, {"body", "signature"}: the bytes as text, and the header that signs them.
"""

import asyncio
import json
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

from aiohttp import web
from localstripe import server, webhooks

PORT = int(sys.argv[1])
SECRET = "whsec_of_the_peer"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def say(line):
    print(json.dumps(line), flush=True)


async def receive(request):
    body = (await request.read()).decode()
    say({"body": body, "signature": request.headers["Stripe-Signature"]})
    return web.Response()


async def listen(application, port):
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner.addresses[0][1]


def ask(wish):
    form = urllib.parse.urlencode(wish["form"]).encode() if wish["method"] == "POST" else None
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{wish['path']}", data=form)
    request.add_header("Authorization", "Bearer sk_test_of_the_peer")
    try:
        with OPENER.open(request, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return {"status": error.code, "refusal": error.read().decode()}


def serve_input(loop, ended):
    # Ends with the pipe of whoever started it.
    for line in sys.stdin:
        say({"answer": ask(json.loads(line))})
    loop.call_soon_threadsafe(ended.set)


async def main():
    # Its books stay in memory.
    server.store.dump_to_disk = lambda: None
    receiver = web.Application()
    receiver.router.add_post("/", receive)
    port = await listen(receiver, 0)
    webhooks.register_webhook("peer", f"http://127.0.0.1:{port}/", SECRET, None)
    await listen(server.app, PORT)
    say({"ready": True})
    ended = asyncio.Event()
    arguments = (asyncio.get_running_loop(), ended)
    threading.Thread(target=serve_input, args=arguments, daemon=True).start()
    await ended.wait()


asyncio.run(main())
