"""Runs trainings in forked processes of one warm parent, kills them at a step, and tells what they left.

    python tests/killing.py REQUEST.json

The request is {"store": folder, "jobs": [{"arguments": [...], "kill_at": step or null, "signal": name}]}; the jobs
run one after another. Prints a JSON list of {"exit", "status", "weights", "state", "losses"}: what each left.
"""

import hashlib
import json
import os
import signal
import sys
from pathlib import Path


def main(request):
    import torch

    import genlab.commands.train as command
    from genlab.runs import checkpoint_io, history
    from genlab.runs.store import Store

    command._warm([])
    results = []
    for job in request["jobs"]:
        pid = os.fork()
        if pid == 0:
            torch.set_num_threads(1)
            os._exit(work(job))
        _, status = os.waitpid(pid, 0)
        run = Store(job["store"]).find("latest") if list(Path(job["store"]).glob("*/*/checkpoints/last.ckpt")) else None
        result = {"exit": os.waitstatus_to_exitcode(status)}
        if run is not None:
            content = checkpoint_io.load(run.checkpoint())
            state = [content[key] for key in ("optimizer_states", "lr_schedulers", "global_step", "epoch")]
            result |= {
                "status": run.record().status,
                "weights": digest([content["state_dict"], content.get("ema", {})]),
                "state": digest(state),
                "losses": [(line["step"], line["loss"]) for line in history.read(run.history_file) if "loss" in line],
            }
        results.append(result)
    return results


def digest(content):
    """SHA-256 of all tensors and numbers in a checkpoint's content, in order."""
    import torch

    if isinstance(content, dict):
        content = [part for key, value in content.items() for part in (str(key), value)]
    if isinstance(content, list | tuple):
        return hashlib.sha256("".join(digest(part) for part in content).encode()).hexdigest()
    return hashlib.sha256(
        content.numpy().tobytes() if isinstance(content, torch.Tensor) else repr(content).encode()
    ).hexdigest()


def work(job):
    from genlab.callbacks.history import History
    from genlab.cli import main as genlab
    from genlab.families.base import batches_done

    sys.stdout = sys.stderr
    if job.get("kill_at") is not None:
        unharmed = History.on_train_batch_end

        def fatal(self, trainer, *arguments):
            unharmed(self, trainer, *arguments)
            if batches_done(trainer) == job["kill_at"]:
                os.kill(os.getpid(), getattr(signal, job.get("signal", "SIGKILL")))

        History.on_train_batch_end = fatal
    return genlab(["train", *job["arguments"], f"paths.output_dir={job['store']}"])


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
