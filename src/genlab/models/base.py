"""What all families share: an optimiser, averaged weights, counted randomness, and named loss terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from genlab.data.batch import Batch
from genlab.errors import ConfigError
from genlab.frozen import content_hash, leave_out, require_same_content, within
from genlab.models.ema import EMA
from genlab.models.lr_schedule import lengths_of, make_schedule, require_same_lengths, steps_of_training
from genlab.models.parameter_groups import (
    MakeOptimizer,
    ParameterGroup,
    Window,
    is_plain,
    loss_terms,
    prepare_devices,
    require_all_trained,
    take_turns,
)
from genlab.models.parts import require_parts
from genlab.protocols import Conditions
from genlab.randomness import Randomness, fold_in
from genlab.ranges import Rate, Seed

NORM_EVERY = 10
"""The norm of the gradients is measured in every so many-th batch: reading all of them each time would cost."""


def batches_done(trainer: pl.Trainer) -> int:
    """Training batches that are finished; the one that counts as step n is the n-th. Exact after any interruption."""
    total: Any = trainer.fit_loop.epoch_loop.batch_progress.total
    return total.processed


class GenerativeModule(pl.LightningModule):
    """A generative model in training: a family gives `loss` and `sample`, this class the rest.

    Every training step draws its random numbers from (seed, number of batches seen), every validation batch from
    (seed, its index), so that a resumed run continues bit for bit and validation losses are comparable.

    A family with several optimisers overrides `parameter_groups`, and its `loss` takes the name of the group whose
    turn it is. One that sets `automatic_optimization = False` and writes its own `training_step` keeps the average of
    its weights, its counts and its checkpoints all the same.

    Args:
        optimizer: parameters -> optimiser (`_partial_: true` in a config).
        ema_decay: decay of the averaged weights, which are then what is sampled and scored; None keeps none.
        seed: seed of the random numbers of training.
    """

    num_classes: int | None = None
    lr_scheduler: Callable[..., Any] | None = None
    """optimiser -> schedule of its learning rate, stepped with it; given by the config's key of that name."""
    ema_parts: Sequence[str] = ("",)
    """Which parts are averaged, by prefixes of the names of their weights ("generator"); "" is all."""
    no_ema: Sequence[str] = ()
    """Parts of these that are not."""
    ema_statistics: bool = False
    """Whether the running statistics of batch normalisation are averaged with them."""
    frozen: Sequence[str] = ()
    """Parts that are not trained: they take no gradient and no average, stay in evaluation mode, and are not written
    into checkpoints, which name them by a hash of their content; their weights lie once beside these."""

    def __init__(self, optimizer: MakeOptimizer, ema_decay: Rate | None = None, seed: Seed = 0) -> None:
        super().__init__()
        self._optimizer = optimizer
        self._ema_decay = ema_decay
        self._ema: EMA | None = None
        self._averaged_at: int | None = None
        self._groups: dict[str, ParameterGroup] = {}
        self._lengths: dict[str, dict[str, Any]] = {}
        self._frozen_content: dict[str, str] | None = None
        self.seed = seed
        self.schedules: dict[str, Any] = {}
        self.groups_of_terms: dict[str, str] = {}
        self.optimizer_log: dict[str, float | Tensor] = {}

    # ---- what a family gives ------------------------------------------------------------------------

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The loss terms of a batch, each a scalar; "loss" is what is minimised. Units are the family's to state.

        Of a family with several groups it is `loss(batch, group)`, and has the terms of that group.
        """
        raise NotImplementedError(f"{type(self).__name__} must define loss(batch)")

    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, *shape): new data; images in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} must define sample(n)")

    def parameter_groups(self) -> dict[str, ParameterGroup]:
        """What is trained, in the order of its turns within a batch: here all parameters, to minimise "loss"."""
        trained = [p for name, p in self.named_parameters() if p.requires_grad and not within(name, self.frozen)]
        return {"model": ParameterGroup(trained, self._optimizer)}

    # ---- optimisation -------------------------------------------------------------------------------

    def configure_callbacks(self) -> list[pl.Callback]:
        """None; but refuses, before Lightning does, what a loop of the user's own cannot have."""
        if type(self).training_step is GenerativeModule.training_step:
            self.automatic_optimization = True  # until the groups are known; Lightning checks before that
            prepare_devices(self.trainer.strategy, self.parameter_groups())
        none = {"gradient_clip_val": (None, 0), "accumulate_grad_batches": (1,)}
        for key, without in none.items():
            if not self.automatic_optimization and (value := getattr(self.trainer, key)) not in without:
                raise ConfigError(
                    f"trainer.{key} = {value} has no effect on {type(self).__name__}, which steps its optimisers "
                    "itself: do it in its training_step, or give it parameter_groups() instead"
                )
        return []

    def configure_optimizers(self) -> Any:
        """The optimiser of each group, and its schedule where there is one and a trainer says how long it is."""
        self._freeze()
        self._groups = self.parameter_groups()
        require_all_trained(self, self._groups)
        if not is_plain(self._groups):
            self.automatic_optimization = False
        optimizers = {name: group.optimizer(group.parameters) for name, group in self._groups.items()}
        self.schedules = {} if self._trainer is None else self._make_schedules(optimizers)
        self._lengths = {name: lengths_of(schedule) for name, schedule in self.schedules.items()}
        if not self.automatic_optimization:
            return list(optimizers.values()), list(self.schedules.values())
        (optimizer,) = optimizers.values()
        if not self.schedules:
            return optimizer
        (schedule,) = self.schedules.values()
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _make_schedules(self, optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, Any]:
        made = {name: group.lr_scheduler or self.lr_scheduler for name, group in self._groups.items()}
        is_trial = bool(getattr(self.trainer, "fast_dev_run", False))
        steps = {name: steps_of_training(self.trainer, group.every) for name, group in self._groups.items()}
        return {
            name: make_schedule(make, optimizers[name], steps[name], is_trial)
            for name, make in made.items()
            if make is not None
        }

    def _freeze(self) -> None:
        for attribute in ("ema_parts", "no_ema", "frozen"):
            require_parts(self, attribute, getattr(self, attribute))
        for name, p in self.named_parameters():
            if within(name, self.frozen):
                p.requires_grad_(False)
        self.train(self.training)

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """All loss terms: `callbacks.History` reads them every few steps, without a sync in between."""
        if self.automatic_optimization:
            return self.loss(batch)
        terms = take_turns(self, self._groups, batch)
        self.update_average()
        return terms

    def on_train_start(self) -> None:
        self._frozen_content = None  # what was measured or loaded before the first step is of it
        self._content()
        if self.lr_scheduler is not None and not self.trainer.lr_scheduler_configs:
            raise ConfigError(f"lr_scheduler is given, and {type(self).__name__} makes its optimisers without it")
        for name, schedule in self.schedules.items():
            require_same_lengths(schedule, self._lengths[name])

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        self.use_raw_weights()
        self.optimizer_log = {}
        torch.manual_seed(fold_in(self.seed, "train", batches_done(self.trainer)))

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Notes the learning rate and the norm of the gradients, and clips them where Lightning leaves that to us."""
        trainer, name = self.trainer, self._name_of(optimizer)
        prefix = "" if len(trainer.optimizers) == 1 else f"{name}/"
        self.optimizer_log[f"{prefix}lr"] = float(optimizer.param_groups[0]["lr"])
        if self._steps_before(name) % NORM_EVERY == 0:
            gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            self.optimizer_log[f"{prefix}grad_norm"] = torch.nn.utils.get_total_norm(gradients)
        if not self.automatic_optimization and trainer.gradient_clip_val:
            self.clip_gradients(optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm)

    def _name_of(self, optimizer: torch.optim.Optimizer) -> str:
        """The group of an optimiser; its number where it is of a loop of the user's own."""
        optimizers = self.trainer.optimizers
        names = list(self._groups) if len(self._groups) == len(optimizers) else [str(i) for i in range(len(optimizers))]
        return next((name for name, other in zip(names, optimizers, strict=True) if other is optimizer), "")

    def _steps_before(self, name: str) -> int:
        """How many steps the optimiser of that group has taken before the one of this batch."""
        group = self._groups.get(name)
        return (Window.of(self.trainer).number + 1) // (1 if group is None else group.every) - 1

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        # Here and not in on_train_batch_end: that hook runs after the callbacks', a checkpoint among them.
        super().optimizer_step(*args, **kwargs)
        self.update_average()

    def update_average(self) -> None:
        """Take the weights after a batch into the average: once, however often it is asked, and by whom.

        Where gradients are accumulated, once for the batches of a step.
        """
        batch = batches_done(self.trainer)
        if self._ema is not None and self._averaged_at != batch and Window.of(self.trainer).is_last:
            self._ema.update()
            self._averaged_at = batch

    def on_validation_start(self) -> None:
        if self._ema is not None:
            self._ema.swap_in()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        with torch.random.fork_rng(self._rng_devices()):
            torch.manual_seed(fold_in(self.seed, "validation", batch_idx))
            terms = loss_terms(self, self._groups or self.parameter_groups(), batch)
        self.log_dict({f"val/{name}": term for name, term in terms.items()}, batch_size=len(batch.x))

    def on_validation_epoch_end(self) -> None:
        self.use_raw_weights()

    def _rng_devices(self) -> list[torch.device]:
        return [self.device] if self.device.type == "cuda" else []

    # ---- averaged weights ---------------------------------------------------------------------------

    def on_fit_start(self) -> None:
        self._averaged_at = None
        if self._ema_decay is not None and self._ema is None:
            self._ema = self._average(self._ema_decay)

    def _average(self, decay: float) -> EMA:
        return EMA(self, decay, self.ema_parts, [*self.no_ema, *self.frozen], self.ema_statistics)

    @property
    def weights(self) -> str:
        """Which weights are sampled and scored: "ema" or "raw"."""
        return "raw" if self._ema is None else "ema"

    @property
    def num_parameters(self) -> int:
        """How many numbers samples are made with; what only training asks, as a teacher, is not among them."""
        return sum(p.numel() for p in self.parameters())

    def provenance(self) -> dict[str, Any]:
        """How samples are made, for the record of every score: weights, and what a family adds (sampler, nfe, ...)."""
        return {"weights": self.weights}

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the module has the weights that are sampled and scored, and is in evaluation mode."""
        training = self.training
        self.eval()
        try:
            with nullcontext() if self._ema is None else self._ema.applied():
                yield
        finally:
            self.train(training)

    def use_raw_weights(self) -> None:
        """Give the module its own weights, where a validation that did not end has left it the averaged ones."""
        if self._ema is not None:
            self._ema.swap_out()

    # ---- checkpoints --------------------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if self._ema is not None:
            checkpoint["state_dict"] = self._ema.with_raw(checkpoint["state_dict"])
            checkpoint["ema"] = self._ema.state_dict()
        if self.frozen:
            leave_out(checkpoint, self._content())

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if "frozen" in checkpoint:
            require_same_content(checkpoint, self._content())
        if "ema" in checkpoint:
            self._ema = self._average(self._ema_decay if self._ema_decay is not None else 0.0)
            self._ema.load_state_dict(checkpoint["ema"])

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Takes the weights; those of frozen parts may be absent."""
        if self.frozen:
            own = {name: value for name, value in self.state_dict().items() if within(name, self.frozen)}
            if own.keys() & state_dict.keys():
                self._frozen_content = None
            state_dict = {**own, **state_dict}
        return super().load_state_dict(state_dict, strict, assign)

    def train(self, mode: bool = True) -> GenerativeModule:
        """As of a module; frozen parts stay in evaluation mode."""
        super().train(mode)
        for name, part in self.named_modules() if self.frozen else ():
            if within(name, self.frozen):
                part.training = False
        return self

    def _content(self) -> dict[str, str]:
        """The hash of each frozen part, taken once: a trainer may turn its weights to another precision."""
        if self._frozen_content is None:
            state = self.state_dict() if self.frozen else {}
            self._frozen_content = {part: content_hash(state, part) for part in self.frozen}
        return self._frozen_content
