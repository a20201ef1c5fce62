"""A config may build parts, and reach nothing else."""

import pytest

from genlab.config.allowed import is_allowed, refusal


@pytest.mark.parametrize(
    "target",
    [
        "genlab.families.autoencoder.Autoencoder",
        "genlab.callbacks.history.History",
        "torch.nn.SiLU",
        "torch.optim.AdamW",
        "torch.optim.lr_scheduler.OneCycleLR",
        "pytorch_lightning.Trainer",
        "pytorch_lightning.callbacks.EarlyStopping",
        "pytorch_lightning.loggers.CSVLogger",
        "torchmetrics.image.StructuralSimilarityIndexMeasure",
        "diffusers.models.unets.unet_2d.UNet2DModel",
        "diffusers.schedulers.scheduling_ddpm.DDPMScheduler",
        "transformers.CLIPTextModel",
    ],
)
def test_parts_are_allowed(target):
    assert is_allowed(target)


@pytest.mark.parametrize(
    "target",
    [
        "torch.load",
        "torch.hub.load",
        "torch.package.PackageImporter",
        "torch.nn.modules.module.torch.load",
        "torch.optim.torch.load",
        "sympy.sympify",
        "os.system",
        "builtins.eval",
        "builtins.open",
        "subprocess.Popen",
        "shutil.copy",
        "numpy.load",
        "hydra.utils.get_method",
        "hydra.utils.instantiate",
        "pytorch_lightning.callbacks.os.system",
        "genlab.runs.store.Store",
        "genlab.cli.main",
        "genlab.commands.train.train",
        "genlab.data.resident.torch.load",
        "genlab.data.resident.Batch",
        "genlab.families.base._secret",
        "torch.nn.SiLU\n",
        "",
    ],
)
def test_whatever_runs_code_is_refused(target):
    assert not is_allowed(target)


def test_the_user_can_allow_a_name_but_only_that_name():
    assert is_allowed("mypackage.Net", extra=["mypackage.Net"])
    assert not is_allowed("mypackage.Net2", extra=["mypackage.Net"])


def test_a_misspelt_part_gets_the_nearest_one():
    assert "genlab.families.autoencoder.Autoencoder" in refusal("genlab.families.autoencoder.Autoencodr")
    assert "allow_targets='[torch.load]'" in refusal("torch.load")
