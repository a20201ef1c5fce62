"""Several optimisers in one batch: stepped as a plain loop of torch would, with all that a trainer can ask for."""

from functools import partial

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from genlab.callbacks.checkpoints import Checkpoints
from genlab.callbacks.history import History, NonFiniteLoss
from genlab.data.swiss_roll import SwissRoll
from genlab.errors import ConfigError
from genlab.models.base import GenerativeModule
from genlab.models.parameter_groups import ParameterGroup
from genlab.runs import checkpoint_io, history
from genlab.runs.plugins import plugins
from genlab.runs.resuming import make_resumable
from genlab.runs.store import Run
from interrupting import differences, of_trainer, quietly, ways  # noqa: F401

sgd = partial(torch.optim.SGD, lr=0.1)


def layer(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Linear(2, 2)


class Two(GenerativeModule):
    """Two players: "b" steps in every `every`-th batch, and its loss reads the parameters of "a"."""

    def __init__(self, every=1, ema_decay=None, **groups):
        super().__init__(sgd, ema_decay)
        self.a, self.b, self.every, self.of_groups = layer(0), layer(1), every, groups

    def parameter_groups(self):
        return {
            "a": ParameterGroup(self.a.parameters(), sgd, minimises="first", **self.of_groups),
            "b": ParameterGroup(self.b.parameters(), self._optimizer, every=self.every, **self.of_groups),
        }

    def loss(self, batch, group):
        if group == "a":
            return {"first": (self.a(batch.x) - self.b(batch.x)).square().mean()}
        return {"loss": (self.b(self.a(batch.x)) - batch.x).square().mean()}


class Own(GenerativeModule):
    """A loop of the user's own, over two optimisers."""

    def __init__(self, ema_decay=0.9):
        super().__init__(sgd, ema_decay)
        self.automatic_optimization = False
        self.a, self.b = layer(0), layer(1)

    def configure_optimizers(self):
        return [sgd(self.a.parameters()), sgd(self.b.parameters())]

    def training_step(self, batch, batch_idx):
        for part, optimizer in zip((self.a, self.b), self.optimizers(), strict=True):
            optimizer.zero_grad()
            self.manual_backward((part(batch.x) - 1).square().mean())
            optimizer.step()

    def loss(self, batch):
        return {"loss": (self.b(self.a(batch.x)) - 1).square().mean()}


def fit(module, folder, batches=4, callbacks=(), ckpt_path=None, **options):
    run = Run(folder)
    options = {"max_epochs": 2, "precision": "32-true"} | options
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, num_sanity_val_steps=0, enable_model_summary=False,
        callbacks=[History(run, 3), *callbacks, Checkpoints(run, every_n_steps=1)], plugins=plugins(), **options,
    )  # fmt: skip
    data = SwissRoll(n_train=8 * batches + 1, batch_size=8)
    make_resumable(trainer).fit(module, data, ckpt_path=ckpt_path, weights_only=True)
    return trainer, [line for line in history.read(run.history_file) if history.is_of_training(line)]


def by_hand(batches, every, accumulated, clip, steps):
    """What a loop of torch alone makes of the same batches: the weights of both players."""
    module = Two(every)
    players = {"a": (sgd(module.a.parameters()), "first", 1), "b": (sgd(module.b.parameters()), "loss", every)}
    windows = [range(s, min(s + accumulated, 4)) for s in range(0, 4, accumulated)]
    windows = [[epoch * 4 + i for i in window] for epoch in range(2) for window in windows]
    windows = [kept for window in windows if (kept := [i for i in window if i < steps])]
    for number, window in enumerate(windows):
        due = {name: player for name, player in players.items() if (number + 1) % player[2] == 0}
        for optimizer, *_ in due.values():
            optimizer.zero_grad()
        for i in window:
            for name, (optimizer, term, _) in due.items():
                parameters = list(getattr(module, name).parameters())
                loss = module.loss(batches[i], name)[term] / len(window)
                for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                    p.grad = gradient if p.grad is None else p.grad + gradient
                if i == window[-1]:
                    if clip:
                        nn.utils.clip_grad_norm_(parameters, clip)
                    optimizer.step()
    return module.state_dict()


class Seen(pl.Callback):
    def __init__(self):
        self.batches = []

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        self.batches.append(batch)


