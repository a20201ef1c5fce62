"""Interrupts trainings at every step, goes on from what was left, and tells how each way ended. In one process.

What a process that is killed leaves is its run folder. So no session is killed: at each step the folder is copied, and
the copy is what an interruption at that step leaves. One session serves all interruptions of it.
"""

import hashlib
import logging
import shutil
import warnings
from contextlib import contextmanager
from itertools import chain
from unittest import mock

import pytest

from genlab.models.base import GenerativeModule, batches_done
from genlab.runs import checkpoint_io, history
from genlab.runs.store import Run


@pytest.fixture(autouse=True)
def quietly():
    """Lightning has much to say about a training of six steps, and says it hundreds of times."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logger.setLevel(level)


class Sessions:
    """Trainings that each go on from what an interrupted one has left.

    Args:
        train: store folder -> its run; trains a run to its end, from wherever it is.
        root: an empty folder.
        find: store folder -> the run that `train` trains there.
    """

    def __init__(self, train, find, root):
        self._train, self._find, self._root = train, find, root
        self.n = 0

    def go_on(self, left=None):
        """(ending, {place: folder}) of a training that begins with the folder `left`.

        A place is (step, what was just done: "batch" or "validation").
        """
        self.n += 1
        folder = self._root / str(self.n)
        run = self._find(folder / "store")
        if left is not None:
            shutil.copytree(left, run.path)
        places = {}
        with _copied_at_each_step(run, folder, places):
            self._train(folder / "store")
        return ending(run), places


def ways(sessions, depth, kinds=("batch", "validation")):
    """(places, ending) of all sequences of up to `depth` interruptions; that of none is the undisturbed training."""
    end, left = sessions.go_on()
    yield (), end
    yield from _ways(sessions, depth, kinds, (), left)


def _ways(sessions, depth, kinds, before, left):
    for place, folder in left.items():
        if place[1] in kinds:
            end, further = sessions.go_on(folder)
            yield (*before, place), end
            if depth > 1:
                yield from _ways(sessions, depth - 1, kinds, (*before, place), further)


def along(sessions, steps):
    """(ending of the undisturbed training, ending of one that is interrupted after each of these steps)."""
    whole, left = sessions.go_on()
    end = whole
    for step in steps:
        end, left = sessions.go_on(left[step, "batch"])
    return whole, end


def differences(whole, end):
    """What differs between two endings."""
    return [name for name in whole if end[name] != whole[name]]


@contextmanager
def _copied_at_each_step(run, folder, places):
    def copy(module, kind):
        place = batches_done(module.trainer), kind
        places[place] = folder / f"{place[0]}-{kind}"
        left_out = shutil.ignore_patterns("lock.json", "train.log", ".reserve")
        shutil.copytree(run.path, places[place], ignore=left_out)

    hooks = {  # a module's hooks come after those of all callbacks
        "on_train_batch_end": lambda module, *_: copy(module, "batch"),
        "on_validation_end": lambda module: copy(module, "validation"),
    }
    with mock.patch.multiple(GenerativeModule, create=True, **hooks), mock.patch("genlab.callbacks.previews.draw"):
        yield


def ending(run):
    """All that a training leaves and that must not depend on interruptions."""
    content = checkpoint_io.load(run.checkpoint())
    lines = [{key: v for key, v in line.items() if key != "seconds"} for line in history.read(run.history_file)]
    history_state = next(state for name, state in content["callbacks"].items() if name.startswith("History"))
    return {
        "history": lines,
        "record": record.training["steps"] if (record := run.record()) and record.training else None,
        "images": history_state["images"],
        "counts": [content["global_step"], content["epoch"], repr(content["loops"]["fit_loop"])],
        "weights": digest(content["state_dict"]),
        "averages": digest(content.get("ema", {})),
        "optimiser": digest(content["optimizer_states"]),
        "schedulers": digest(content["lr_schedulers"]),
    }


def digest(content):
    """SHA-256 of all tensors and numbers in a checkpoint's content, in order."""
    import torch

    if isinstance(content, dict):
        content = list(chain.from_iterable((str(key), value) for key, value in content.items()))
    if isinstance(content, list | tuple):
        return hashlib.sha256("".join(digest(part) for part in content).encode()).hexdigest()
    data = content.numpy().tobytes() if isinstance(content, torch.Tensor) else repr(content).encode()
    return hashlib.sha256(data).hexdigest()


def of_config(cfg, root):
    """Sessions of the run that a composed config asks for."""
    from omegaconf import open_dict

    from genlab.commands.train import fit_and_score
    from genlab.runs.job import Job, find

    def placed(store):
        with open_dict(cfg):
            cfg.paths.output_dir = str(store)
        return cfg

    def train(store):
        outcome = Job(placed(store)).carry_out(fit_and_score)
        assert outcome.status == "completed", outcome.reason

    return Sessions(train, lambda store: find(placed(store)), root)


def of_trainer(made, root):
    """Sessions of what `made()` returns: (module, data, arguments of the trainer). No config, record or lock."""
    import pytorch_lightning as pl

    from genlab.callbacks.checkpoints import Checkpoints
    from genlab.callbacks.history import History
    from genlab.runs.plugins import plugins
    from genlab.runs.resuming import make_resumable

    def train(store):
        run = Run(store / "run")
        module, data, options = made()
        trainer = pl.Trainer(
            accelerator="cpu", logger=False, plugins=plugins(), enable_progress_bar=False, num_sanity_val_steps=0,
            enable_model_summary=False, callbacks=[History(run), Checkpoints(run, every_n_steps=1)], **options,
        )  # fmt: skip
        make_resumable(trainer).fit(module, data, ckpt_path=run.checkpoint(), weights_only=True)

    return Sessions(train, lambda store: Run(store / "run"), root)
