"""Perceptual path length: the known speed of pictures that are linear in their style."""

import pytest
import torch
from torch import nn

from genlab.metrics.compare import comparable
from genlab.metrics.extractors.efficientnet_lite0 import EfficientNetLite0
from genlab.metrics.extractors.extractor import Activations, Extractor
from genlab.metrics.perceptual_path_length import PerceptualPathLength
from genlab.metrics.suite import Suite


class Pixels(Extractor):
    """Its features are the pixels."""

    name, resize, reads_floats = "pixels", "none", True
    identity = ("pixels",)

    def check(self, data, report=None):
        pass

    def load(self, data, report):
        class Flat(nn.Module):
            def forward(self, images):
                return Activations(images.flatten(1).float(), None)

        return Flat(), "none"


class Linear:
    """Pictures are `slope` times a style of one number, uniform in [0, 1), the same at all pixels."""

    num_classes, style_network = 10, object()

    def __init__(self, slope):
        self.slope = slope

    def sample(self, n, condition=None, *, generator=None):
        return self.from_styles(self.draw_styles(n, condition, generator=generator))

    def draw_styles(self, n, condition=None, *, generator=None):
        assert condition.tolist() == [i % 10 for i in range(int(condition[0]), int(condition[0]) + n)]
        return generator.uniform((n, 1, 1))

    def from_styles(self, styles, *, generator=None):
        return (self.slope * (styles - 0.5)).expand(-1, 8, 8)[:, None]


def score(model, data, folder, batch_size=40, step=1e-3):
    suite = Suite({"ppl": PerceptualPathLength(Pixels(), step)}, 400, batch_size, 0, "test", str(folder))
    return suite.evaluate(model, data)["ppl_pixels"]


def test_it_is_the_squared_speed_along_the_way(data, tmp_path):
    """Each of 64 pixels moves by slope (b - a) 255 / 2; the mean of (b - a)^2 is 1/6 for two uniform numbers."""
    found = score(Linear(0.4), data, tmp_path)
    expected = 64 * (0.4 * 255 / 2) ** 2 / 6
    assert found.low < expected < found.high
    assert found.value == pytest.approx(expected, rel=0.2)
    twice = score(Linear(0.8), data, tmp_path)
    assert twice.value == pytest.approx(4 * found.value, rel=1e-3)
    assert score(Linear(0.4), data, tmp_path, batch_size=90).value == pytest.approx(found.value, rel=1e-3)


def test_scores_of_other_steps_are_not_ranked(data, tmp_path):
    small, large = (score(Linear(0.4), data, tmp_path, step=step) for step in (1e-3, 1e-2))
    assert comparable(small, small)
    assert not comparable(small, large)


def test_a_model_without_styles_has_none_and_an_extractor_of_whole_numbers_refuses(data, copying, tmp_path):
    suite = Suite({"ppl": PerceptualPathLength(Pixels())}, 400, 40, 0, "test", str(tmp_path))
    assert not suite.applicable(copying(data), data)
    assert EfficientNetLite0.reads_floats
    with pytest.raises(ValueError, match="the extractor pixels reads whole numbers"):
        Pixels().features_of_floats(torch.zeros(1, 1, 8, 8))
