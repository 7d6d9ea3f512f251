"""An engine for the stories of editions: reviews that are counted, figures on a graphics processor."""
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
    }, {
        "id": "review.figure",
        "title": "Draw a figure",
        "params_schema": {"type": "object", "properties": {}},
        "estimate": {"credits": 0, "device": "needs_gpu", "memory_bytes": 1000000},
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
