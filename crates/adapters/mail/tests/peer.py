"""A mail server that prints what it gets: one JSON line for each message.

peer.py PORT. Addresses that begin with `nobody` are refused for good, with `busy` for now.
"""

import asyncio
import json
import sys

from aiosmtpd.controller import Controller


class Printer:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 There is no such mailbox"
        if address.startswith("busy"):
            return "451 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode("utf-8")
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "text": text}),
              flush=True)
        return "250 OK"


controller = Controller(Printer(), hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
print(json.dumps({"ready": True}), flush=True)
# Ends with the pipe of whoever started it.
sys.stdin.read()
controller.stop()
