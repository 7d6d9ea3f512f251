"""What the benches of this folder share: Pythons of the peers, and our own programs."""

import json
import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "gantry"
PEERS = {"numpy": ["numpy==2.3.5", "openpyxl==3.1.5"], "ironcalc": ["ironcalc==0.9.1"]}


def python_of(name):
    """The Python of a peer, with its packages."""
    folder = CACHE / "venvs" / f"montecarlo-{name}"
    python, stamp = folder / "bin" / "python", folder / "requirements"
    wanted = " ".join(PEERS[name])
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS[name]], check=True,
                       stdout=sys.stderr)
        stamp.write_text(wanted)
    return str(python)


def our_example(package, name):
    """The path of an example, built."""
    command = ["cargo", "build", "--release", "-q", "-p", package, "--example", name,
               "--message-format=json"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    names = (json.loads(line).get("executable") for line in out.splitlines())
    return [name for name in names if name][-1]
