"""How far a run is, from its history and its config."""

import pytest

from genlab.runs import history
from genlab.runs.progress import Progress, progress
from genlab.runs.store import Run


def lines(n, each):
    return [{"step": i, "epoch": (i - 1) // each, "seconds": i / 4, "loss": float(i)} for i in range(1, n + 1)]


@pytest.mark.parametrize(
    ("trainer", "done", "steps"),
    [
        ("{max_epochs: 5, max_steps: -1}", 12, 50),
        ("{max_epochs: 5, max_steps: 30}", 12, 30),
        ("{max_epochs: -1, max_steps: 30}", 3, 30),
        ("{max_epochs: 5, max_steps: -1}", 9, None),  # how long an epoch is, its end will tell
    ],
)
def test_a_training_of_ten_steps_an_epoch(tmp_path, trainer, done, steps):
    run = Run(tmp_path)
    run.config_file.write_text(f"trainer: {trainer}\n")
    history.append(run.history_file, [*lines(done, 10), {"step": done, "epoch": 0, "val/loss": 9.0}])
    found = progress(run)
    assert (found.step, found.steps, found.rate, found.loss) == (done, steps, 4.0, (done + 1) / 2)
    assert found.seconds_left == (None if steps is None else (steps - done) / 4)


def test_a_run_without_a_history_has_not_begun(tmp_path):
    assert progress(Run(tmp_path)) == Progress()
