"""Runs trainings in forked processes of one warm parent, kills them at a step, and tells what they left.

    python tests/killing.py REQUEST.json

The request is {"store": folder, "jobs": [{"arguments": [...], "kill_at": step or null, "signal": name}]}; the jobs
run one after another. Prints a JSON list of {"status", "weights", "losses"} of the run folder after each job.
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
            tensors = [*content["state_dict"].values(), *content.get("ema", {}).values()]
            joined = b"".join(torch.as_tensor(t).numpy().tobytes() for t in tensors)
            result |= {
                "status": run.record().status,
                "weights": hashlib.sha256(joined).hexdigest(),
                "losses": [(line["step"], line["loss"]) for line in history.read(run.history_file) if "loss" in line],
            }
        results.append(result)
    return results


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
