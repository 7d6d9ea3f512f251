"""What a bench needs from the machine: ports, venvs, databases, the cost of an fsync."""

import glob
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gantry"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def venv(name, requirements):
    """The Python of a venv with these pinned packages, made where it is missing."""
    folder = CACHE / "venvs" / name
    python = folder / "bin" / "python"
    stamp = folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
        stamp.write_text(wanted)
    return str(python)


def wait_for(ready, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come up within {seconds} s")
        time.sleep(0.05)


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def need(program, package):
    found = shutil.which(program) or next(
        iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"))), None
    )
    if not found:
        raise SystemExit(f"{program} is missing; install Debian's package {package}")
    return found


def fdatasync_ms(count=200):
    """Median milliseconds of appending 4 KiB and syncing."""
    times = []
    with tempfile.NamedTemporaryFile(dir=tempfile.gettempdir()) as file:
        for _ in range(count):
            file.write(b"x" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


class Postgres:
    """A PostgreSQL server of its own on a free port; stopped and removed at the end."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gantry-bench-"))
        self.port = free_port()
        self.count = 0
        # initdb refuses to run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        initdb = need("initdb", "postgresql")
        data = str(self.folder / "data")
        self._run([initdb, "-D", data, "-U", "bench", "-A", "trust", "--no-sync"])
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.control = [need("pg_ctl", "postgresql"), "-D", data]
        log = str(self.folder / "log")
        self._run([*self.control, "-o", options, "-l", log, "-w", "start"])
        return self

    def __exit__(self, *_):
        self._run([*self.control, "-m", "immediate", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command):
        subprocess.run(
            self.user + command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder
        )

    def fresh_database(self):
        self.count += 1
        name = f"bench{self.count}"
        createdb = need("createdb", "postgresql")
        self._run([createdb, "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", name])
        return f"postgres://bench@127.0.0.1:{self.port}/{name}"
