"""Parameters read from source equal those that `inspect` finds by importing."""

import inspect

import pytest

from genlab.annotations.signatures import UnknownTarget, define, signature


@pytest.mark.parametrize(
    "target",
    [
        "torch.optim.Adam",
        "torch.optim.lr_scheduler.CosineAnnealingLR",
        "torch.nn.Linear",
        "pytorch_lightning.Trainer",
        "pytorch_lightning.callbacks.EarlyStopping",
        "diffusers.models.unets.unet_2d.UNet2DModel",
        "genlab.data.image_datamodule.ImageDataModule",
        "genlab.runs.record.Record",
    ],
)
def test_parameters_equal_those_of_the_imported_class(target):
    from hydra.utils import get_class

    expected = list(inspect.signature(inspect.unwrap(get_class(target).__init__)).parameters.values())[1:]
    named = [p for p in expected if p.kind != p.VAR_KEYWORD]
    found = signature(target)
    assert [p.name for p in found.parameters] == [p.name for p in named]
    assert [p.required for p in found.parameters] == [p.default is p.empty for p in named]
    assert found.open == (len(named) < len(expected))


def test_a_name_is_followed_to_its_definition():
    assert define("torch.optim.Adam").name == "torch.optim.adam.Adam"
    assert define("torch.nn.Linear").name == "torch.nn.modules.linear.Linear"


@pytest.mark.parametrize(
    "target", ["genlab.nowhere.Thing", "genlab.data.image_datamodule.Nothing", "nosuchpackage.X", "plain"]
)
def test_an_unknown_name_is_said_to_be_unknown(target):
    with pytest.raises(UnknownTarget):
        define(target)


def test_nothing_is_imported():
    import subprocess
    import sys

    code = (
        "import sys; from genlab.annotations.signatures import signature; signature('torch.optim.Adam');"
        "signature('pytorch_lightning.Trainer'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
