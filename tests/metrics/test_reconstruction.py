"""PSNR and SSIM of uint8 pictures: closed forms, an independent computation, and independence of the batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from genlab.metrics.psnr import psnr
from genlab.metrics.ssim import ssim


def pictures(n: int, seed: int, channels: int = 1, side: int = 16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, channels, side, side), dtype=torch.uint8, generator=generator)


def test_psnr_of_a_constant_error_has_a_closed_form() -> None:
    real = torch.full((2, 3, 8, 8), 100, dtype=torch.uint8)
    off = real.clone()
    off[0] += 5
    off[1] += 50
    assert psnr(real, off).tolist() == pytest.approx([20 * math.log10(255 / 5), 20 * math.log10(255 / 50)], rel=1e-5)


def test_identical_pictures_score_as_if_one_value_were_off_by_one() -> None:
    real = pictures(2, 0)
    nearly = real.clone()
    nearly[1, 0, 3, 3] ^= 1
    same, off_by_one = psnr(real, nearly).tolist()
    assert math.isfinite(same)
    assert same == pytest.approx(off_by_one, rel=1e-6)


def test_ssim_agrees_with_gaussian_filters_of_scipy() -> None:
    from scipy.ndimage import gaussian_filter

    a, b = pictures(3, 0), pictures(3, 1) // 2 + pictures(3, 0) // 2

    def smooth(x: np.ndarray) -> np.ndarray:
        return np.stack([gaussian_filter(one, 1.5, mode="mirror", radius=5) for one in x])

    x, y = a[:, 0].double().numpy(), b[:, 0].double().numpy()
    mx, my = smooth(x), smooth(y)
    vx, vy, cov = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    expected = ((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean((1, 2))
    assert ssim(a, b).tolist() == pytest.approx(expected.tolist(), abs=1e-5)
    assert ssim(a, a).tolist() == pytest.approx([1, 1, 1], abs=1e-6)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_a_picture_scores_the_same_in_any_company(metric: object) -> None:
    real, rebuilt = pictures(7, 0, channels=3), pictures(7, 1, channels=3)
    together = metric(real, rebuilt)
    alone = torch.cat([metric(real[i : i + 1], rebuilt[i : i + 1]) for i in range(7)])
    assert together.tolist() == pytest.approx(alone.tolist(), rel=1e-5)


def test_ssim_works_on_eight_pixels_and_refuses_five() -> None:
    assert ssim(pictures(2, 0, side=8), pictures(2, 0, side=8)).tolist() == pytest.approx([1, 1], abs=1e-6)
    with pytest.raises(ValueError, match="at least 6 pixels; got 5"):
        ssim(pictures(2, 0, side=5), pictures(2, 0, side=5))
