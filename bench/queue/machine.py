"""What a bench needs from the machine: programs, ports, venvs, databases, the cost of an fsync."""

import glob
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
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


def wait_for(ready, what, seconds=30, pause=0.05):
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come up within {seconds} s")
        time.sleep(pause)


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def find(program):
    """The path of a program, also where Debian hides PostgreSQL's."""
    hidden = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"))
    return hidden[-1] if hidden else shutil.which(program)


def need(program, package):
    """The path of a program; Debian's package is installed where it is missing."""
    if not find(program):
        print(f"installing Debian's package {package}", file=sys.stderr)
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        for words in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run([*apt, *words], check=False, stdout=sys.stderr)
    found = find(program)
    if not found:
        raise RuntimeError(f"{program} is missing: apt-get install {package}")
    return found


def run_measured(command, timeout, **options):
    """Runs a program whose last line is JSON; adds the processor time and memory that it took."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        process = subprocess.Popen(command, stdout=said, stderr=complained, **options)
        watch = threading.Timer(timeout, process.kill)
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        watch.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complained.seek(0)
        if process.returncode != 0:
            words = complained.read().decode(errors="replace").strip().splitlines()
            last = words[-1][-500:] if words else "no words"
            raise RuntimeError(f"{command[0]} ended with {process.returncode}: {last}")
        figures = json.loads(said.read().splitlines()[-1])
    figures["cpu_s"] = used.ru_utime + used.ru_stime
    figures["peak_rss_mb"] = used.ru_maxrss / 1024
    return figures


def cpu_seconds(pid):
    """Processor time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def tree_cpu_seconds(pid):
    """Processor time of a process and of everything that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(tree_cpu_seconds(int(child)) for child in children)


def resident_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory")


def describe():
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def version(program):
    """What a program says of its version; `None` where it is missing."""
    path = find(program)
    if not path:
        return None
    return subprocess.run([path, "--version"], capture_output=True, text=True).stdout.strip()


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
