"""Runs trainings in forked processes of one warm parent, kills them at a step or a stage, and tells what they left.

    python tests/killing.py REQUEST.json

The request is {"jobs": [job, ...]}; they run one after another. A job is {"arguments": [...], "store": folder}, and
with "signal" (SIGKILL without it) one of "kill_at": a step, after which a training gets it, "stage": one of STAGES,
"held_at": a step in which trainings of a sweep wait until its parent gets it, when "jobs" of them do. With "folder" it
is asked for in that one. Prints a JSON list of what each left: {"exit", "said", "runs", ...}, see `left`.
"""

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path


def main(request):
    import torch

    from genlab.commands.preimport import preimport

    preimport([])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a test runner's process may ignore Ctrl-C
    results = []
    for job in request["jobs"]:
        said = Path(f"{job['store']}.said")
        said.parent.mkdir(parents=True, exist_ok=True)
        pid = os.fork()
        if pid == 0:
            torch.set_num_threads(1)
            os.setpgid(0, 0)
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), sys.stderr.fileno())
            os._exit(work(job))
        if "held_at" in job:
            end_sweep(pid, job)
        _, status = os.waitpid(pid, 0)
        results.append({"exit": os.waitstatus_to_exitcode(status), "said": said.read_text()} | left(job["store"]))
    return results


def end_sweep(pid, job):
    """Send a signal to the parent of a sweep, Ctrl-C to its jobs too, when `jobs` of them wait in their step."""
    from genlab.runs.lock import owner

    waiting = Path(f"{job['store']}.waiting")
    while len(list(waiting.glob("*"))) < job["jobs"]:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.02)
    number = getattr(signal, job["signal"])
    (os.killpg if job["signal"] == "SIGINT" else os.kill)(pid, number)
    while any(owner(lock) for lock in Path(job["store"]).glob("*/*/lock.json")):
        time.sleep(0.02)


def left(store):
    """What is in a store: the facts of one run, and those of every run by its seed; the rows of its sweeps."""
    from genlab.runs.store import Store

    runs = {run.record().seed: facts(run) for run in Store(store)}
    manifests = [json.loads(path.read_text()) for path in Path(store).glob("sweeps/*/manifest.json")]
    rows = [row["status"] for manifest in manifests for row in manifest["rows"]]
    last = list(runs.values())[-1] if runs else {}
    return last | {"runs": runs, "rows": rows, "finished": [manifest["finished"] for manifest in manifests]}


def facts(run):
    from genlab.runs import checkpoint_io, history
    from interrupting import digest

    record = run.record()
    found = {
        "fingerprint": record.fingerprint,
        "status": record.status,
        "metrics": {name: score["value"] for name, score in record.metrics.items()},
    }
    if not (run.checkpoints / "last.ckpt").exists():
        return found
    content = checkpoint_io.load(run.checkpoint())
    return found | {
        "weights": digest([content["state_dict"], content.get("ema", {})]),
        "state": digest([content[key] for key in ("optimizer_states", "lr_schedulers", "global_step", "epoch")]),
        "losses": [(line["step"], line["loss"]) for line in history.read(run.history_file) if "loss" in line],
    }


STAGES = {
    "identity": "genlab.runs.job:find",
    "lock": "genlab.runs.lock:Lock._take",
    "build": "genlab.config.instantiate:build",
    "data": "genlab.data.image_datamodule:ImageDataModule.prepare_data",
    "batch": "genlab.models.base:GenerativeModule.training_step",
    "step": "genlab.callbacks.history:History.on_train_batch_end",
    "save": "genlab.runs.checkpoint_io:AtomicCheckpointIO.save_checkpoint",
    "validation": "genlab.models.base:GenerativeModule.validation_step",
    "end of training": "genlab.callbacks.checkpoints:Checkpoints.on_train_end",
    "sampling": "genlab.callbacks.previews:draw",
    "scoring": "genlab.metrics.suite:Suite.evaluate",
    "finish": "genlab.interop.loggers:finish",
    "record": "genlab.runs.record:Record.end",
}
"""What a run goes through -> the function that does it."""


def signal_at(stage, number, times=1):
    """Send this process a signal the first time that it comes to a stage; `times` after one another."""
    module, _, name = STAGES[stage].partition(":")
    owner = importlib.import_module(module)
    *classes, name = name.split(".")
    for part in classes:
        owner = getattr(owner, part)
    unharmed, left = getattr(owner, name), [times]

    def fatal(*arguments, **options):
        while left[0]:
            left[0] -= 1
            os.kill(os.getpid(), number)
        return unharmed(*arguments, **options)

    setattr(owner, name, fatal)


def hold(job):
    """Have every training wait in a step, and say so, until a signal has arrived."""
    from genlab import signals
    from genlab.callbacks.history import History
    from genlab.models.base import batches_done

    waiting = Path(f"{job['store']}.waiting")
    waiting.mkdir()
    unharmed = History.on_train_batch_end

    def held(self, trainer, *arguments):
        unharmed(self, trainer, *arguments)
        if batches_done(trainer) == job["held_at"]:
            (waiting / str(os.getpid())).touch()
            while signals.received() is None:
                time.sleep(0.01)

    History.on_train_batch_end = held


def work(job):
    from genlab.callbacks.history import History
    from genlab.cli import main as genlab
    from genlab.models.base import batches_done

    sys.stdout = sys.stderr
    if "folder" in job:
        os.chdir(job["folder"])
    if job.get("stage") is not None:
        signal_at(job["stage"], getattr(signal, job["signal"]), job.get("times", 1))
    if "held_at" in job:
        hold(job)
    if job.get("kill_at") is not None:
        unharmed = History.on_train_batch_end

        def fatal(self, trainer, *arguments):
            unharmed(self, trainer, *arguments)
            if batches_done(trainer) == job["kill_at"]:
                os.kill(os.getpid(), getattr(signal, job.get("signal", "SIGKILL")))

        History.on_train_batch_end = fatal
    return genlab([job.get("verb", "train"), *job["arguments"], f"paths.output_dir={job['store']}"])


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
