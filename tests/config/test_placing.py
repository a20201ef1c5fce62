"""A part stands where one of its kind is asked for; anywhere else it is refused before it is built."""

from copy import deepcopy

import pytest
from omegaconf import OmegaConf

from composing import composed
from genlab.annotations.parts import Kind, fits, items_of
from genlab.annotations.signatures import signature
from genlab.config.allowed import declared
from genlab.config.check import check
from genlab.config.files import conf_dir
from genlab.config.instantiate import build
from genlab.config.placing import ROOTS, misplaced
from genlab.errors import ConfigError

DATA = ("str", "int", "float", "bool", "Path", "str | Path", "list[int]", "PositiveInt", "Rate | None", "Any", "")
OPTIMIZER = "Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]"


@pytest.mark.parametrize("annotation", DATA)
def test_no_part_fits_where_data_are_asked_for_or_nobody_says_what(annotation):
    kind = Kind(annotation, "genlab.networks.unet")
    assert [t for t in declared() for partial in (True, False) if fits(t, partial, kind)] == []


@pytest.mark.parametrize(
    ("target", "partial", "annotation", "module"),
    [
        ("torch.optim.Adam", True, OPTIMIZER, "genlab.models.base"),
        ("torch.optim.SGD", True, OPTIMIZER, "genlab.models.base"),
        ("genlab.networks.unet.UNet", False, "nn.Module", "genlab.denoisers.denoiser"),
        ("genlab.networks.from_checkpoint.from_checkpoint", False, "nn.Module", "genlab.denoisers.denoiser"),
        ("genlab.processes.linear.Linear", False, "Schedule", "genlab.processes.gaussian"),
        ("genlab.data.emoji.Emoji", False, "Source", "genlab.data.image_datamodule"),
        ("genlab.denoisers.restorer.Restorer", False, "Denoiser | Restorer", "genlab.models.diffusion"),
        ("genlab.networks.pixelcnn.GatedPixelCNN", True, "NetworkOf", "genlab.models.autoregressive"),
        ("genlab.interop.wandb.wandb_logger", False, "Logger", "pytorch_lightning.loggers"),
        ("pytorch_lightning.profilers.SimpleProfiler", False, "Optional[Union[Profiler, str]]",
         "pytorch_lightning.trainer.trainer"),
    ],
)  # fmt: skip
def test_a_part_fits_by_what_it_is_by_what_it_can_do_or_by_what_it_gives(target, partial, annotation, module):
    assert fits(target, partial, Kind(annotation, module))
    assert not fits(target, not partial, Kind(annotation, module))


@pytest.mark.parametrize(
    ("target", "annotation", "module"),
    [
        ("genlab.data.emoji.Emoji", OPTIMIZER, "genlab.models.base"),
        ("genlab.interop.wandb.wandb_logger", OPTIMIZER, "genlab.models.base"),
        ("genlab.interop.wandb.wandb_logger", "nn.Module", "genlab.denoisers.denoiser"),
        ("torch.nn.Linear", OPTIMIZER, "genlab.models.base"),
        ("genlab.data.emoji.Emoji", "Schedule", "genlab.processes.gaussian"),
        ("genlab.processes.blur.Blur", "Schedule", "genlab.processes.gaussian"),
    ],
)
def test_a_part_of_another_kind_does_not_fit(target, annotation, module):
    assert not fits(target, True, Kind(annotation, module))


PROFILER = "+trainer.profiler={_target_: pytorch_lightning.profilers.SimpleProfiler}"


def test_loggers_callbacks_and_metrics_stand_where_they_belong():
    """As the parts of the recipes do, which tests/test_recipes.py has checked."""
    cfg = composed("logger=many", "callbacks=scored", "metrics=perceptual", PROFILER)
    keys = [str(key) for key in ROOTS if OmegaConf.is_config(cfg.get(key))]
    assert {"logger", "callbacks", "metrics", "trainer", "dataset", "model"} <= set(keys)
    for key in keys:
        assert list(misplaced(OmegaConf.to_container(cfg[key], resolve=True), key)) == []