@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("accumulated", [1, 3])
@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("steps", [-1, 6])
def test_it_steps_as_a_loop_by_hand(every, accumulated, clip, steps, tmp_path):
    """With the remainder of an epoch, and the batch at which the training ends, as windows of fewer batches."""
    seen, module = Seen(), Two(every)
    options = {"accumulate_grad_batches": accumulated, "gradient_clip_val": clip, "max_steps": steps}
    trainer, lines = fit(module, tmp_path, callbacks=[seen], **options)
    total = 8 if steps < 0 else steps
    assert trainer.global_step == len(lines) == len(seen.batches) == total
    expected = by_hand(seen.batches, every, accumulated, clip, total)
    torch.testing.assert_close(dict(module.state_dict()), dict(expected), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    "options", [{}, {"accumulate_grad_batches": 3}, {"max_steps": 7, "accumulate_grad_batches": 2}]
)
def test_any_two_interruptions_change_nothing(options, tmp_path):
    cosine = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=None)

    def made():
        module = Two(2, ema_decay=0.9)
        module.lr_scheduler = cosine
        return module, SwissRoll(n_train=33, batch_size=8), {"max_epochs": 2, **options}

    (_, whole), *others = ways(of_trainer(made, tmp_path), 2, ("batch",))
    assert len(others) > 20
    assert {way: found for way, end in others if (found := differences(whole, end))} == {}


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_is_close_to_single(precision, tmp_path):
    single, mixed = Two(2), Two(2)
    fit(single, tmp_path / "single")
    fit(mixed, tmp_path / "mixed", precision=precision)
    torch.testing.assert_close(dict(mixed.state_dict()), dict(single.state_dict()), atol=0.02, rtol=0.02)
    assert not torch.equal(mixed.a.weight, single.a.weight)


def test_a_loop_of_the_users_own_has_its_average_and_its_count(tmp_path):
    """The optimisers' steps are two a batch; a step is a batch all the same, and the average moves once in each."""
    module = Own()
    trainer, lines = fit(module, tmp_path, max_steps=5, max_epochs=-1)
    assert (trainer.global_step, [line["step"] for line in lines]) == (5, [1, 2, 3, 4, 5])
    content = checkpoint_io.load(Run(tmp_path).checkpoint())
    assert (content["global_step"], content["ema"]["steps"]) == (5, 5)
    assert not torch.equal(content["ema"]["a.weight"], layer(0).weight)
    assert [line["0/lr"] for line in lines] == [line["1/lr"] for line in lines] == [0.1] * 5


@pytest.mark.parametrize(
    ("options", "key"), [({"gradient_clip_val": 1.0}, "gradient_clip_val"), ({"accumulate_grad_batches": 2}, "accumul")]
)
def test_what_a_loop_of_the_users_own_must_do_itself_is_said(options, key, tmp_path):
    with pytest.raises(ConfigError, match=rf"trainer\.{key}.* no effect on Own"):
        fit(Own(), tmp_path, **options)


def test_a_loss_that_is_not_finite_names_its_group(tmp_path):
    class Bad(Two):
        def loss(self, batch, group):
            terms = super().loss(batch, group)
            return {n: t * float("nan") if group == "a" and self.global_step == 2 else t for n, t in terms.items()}

    with pytest.raises(NonFiniteLoss, match=r"term 'first' of the group 'a' is nan at step 3; .* learning rate of 'a'"):
        fit(Bad(), tmp_path)


class Forgetful(Two):
    def parameter_groups(self):
        return {"a": super().parameter_groups()["a"]}


class Twice(Two):
    def loss(self, batch, group):
        return {"loss": self.b(self.a(batch.x)).mean(), "first": self.b(self.a(batch.x)).mean()}


class Lacking(Two):
    def loss(self, batch, group):
        return {"loss": self.b(self.a(batch.x)).mean()}


@pytest.mark.parametrize(
    ("module", "text"),
    [(Forgetful, r"b\.weight and 1 more .* not be trained"), (Twice, "two groups have a loss term"),
     (Lacking, "has no term 'first'"), (lambda: Two(every=0), "must be 1 or more")],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(module, text, tmp_path):
    with pytest.raises(ValueError, match=text):
        fit(module(), tmp_path)
