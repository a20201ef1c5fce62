"""A config may build parts, and reach nothing else."""

import ast
from pathlib import Path

import pytest

import genlab
from genlab.annotations.definitions import define
from genlab.config.allowed import declared, is_allowed, refusal


@pytest.mark.parametrize(
    "target",
    [
        "genlab.models.vae.VAE",
        "genlab.callbacks.history.History",
        "torch.nn.SiLU",
        "torch.optim.AdamW",
        "torch.optim.lr_scheduler.OneCycleLR",
        "pytorch_lightning.Trainer",
        "pytorch_lightning.callbacks.EarlyStopping",
        "pytorch_lightning.loggers.CSVLogger",
        "pytorch_lightning.profilers.AdvancedProfiler",
        "diffusers.models.unets.unet_2d.UNet2DModel",
        "genlab.networks.from_checkpoint.from_checkpoint",
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
        "genlab.data.image_datamodule.torch.load",
        "genlab.data.image_datamodule.Batch",
        "genlab.models.base._secret",
        "torch.nn.SiLU\n",
        "",
        "genlab.data.wheel.file_from_wheel",
        "genlab.interop.wandb_sync.upload",
        "genlab.data.archive.extract_tar",
        "genlab.data.prepared.prepared",
        "genlab.data.catalog.default_data_dir",
        "genlab.data.mirrors.Folder",
        "genlab.data.fetch.files_of",
        "hydra_plugins.genlab.grid_sweeper.GridSweeper",
        "torchmetrics.image.Path",
        "torchmetrics.image.StructuralSimilarityIndexMeasure",
        "torchmetrics.multimodal.CLIPScore",
        "diffusers.schedulers.scheduling_ddpm.DDPMScheduler",
        "transformers.CLIPTextModel",
        "torch.nn.Parameter",
        "torch.nn.Path",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.optim.Optimiser",
        "pytorch_lightning.loggers.WandbLogger",
        "pytorch_lightning.loggers.MLFlowLogger",
        "pytorch_lightning.strategies.DeepSpeedStrategy",
    ],
)
def test_whatever_runs_code_or_is_no_part_is_refused(target):
    assert not is_allowed(target)


def importable():
    """Every class and function, private ones too, that a dotted name of genlab leads to."""
    package = Path(genlab.__file__).parent
    for path in package.rglob("*.py"):
        module = ".".join(["genlab", *path.relative_to(package).with_suffix("").parts]).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield f"{module}.{node.name}"
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from (f"{module}.{alias.asname or alias.name}" for alias in node.names)


def test_of_all_that_genlab_can_import_only_the_parts_of_its_configs_are_allowed():
    everything = set(importable())
    assert len(everything) > 2000
    of_older_configs = {"genlab.callbacks.interruption.Interruption"}
    named = {target for target in declared() if target.startswith("genlab.")}
    assert {name for name in everything if is_allowed(name)} == named | of_older_configs


def test_a_part_is_a_class_or_a_function_that_says_what_object_it_gives():
    functions = {t: define(t).node for t in declared() if isinstance(define(t).node, ast.FunctionDef)}
    assert sorted(functions) == [
        "diffusers.optimization.get_cosine_schedule_with_warmup", "genlab.interop.wandb.wandb_logger",
        "genlab.networks.from_checkpoint.from_checkpoint",
    ]  # fmt: skip
    assert all(node.returns is not None for node in functions.values())


def test_the_user_can_allow_a_name_but_only_that_name():
    assert is_allowed("mypackage.Net", extra=["mypackage.Net"])
    assert not is_allowed("mypackage.Net2", extra=["mypackage.Net"])


def test_a_misspelt_part_gets_the_nearest_one():
    assert "genlab.models.vae.VAE" in refusal("genlab.models.vae.Autoencodr")
    assert "allow_targets='[torch.load]'" in refusal("torch.load")
