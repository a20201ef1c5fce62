"""How long genlab takes to answer: help, a composed config, a typing error; beside Python and Hydra alone.

python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time

ROUNDS = 5
COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "python + hydra compose": [
        sys.executable,
        "-c",
        "from hydra import compose, initialize_config_dir\n"
        "from genlab.config.files import conf_dir\n"
        "from genlab.config.schema import register; from genlab.config.resolvers import register_resolvers\n"
        "register(); register_resolvers()\n"
        "with initialize_config_dir(str(conf_dir()), version_base='1.3'): compose('train')",
    ],
    "genlab --help": [sys.executable, "-m", "genlab", "--help"],
    "genlab train --cfg job": [sys.executable, "-m", "genlab", "train", "--cfg", "job"],
    "genlab train model.codng_size=3": [sys.executable, "-m", "genlab", "train", "model.codng_size=3"],
    "genlab train model.coding_size=-3": [sys.executable, "-m", "genlab", "train", "model.coding_size=-3"],
    "genlab runs": [sys.executable, "-m", "genlab", "runs"],
    "import torch": [sys.executable, "-c", "import torch"],
}


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):  # interleaved: the machine's mood falls on all alike
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, capture_output=True)
            times[name].append(time.perf_counter() - start)
    base = statistics.median(times["python + hydra compose"])
    print(f"{'command':<36}{'median s':>10}{'over hydra':>12}")
    for name, seconds in times.items():
        print(f"{name:<36}{statistics.median(seconds):>10.2f}{statistics.median(seconds) - base:>12.2f}")


if __name__ == "__main__":
    main()
