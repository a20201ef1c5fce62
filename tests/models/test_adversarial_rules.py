"""Bad input of adversarial models: one sentence each, before anything heavy."""

import pytest

from composing import composed, problems
from genlab.config.check import check
from genlab.errors import ConfigError

DIGITS = "experiment=adversarial/gan_digits"
STYLES = ["model=stylegan", "dataset=digits"]
GROWING = ["model.growing_images=9", "generator.output=grown", "discriminator.grows=true"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([DIGITS, "model.discriminator_steps=0"], r"^model\.discriminator_steps = 0 must be 1 or more$"),
        ([DIGITS, "model.penalties.r1.interval=0"], r"^model\.penalties\.r1\.interval = 0 must be 1 or more$"),
        (
            [DIGITS, "augmentation=diff", "augmentation.cutout=1.5"],
            r"^augmentation\.cutout = 1\.5 must be in \[0, 1\)$",
        ),
        (
            [DIGITS, "generator=dcgan", "generator.levels=3", "dataset.size=12"],
            r"^dataset\.size = 12 cannot be halved 3 times by the network: take a multiple of 8, such as ",
        ),
        (
            [DIGITS, "model.num_classes=${dataset.num_classes}", "dataset.num_classes=null"],
            "^the model is conditioned on classes, and the data set has none: ",
        ),
        (
            [DIGITS, "model.num_classes=10", "dataset.num_classes=null"],
            "^the model is conditioned on classes, and the data set has none: ",
        ),
        (
            [DIGITS, "generator.num_classes=10"],
            r"^generator\.num_classes = 10 must be that of the model, null: give model\.num_classes alone$",
        ),
        (
            [DIGITS, "generator.latent_size=3"],
            r"^generator\.latent_size = 3 must be that of the model, 32: give model\.latent_size alone$",
        ),
        (
            [DIGITS, "callbacks.checkpoints.monitor=val/loss"],
            r"^callbacks\.checkpoints\.monitor = 'val/loss': the losses of two players do not say how good samples are",
        ),
        (
            [*STYLES, "generator=dcgan"],
            "^model.style_mixing needs a generator with a mapping network, such as generator=stylegan2: DCGANGenerator",
        ),
        (
            [*STYLES, "generator=dcgan", "model.style_mixing=0"],
            "^model.sampler needs a generator with a mapping network, such as generator=stylegan2: DCGANGenerator has",
        ),
        (
            [*STYLES, "dataset.size=[8,9]"],
            r"^dataset\.size = \[8, 9\] cannot be halved 3 times by the network: take multiples of 8, such",
        ),
        (
            [*STYLES, "model.growing_images=9", "generator.output=grown"],
            r"^model\.growing_images = 9 needs generator\.output=grown, of generator=stylegan1 or stylegan2, and disc",
        ),
        (
            [*STYLES, *GROWING, "discriminator.levels=2"],
            r"^discriminator\.levels = 2 must be generator\.levels, 3, for both to grow together$",
        ),
        ([DIGITS, "+sampler=latent"], r"^sampler is given, but the model \(Adversarial\) uses none$"),
        ([*STYLES, "sampler.truncation=-1"], r"^sampler\.truncation = -1 must be 0 or more$"),
        (["model=ddpm", "+loss=hinge"], r"^loss is given, but the model \(Diffusion\) uses none$"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence) as caught:
        check(composed(*words))
    assert len(caught.value.problems) == 1


def test_what_fits_is_not_refused():
    assert problems(*STYLES, *GROWING) == []
    assert problems(DIGITS, "callbacks.checkpoints.monitor=val/variety") == []
    assert problems("experiment=autoencoder/vae_mnist", "callbacks.checkpoints.monitor=val/loss") == []
