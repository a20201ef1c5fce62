"""What must hold between a codec and the models that it stands on."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig, OmegaConf

from genlab.annotations.declared import declared
from genlab.config.lookup import get, target


def latent_maps_have_an_autoencoder(cfg: DictConfig) -> Iterator[str]:
    """A codec that refers to a first stage has one."""
    codec = get(cfg, "codec")
    if not isinstance(codec, DictConfig):
        return
    written = OmegaConf.to_container(codec, resolve=False)
    assert isinstance(written, dict)
    needs = any(isinstance(value, str) and value.startswith("${first_stage.") for value in written.values())
    if needs and get(cfg, "first_stage") is None:
        yield (
            "the codec needs a trained model and the config names none: give first_stage.experiment=RECIPE, or "
            "first_stage.run=FINGERPRINT"
        )


def codes_are_of_a_vqvae(cfg: DictConfig) -> Iterator[str]:
    """What gives codes has a codebook."""
    first = target(get(cfg, "codec.first"))
    is_known = target(get(cfg, "codec")).endswith(".VQCodes") and first.startswith("genlab.models.")
    if is_known and not declared(first, "gives_codes"):
        yield (
            f"codec=vq takes the codes of a VQ-VAE, and the first stage is a {first.rpartition('.')[2]}: give "
            "first_stage.experiment=vector_quantized/vqvae_mnist, or another recipe of model=vqvae"
        )
