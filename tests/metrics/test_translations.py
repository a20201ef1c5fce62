"""Scores of translations where the truth is known: b has a's pictures with their colours turned over."""

import math

import numpy as np
import pytest
import torch

from genlab.data.source import PARTNER, Attribute, Images
from genlab.data.two_domains import TwoDomains
from genlab.metrics.extractors.extractor import Activations, Extractor
from genlab.metrics.suite import Suite
from genlab.metrics.translations import CyclePSNR, TranslationDistance
from genlab.metrics.true_partners import TruePartners

N, CEILING = 60, 10 * math.log10(255**2 * 16)


class TurnedOver:
    name = "turned_over"

    def __init__(self, known=True):
        self.known = known

    def identity(self):
        return "turned over"

    def load(self, channels, size):
        pixels = np.random.default_rng(0).integers(0, 100, (N, channels, size, size)).astype(np.uint8)
        partner = {PARTNER: Attribute(tuple(map(str, range(N))), np.tile(np.arange(N), 2))}
        both = np.concatenate([pixels, 255 - pixels])
        groups = np.tile(np.arange(N), 2)
        return Images(both, np.repeat([0, 1], N), ["a", "b"], groups=groups, attributes=partner if self.known else None)


class Pixels(Extractor):
    """Sees the pixels themselves."""

    name, resize, identity, sha256 = "pixels", "none", ("pixels",), "0"

    def check(self, data, report=None):
        pass

    def load(self, data, report):
        class See(torch.nn.Module):
            def forward(self, x):
                return Activations(x.flatten(1).float() - 127.5, None)

        return See(), "0"


class TurnsOver:
    def translate(self, x, direction="a_to_b"):
        return -x


class Copies:
    def translate(self, x, direction="a_to_b"):
        return x


def scores(model, folder, known=True):
    data = TwoDomains(TurnedOver(known), 1, 4, 4, val_size=0.1, test_size=0.4)
    metrics = {"distance": TranslationDistance(Pixels()), "cycle": CyclePSNR(), "partners": TruePartners(Pixels())}
    suite = Suite(metrics, n_samples=1000, batch_size=7, seed=0, split="test", cache_dir=str(folder / "cache"))
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return suite.evaluate(model, data, out_dir=out), data


def test_the_true_translation_has_the_best_of_each(tmp_path):
    found, data = scores(TurnsOver(), tmp_path)
    n = len(data.items("test")[0])
    for way in ("a_to_b", "b_to_a"):
        assert found[f"fid_pixels_{way}"].value == pytest.approx(0, abs=0.1)
        assert found[f"partner_psnr_{way}"].value == pytest.approx(CEILING)
        assert found[f"partner_distance_pixels_{way}"].value == pytest.approx(0, abs=1e-6)
        assert found[f"partner_retrieval_pixels_{way}"].value == 1
        assert found[f"partner_psnr_{way}"].measured["chance"] == 1 / n
    assert found["cycle_psnr_a"].value == found["cycle_psnr_b"].value == pytest.approx(CEILING)


def test_a_copy_is_told_by_its_own_row_and_not_by_its_cycle(tmp_path):
    found, data = scores(Copies(), tmp_path)
    assert found["cycle_psnr_a"].value == pytest.approx(CEILING)
    a, b = (domain.items("test")[0] for domain in data.domains)
    own = data.partners("test")
    error = (a.double() - b[own].double()).square().mean((1, 2, 3))
    assert found["partner_psnr_a_to_b"].value == pytest.approx((10 * torch.log10(255**2 / error)).mean().item())
    for name in ("fid_pixels", "partner_psnr", "partner_distance_pixels"):
        for way in ("a_to_b", "b_to_a"):
            score = found[f"{name}_{way}"]
            assert score.value == pytest.approx(score.measured["copy"], abs=1e-3)
    assert found["partner_distance_pixels_a_to_b"].value > found["partner_distance_pixels_a_to_b"].measured["random"]
    rows = (tmp_path / "out" / "translations.md").read_text().splitlines()
    assert [row.split(" | ")[:2] for row in rows[2:5]] == [["| a_to_b", kind] for kind in ("model", "copy", "random")]


def test_without_known_partners_the_rest_is_scored(tmp_path):
    found, _ = scores(TurnsOver(), tmp_path, known=False)
    assert set(found) == {"fid_pixels_a_to_b", "fid_pixels_b_to_a", "cycle_psnr_a", "cycle_psnr_b"}
