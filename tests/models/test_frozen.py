"""A frozen part: no gradient, no average, no room in checkpoints, which name it by its content."""

import pytest
import torch
from torch import nn

from genlab.errors import ConfigError
from genlab.first_stage import trained
from genlab.models.base import GenerativeModule
from genlab.runs.restore import load_weights
from genlab.runs.store import Run
from models.test_parameter_groups import fit, layer, quietly, sgd  # noqa: F401


class OnFrozen(GenerativeModule):
    frozen = ("encoder",)

    def __init__(self, content=0):
        super().__init__(sgd, ema_decay=0.9)
        self.encoder = nn.Sequential(layer(content), nn.BatchNorm1d(2), nn.Dropout(0.5))
        self.head = layer(1)

    def loss(self, batch):
        return {"loss": (self.head(self.encoder(batch.x)) - 1).square().mean()}


def test_it_stays_as_it_is_and_out_of_checkpoints(tmp_path):
    module, untouched = OnFrozen(), OnFrozen()
    fit(module, tmp_path)
    content = torch.load(Run(tmp_path).checkpoint(), weights_only=True)
    assert set(content["state_dict"]) == {"head.weight", "head.bias"}
    assert set(content["ema"]) == {"steps", "head.weight", "head.bias"}
    assert set(content["frozen"]) == {"encoder"}
    assert len(content["optimizer_states"][0]["param_groups"][0]["params"]) == 2
    for name, value in untouched.encoder.state_dict().items():
        assert torch.equal(module.encoder.state_dict()[name], value)
    assert all(p.grad is None for p in module.encoder.parameters())


def test_it_goes_on_and_is_restored_with_the_same_content(tmp_path):
    module = OnFrozen()
    fit(module, tmp_path)
    path = Run(tmp_path).checkpoint()
    fit(longer := OnFrozen(), tmp_path, ckpt_path=path, max_epochs=3)
    fit(whole := OnFrozen(), tmp_path / "whole", max_epochs=3)
    restored = OnFrozen()
    load_weights(restored, Run(tmp_path).checkpoint())
    for other in (longer, restored):
        assert torch.equal(other.head.weight, whole.head.weight)


def files_of(folder):
    return list(Run(folder).checkpoints.glob("*.frozen"))


def test_its_weights_lie_once_beside_all_checkpoints_and_come_back(tmp_path):
    fit(OnFrozen(content=7), tmp_path)
    (file,) = files_of(tmp_path)
    restored = OnFrozen()
    load_weights(restored, Run(tmp_path).checkpoint())
    fit(OnFrozen(), tmp_path, ckpt_path=Run(tmp_path).checkpoint(), max_epochs=3)
    assert files_of(tmp_path) == [file], "a resumed training has the same"
    for name, value in OnFrozen(content=7).encoder.state_dict().items():
        assert torch.equal(restored.encoder.state_dict()[name], value)


def test_what_is_measured_before_the_first_step_is_of_it(tmp_path):
    class Measures(OnFrozen):
        def on_fit_start(self):
            super().on_fit_start()
            self.encoder[1].running_mean.fill_(3.0)

    fit(Measures(), tmp_path)
    restored = OnFrozen()
    load_weights(restored, Run(tmp_path).checkpoint())
    assert (restored.encoder[1].running_mean == 3).all()


def test_a_model_that_stands_on_it_gets_its_frozen_part(tmp_path):
    fit(OnFrozen(content=7), tmp_path)
    stage = trained(OnFrozen(), str(Run(tmp_path).checkpoint()), "codec.checkpoint", "the first stage")
    assert torch.equal(stage.encoder[0].weight, OnFrozen(content=7).encoder[0].weight)


def test_a_damaged_file_of_it_is_one_sentence(tmp_path):
    fit(OnFrozen(), tmp_path)
    (file,) = files_of(tmp_path)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(ConfigError, match=r"is damaged: it has not the weights of the frozen part 'encoder'"):
        load_weights(OnFrozen(), Run(tmp_path).checkpoint())


def test_without_its_file_another_content_is_refused(tmp_path):
    fit(OnFrozen(), tmp_path)
    for file in files_of(tmp_path):
        file.unlink()
    with pytest.raises(ConfigError, match=r"trained with another 'encoder': its content has the SHA-256"):
        load_weights(OnFrozen(content=7), Run(tmp_path).checkpoint())
    with pytest.raises(ConfigError, match=r"trained with another 'encoder'"):
        fit(OnFrozen(content=7), tmp_path, ckpt_path=Run(tmp_path).checkpoint(), max_epochs=3)


def test_a_checkpoint_that_has_the_part_gives_its_content(tmp_path):
    """As those from before the part was named frozen."""

    class Whole(OnFrozen):
        frozen = ()

    fit(before := Whole(content=7), tmp_path)
    module = OnFrozen()
    load_weights(module, Run(tmp_path).checkpoint())
    for name, value in before.state_dict().items():
        assert torch.equal(module.state_dict()[name], value)


def test_in_training_mode_it_stays_in_evaluation_mode():
    module = OnFrozen().train()
    assert module.training
    assert module.head.training
    assert not any(part.training for part in module.encoder.modules())
