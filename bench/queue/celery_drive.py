"""Submits to the peer and waits until everything was done. Prints one JSON object."""

import json
import statistics
import sys
import time

from celery_app import noop, stamped, store

LIMIT = 240


def wait_until(count, read):
    deadline = time.monotonic() + LIMIT
    while read() < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"only {read()} of {count} tasks were done")
        time.sleep(0.005)


def throughput(jobs):
    store.set("done", 0)
    begun = time.perf_counter()
    for _ in range(jobs):
        noop.delay()
    wait_until(jobs, lambda: int(store.get("done")))
    seconds = time.perf_counter() - begun
    return {"jobs": jobs, "seconds": seconds, "jobs_per_s": jobs / seconds}


def latency(jobs, rate=100):
    store.delete("waits")
    begun = time.perf_counter()
    for number in range(jobs):
        time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        stamped.delay(time.time())
    wait_until(jobs, lambda: store.llen("waits"))
    waits = [float(wait) * 1e3 for wait in store.lrange("waits", 0, -1)]
    cuts = statistics.quantiles(waits, n=20, method="inclusive")
    return {"p50_ms": statistics.median(waits), "p95_ms": cuts[18]}


modes = {"wait": throughput, "throughput": throughput, "latency": latency}
print(json.dumps(modes[sys.argv[1]](int(sys.argv[2]))))
