"""An engine for the story of an edition: each of its jobs counts one review."""
import json
import sys

ENGINE = {
    "id": "review",
    "title": "Reviews",
    "summary": "Writes reviews that say nothing.",
    "operations": [{
        "id": "review.write",
        "title": "Write a review",
        "params_schema": {"type": "object", "properties": {}},
        "estimate": {"credits": 0, "meters": {"reviews": {"fixed": 1}}},
    }],
}


def send(**message):
    print(json.dumps(message), flush=True)


for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "hello":
        send(type="ready", protocol=1, engine=ENGINE)
    if request["type"] == "run":
        send(type="done", run=request["run"], report={"pages": 0})
