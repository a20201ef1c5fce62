"""The strip shows the process itself, and every schedule can be plotted."""

import numpy as np
import pytest
import torch
from PIL import Image

from genlab.modalities.image import Image as Pictures
from genlab.processes.blur import Blur
from genlab.processes.degrading import Degrading
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.zero_terminal import ZeroTerminal
from genlab.reports.schedule import draw_schedule, noised

X = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
PROCESSES = [*(Gaussian(schedule) for schedule in (Linear(), ZeroTerminal(), EDM(), LinearPath()))]
PROCESSES += [Degrading(Blur(), [1, 8, 8])]


@pytest.mark.parametrize("process", PROCESSES[:4], ids=lambda p: type(p.schedule).__name__)
def test_a_strip_begins_with_the_data_and_ends_in_noise(process):
    strip = noised(process, X, 6)
    noise = torch.randn(X.shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(strip[:, 0], X)
    assert torch.allclose(strip[:, -1], noise, atol=0.1)
    correlation = [float(torch.corrcoef(torch.stack([strip[:, k].flatten(), X.flatten()]))[0, 1]) for k in range(6)]
    assert correlation[0] > correlation[2] > correlation[4] - 0.05


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: type(p.schedule).__name__)
def test_every_process_has_its_picture(process, tmp_path):
    picture = np.asarray(Image.open(draw_schedule(process, X, tmp_path / "s.png", Pictures(), 5)).convert("L"))
    assert picture.shape[1] == 900
    assert picture.std() > 20
