"""What must hold between a codec and the models that it stands on."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig, OmegaConf

from genlab.annotations.declared import declared
from genlab.config.lookup import get, target, whole


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


def frames_fill_the_picture(cfg: DictConfig) -> Iterator[str]:
    """The clips of the data have as many frames as a mel spectrogram is wide, and the frames overlap enough."""
    if target(get(cfg, "codec")) != "genlab.codecs.mel.Mel":
        return
    keys = ("codec.x_res", "codec.hop_length", "codec.n_fft", "dataset.samples")
    x_res, hop, n_fft, samples = (whole(cfg, key) for key in keys)
    if get(cfg, "dataset.samples") is None:
        yield "a mel spectrogram is of sounds: take dataset=drums or dataset=sound_folder, or another codec"
    if hop and n_fft and 4 * hop > n_fft:
        yield f"codec.hop_length = {hop} must be at most a quarter of codec.n_fft = {n_fft}, or Griffin-Lim diverges"
    if x_res and hop and samples and 1 + samples // hop != x_res:
        least, most = (x_res - 1) * hop, x_res * hop - 1
        small = " (codec=mel_small fits dataset=drums as it is)" if samples == 16383 else ""
        yield (
            f"codec.x_res = {x_res} frames of codec.hop_length = {hop} are clips of {least} to {most} samples, and "
            f"dataset.samples is {samples}: give dataset.samples={most}{small}"
        )
