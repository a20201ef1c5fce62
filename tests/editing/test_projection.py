"""Projection into W: the styles of a picture that the model has drawn draw it again."""

from functools import partial

import pytest
import torch

from genlab.editing.projection import Projection, distance, psnr
from genlab.models.adversarial import Adversarial
from genlab.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from genlab.networks.stylegan.discriminator import StyleDiscriminator
from genlab.networks.stylegan.synthesis import StyleGenerator
from genlab.objectives.adversarial_losses import NonSaturating
from genlab.randomness import PerImage
from genlab.samplers.latent import LatentSampler


def model():
    torch.manual_seed(0)
    small = {"width": 8, "widest": 8, "levels": 1}
    generator = StyleGenerator(1, 8, 6, style_size=8, mapping_depth=2, **small)
    with torch.no_grad():
        for image in generator.images:
            image.convolution.convolution.weight.mul_(0.3)  # pictures within [-1, 1]
    discriminator = StyleDiscriminator(1, 8, **small)
    adam = partial(torch.optim.Adam, lr=1e-3)
    return Adversarial(generator, discriminator, NonSaturating(), adam, 6, sampler=LatentSampler(noise="none")).eval()


@pytest.mark.parametrize("space", ["w", "w_plus"])
@torch.no_grad()
def test_a_picture_that_the_model_has_drawn_is_recovered(space):
    drawing = model()
    x = drawing.sample(1, generator=PerImage.range(7, 0, 1)).expand(2, -1, -1, -1)
    edit = Projection(space, steps=100, candidates=32)
    given, results, steps, names, kept = edit(drawing, x, generator=PerImage.range(0, 0, 2))
    assert (given, steps) == (None, None)
    assert psnr(results, x).min() > 30
    assert names == [f"{value:.1f} dB" for value in psnr(results, x)]
    styles = edit.styles(drawing, x, PerImage.range(0, 0, 2))
    torch.testing.assert_close(kept, styles)
    assert styles.shape == (2, drawing.generator.num_styles, 8)
    assert (styles == styles[:, :1]).all() == (space == "w")
    alone = edit.styles(drawing, x[1:], PerImage.range(0, 1, 2))  # a result depends on its own stream alone
    torch.testing.assert_close(alone, styles[1:], atol=1e-3, rtol=1e-3)


def test_the_distance_is_that_of_all_scales():
    a, b = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)
    torch.testing.assert_close(distance(a, b), torch.tensor([3.0]))
    checks = torch.ones(1, 1, 4, 4)
    checks[..., ::2, ::2] = checks[..., 1::2, 1::2] = -1
    torch.testing.assert_close(distance(a, checks), torch.tensor([1.0]))  # finer than the halved sides can hold
    torch.testing.assert_close(psnr(a, b), 10 * torch.log10(torch.tensor([4.0])))


def test_a_model_without_styles_is_told_so():
    adam = partial(torch.optim.Adam, lr=1e-3)
    plain = Adversarial(DCGANGenerator(1, 8, 4), DCGANDiscriminator(1, 8), NonSaturating(), adam, 4)
    with pytest.raises(ValueError, match="edit=project needs a generator with a mapping network"):
        Projection()(plain, torch.zeros(1, 1, 8, 8))
