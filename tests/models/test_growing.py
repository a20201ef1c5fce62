"""Networks that grow: what a depth is to either player, when it rises, and that a resumed run has it."""

from functools import partial

import pytest
import torch

from genlab.models.adversarial import Adversarial
from genlab.models.growing import as_grown, depth_at, with_pixels_of
from genlab.networks.stylegan.discriminator import StyleDiscriminator
from genlab.networks.stylegan.synthesis import StyleGenerator
from genlab.objectives.adversarial_losses import NonSaturating
from genlab.objectives.penalties import R1
from interrupting import along, differences, of_trainer, quietly  # noqa: F401
from models.test_stylegan import Blots

SMALL = {"width": 4, "widest": 8, "levels": 2}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def growing(size=8, levels=2):
    small = SMALL | {"levels": levels}
    generator = StyleGenerator(1, size, 6, style_size=8, mapping_depth=2, modulation="adain", output="grown", **small)
    return generator, StyleDiscriminator(1, size, grows=True, **small)


def test_each_depth_is_trained_then_the_next_is_faded_in():
    depths = [depth_at(seen, 100, 2) for seen in (0, 99, 100, 150, 199, 200, 299, 325, 400, 10**6)]
    assert depths == [0, 0, 0, 0.5, 0.99, 1, 1, 1.25, 2, 2]


def test_a_generator_fades_from_the_picture_before_with_its_pixels_repeated():
    generator, _ = growing()
    styles = generator.styles(torch.randn(3, 6))
    whole, half, lowest = (generator.picture(styles, depth=depth) for depth in (2, 1, 0))
    assert torch.equal(whole, generator.picture(styles))
    for picture, halvings in ((half, 1), (lowest, 2)):
        torch.testing.assert_close(picture, with_pixels_of(picture, halvings))
    torch.testing.assert_close(generator.picture(styles, depth=1 + 1e-7), half)
    torch.testing.assert_close(generator.picture(styles, depth=1.3), 0.7 * half + 0.3 * whole)
    torch.testing.assert_close(generator.picture(styles, depth=0.3), 0.7 * lowest + 0.3 * half)


def test_a_discriminator_sees_as_many_pixels_as_its_depth_has():
    _, discriminator = growing()
    x = torch.randn(4, 1, 8, 8)
    torch.testing.assert_close(discriminator(x, depth=2), discriminator(x))
    for depth, halvings in ((1, 1), (0, 2)):
        score = discriminator(x, depth=depth)
        torch.testing.assert_close(score, discriminator(with_pixels_of(x, halvings), depth=depth))
        torch.testing.assert_close(score, discriminator(x, depth=depth + 1e-7), atol=1e-5, rtol=1e-5)
        assert not torch.allclose(score, discriminator(x, depth=depth + 0.5))


def test_real_pictures_get_their_details_as_generated_ones_do():
    x = torch.randn(4, 1, 8, 8)
    assert torch.equal(as_grown(x, 2, 2), x)
    torch.testing.assert_close(as_grown(x, 1.3, 2), 0.7 * with_pixels_of(x, 1) + 0.3 * x)
    torch.testing.assert_close(as_grown(x, 0.3, 2), 0.7 * with_pixels_of(x, 2) + 0.3 * with_pixels_of(x, 1))


def test_interrupted_while_it_grows_it_ends_as_undisturbed(tmp_path, quietly):  # noqa: F811
    """The depth is that of the images seen, which are in checkpoints; samples are those of this depth."""

    def made():
        torch.manual_seed(0)
        model = Adversarial(
            *growing(4, 1), NonSaturating(), partial(torch.optim.Adam, lr=1e-3), 6, {"r1": R1(0.2, 3)},
            growing_images=30, ema_decay=0.9,
        )  # fmt: skip
        return model, Blots(), {"max_epochs": 2}

    samples = made()[0].sample(3)
    torch.testing.assert_close(samples, with_pixels_of(samples, 1))
    whole, end = along(of_trainer(made, tmp_path), [4])
    assert not differences(whole, end)
    lines = [line["depth"] for line in whole["history"] if "depth" in line]
    assert lines == pytest.approx([0, 0, 0, 1 / 3, 2 / 3, 1, 1, 1])


def test_both_networks_must_grow():
    generator, discriminator = growing()
    for players in (
        (StyleGenerator(1, 8, 6, **SMALL), discriminator),
        (generator, StyleDiscriminator(1, 8, **SMALL)),
        (generator, growing(8, 1)[1]),
    ):
        with pytest.raises(ValueError, match=r"^model\.growing_images needs two networks that grow"):
            Adversarial(*players, NonSaturating(), torch.optim.Adam, 6, growing_images=100)
