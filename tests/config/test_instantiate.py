"""Whatever a part raises while it is built is told as "KEY: reason", with the reason that the part itself gave."""

import builtins
import errno

import pytest
from omegaconf import OmegaConf

from genlab.config.instantiate import build
from genlab.errors import ConfigError

HYDRA_SAYS = ("Error in call", "InstantiationException", "full_key", "Traceback")


def raising(error):
    """A part whose construction raises `error`, at the key `model.optimizer`; what building it raises."""
    node = OmegaConf.create({"model": {"optimizer": {"_target_": f"{__name__}.part"}}}).model.optimizer
    part.error = error
    with pytest.raises(BaseException) as raised:
        build(node, [f"{__name__}.part"])
    return raised.value


def part():
    raise part.error


class UsageError(Exception):
    """As wandb's: no ValueError."""


class MisconfigurationException(Exception):
    """As Lightning's."""


REASONS = [
    (ConfigError(["one reason", "another"]), ["one reason", "another"]),
    (ValueError("lr must be positive"), ["lr must be positive"]),
    (UsageError("Invalid project name 'a/b'"), ["Invalid project name 'a/b'"]),
    (MisconfigurationException("\nNo GPU.\n  Take trainer=cpu."), ["No GPU. Take trainer=cpu."]),
    (RuntimeError("a size\ndoes not fit"), ["a size does not fit"]),
    (ModuleNotFoundError("dataset=hub needs the extra hub"), ["dataset=hub needs the extra hub"]),
    (FileNotFoundError(2, "No such file or directory", "x.ckpt"), ["[Errno 2] No such file or directory: 'x.ckpt'"]),
    (UsageError(), ["UsageError"]),
    (AssertionError(), ["AssertionError"]),
    (KeyError("beta"), ["KeyError: 'beta'"]),
    (ValueError(), ["ValueError"]),
]


@pytest.mark.parametrize(("error", "reasons"), REASONS, ids=lambda value: type(value).__name__)
def test_an_error_of_a_part_is_the_key_and_its_reason(error, reasons):
    said = raising(error)
    assert isinstance(said, ConfigError)
    assert said.problems == [f"model.optimizer: {reason}" for reason in reasons]
    assert said.__cause__ is error
    assert error.__traceback__ is not None


EVERY = [kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", [kind for kind in EVERY if "Group" not in kind.__name__ and kind is not MemoryError])
def test_every_kind_of_error_is_told_so(kind):
    of_text = {UnicodeDecodeError: ("utf-8", b"x", 0, 1), UnicodeEncodeError: ("utf-8", "x", 0, 1)}
    error = kind(*of_text.get(kind, ("x", 0, 1) if kind is UnicodeTranslateError else ()), "bad")
    said = raising(error)
    assert isinstance(said, ConfigError)
    (problem,) = said.problems
    assert problem.startswith("model.optimizer: ")
    assert "bad" in problem
    assert not any(word in problem for word in HYDRA_SAYS)


@pytest.mark.parametrize("error", [MemoryError("too large"), OSError(errno.ENOSPC, "No space left on device")])
def test_a_machine_without_room_is_no_mistake_of_the_config(error):
    assert raising(error) is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interruption_is_none_either(error):
    assert raising(error) is error


def test_a_validation_by_pydantic_names_its_field_and_what_it_got():
    from pydantic import BaseModel, ValidationError

    class Settings(BaseModel):
        mode: int

    with pytest.raises(ValidationError) as raised:
        Settings(mode="onlin")
    (problem,) = raising(raised.value).problems
    assert problem.startswith("model.optimizer: mode: ")
    assert problem.endswith(", got 'onlin'")


def test_the_key_is_that_of_the_part_within_the_part():
    cfg = OmegaConf.create({"model": {"_target_": "torch.nn.Identity", "inner": {"_target_": f"{__name__}.part"}}})
    part.error = TypeError("no such thing")
    with pytest.raises(ConfigError, match=r"^model\.inner: TypeError: no such thing$"):
        build(cfg.model, [f"{__name__}.part", "torch.nn.Identity"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"_target_": "torch.optim.Adam", "lr": 0.1}, "does not fit here: _partial_ must be true"),
        (
            {"_target_": "torch.optim.Adam", "_partial_": True, "_args_": 3},
            "_args_: arguments are given by their names",
        ),
        ({"_target_": "torch.optim.Adam", "_partial_": True, "lr": "${nowhere}"}, "'nowhere' not found"),
        ({"_target_": "genlab.nowhere.Part"}, "optimizer._target_: 'genlab.nowhere.Part' is no part"),
    ],
)
def test_what_hydra_would_say_is_said_plainly(content, sentence):
    cfg = OmegaConf.create({"optimizer": content})
    with pytest.raises(ConfigError) as raised:
        build(cfg.optimizer)
    assert any(sentence in problem for problem in raised.value.problems), raised.value.problems
    assert not any(word in problem for word in HYDRA_SAYS for problem in raised.value.problems)


def test_a_name_that_the_user_allows_and_that_there_is_not():
    cfg = OmegaConf.create({"optimizer": {"_target_": "nosuchpackage.Adam"}})
    with pytest.raises(ConfigError) as raised:
        build(cfg.optimizer, ["nosuchpackage.Adam"])
    assert str(raised.value).startswith("optimizer: ")
    assert "nosuchpackage" in str(raised.value)
    assert not any(word in str(raised.value) for word in HYDRA_SAYS)
