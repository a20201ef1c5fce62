"""A value that a part cannot use is refused with its key, at every place where a config takes a number."""

import math

import pytest
from omegaconf import OmegaConf

from composing import composed
from genlab.annotations.limits import limited
from genlab.annotations.signatures import define, signature
from genlab.annotations.values import Choice, Items, Scalar, kinds, members
from genlab.config import schema
from genlab.config.check import check, check_own_part
from genlab.config.files import conf_dir
from genlab.errors import ConfigError

VERBS = {
    "train": schema.Train, "sample": schema.Sample, "edit": schema.Edit, "evaluate": schema.Evaluate,
    "export": schema.Export, "evaluate_folder": schema.EvaluateFolder, "compare": schema.Compare, "plot": schema.Plot,
}  # fmt: skip
SEARCH = ("hydra_plugins.genlab.optuna_sweeper.OptunaSweeper", "hydra_plugins.genlab.local_launcher.LocalLauncher")


def parts(node):
    if isinstance(node, dict):
        if "_target_" in node and not str(node["_target_"]).startswith("hydra_plugins."):
            yield str(node["_target_"])
        for child in node.values():
            yield from parts(child)
    elif isinstance(node, list):
        for child in node:
            yield from parts(child)


def targets():
    files = [*conf_dir().rglob("*.yaml"), *(conf_dir() / "experiment").resolve().rglob("*.yaml")]
    return sorted({target for file in files for target in parts(OmegaConf.to_container(OmegaConf.load(file)))})


def understood(parameter, target):
    """The kinds of a parameter's values, entries of lists among them."""
    known = limited(parameter, define(target).name)
    found = list(kinds(known.annotation, known.module))
    return [
        *found,
        *(k for items in found if isinstance(items, Items) for e in items.each for k in members(e, items.module)),
    ]


def numbers(target):
    """(parameter, kinds) for each parameter of a part that takes a number, whether or not its config lists it."""
    for parameter in signature(target).parameters:
        found = understood(parameter, target)
        if any(isinstance(kind, Scalar) and kind.is_number for kind in found):
            yield parameter, found


def admits(found, value):
    """Whether the annotation says so in so many words."""
    chosen = any(isinstance(kind, Choice) and value in kind.values for kind in found)
    return chosen or any(isinstance(k, Scalar) and k.is_number and k.limit and k.limit.holds(value) for k in found)


def is_text(kind):
    return isinstance(kind, Scalar) and kind.type is str and kind.limit is None


def wrong(found):
    """Values that no number is, and those outside the limits."""
    is_list = any(isinstance(kind, Items) for kind in found)
    yield from () if any(map(is_text, found)) else ["abc"]
    yield from [math.nan, math.inf, -math.inf, {"a": "abc"}]
    yield from ([3, "abc"], [math.nan]) if is_list else ([3],)
    yield from (
        number for number in (-1, -1.5, 0, 10**400) if not admits(found, number) and not (number > 0 and _is_int(found))
    )


def _is_int(found):
    return any(isinstance(kind, Scalar) and kind.type is int for kind in found)


TARGETS = [target for target in targets() if any(numbers(target))]


