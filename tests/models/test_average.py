"""The averaged weights: swapped in once a validation, whatever happens in it, and never into a checkpoint."""

from unittest import mock

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from genlab.models.base import GenerativeModule
from genlab.models.ema import EMA
from genlab.models.parts import within
from genlab.runs import checkpoint_io
from genlab.runs.store import Run
from models.test_parameter_groups import Two, fit, layer, quietly, sgd  # noqa: F401


class Small(GenerativeModule):
    def __init__(self):
        super().__init__(sgd, ema_decay=0.9)
        self.layer, self.other = layer(0), layer(1)

    def loss(self, batch):
        return {"loss": (self.other(self.layer(batch.x)) - 1).square().mean()}


class Watch(pl.Callback):
    """Notes the weights of every hook of a validation, and saves a checkpoint in it, or raises."""

    def __init__(self, path, raises=False):
        self.path, self.raises, self.inside, self.after, self.raw = path, raises, [], [], None

    def on_train_batch_end(self, trainer, module, *_):
        self.raw = module.layer.weight.detach().clone()

    def on_validation_batch_end(self, trainer, module, *_):
        self.inside.append(module.layer.weight.detach().clone())
        trainer.save_checkpoint(self.path)
        if self.raises:
            raise self.raises

    def on_validation_end(self, trainer, module):
        self.after.append(torch.equal(module.layer.weight, self.raw))
        trainer.save_checkpoint(self.path)


def test_a_validation_has_the_averaged_weights_and_its_checkpoints_the_raw_ones(tmp_path):
    watch, module = Watch(tmp_path / "one.ckpt"), Small()
    with mock.patch.object(EMA, "swap_in", autospec=True, side_effect=EMA.swap_in) as swapped:
        fit(module, tmp_path, callbacks=[watch])
    assert swapped.call_count == 2  # validations, of however many batches
    assert watch.after == [True, True]
    content = checkpoint_io.load(watch.path)
    torch.testing.assert_close(content["state_dict"]["layer.weight"], watch.raw, atol=0, rtol=0)
    torch.testing.assert_close(content["ema"]["layer.weight"], watch.inside[-1], atol=0, rtol=0)
    assert not torch.equal(watch.inside[-1], watch.raw)


@pytest.mark.parametrize("error", [ValueError("in a validation"), KeyboardInterrupt()])
def test_after_an_error_within_a_validation_the_weights_are_the_modules_own(error, tmp_path):
    watch, module = Watch(tmp_path / "one.ckpt", raises=error), Small()
    with pytest.raises((ValueError, SystemExit)):
        fit(module, tmp_path, callbacks=[watch])
    assert torch.equal(module.layer.weight, watch.raw)
    assert torch.equal(checkpoint_io.load(watch.path)["state_dict"]["layer.weight"], watch.raw)


def test_averaged_is_the_same_within_itself():
    module = Small()
    module._ema = EMA(module, 0.5)
    with torch.no_grad():
        module.layer.weight.add_(1)
    raw = module.layer.weight.detach().clone()
    with module.averaged():
        inside = module.layer.weight.detach().clone()
        with module.averaged():
            assert torch.equal(module.layer.weight, inside)
        assert torch.equal(module.layer.weight, inside)
    assert torch.equal(module.layer.weight, raw)
    assert not torch.equal(inside, raw)


class Parts(Two):
    ema_parts = ("b",)
    no_ema = ("b.bias",)


def test_named_parts_are_averaged_whatever_takes_a_gradient(tmp_path):
    module = Parts(every=2, ema_decay=0.9)
    fit(module, tmp_path)
    average = checkpoint_io.load(Run(tmp_path).checkpoint())["ema"]
    assert set(average) == {"steps", "b.weight"}
    assert average["steps"] == 8
    with module.averaged():
        assert torch.equal(module.b.weight, average["b.weight"])


@pytest.mark.parametrize(
    ("name", "parts", "expected"),
    [("generator.w", ["generator"], True), ("generator.w", ["generator."], True),
     ("generators.w", ["generator"], False), ("generator.w", [""], True), ("generator.w", [], False),
     ("w", ["w"], True)],
)  # fmt: skip
def test_parts_are_named_by_prefixes(name, parts, expected):
    assert within(name, parts) == expected


@pytest.mark.parametrize("attribute", ["ema_parts", "no_ema", "frozen"])
def test_a_part_that_is_none_is_refused_with_the_nearest(attribute):
    module = Small()
    setattr(module, attribute, ["layr"])
    with pytest.raises(ValueError, match=rf"{attribute} of Small names 'layr', .* did you mean 'layer'"):
        module.configure_optimizers()


def test_tied_weights_are_saved_raw_under_both_names():
    module = nn.Module()
    module.one = nn.Linear(2, 2)
    module.two = module.one
    average = EMA(module, 0.9)
    with torch.no_grad():
        module.one.weight.add_(1)
    raw = module.one.weight.detach().clone()
    with average.applied():
        saved = average.with_raw(dict(module.state_dict()))
    assert torch.equal(saved["one.weight"], raw)
    assert torch.equal(saved["two.weight"], raw)


class Normed(GenerativeModule):
    def __init__(self):
        super().__init__(sgd, ema_decay=0.9)
        self.norm, self.layer = nn.BatchNorm1d(2), layer(0)

    def loss(self, batch):
        return {"loss": (self.layer(self.norm(batch.x)) - 1).square().mean()}


def test_statistics_of_batch_norm_are_not_averaged_and_the_averaged_weights_use_the_last(tmp_path):
    """The average has no statistics of its own: those of the last step are the ones that are sampled with."""
    module = Normed()
    fit(module, tmp_path)
    content = checkpoint_io.load(Run(tmp_path).checkpoint())
    assert not [name for name in content["ema"] if "running" in name or "tracked" in name]
    last = {name: value.clone() for name, value in module.norm.named_buffers()}
    assert last["num_batches_tracked"] == content["ema"]["steps"] > 0, "a validation counts for nothing"
    x = torch.randn(5, 2)
    with module.averaged():
        assert not torch.equal(module.norm.weight, content["state_dict"]["norm.weight"])
        scale = content["ema"]["norm.weight"] / (last["running_var"] + module.norm.eps).sqrt()
        expected = (x - last["running_mean"]) * scale + content["ema"]["norm.bias"]
        torch.testing.assert_close(module.norm(x), expected)
    for name, value in last.items():
        assert torch.equal(dict(module.norm.named_buffers())[name], value)
        assert torch.equal(content["state_dict"][f"norm.{name}"], value)
