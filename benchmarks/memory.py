"""Peak memory of a training on MNIST beside what it cannot do without; each measured in a process of its own.

    python benchmarks/memory.py [recipe ...]

`libraries` imports what the run imports, builds the model and holds the data; `bare` adds a plain loop over the same
network, optimiser and batch size; `genlab` is the whole run: history, pictures, checkpoints. Scores are left out: they
are no training.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

RECIPES = ["autoencoder/cvae_mnist", "vector_quantized/vqvae_mnist", "diffusion/class_conditional_mnist"]
STEPS = 12
WORDS = ["trainer=cpu", f"trainer.max_steps={STEPS}", "logger=none", "metrics=none", "trainer.limit_val_batches=1"]

PEAK = """
import json, resource, sys
def peak(): print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))
"""
HOLD = """
import pytorch_lightning
from hydra import compose, initialize_config_dir
from genlab.config.files import conf_dir
from genlab.config.instantiate import build
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
register(); register_resolvers()
with initialize_config_dir(str(conf_dir()), version_base="1.3"):
    cfg = compose("train", sys.argv[1:])
data = build(cfg.dataset)
pixels, labels = data.items("train")
pixels.amax()
module = build(cfg.model)  # its network's libraries
"""
LOOP = """
from genlab.data.batch import Batch
from genlab.modalities.pixels import to_model
optimizer = module.configure_optimizers(); n = cfg.dataset.batch_size
for step in range(cfg.trainer.max_steps):
    rows = slice(step * n, (step + 1) * n)
    loss = module.loss(Batch(to_model(pixels[rows]), labels[rows]))["loss"]
    optimizer.zero_grad(); loss.backward(); optimizer.step()
"""
TRAIN = """
from genlab.cli import main
main(["train", *sys.argv[1:]])
"""


def megabytes(script: str, words: list[str]) -> float:
    said = subprocess.run([sys.executable, "-c", PEAK + script + "\npeak()", *words], capture_output=True, text=True)
    if said.returncode:
        raise SystemExit(said.stderr)
    return json.loads(said.stdout.splitlines()[-1]) / 1e6


def main() -> None:
    print(f"{'recipe':<36}{'libraries':>10}{'bare':>8}{'genlab':>8}{'over libraries':>16}{'over bare':>11}   (MB)")
    for recipe in sys.argv[1:] or RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            words = [f"experiment={recipe}", *WORDS, f"paths.output_dir={Path(folder)}"]
            held, bare, ours = megabytes(HOLD, words), megabytes(HOLD + LOOP, words), megabytes(TRAIN, words)
        print(f"{recipe:<36}{held:>10.0f}{bare:>8.0f}{ours:>8.0f}{ours - held:>16.0f}{ours - bare:>11.0f}", flush=True)


if __name__ == "__main__":
    main()
