"""Celery 5 and Redis as their users run them: two prefork workers, no result backend."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import machine

# kombu, which Celery brings, imports packaging and does not ask for it.
REQUIREMENTS = ["celery==5.7.0", "redis==6.4.0", "packaging==25.0"]
HERE = Path(__file__).resolve().parent


def versions():
    return {"peer": REQUIREMENTS, "redis": machine.version("redis-server")}


class Celery:
    """A Redis on a free port with one Celery worker of two processes."""

    def __enter__(self):
        self.python = machine.venv("celery", REQUIREMENTS)
        self.folder = tempfile.mkdtemp(prefix="gantry-bench-")
        port = machine.free_port()
        redis = machine.need("redis-server", "redis-server")
        self.redis = subprocess.Popen(
            [redis, "--port", str(port), "--bind", "127.0.0.1", "--dir", self.folder],
            stdout=subprocess.DEVNULL,
        )
        machine.wait_for(lambda: machine.accepts(port), "Redis")
        self.environment = {
            **os.environ,
            "BENCH_REDIS": f"redis://127.0.0.1:{port}/0",
            "PYTHONPATH": str(HERE),
        }
        worker = ["-m", "celery", "-A", "celery_app", "worker", "-c", "2", "-P", "prefork"]
        quiet = ["--loglevel", "ERROR", "--without-gossip", "--without-mingle"]
        self.worker = subprocess.Popen(
            [self.python, *worker, *quiet],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._drive("wait", 20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in (self.worker, self.redis):
            process.terminate()
            process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def throughput(self, jobs):
        return self._drive("throughput", jobs)

    def latency(self, jobs):
        return self._drive("latency", jobs)

    def _drive(self, mode, jobs):
        """Runs the driver; the broker's and the workers' processor time is counted in."""
        before = self._cpu_seconds()
        figures = machine.run_measured(
            [self.python, str(HERE / "celery_drive.py"), mode, str(jobs)],
            timeout=300,
            env=self.environment,
            cwd=self.folder,
        )
        figures["cpu_s"] += self._cpu_seconds() - before
        return figures

    def _cpu_seconds(self):
        return sum(machine.tree_cpu_seconds(one.pid) for one in (self.worker, self.redis))
