"""A GAN of styles: mixing, the length of paths, truncation; interrupted anywhere it ends as undisturbed."""

from functools import partial
from unittest import mock

import pytest
import torch

from genlab.data.batch import Batch
from genlab.data.items import Items
from genlab.data.resident_data import ResidentData
from genlab.modalities.image import Image
from genlab.models.adversarial import Adversarial
from genlab.models.style_mixing import mixed
from genlab.networks.augmentation import AdaptiveAugmentation, DiffAugment
from genlab.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from genlab.networks.stylegan.discriminator import StyleDiscriminator
from genlab.networks.stylegan.synthesis import StyleGenerator
from genlab.objectives.adversarial_losses import NonSaturating
from genlab.objectives.path_length import PathLength
from genlab.objectives.penalties import R1
from genlab.randomness import PerImage
from genlab.samplers.latent import LatentSampler
from interrupting import along, differences, of_trainer, quietly  # noqa: F401

SMALL = {"width": 4, "widest": 8, "levels": 1}


class Blots(ResidentData):
    """Pictures of 4x4 pixels."""

    name = "blots"
    modality = Image()
    num_classes = None

    def __init__(self, batch_size=10):
        super().__init__(batch_size)

    def load(self, split):
        n = 40 if split == "train" else 10
        return Items(torch.randint(0, 256, (n, 1, 4, 4), generator=torch.Generator().manual_seed(n), dtype=torch.uint8))


def stylegan(seed=0, **options):
    torch.manual_seed(seed)
    generator = StyleGenerator(1, 4, 6, style_size=8, mapping_depth=2, **SMALL)
    for layer in generator.layers:
        torch.nn.init.constant_(layer.noise, 0.3)
    return Adversarial(
        generator, StyleDiscriminator(1, 4, **SMALL), NonSaturating(),
        partial(torch.optim.Adam, lr=1e-3, betas=(0.0, 0.99)), 6, {"r1": R1(0.2, 3)},
        style_mixing=0.9, path_length=PathLength(interval=2), ema_decay=0.9, **options,
    )  # fmt: skip


def test_styles_are_mixed_from_a_layer_on_with_that_probability():
    torch.manual_seed(0)
    styles, others = torch.zeros(4000, 5, 3), torch.ones(4000, 5, 3)
    out = mixed(styles, others, 0.6)
    assert (out == out[:, :, :1]).all()  # a style is taken whole
    counts = (out[:, :, 0] == 0).sum(1)
    assert (out[:, :, 0].diff(dim=1) >= 0).all()  # the first ones are its own, the later ones the other's
    shares = torch.bincount(counts, minlength=6) / 4000
    assert shares[0] == 0
    torch.testing.assert_close(shares[1:], torch.tensor([0.15, 0.15, 0.15, 0.15, 0.4]), atol=0.03, rtol=0)


def test_the_length_of_paths_is_that_of_the_jacobian():
    """For pictures that are linear in a style, J'y is y times the matrix; the mean begins at 0 and follows."""
    penalty, matrix = PathLength(share=1.0), torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    styles = torch.randn(4, 3, 5, requires_grad=True)
    torch.manual_seed(1)
    value = penalty(lambda w: (w.mean(1) @ matrix.T).view(4, 1, 3, 4), styles)
    torch.manual_seed(1)
    noise = torch.randn(4, 1, 3, 4).flatten(1) / 12**0.5
    lengths = (noise @ matrix / 3).norm(dim=1)  # each of three layers has a third of the slope
    torch.testing.assert_close(penalty.mean, 0.01 * lengths.mean())
    torch.testing.assert_close(value, (lengths - penalty.mean).square().mean())


def test_lazy_it_has_the_mean_gradient_of_one_at_every_step_of_the_generator():
    def gradient(interval, steps):
        model, total = stylegan(discriminator_steps=steps), 0
        model.path_length = PathLength(interval=interval)
        batch = Batch(torch.zeros(6, 1, 4, 4), None)
        for step in range(steps - 1, 4 * steps, steps):  # those of the generator
            torch.manual_seed(7)
            with mock.patch.object(Adversarial, "global_step", step):
                terms = model.loss(batch, "generator")
            assert ("penalty/path_length" in terms) == (step // steps % interval == 0)
            model.path_length.mean.zero_()
            total = total + terms["generator_total"] - terms["loss"]
        return torch.autograd.grad(total, model.generator.start)[0]

    torch.testing.assert_close(gradient(4, 1), gradient(1, 1))
    torch.testing.assert_close(gradient(4, 3), gradient(1, 1))


def test_truncation_0_gives_one_picture_and_1_changes_nothing():
    model = stylegan().train()
    for _ in range(20):
        model.generator.styles(torch.randn(64, 6))
    model.eval()
    z = torch.randn(5, 6)

    def drawn(sampler):
        return sampler.pictures(model.generator, sampler.styles(model.generator, z))

    of_mean = drawn(LatentSampler(0.0, "fixed"))
    torch.testing.assert_close(of_mean, of_mean[:1].expand_as(of_mean))
    assert torch.equal(drawn(LatentSampler(1.0, "none")), model.generator(z))
    half = LatentSampler(0.5).styles(model.generator, z)
    torch.testing.assert_close(half, (model.generator.styles(z) + model.generator.mean_style) / 2)


def test_a_sample_depends_on_its_own_stream_with_its_noise():
    model = stylegan().eval()
    x = model.sample(6, generator=PerImage.range(0, 0, 6))
    torch.testing.assert_close(x[2:4], model.sample(2, generator=PerImage.range(0, 2, 4)))
    assert x.abs().max() <= 1
    model.sampler = LatentSampler(noise="fixed")
    assert not torch.allclose(x, model.sample(6, generator=PerImage.range(0, 0, 6)))
    assert "truncation=1.0, noise='fixed'" in model.provenance()["sampler"]


@pytest.mark.parametrize(
    ("name", "option"),
    [("style_mixing", 0.5), ("path_length", PathLength()), ("sampler", LatentSampler(0.5))],
)
def test_what_needs_a_mapping_network_says_so(name, option):
    with pytest.raises(ValueError, match=rf"^model\.{name} needs a generator with a mapping network, .*DCGANGenerator"):
        Adversarial(
            DCGANGenerator(1, 8, 4), DCGANDiscriminator(1, 8), NonSaturating(), torch.optim.Adam, 4, **{name: option}
        )


def test_interrupted_with_lazy_terms_and_means_it_ends_as_undisturbed(tmp_path, quietly):  # noqa: F811
    def made():
        augmentation = AdaptiveAugmentation(DiffAugment(), images=400)
        return stylegan(augmentation=augmentation, discriminator_steps=2), Blots(), {"max_epochs": 2}

    whole, end = along(of_trainer(made, tmp_path), [1, 2, 3, 5, 6])
    assert not differences(whole, end)
    lines = whole["history"]
    assert [line["step"] for line in lines if "penalty/path_length" in line] == [2, 6]
    assert [line["step"] for line in lines if "penalty/r1" in line] == [1, 4, 7]
