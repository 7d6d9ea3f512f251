"""The peer's application: a task that only says that it was there."""

import os
import time

import redis
from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_REDIS"])
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 64
store = redis.Redis.from_url(os.environ["BENCH_REDIS"])


@app.task
def noop():
    store.incr("done")


@app.task
def stamped(begun):
    store.rpush("waits", time.time() - begun)
