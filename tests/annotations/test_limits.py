"""The table of what other libraries' parts accept agrees with the libraries."""

import math

import pytest

from genlab.annotations.limits import LIMITS, limited
from genlab.annotations.signatures import Parameter, define, signature
from genlab.annotations.values import Choice, Scalar, kinds

TRAINER = "pytorch_lightning.trainer.trainer.Trainer"


def chosen(name):
    known = limited(Parameter(name, "", False), TRAINER)
    return {
        value for kind in kinds(known.annotation, known.module) if isinstance(kind, Choice) for value in kind.values
    }


@pytest.mark.parametrize("beginning", [name for name in LIMITS if not name.endswith(".")])
def test_the_table_names_parameters_that_there_are(beginning):
    assert define(beginning).name == beginning
    assert set(LIMITS[beginning]) <= {p.name for p in signature(beginning).parameters}


@pytest.mark.parametrize("name", LIMITS["torch.optim."])
def test_the_table_names_parameters_of_optimisers(name):
    optimisers = ("Adam", "AdamW", "SGD", "RMSprop", "Adadelta")
    assert any(p.name == name for o in optimisers for p in signature(f"torch.optim.{o}").parameters)


def test_the_strategies_and_accelerators_are_those_of_the_library():
    from pytorch_lightning.accelerators import AcceleratorRegistry
    from pytorch_lightning.strategies import StrategyRegistry

    assert set(StrategyRegistry.available_strategies()) <= chosen("strategy")
    assert set(AcceleratorRegistry.available_accelerators()) <= chosen("accelerator")


def edges():
    """(parameter, value) at the ends of every range of the trainer."""
    for name in LIMITS[TRAINER]:
        if name in ("devices", "num_nodes"):  # whose numbers ask for hardware
            continue
        known = limited(Parameter(name, "", False), TRAINER)
        for kind in kinds(known.annotation, known.module):
            if isinstance(kind, Scalar) and kind.is_number:
                ends = [(kind.limit.low, kind.limit.includes_low), (kind.limit.high, kind.limit.includes_high)]
                yield from ((name, kind.type(end)) for end, belongs in ends if belongs and not math.isinf(end))
            elif isinstance(kind, Choice):
                yield from ((name, value) for value in kind.values if isinstance(value, int))


@pytest.mark.parametrize(("name", "value"), list(edges()))
def test_the_library_takes_what_the_table_lets_through(name, value):
    from pytorch_lightning import Trainer

    more = {"max_epochs": 1} if name != "max_epochs" else {}
    Trainer(**more, **{name: value}, accelerator="cpu", logger=False, enable_checkpointing=False)
