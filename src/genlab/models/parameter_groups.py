"""Groups of parameters that are trained in turns, and the loop that steps them: two players, two rates, two losses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from genlab.data.batch import Batch
    from genlab.models.base import GenerativeModule

MakeOptimizer = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


def at_rate(make: MakeOptimizer, factor: float) -> MakeOptimizer:
    """`make` with `factor` times its learning rates: for players with two time-scales."""

    def scaled(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = make(parameters)
        for group in optimizer.param_groups:
            group["lr"] *= factor
        return optimizer

    return scaled


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that are trained together.

    Args:
        parameters: what is trained.
        optimizer: parameters -> optimiser (`_partial_: true` in a config).
        lr_scheduler: optimiser -> schedule of its learning rate; None takes the one that the config asks for.
        every: the group steps in every so many-th batch: in the third, the sixth, ... where it is 3. Where gradients
            are accumulated (`trainer.accumulate_grad_batches`), the batches of one step count as one.
        minimises: the loss term that is minimised, by its name in what `loss(batch, group)` returns.

    Raises:
        ValueError: `every` is not positive, or there are no parameters.
    """

    parameters: Iterable[nn.Parameter]
    optimizer: MakeOptimizer
    lr_scheduler: Callable[..., Any] | None = None
    every: int = 1
    minimises: str = "loss"

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(self.parameters))  # an iterator would be empty the second time
        if self.every < 1:
            raise ValueError(f"ParameterGroup(every={self.every}) must be 1 or more: a number of batches")
        if not self.parameters:
            raise ValueError("a ParameterGroup has no parameters: nothing would be trained")


def is_plain(groups: Mapping[str, ParameterGroup]) -> bool:
    """Whether Lightning's own loop serves: one group that steps in every batch and minimises "loss"."""
    return len(groups) == 1 and all(group.every == 1 and group.minimises == "loss" for group in groups.values())


def prepare_devices(strategy: Any, groups: Mapping[str, ParameterGroup]) -> None:
    """Where several devices train groups in turns, let each wait for the gradients of the group whose turn it is alone.

    torch's DistributedDataParallel waits for those of all parameters otherwise. It is made before the optimisers are.
    """
    if not is_plain(groups) and isinstance(options := getattr(strategy, "_ddp_kwargs", None), dict):
        options.setdefault("find_unused_parameters", True)


def require_all_trained(module: nn.Module, groups: Mapping[str, ParameterGroup]) -> None:
    """Raise ValueError where a parameter that takes a gradient is in no group: it would stay as it is, in silence."""
    trained = {id(p) for group in groups.values() for p in group.parameters}
    forgotten = [name for name, p in module.named_parameters() if p.requires_grad and id(p) not in trained]
    if forgotten:
        more = f" and {len(forgotten) - 1} more" if len(forgotten) > 1 else ""
        raise ValueError(
            f"{forgotten[0]}{more} of {type(module).__name__} would not be trained: put it into one of "
            f"parameter_groups() ({', '.join(groups)}), or name its part in `frozen`"
        )


def loss_terms(module: GenerativeModule, groups: Mapping[str, ParameterGroup], batch: Batch) -> dict[str, Tensor]:
    """All terms of a batch, those of every group; nothing is stepped."""
    if len(groups) == 1:
        return module.loss(batch)
    terms: dict[str, Tensor] = {}
    for name in groups:
        _join(terms, _terms_of(module, groups, name, batch), name)
    return terms


def take_turns(module: GenerativeModule, groups: Mapping[str, ParameterGroup], batch: Batch) -> dict[str, Tensor]:
    """Let each group whose turn it is step, in order, on one batch; the loss terms that this took, detached.

    In a group's turn only its own parameters take gradients, so that no graph is kept for the others. Clipping and
    mixed precision are those of the trainer, as with one group.
    """
    window = Window.of(module.trainer)
    optimizers = cast("list[Any]", module.trainer.strategy._lightning_optimizers)
    terms: dict[str, Tensor] = {}
    for (name, group), optimizer in zip(groups.items(), optimizers, strict=True):
        if (window.number + 1) % group.every:
            continue
        if window.is_first:
            optimizer.zero_grad()
        with _alone(group, groups):
            new_terms = _terms_of(module, groups, name, batch)
            module.manual_backward(new_terms[group.minimises] / window.batches)
            if window.is_last:
                optimizer.step()
        if window.is_last and (schedule := module.schedules.get(name)) is not None:
            schedule.step()
        _join(terms, {term: value.detach() for term, value in new_terms.items()}, name)
        module.groups_of_terms |= dict.fromkeys(new_terms, name)
    return terms


@dataclass(frozen=True)
class Window:
    """The batches whose gradients make one step, seen from one of them; it follows from the batches done alone.

    Args:
        number: how many windows are over.
        batches: of this one; fewer where an epoch or the training ends within it.
        is_first, is_last: which of them the present batch is.
    """

    number: int
    batches: int
    is_first: bool
    is_last: bool

    @classmethod
    def of(cls, trainer: Any) -> Window:
        loop, size = trainer.fit_loop.epoch_loop, trainer.accumulate_grad_batches
        done, index, epoch = loop.batch_progress.total.processed, loop.batch_idx, trainer.num_training_batches
        within = index % size
        left = [size]
        if epoch != float("inf"):
            left.append(epoch - (index - within))
        if trainer.max_steps > 0:
            left.append(trainer.max_steps - (done - within))
        number = done // size if epoch == float("inf") else trainer.current_epoch * -(-epoch // size) + index // size
        return cls(done if size == 1 else number, min(left), within == 0, not trainer.fit_loop._should_accumulate())


def _terms_of(
    module: GenerativeModule, groups: Mapping[str, ParameterGroup], name: str, batch: Batch
) -> dict[str, Tensor]:
    terms: dict[str, Tensor] = module.loss(batch, name) if len(groups) > 1 else module.loss(batch)  # type: ignore[call-arg]
    if (minimised := groups[name].minimises) not in terms:
        raise ValueError(
            f"loss(batch, {name!r}) of {type(module).__name__} has no term {minimised!r}, which the group minimises: "
            f"it has {', '.join(terms)}"
        )
    return terms


def _join(terms: dict[str, Tensor], new_terms: Mapping[str, Tensor], name: str) -> None:
    if twice := sorted(terms.keys() & new_terms.keys()):
        raise ValueError(f"two groups have a loss term {twice[0]!r}, {name!r} is one of them: give it another name")
    terms.update(new_terms)


@contextmanager
def _alone(group: ParameterGroup, groups: Mapping[str, ParameterGroup]) -> Iterator[None]:
    """Inside, the parameters of the other groups take no gradient."""
    own = {id(p) for p in group.parameters}
    others = [p for g in groups.values() for p in g.parameters if id(p) not in own and p.requires_grad]
    for p in others:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in others:
            p.requires_grad_(True)
