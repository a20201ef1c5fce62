"""What is ranked was measured alike: every setting of a metric that moves its value stands in `measured`.

What is done to pictures before they are looked at is no such setting: it stands in `made`, and values of several edits
are compared (tests/metrics/test_image_to_image.py).
"""

import importlib
import inspect

import pytest

from genlab.config.allowed import declared
from genlab.metrics.compare import comparable
from genlab.metrics.suite import Suite
from genlab.objectives.flow_likelihood import FlowLikelihood
from genlab.objectives.variational_bound import NormalDecoder, PixelDecoder
from genlab.processes.linear import Linear
from genlab.processes.vp import VP

from .test_denoising_likelihood import Model

SETTINGS = {
    "FIDInfinity": {"points": (8, 5)},
    "FIDJackknife": {"groups": (10, 5)},
    "InceptionScore": {"splits": (10, 3)},
    "KID": {"subsets": (None, 3), "subset_size": (40, 20)},
    "Memorisation": {"threshold": (0.3333, 0.9), "max_pictures": (2000, 40)},
    "PrecisionRecall": {"neighbours": (3, 5), "density_neighbours": (5, 3)},
    "VariationalBits": {"decoder": (PixelDecoder(), NormalDecoder()), "draws": (20, 10)},
    "FlowBits": {"flow": (FlowLikelihood(10, probes=2), FlowLikelihood(5, probes=2))},
}
"""Metric -> setting -> the usual value and another one."""
WITH_WEIGHTS = {"CLIPScore", "LPIPS", "SampleRetrieval"}
"""Those whose networks are to be had from elsewhere only."""
WITH_ATTRIBUTES = {"AttributeShare"}
"""Those that read data with attributes: the same is tried in test_attributes.py."""

WITH_STYLES = {"PerceptualPathLength"}
"""Those of style-based generators: the same is tried in test_perceptual_path_length.py."""

OF_SOUNDS = {"SpectralShape"}
"""Those that read no pictures: the same is tried in test_sounds.py."""


def own_metrics():
    """The metrics of genlab's configs, by the name of their class."""
    names = (target.rpartition(".") for target in declared() if target.startswith("genlab.metrics."))
    found = {name: getattr(importlib.import_module(module), name) for module, _, name in names}
    return {
        name: metric
        for name, metric in found.items()
        if hasattr(metric, "scores") and name not in WITH_WEIGHTS | WITH_ATTRIBUTES | WITH_STYLES | OF_SOUNDS
    }


def settings(metric):
    return [
        name for name in inspect.signature(metric).parameters if name not in ("extractor", "edit", "args", "kwargs")
    ]


def test_every_setting_of_every_metric_is_tried_below():
    assert {name: set(settings(metric)) for name, metric in own_metrics().items() if settings(metric)} == {
        name: set(tried) for name, tried in SETTINGS.items()
    }


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_moves_a_value_is_measured(name, data, cache_dir, copying, extractor):
    metric, tried = own_metrics()[name], SETTINGS[name]
    looks = {"extractor": extractor} if "extractor" in inspect.signature(metric).parameters else {}
    model = {"VariationalBits": Model(Linear()), "FlowBits": Model(VP())}.get(name) or copying(data, "val")
    usual = {setting: values[0] for setting, values in tried.items()}
    if name == "KID":
        usual["subsets"] = 4  # without subsets their size is nothing

    def scored(**changed):
        return Suite({"it": metric(**looks, **usual | changed)}, 60, 60, 0, "test", cache_dir).evaluate(model, data)

    plain = scored()
    for setting, (_, other) in tried.items():
        found = scored(**{setting: other})
        moved = [score for score in plain if found[score].value != plain[score].value]
        assert moved, f"{setting} changes nothing"
        assert not [score for score in moved if comparable(found[score], plain[score])], setting
        assert all(comparable(score, score) for score in found.values())
