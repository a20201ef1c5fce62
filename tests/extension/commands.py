"""Carries out an outsider's commands, each in a process of its own that may be killed."""

import json
import subprocess
import sys
from pathlib import Path

KILLING = Path(__file__).parents[1] / "killing.py"


def carried_out(jobs, folder, root):
    """What each of `jobs` (see tests/killing.py) left, asked for in `folder`; the request is written into `root`."""
    (root / "request.json").write_text(json.dumps({"jobs": jobs}))
    done = subprocess.run([sys.executable, KILLING, root / "request.json"], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
