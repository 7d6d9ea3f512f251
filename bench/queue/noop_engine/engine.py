"""An engine that does nothing, as its author would write it."""

import json
import sys

MANIFEST = {
    "id": "bench",
    "title": "Bench",
    "operations": [
        {
            "id": "bench.noop",
            "title": "Nothing",
            "params_schema": {"type": "object"},
            "estimate": {"credits": 1},
        }
    ],
}


def send(**message):
    print(json.dumps(message), flush=True)


for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        send(type="ready", protocol=1, engine=MANIFEST)
    if message["type"] == "run":
        send(type="done", run=message["run"], report={})
