"""The alarm of a collapse: it rings when samples hardly differ, once, and never for samples like the data."""

import warnings

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from genlab.callbacks.collapse import Collapse, recall, variety
from genlab.cli import main
from genlab.errors import ConfigError
from genlab.notice import Notice
from genlab.runs.store import Store
from interrupting import quietly  # noqa: F401
from models.eight_gaussians import CENTRES, SPREAD, gan, train


def ring(n, modes=8):
    which = torch.arange(n) % 8 % modes
    return CENTRES[which] + SPREAD * torch.randn(n, 2, generator=torch.Generator().manual_seed(n))


def test_samples_of_the_data_vary_as_they_do():
    assert variety(ring(64), ring(65)[:64]) == pytest.approx(1, abs=0.25)
    assert variety(3 * ring(64), ring(64)) == pytest.approx(3, rel=1e-5)


def test_one_of_the_modes_and_few_repeated_data_vary_little():
    assert variety(ring(64, modes=1), ring(64)) < 0.3
    repeated = ring(8).repeat(8, 1)
    assert variety(repeated, ring(64)) == pytest.approx(0, abs=1e-2)
    assert variety(ring(64), ring(1).expand(64, 2)) is None  # data that do not vary themselves


def test_recall_is_the_share_of_the_modes_that_samples_are_of():
    assert recall(ring(512), ring(511)) > 0.9
    assert recall(ring(512, modes=4), ring(512)) == pytest.approx(0.5, abs=0.1)
    assert recall(ring(512, modes=1), ring(512)) < 0.15


class Forced(nn.Module):
    """Draws about the same point, whatever its latent vector, or one of each class."""

    def __init__(self, num_classes=None):
        super().__init__()
        self.points = nn.Parameter(torch.randn(num_classes or 1, 2))

    def forward(self, z, label=None):
        return self.points[torch.zeros(len(z), dtype=torch.long) if label is None else label] + 1e-3 * z[:, :2]


class Exact(nn.Module):
    """Draws from the distribution of the data."""

    def __init__(self):
        super().__init__()
        self.centres = nn.Parameter(CENTRES.clone())

    def forward(self, z, label=None):
        which = (torch.special.ndtr(z[:, 2]) * 8).long().clamp(0, 7) if label is None else label
        return self.centres[which] + SPREAD * z[:, :2]


def trained(generator, folder, num_classes=None, epochs=4, **options):
    """(the callback, notices, lines of the history) of a short training."""
    callback = Collapse(**{"start": 30} | options)
    module = gan(generator=generator, num_classes=num_classes, width=8, rate=1e-5, ema_decay=None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lines = train(module, folder, epochs, [callback])
    return callback, [str(w.message) for w in caught if issubclass(w.category, Notice)], lines


@pytest.mark.parametrize("num_classes", [None, 8])
def test_a_generator_that_is_forced_to_collapse_rings_once_after_its_patience(num_classes, tmp_path, quietly):  # noqa: F811
    callback, notices, lines = trained(Forced(num_classes), tmp_path, num_classes)
    (notice,) = notices  # validations at 25, 50, 75, 100; that at 25 is too early to count
    assert notice.startswith("the generator has collapsed at step 75: its samples differ 0.0")
    assert callback.training["collapsed_at"] == 75
    values = [line["val/variety"] for line in lines if "val/variety" in line]
    assert len(values) == 4
    assert max(values) < 0.1
    assert callback.training["variety"] == pytest.approx(values[-1], rel=1e-6)


@pytest.mark.parametrize("num_classes", [None, 8])
def test_a_generator_of_the_data_never_rings(num_classes, tmp_path, quietly):  # noqa: F811
    callback, notices, _ = trained(Exact(), tmp_path, num_classes, epochs=3, start=0, patience=1)
    assert not notices
    assert callback.training["variety"] > 0.6
    assert callback.training["recall"] > 0.5
    assert "collapsed_at" not in callback.training


def test_what_it_has_seen_is_in_checkpoints():
    first, second = Collapse(), Collapse()
    first._variety, first._recall, first._low, first._collapsed_at = 0.1, 0.2, 1, 500
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    assert second.training == {"variety": 0.1, "recall": 0.2, "collapsed_at": 500}


def test_a_model_that_is_asked_for_more_than_a_class_is_refused_before_training():
    module = gan()
    module.asks = {"label", "prompt"}
    with pytest.raises(ConfigError, match=r"asked for a prompt: give callbacks\.collapse=null"):
        Collapse().on_fit_start(pl.Trainer(accelerator="cpu", logger=False, barebones=True), module)


def test_features_may_stand_in_for_pixels(tmp_path):
    words = [
        "experiment=adversarial/gan_digits", "trainer.max_epochs=1", "dataset.train_size=128", "logger=none",
        "metrics=none", "callbacks.previews=null", "callbacks.collapse.extractor=${extractor}", "extractor.steps=20",
        "extractor.n_features=8", f"paths.output_dir={tmp_path}",
    ]  # fmt: skip
    assert main(["train", *words]) == 0
    (run,) = Store(tmp_path)
    assert {"variety", "recall"} <= set(run.record().training)
