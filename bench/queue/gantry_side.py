"""Our side in process: the same load through the use-cases and a worker."""

import json
import os
import subprocess
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parents[2]
ENGINE = Path(__file__).resolve().parent / "noop_engine"
RATE = 100


def build():
    """Builds what is shipped and the drivers in release mode, once, and answers their folder."""
    packages = ["-p", "gantry", "-p", "gantry-testkit", "--bin", "gantry", "--examples"]
    command = ["cargo", "build", "--locked", "--release", "-q", *packages]
    subprocess.run(command, cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"


def _drive(built, *flags):
    driver = built / "examples" / "queue_load"
    return machine.run_measured([str(driver), *map(str, flags)], timeout=400)


def throughput(built, store, jobs, accounts=1):
    return _drive(built, "--store", store, "--jobs", jobs, "--accounts", accounts)


def external(built, jobs):
    """The no-op is a program of its own, in warm processes."""
    return _drive(built, "--jobs", jobs, "--engine", ENGINE, "--operation", "bench.noop")


def latency(built, store, jobs):
    return _drive(built, "--store", store, "--jobs", jobs, "--rate", RATE)
