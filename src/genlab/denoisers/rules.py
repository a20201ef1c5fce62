"""What must hold between what a network's output means and how much of it there is."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, target, whole


def outputs_are_enough(cfg: DictConfig) -> Iterator[str]:
    """A network has as many output channels for each channel of the data as the parameterization reads."""
    channels, out = whole(cfg, "codec.channels") or whole(cfg, "dataset.channels"), get(cfg, "network.out_channels")
    each = declared(target(get(cfg, "parameterization")), "outputs_per_channel")
    is_one = get(cfg, "network.networks") is None  # a mixture of experts has them further down
    if each is not None and is_one and channels is not None and out != each * channels:
        yield (
            f"parameterization=learned_variance needs a network of twice the data's {channels} channels, for the noise "
            f"and its variance: give +network.out_channels={each * channels}"
        )
