"""Our side: the same load through the use-cases and a worker, in one process."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RATE = 100


def build():
    """Builds the driver in release mode and answers its path."""
    command = ["cargo", "build", "--locked", "--release", "-q", "-p", "gantry-testkit"]
    subprocess.run([*command, "--example", "queue_load"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / "release" / "examples" / "queue_load")


def _drive(driver, *flags):
    ended = subprocess.run(
        [driver, *map(str, flags)], check=True, capture_output=True, text=True, timeout=400
    )
    return json.loads(ended.stdout.splitlines()[-1])


def throughput(driver, store, jobs, accounts):
    return _drive(driver, "--store", store, "--jobs", jobs, "--accounts", accounts)


def latency(driver, store, jobs):
    return _drive(driver, "--store", store, "--jobs", jobs, "--rate", RATE)
