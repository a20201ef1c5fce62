"""What the parent of a sweep imports is all that a job imports."""

import json
import subprocess
import sys
from pathlib import Path

CODE = """
import json, sys
sys.path.insert(0, {tests!r})
from composing import composed
from genlab.cli import main
from genlab.commands.preimport import preimport
words = {words!r}
preimport([composed(*words)])
import threading
assert threading.active_count() == 1, "a process with threads must not be forked"
before = set(sys.modules)
assert main(["train", *words]) == 0
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_a_job_of_a_warm_parent_imports_almost_nothing(tmp_path):
    words = [
        "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "trainer.max_epochs=1", "logger=none",
        "metrics.n_samples=64", f"paths.output_dir={tmp_path}",
    ]  # fmt: skip
    code = CODE.format(tests=str(Path(__file__).parents[1]), words=words)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    late = json.loads(done.stdout.splitlines()[-1])
    heavy = ("torch.", "torchvision.", "torchmetrics.", "matplotlib.", "scipy.")
    assert len([name for name in late if name.startswith(heavy)]) < 10, late
    assert not [name for name in late if name.startswith(("pytorch_lightning", "genlab.models", "genlab.networks"))]
