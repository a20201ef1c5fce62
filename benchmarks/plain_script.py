"""The script that a person would write with Hydra and Lightning, for benchmarks/sweep.py: one run, nothing recorded.

python benchmarks/plain_script.py OVERRIDE ...
"""

import sys
import tempfile
from pathlib import Path

import pytorch_lightning as pl
import torch
import torchmetrics  # noqa: F401
import torchvision
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from genlab.config.files import conf_dir
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register


def main() -> None:
    register()
    register_resolvers()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        cfg = compose("train", sys.argv[1:])
    pl.seed_everything(cfg.seed)
    data, model = instantiate(cfg.dataset), instantiate(cfg.model)
    with tempfile.TemporaryDirectory() as folder:
        trainer = instantiate(cfg.trainer, logger=False, enable_checkpointing=False, default_root_dir=folder)
        trainer.fit(model, data)
        trainer.save_checkpoint(Path(folder) / "last.ckpt")
        pictures = model.eval().sample(64, torch.arange(64) % 10)
        torchvision.utils.save_image(pictures / 2 + 0.5, Path(folder) / "samples.png")


if __name__ == "__main__":
    main()
