"""Our side over HTTP: the shipped server as a process of its own, and a load of requests."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import gantry_side
import machine

E_MAIL, PASSWORD = "bench@example.org", "a long enough password"

# A plan that counts and holds every job, and does not stand in the way of 50 clients. Jobs stay
# queued: what is measured is their submission.
CONFIG = """
[worker]
slots = 0

[plan]
queued_jobs = 10000000
granted_credits = 10000000
requests_per_minute = 60000000
request_burst = 1000000

[plan.meters.jobs]
per_period = 10000000

[engines]
external = ["{engine}"]
"""


class Server:
    """`gantry serve` on SQLite in a temporary folder, on a free port."""

    def __init__(self, built, config=CONFIG):
        self.program = str(built / "gantry")
        self.load = str(built / "examples" / "http_load")
        self.config = config

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gantry-bench-"))
        settings = self.folder / "gantry.toml"
        settings.write_text(self.config.format(engine=gantry_side.ENGINE))
        self.data = ["--data-dir", str(self.folder / "data"), "--config", str(settings)]
        create = ["admin", "create", "--email", E_MAIL, "--password-stdin", "--quiet"]
        subprocess.run(
            [self.program, *create, *self.data],
            input=PASSWORD + "\n",
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Starts the server; answers the seconds until it is ready."""
        self.port = machine.free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", "--quiet", *self.data],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "log", "ab"),
        )
        machine.wait_for(self.is_ready, f"the server (see {self.folder}/log)", pause=0.005)
        return time.perf_counter() - begun

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError("the server ended: " + (self.folder / "log").read_text()[-500:])
        try:
            with urllib.request.urlopen(self.root + "/readyz", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def issue_key(self):
        """Signs in and makes an API key."""
        jar = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        signed_in = self._post(jar, "/auth/login", {"email": E_MAIL, "password": PASSWORD})
        wanted = {"name": "bench", "scopes": ["read", "run", "data", "account"]}
        issued = self._post(jar, "/api-keys", wanted, {"X-CSRF-Token": signed_in["csrf_token"]})
        return issued["key"]

    def _post(self, jar, path, body, headers=None):
        request = urllib.request.Request(
            self.root + "/api/v1" + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **(headers or {})},
        )
        with jar.open(request, timeout=30) as answer:
            return json.load(answer)

    def drive(self, *flags):
        """Runs the load, with the processor time of both sides beside its figures."""
        before = machine.cpu_seconds(self.process.pid)
        command = [self.load, "--address", f"127.0.0.1:{self.port}", *map(str, flags)]
        figures = machine.run_measured(command, timeout=300)
        figures["server_cpu_s"] = machine.cpu_seconds(self.process.pid) - before
        figures["server_rss_mb"] = machine.resident_mb(self.process.pid)
        figures["server_cpu_us"] = figures["server_cpu_s"] / figures["requests"] * 1e6
        if figures["refused"]:
            raise RuntimeError(f"{figures['refused']} refused: {figures['first_refusal']}")
        return figures

    def submit(self, key, requests, connections=50):
        figures = self.drive(
            *("--key", key, "--connections", connections, "--requests", requests),
            *("--submit", "bench.noop"),
        )
        figures["submissions_per_s"] = figures["requests_per_s"]
        return figures

    def read(self, key, requests, connections, rate=500):
        return self.drive(
            *("--key", key, "--connections", connections, "--requests", requests, "--rate", rate),
            *("--get", "/api/v1/jobs", "--get", self.a_job(key), "--get", "/api/v1/datasets"),
        )

    def a_job(self, key):
        request = urllib.request.Request(
            self.root + "/api/v1/jobs?limit=1", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return "/api/v1/jobs/" + json.load(answer)["items"][0]["id"]


def submissions(built, requests):
    """As many submissions as 50 connections get through."""
    with Server(built) as server:
        key = server.issue_key()
        server.submit(key, 500)
        return server.submit(key, requests)


def reads(built, requests):
    """Common reads at 500 a second, over few and over many connections."""
    with Server(built) as server:
        key = server.issue_key()
        server.submit(key, 2_000)
        return {str(count): server.read(key, requests, count) for count in (50, 500)}


def idle(built, starts=5):
    """A server with default settings that nobody asks for anything."""
    with Server(built, config="") as server:
        times = []
        for _ in range(starts):
            server.stop()
            times.append(server.start())
        before = machine.cpu_seconds(server.process.pid)
        time.sleep(5)
        return {
            "rss_mb": machine.resident_mb(server.process.pid),
            "start_s": statistics.median(times),
            "starts_s": times,
            "cpu_s_in_5_s": machine.cpu_seconds(server.process.pid) - before,
        }