@pytest.mark.parametrize("suite", sorted(path.stem for path in (conf_dir() / "metrics").glob("*.yaml")))
def test_the_metrics_of_every_suite_stand_where_they_belong(suite):
    cfg = composed(f"metrics={suite}")
    assert list(misplaced(OmegaConf.to_container(cfg.metrics, resolve=True), "metrics")) == []


def test_a_root_key_asks_for_something_that_there_is():
    for key, kinds in ROOTS.items():
        inside = [item for kind in kinds for item in items_of(kind)] or kinds
        assert [t for t in declared() for partial in (True, False) if any(fits(t, partial, k) for k in inside)], key


def places(node, path=()):
    """(where, the part that takes it, the parameter) of every argument in a plain config."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if isinstance(node, dict) and "_target_" in node and not str(key).startswith("_"):
            yield (*path, key)
        yield from places(child, (*path, key))


@pytest.mark.parametrize(
    "foreign", ["genlab.interop.wandb.wandb_logger", "genlab.interop.table.CSVTable", "pytorch_lightning.Trainer"]
)
def test_what_acts_later_is_refused_at_every_place_of_a_model_and_its_data(foreign):
    """A logger begins a run of W&B and writes its file: nothing but `logger` takes one."""
    cfg = composed("experiment=diffusion/class_conditional_digits")
    for root in ("model", "dataset", "metrics", "optimizer", "sampler", "scheduler"):
        plain = OmegaConf.to_container(cfg[root], resolve=True)
        everywhere = list(places(plain))
        assert everywhere
        for *parents, last in everywhere:
            content = deepcopy(plain)
            inner = content
            for step in parents:
                inner = inner[step]
            inner[last] = {"_target_": foreign}
            (problem,) = misplaced(content, root)
            assert f"{foreign} does not fit here" in problem
        assert len(list(misplaced({"_target_": foreign}, root))) == 1


EMOJI = ["optimizer._target_=genlab.data.emoji.Emoji", "~optimizer.lr", "~optimizer.betas", "~optimizer.weight_decay"]
EMOJI += ["optimizer._partial_=false", "+optimizer.data_dir=x"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (EMOJI, "optimizer: genlab.data.emoji.Emoji does not fit here; what fits: torch.optim.Adam, torch.optim.AdamW"),
        (["optimizer._partial_=false", "+optimizer.params=[]"], "does not fit here: _partial_ must be true"),
        (["dataset=mnist", "dataset.source.data_dir={_target_:genlab.data.digits.Digits}"], "IdxImages takes text"),
        (
            ["model=vae", "model.seed={_target_:torch.nn.ReLU}"],
            "does not fit here: VAE takes a whole number",
        ),
        (["+callbacks.x={_target_:torch.nn.ReLU}"], "callbacks.x: torch.nn.ReLU does not fit here"),
        (["+optimizer._args_=[[]]"], "optimizer._args_: arguments are given by their names"),
    ],
)
def test_a_part_in_the_wrong_place_is_one_sentence(overrides, sentence):
    with pytest.raises(ConfigError) as raised:
        check(composed(*overrides))
    (problem,) = raised.value.problems
    assert sentence in problem


def test_what_the_user_allows_may_stand_anywhere_and_take_anything():
    inner = {"_target_": "collections.Counter", "a": {"_target_": "torch.nn.ReLU"}}
    content = {"_target_": "genlab.data.idx.IdxImages", "name": inner}
    assert list(misplaced(content, "source", ["collections.Counter"])) == []
    assert len(list(misplaced(content | {"name": inner["a"]}, "source", ["collections.Counter"]))) == 1


def test_a_part_that_is_built_alone_is_of_the_kind_of_its_key():
    cfg = OmegaConf.create({"scheduler": {"_target_": "torch.nn.ReLU"}, "other": {"_target_": "torch.nn.ReLU"}})
    with pytest.raises(ConfigError, match=r"scheduler: torch\.nn\.ReLU does not fit here"):
        build(cfg.scheduler)
    build(cfg.other)


def test_every_parameter_that_takes_a_part_is_annotated():
    """Else no part could be given to it: nobody would say which."""
    for target in declared():
        if target.startswith("genlab."):
            assert [p.name for p in signature(target).parameters if not p.annotation] == []
