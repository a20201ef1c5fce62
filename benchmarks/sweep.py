"""What a sweep costs and what it saves; each part alone by its name, all but `workers` without one.

    python benchmarks/sweep.py [start] [again] [records] [workers]

start    8 small runs on digits as one sweep (launcher=local, one worker) against a plain script called 8 times, which
         imports the same libraries, composes the same config and does the same work, one process each. Target 4 x.
workers  the same sweep with 2 workers against 1, by the clock: needs two idle cores. Target 1.3 x.
again    asking for a finished sweep of 40 runs again, against importing the libraries. Target 3 s more.
records  records, locks, history and checkpoints in a run of a minute. Target 1 %.

Seconds are of the clock and of the processor, the latter of all processes that a command started; on a machine that is
busy elsewhere only these compare. Rounds are interleaved.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLAIN = Path(__file__).with_name("plain_script.py")
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "WANDB_MODE": "disabled"}
WORK = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=512", "trainer.max_epochs=2", "metrics=none",
    "logger=none", "callbacks.previews=null",
]  # fmt: skip
IMPORTS = "import hydra, torch, torchvision, torchmetrics, pytorch_lightning"


def seconds(command):
    """(by the clock, of the processor) of a command and of all that it started."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=ENVIRONMENT)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def genlab(verb, *words):
    return [sys.executable, "-m", "genlab", verb, *words]


def medians(rounds):
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def show(name, clock, processor):
    print(f"  {name:<44}{clock:8.1f} s by the clock{processor:8.1f} s of the processor", flush=True)


def sweep(folder, workers, n, *words):
    seeds = ",".join(map(str, range(n)))
    local = ["-m", "launcher=local", f"hydra.launcher.workers={workers}", "hydra.launcher.threads=1"]
    return genlab("train", *WORK, *local, f"seed={seeds}", f"paths.output_dir={folder}", *words)


def start(args, folder):
    swept, plain = [], []
    for i in range(args.rounds):
        swept.append(seconds(sweep(folder / f"swept{i}", 1, args.runs)))
        calls = [seconds([sys.executable, PLAIN, *WORK, f"seed={seed}"]) for seed in range(args.calls)]
        plain.append([sum(column) * args.runs / args.calls for column in zip(*calls, strict=True)])
    print(f"start: {args.runs} runs, medians of {args.rounds} rounds ({args.calls} of the plain calls made each)")
    ours, theirs = medians(swept), medians(plain)
    show("genlab train -m", *ours)
    show("a plain script, called once a run", *theirs)
    print(f"  ratio: {theirs[0] / ours[0]:.1f} by the clock, {theirs[1] / ours[1]:.1f} by the processor (target 4)")


def workers(args, folder):
    found = {1: [], 2: []}
    for i in range(args.rounds):
        for n in found:
            found[n].append(seconds(sweep(folder / f"workers{n}-{i}", n, args.runs, "trainer.max_epochs=40")))
    print(f"workers: {args.runs} runs of 40 epochs, medians of {args.rounds} rounds")
    one, two = medians(found[1]), medians(found[2])
    show("1 worker", *one)
    show("2 workers", *two)
    print(f"  ratio: {one[0] / two[0]:.2f} by the clock (target 1.3)")


def again(args, folder):
    """A finished sweep of 40 runs: one is trained, its folder stands for the others under their names."""
    from hydra import compose, initialize_config_dir

    from genlab.config.files import conf_dir
    from genlab.config.resolvers import register_resolvers
    from genlab.config.schema import register
    from genlab.runs.job import find

    register()
    register_resolvers()
    seconds(sweep(folder, 1, 1))
    (trained,) = (folder / "train").iterdir()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for seed in range(1, 40):
            run = find(compose("train", [*WORK, f"seed={seed}", f"paths.output_dir={folder}"]))
            shutil.copytree(trained, run.path)
    asked, imported = [], []
    for _ in range(args.rounds):
        asked.append(seconds(sweep(folder, 1, 40)))
        imported.append(seconds([sys.executable, "-c", IMPORTS]))
    print(f"again: 40 finished runs, medians of {args.rounds} rounds")
    ours, libraries = medians(asked), medians(imported)
    show("genlab train -m, everything done before", *ours)
    show(IMPORTS, *libraries)
    more = [mine - theirs for mine, theirs in zip(ours, libraries, strict=True)]
    print(f"  more than the libraries: {more[0]:+.1f} s by the clock, {more[1]:+.1f} s of the processor (target 3)")


def records(args, folder):
    """Every call of the record's keeping is timed in a run of a minute; what one calls in another counts once."""
    from genlab import atomic
    from genlab.cli import main
    from genlab.runs import checkpoint_io, history, job, lock, record

    spent, depth, counts = [0.0], [0], {}

    def timed(owner, name):
        function = getattr(owner, name)

        def wrapper(*arguments, **named):
            counts[name] = counts.get(name, 0) + 1
            depth[0] += 1
            begun = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                depth[0] -= 1
                if depth[0] == 0:
                    spent[0] += time.perf_counter() - begun

        setattr(owner, name, wrapper)

    for owner, name in [
        (record.Record, "save"), (job, "save_config"), (lock.Lock, "__enter__"), (lock.Lock, "__exit__"),
        (history, "append"), (history, "truncate"), (checkpoint_io.AtomicCheckpointIO, "save_checkpoint"),
        (atomic.Reserve, "__enter__"), (record, "environment"), (job, "find"),
    ]:  # fmt: skip
        timed(owner, name)
    words = [word for word in WORK if "max_epochs" not in word]
    begun = time.perf_counter()
    words += ["trainer.max_epochs=100000", f"+trainer.max_time=00:00:{args.minute // 60:02d}:{args.minute % 60:02d}"]
    status = main(["train", *words, f"paths.output_dir={folder}"])
    took = time.perf_counter() - begun
    if status:
        sys.exit("the run failed")
    print(f"records: {spent[0]:.3f} s of {took:.1f} s, {100 * spent[0] / took:.2f} % (target 1 %); {counts}")


PARTS = {"start": start, "again": again, "records": records, "workers": workers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", default=["start", "again", "records"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=8, help="of the sweeps of `start` and `workers`")
    parser.add_argument("--calls", type=int, default=8, help="of the plain script in each round, scaled to --runs")
    parser.add_argument("--minute", type=int, default=60, help="seconds of the run of `records`")
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}")
    for part in args.parts:
        with tempfile.TemporaryDirectory(prefix="genlab-benchmark-") as folder:
            PARTS[part](args, Path(folder))


if __name__ == "__main__":
    main()
