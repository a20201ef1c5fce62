"""CLIP: pictures and texts in one space.

Paper: https://arxiv.org/abs/2103.00020
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genlab.metrics.extractors.extractor import Activations, Extractor, Report, as_colour
from genlab.metrics.extractors.framing import normalised
from genlab.metrics.extractors.pretrained import folder_sha256, pretrained_folder, quietly
from genlab.metrics.extractors.texts import Texts

_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of its own training pictures."""


class CLIPNetwork(nn.Module):
    """(b, 1 or 3, h, w) uint8 -> projected features (b, d)."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer

    def forward(self, images: Tensor) -> Activations:
        x = normalised(as_colour(images), self.model.config.vision_config.image_size, _MEAN, _STD)
        pooled = self.model.vision_model(pixel_values=x).pooler_output
        return Activations(self.model.visual_projection(pooled), None)

    def texts(self, captions: list[str]) -> Texts:
        """Cut by the tokenizer, so that the token of the text's end, where CLIP reads its meaning, is never lost."""
        longest = self.model.config.text_config.max_position_embeddings
        lengths = [len(ids) for ids in self.tokenizer(captions)["input_ids"]]
        tokens = self.tokenizer(
            captions, truncation=True, max_length=longest, padding=True, return_tensors="pt"
        ).to(self.model.device)  # fmt: skip
        pooled = self.model.text_model(tokens["input_ids"], tokens["attention_mask"]).pooler_output
        return Texts(self.model.text_projection(pooled).cpu(), torch.tensor([n > longest for n in lengths]))


class CLIP(Extractor):
    """Radford et al. 2021. Greyscale is repeated three times; pictures are resized bicubically, antialiased.

    Args:
        weights_dir: folder of weights (`paths.weights_dir`); a model from the hub is kept there.
        model: a name on the hub, or a folder in its format.
    """

    name = "clip"
    resize = "bicubic-antialiased"
    colour = True

    def __init__(self, weights_dir: str, model: str = "openai/clip-vit-large-patch14") -> None:
        super().__init__()
        self.weights_dir = Path(weights_dir)
        self.model = model

    @property
    def identity(self) -> tuple[Any, ...]:
        return "clip", self.weights_dir, self.model

    def check(self, data: Any, report: Report = None) -> None:
        self._folder()

    def _folder(self) -> Path:
        return pretrained_folder(
            self.model, self.weights_dir, "extractor=clip", "choose extractor=efficientnet_lite0"
        )  # fmt: skip

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        folder = self._folder()
        from transformers import CLIPModel

        from genlab.texts.foreign_tokenizer import read_tokenizer

        tokenizer = read_tokenizer(folder, "CLIPTokenizer")
        return CLIPNetwork(quietly(CLIPModel, folder).to(torch.float32), tokenizer), folder_sha256(folder)

    @torch.no_grad()
    def texts(self, captions: list[str], batch_size: int = 256) -> Texts:
        """What CLIP sees in `captions`; there after `prepare`."""
        network = self._network
        if not isinstance(network, CLIPNetwork):
            raise RuntimeError(f"the extractor {self.name} is not prepared yet")
        parts = [network.texts(captions[i : i + batch_size]) for i in range(0, len(captions), batch_size)]
        return Texts(torch.cat([part.features for part in parts]), torch.cat([part.truncated for part in parts]))
