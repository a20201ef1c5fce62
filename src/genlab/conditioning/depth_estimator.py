"""How near each place of a picture is, as a network in a folder estimates it.

Paper: https://arxiv.org/abs/2103.13413 (Ranftl et al. 2021, "Vision transformers for dense prediction")
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genlab.foreign_folder import beside, found, named_class, read_json, require_content
from genlab.from_folder import read_weights, take_weights

NETWORK = "DPTForDepthEstimation"
_PROCESSORS = ("DPTImageProcessor", "DPTImageProcessorFast", "DPTFeatureExtractor")
_SETTINGS = (
    "do_resize", "size", "keep_aspect_ratio", "ensure_multiple_of", "resample", "do_rescale", "rescale_factor",
    "do_normalize", "image_mean", "image_std", "do_pad", "size_divisor",
)  # fmt: skip
"""What a preprocessor_config.json says of the pictures that the network sees."""
_OF_ELSEWHERE = ("backbone", "use_timm_backbone", "use_pretrained_backbone")
"""What a config.json says of networks whose weights lie elsewhere."""


class DepthEstimator:
    """Pictures (n, channel, height, width) in [-1, 1] -> (n, 1, height, width) of the network's own size: larger is
    nearer.

    It is read when it is first asked, works in float32 and is no part of the model's weights.

    Args:
        folder: as `depth_estimator` of a pipeline: transformers' DPTForDepthEstimation in safetensors, with
            preprocessor_config.json in `feature_extractor` beside it.
        sha256: of its content, see `foreign_folder.content`; None for whatever is there.
    """

    def __init__(self, folder: str, sha256: str | None = None) -> None:
        self.folder, self.sha256 = folder, sha256

    @torch.no_grad()
    def __call__(self, picture: Tensor) -> Tensor:
        stored = (picture.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8).expand(-1, 3, -1, -1)
        seen = self.processor(list(stored.cpu()), input_data_format="channels_first", return_tensors="pt").pixel_values
        with torch.autocast(picture.device.type, enabled=False):
            estimated: Tensor = self.network.to(picture.device)(seen.to(picture.device)).predicted_depth
        return estimated[:, None]

    @cached_property
    def network(self) -> nn.Module:
        """Raises ValueError where the folder has none, or has changed."""
        folder = found(self.folder)
        require_content(folder, self.sha256)
        network = _described(folder)
        take_weights(network, read_weights(folder), folder)
        return network.requires_grad_(False).eval()

    @cached_property
    def processor(self) -> Any:
        """What makes the network's input of pictures. Raises ValueError where its settings are none."""
        from transformers import DPTImageProcessor

        folder = found(self.folder)
        settings = input_settings(folder)
        try:
            return DPTImageProcessor(**{key: settings[key] for key in _SETTINGS if key in settings})
        except Exception as error:  # whatever a config from elsewhere leads to
            raise ValueError(f"{beside(folder)} describes no DPTImageProcessor: {error}") from error


def input_settings(folder: Path) -> dict[str, Any]:
    """What the folder beside an estimator's says of its pictures.

    Raises:
        ValueError: there is none, or it is of another class.
    """
    place = beside(folder)
    settings = read_json(place, "preprocessor_config.json")
    name = settings.get("image_processor_type") or settings.get("feature_extractor_type")
    if name not in _PROCESSORS:
        raise ValueError(f"{place} is of the class {name!r}; what is known here is {', '.join(_PROCESSORS)}")
    return settings


def _described(folder: Path) -> nn.Module:
    from transformers import DPTConfig, DPTForDepthEstimation

    _, config = named_class(folder, (NETWORK,))
    if given := [key for key in _OF_ELSEWHERE if config.get(key)]:
        raise ValueError(f"{folder / 'config.json'} has {given[0]}: its backbone must lie in the folder")
    try:
        network: nn.Module = DPTForDepthEstimation(DPTConfig.from_dict(config))
    except Exception as error:  # whatever a config from elsewhere leads to
        raise ValueError(f"{folder / 'config.json'} describes no {NETWORK}: {type(error).__name__}: {error}") from error
    return network
