"""Where a checkpoint stands is read from the counters of any hook, also as earlier versions left them."""

import pytest

from genlab.runs.position import Position


def counters(batch, epoch, is_last, done=8, batches=4):
    """As Lightning has them; `batch` and `epoch` are (ready, started, processed, completed); `batch` is relative."""
    names = ("ready", "started", "processed", "completed")
    total = dict(zip(names, (done + k for k in batch), strict=True))
    current = dict(zip(names, (batches + k for k in batch), strict=True))
    epochs = dict(zip(names, epoch, strict=True))
    step = {"total": {"ready": 8, "completed": 8}, "current": {"ready": 4, "completed": 4}}
    return {
        "epoch_progress": {"total": epochs, "current": dict(epochs)},
        "epoch_loop.batch_progress": {"total": total, "current": current, "is_last_batch": is_last},
        "epoch_loop.val_loop.batch_progress": {"total": {}, "current": {}, "is_last_batch": True},
        "epoch_loop.automatic_optimization.optim_progress": {"optimizer": {"step": step}},
    }


HOOKS = {  # after the last batch of the second epoch: 8 batches, epoch 1
    "the end of a batch": (counters((0, 0, 0, -1), (2, 2, 1, 1), True), False),
    "the end of a validation": (counters((0, 0, 0, 0), (2, 2, 1, 1), True), False),
    "the end of an epoch": (counters((0, 0, 0, 0), (2, 2, 2, 1), True), False),
    "the end of a training": (counters((0, 0, 0, 0), (2, 2, 2, 2), True), True),
    "an epoch too few counted at an earlier interruption": (counters((0, 0, 0, -1), (1, 1, 1, 1), True), False),
}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_position_is_the_same_from_every_hook(hook):
    found, closed = HOOKS[hook]
    position = Position.of(found)
    assert position == Position(done=8, epoch=1, batches=4, is_last=True, closed=closed)
    assert position.epochs == 2


@pytest.mark.parametrize("hook", HOOKS)
def test_what_is_written_tells_the_position_and_no_hook(hook):
    found, _ = HOOKS[hook]
    written = Position.of(found).written_into(found)
    assert Position.of(written) == Position.of(found)
    assert written == Position.of(written).written_into(written)
    assert written["epoch_loop.batch_progress"]["total"] == dict.fromkeys(
        ("ready", "started", "processed", "completed"), 8
    )
