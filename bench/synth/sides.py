"""What the benches of synthetic tables share: environments of peers, programs with their times, and
what was measured before."""

import hashlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "gantry"
DATA = pathlib.Path(os.environ.get("GANTRY_DATA", "data"))


def python_of(name):
    """The Python of a peer or of the measures, with its packages."""
    folder = CACHE / "venvs" / f"synth-{name}"
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    wanted = (HERE / f"requirements-{name}.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r",
                        HERE / f"requirements-{name}.txt"], check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    return str(python)


def our_program(given=None):
    """The program: the one that is given, or the release build of this tree."""
    if given:
        return str(pathlib.Path(given).resolve())
    command = ["cargo", "build", "--release", "-q", "-p", "gantry", "--message-format=json"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    names = (json.loads(line).get("executable") for line in out.splitlines())
    return [name for name in names if name][-1]


def timed(command, limit):
    """Runs a program: what it said, seconds, and processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=limit)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(lines[-1][:300] if lines else "no message")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, seconds, cpu


def digest(*paths):
    """A short name of what files hold."""
    known = hashlib.sha256()
    for path in paths:
        known.update(pathlib.Path(path).read_bytes())
    return known.hexdigest()[:12]


class Kept:
    """What was measured before, one JSON object a line, so that a run that was cut off goes on."""

    def __init__(self, name, fresh):
        self.path = CACHE / "bench" / f"{name}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.known = {}
        if self.path.exists() and not fresh:
            for line in self.path.read_text().splitlines():
                entry = json.loads(line)
                self.known[entry["key"]] = entry["found"]

    def get(self, key, measure):
        """What is kept under the key, or what `measure` finds now. Failures are tried again."""
        key = json.dumps(key)
        if key not in self.known:
            try:
                found = measure()
            except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
                return {"error": f"{type(error).__name__}: {str(error)[:300]}"}
            self.known[key] = found
            with open(self.path, "a") as file:
                file.write(json.dumps({"key": key, "found": found}) + "\n")
        return self.known[key]
