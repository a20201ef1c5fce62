"""A model of pictures and texts that was trained here, as an extractor: how well does a sample fit its prompt?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.metrics.cache import digest
from genlab.metrics.extractors.extractor import Activations, Extractor, Report
from genlab.metrics.extractors.texts import Texts
from genlab.modalities.pixels import to_model
from genlab.picture_size import height_and_width
from genlab.protocols import FitsTexts


class ImageTextNetwork(nn.Module):
    """(b, c, h, w) uint8 -> vectors (b, d) of length 1.

    Args:
        model: has pictures and texts in one space.
        size: (height, width) of the pictures that it has learnt; others are brought to it.
    """

    def __init__(self, model: Any, size: tuple[int, int]) -> None:
        super().__init__()
        self.model = model
        self.size = size

    def forward(self, images: Tensor) -> Activations:
        x = to_model(images)
        if tuple(x.shape[2:]) != self.size:
            x = F.interpolate(x, self.size, mode="bicubic", antialias=True).clamp(-1, 1)
        return Activations(self.model.embed_images(x), None)

    def texts(self, captions: list[str]) -> Texts:
        cut = torch.tensor([bool(rest) for rest in self.model.truncated(captions)])
        return Texts(self.model.embed_texts(captions).cpu(), cut)


class ImageText(Extractor):
    """What a finished run of model=contrastive sees, with its averaged weights where it has such.

    Its scores compare models of one data set, that which it has learnt. They are no CLIP scores and have not that name.
    Pictures of another size are brought to that which it has learnt, bicubically and antialiased.

    Args:
        name: what metric names end in, as `fit_<name>`.
        run: a folder or a fingerprint; or a recipe, such as contrastive/emoji: its newest finished run in the store,
            which the config of a training or an evaluation then names. Scores by other weights are not comparable.
        output_dir: the store of runs (`paths.output_dir`).
        weights_dir: where weights of towers lie that are not trained (`paths.weights_dir`).

    Raises:
        ValueError: `name` is clip.
    """

    batch_size = 256

    def __init__(self, name: str, run: str, output_dir: str, weights_dir: str) -> None:
        super().__init__()
        if name == "clip":
            raise ValueError("extractor.name=clip: a model that was trained here is no CLIP; give it a name of its own")
        self.name = name
        self.run = run
        self.output_dir = output_dir
        self.weights_dir = weights_dir
        self.resize = "none"
        self.of_run = ""
        """The fingerprint of the run; there after `prepare`."""

    @property
    def identity(self) -> tuple[Any, ...]:
        return "image text", self.name, self.run, str(Path(self.output_dir).expanduser().resolve())

    def check(self, data: Any, report: Report = None) -> None:
        self.prepare(data, report=report)

    def remarks(self) -> dict[str, Any]:
        return {"extractor_run": self.of_run}

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        from genlab.runs.restore import newest, restore
        from genlab.runs.run_config import own_config

        run = self._run()
        self.of_run = run.path.name
        cfg = own_config(run)
        cfg.paths = {"output_dir": self.output_dir, "weights_dir": self.weights_dir}
        model: Any = restore(cfg, newest(run))
        knows_texts: bool = isinstance(model, FitsTexts)
        if not knows_texts:
            raise ValueError(
                f"extractor.run={self.run} is a run of {type(model).__name__}, which knows no texts: give one of "
                "model=contrastive"
            )
        channels, size = cfg.dataset.channels, height_and_width(cfg.dataset.size)
        if channels != data.shape[0]:
            raise ValueError(
                f"extractor.run={self.run} has learnt pictures of {channels} channels, and those of {data.name} have "
                f"{data.shape[0]}"
            )
        if tuple(data.shape[1:]) != size:
            self.resize = f"bicubic-antialiased to {size[0]}x{size[1]}"
        with model.averaged():
            state = {name: value.clone() for name, value in model.state_dict().items()}
        model.load_state_dict(state)
        return ImageTextNetwork(model, size), weights_sha256(model)

    def _run(self) -> Any:
        """The run that is asked for.

        Raises:
            ValueError: there is none.
        """
        from genlab.runs.store import Store

        store = Store(self.output_dir)
        if "/" not in self.run or Path(self.run).expanduser().exists():
            return store.find(self.run)
        if (run := store.newest_of(self.run)) is None:
            raise ValueError(
                f"extractor.run={self.run} has no finished run in {store.root}: genlab train experiment={self.run}"
            )
        return run

    @torch.no_grad()
    def texts(self, captions: list[str]) -> Texts:
        """What the model sees in `captions`; there after `prepare`."""
        network = self._network
        if not isinstance(network, ImageTextNetwork):
            raise RuntimeError(f"the extractor {self.name} is not prepared yet")
        parts = [network.texts(captions[i : i + self.batch_size]) for i in range(0, len(captions), self.batch_size)]
        return Texts(torch.cat([part.features for part in parts]), torch.cat([part.truncated for part in parts]))


def weights_sha256(model: nn.Module) -> str:
    """SHA-256 of all that a model of pictures and texts has learnt."""
    state = model.state_dict()
    return digest(*[part for name in sorted(state) for part in (name, state[name])])