def test_there_are_parts_of_all_libraries():
    assert {"genlab", "torch", "pytorch_lightning"} <= {target.partition(".")[0] for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_every_number_of_a_part_says_its_range(target):
    bare = [
        p.name
        for p, found in numbers(target)
        if any(isinstance(k, Scalar) and k.is_number and not k.limit for k in found)
    ]
    unsaid = [p.name for p in signature(target).parameters if not p.annotation]
    assert not bare
    assert not unsaid


@pytest.mark.parametrize("target", TARGETS)
def test_a_wrong_number_of_a_part_is_refused_by_its_key(target):
    for parameter, found in numbers(target):
        for value in wrong(found):
            cfg = OmegaConf.create({"dataset": {"_target_": target, parameter.name: value}})
            with pytest.raises(ConfigError) as raised:
                check(cfg)
            key = f"dataset.{parameter.name}"
            told = [
                problem for problem in raised.value.problems if problem.startswith((f"{key} =", f"{key}[", f"{key}.a"))
            ]
            assert told, (parameter.name, value, raised.value.problems)
            assert all("\n" not in problem for problem in told)


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_root_value_is_refused_by_its_key(verb):
    keys = VERBS[verb]
    cfg = OmegaConf.load(conf_dir() / f"{verb}.yaml")
    cfg = OmegaConf.create({k: v for k, v in OmegaConf.to_container(cfg).items() if k not in ("defaults", "hydra")})
    target = f"{keys.__module__}.{keys.__name__}"
    found = {p.name: accepted for p, accepted in numbers(target)}
    assert {"seed", "retries"} <= set(found)
    for name, accepted in found.items():
        for value in wrong(accepted):
            told = OmegaConf.merge(cfg, {name: None})
            told[name] = value
            with pytest.raises(ConfigError) as raised:
                check(told, keys)
            assert any(problem.startswith((f"{name} =", f"{name}[")) for problem in raised.value.problems), (
                name,
                value,
            )


@pytest.mark.parametrize("verb", VERBS)
def test_a_verbs_own_keys_are_in_its_schema(verb):
    listed = {str(key) for key in OmegaConf.load(conf_dir() / f"{verb}.yaml")} - {"defaults", "hydra"}
    assert listed <= {p.name for p in signature(f"{VERBS[verb].__module__}.{VERBS[verb].__name__}").parameters}


@pytest.mark.parametrize("target", SEARCH)
def test_a_wrong_number_of_a_sweep_is_refused_by_its_key(target):
    given = {"metric": "fid", "n_trials": 3} if "optuna" in target else {}
    for parameter, found in numbers(target):
        for value in wrong(found):
            cfg = OmegaConf.create({"part": {"_target_": target, **given, parameter.name: value}})
            with pytest.raises(ConfigError, match=f"^hydra.part.{parameter.name}"):
                check_own_part(cfg, "part", "hydra.part")


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["trainer.max_epochs=abc"], "trainer.max_epochs = 'abc' must be a whole number of 1 or more, or -1, or null"),
        (["optimizer.lr=nan"], "optimizer.lr = nan must be finite: a number of 0 or more"),
        (["optimizer.betas=[0.9,1.0]"], "optimizer.betas[1] = 1.0 must be in [0, 1)"),
        (["trainer.limit_train_batches=2.5"], "a whole number of 1 or more, or a number in (0, 1], or null"),
        (["trainer.devices=none"], "trainer.devices = 'none' must be"),
        (["trainer.deterministic=maybe"], "trainer.deterministic = 'maybe' must be true or false, or warn, or null"),
        (["trainer.precision=fp16"], "did you mean 'bf16'"),
        (["trainer.accelerator=tpuu"], "did you mean 'tpu'?"),
        (["++trainer.strategy=dpp"], "did you mean 'ddp'?"),
        (["++trainer.max_time=3h"], "such as 00:12:00:00"),
        (["dataset.val_size=2.5"], "dataset.val_size = 2.5 must be a whole number of 1 or more, or a number in (0, 1)"),
        (["seed=100000000000000000000"], "seed = 100000000000000000000 must be in [0, 4294967295]"),
        (["model.network=null"], "model.network must not be null"),
        (["logger.wandb.project=a/b"], "logger.wandb.project = 'a/b' must be text of 1 to 128 characters"),
        ([f"logger.wandb.job_type={'p' * 65}"], "must be text of 1 to 64 characters"),
        ([f"logger.wandb.group={'p' * 129}"], "must be text of 1 to 128 characters"),
        ([f"logger.wandb.name={'p' * 129}"], "must be text of 1 to 128 characters"),
        (["tags=[x,'']"], "tags[1] = '' must be text of 1 to 64 characters"),
        (["train=false"], "train = false, and there are no weights to score"),
        (["model=ddpm", "network=dit"], "network.num_classes = 10, and the model is unconditional"),
        (["model=ddpm", "network=experts"], "network.networks[0].num_classes = 10, and the model is unconditional"),
        (["model=class_conditional_unet", "network=unet"], "conditioned on 10 classes, and its network on none"),
        (["model=class_conditional_unet", "network=small_unet"], "SmallUNet knows no class"),
    ],
)  # fmt: skip
def test_a_value_of_another_librarys_part_is_refused_with_what_it_takes(overrides, sentence):
    with pytest.raises(ConfigError) as raised:
        check(composed(*overrides))
    assert any(sentence in problem for problem in raised.value.problems), raised.value.problems


@pytest.mark.parametrize(
    "overrides",
    [
        ["trainer.devices=auto"],
        ["trainer.devices='0,1'"],
        ["trainer.devices=[0,1]"],
        ["trainer.devices=-1"],
        ["trainer.max_epochs=-1", "trainer.max_steps=5"],
        ["trainer.gradient_clip_val=0.5"],
        ["trainer.limit_val_batches=0"],
        ["trainer.limit_train_batches=0.25"],
        ["trainer.deterministic=true"],
        ["trainer.precision=bf16-mixed"],
        ["++trainer.max_time={hours: 1}"],
        ["++trainer.max_time='00:12:00:00'"],
        ["++trainer.val_check_interval=0.5"],
        ["++trainer.profiler=simple"],
        ["optimizer._target_=torch.optim.SGD", "++optimizer.momentum=0.9", "~optimizer.betas"],
        ["dataset.val_size=100", "dataset.test_size=0.2"],
        ["train=false", "ckpt_path=a.ckpt"],
        ["model=ddpm", "network=dit", "network.num_classes=null"],
        ["model=class_conditional_unet", "network=dit"],
        ["experiment=diffusion/classifier_guided_digits"],  # its classifier knows the classes, its network does not
    ],
)
def test_what_other_libraries_take_is_sound(overrides):
    check(composed(*overrides))
