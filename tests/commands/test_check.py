"""genlab check: every problem of every job, what is done already, and costs that agree with a real training."""

import re

import pytest

from composing import composed
from genlab.cli import main

WORDS = ["experiment=autoencoder/cvae_digits", "dataset.train_size=256", "trainer.max_epochs=2", "logger=none"]


def test_a_sweep_is_costed_and_nothing_is_written(tmp_path, capsys):
    words = [*WORDS, f"paths.output_dir={tmp_path}/store", "model.coding_size=2,16", "seed=1,2,1", "-m"]
    assert main(["check", *words]) == 0
    out = capsys.readouterr().out
    assert "6 jobs: 0 done before, 2 asked for twice, 4 to run" in out
    rows = [line.split() for line in out.splitlines() if "coding_size=" in line]
    assert len(rows) == 2  # one for each shape, whatever the seed
    assert not (tmp_path / "store").exists()


def test_a_completed_run_is_counted_as_done(tmp_path, capsys):
    from genlab.runs.job import find
    from genlab.runs.record import Record

    words = [*WORDS, f"paths.output_dir={tmp_path}", "metrics=none"]
    run = find(composed(*words))
    run.path.mkdir(parents=True)
    Record(run.path.name, "train", "autoencoder", None, 0, [], status="completed").save(run.record_file)
    assert main(["check", *words]) == 0
    assert "1 job: 1 done before, 0 asked for twice, 0 to run" in capsys.readouterr().out


def test_measurements_are_jobs_of_their_own_and_train_each_run_once(tmp_path, capsys):
    """Of two runs, the second trained and scored in one way."""
    from genlab.config.fingerprint import measurement
    from genlab.runs.job import find
    from genlab.runs.record import Record

    words = [*WORDS, "metrics=reconstruction", f"paths.output_dir={tmp_path}"]
    cfg = composed(*words, "seed=2", "metrics.n_samples=20")
    run = find(cfg)
    record = Record(
        run.path.name, "train", "autoencoder", None, 0, [], status="completed", measurement=measurement(cfg)
    )
    record.metrics = {"psnr": {"value": 1.0}}
    record.save(run.record_file)
    assert main(["check", *words, "-m", "seed=1,2", "metrics.n_samples=20,30,20"]) == 0
    out = capsys.readouterr().out
    assert "6 jobs: 2 done before, 1 asked for twice, 3 to run, 2 of them only to be scored" in out
    rows = [cells for line in out.splitlines() if len(cells := line.split()) > 3 and "=" in cells[0]]
    steps = 256 // cfg.dataset.batch_size * 2
    assert [[row[1], row[3]] for row in rows] == [["1", str(steps)], ["2", "0"]]
    assert main(["check", *words, "-m", "seed=2", "metrics.n_samples=20", "test=true,false"]) == 0
    assert "2 jobs: 2 done before" in capsys.readouterr().out


def test_problems_of_all_jobs_are_reported_at_once(capsys):
    assert main(["check", *WORDS, "model.coding_size=2,-1,-2", "dataset.batch_size=0"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert "all 3 jobs: dataset.batch_size = 0 must be 1 or more" in errors[0]
    assert re.search(r"job 1 .*model.coding_size = -1", errors[1])
    assert re.search(r"job 2 .*model.coding_size = -2", errors[2])


def test_the_only_job_needs_no_name(capsys):
    assert main(["check", *WORDS, "dataset.batch_size=0"]) == 2
    assert capsys.readouterr().err.startswith("error: dataset.batch_size = 0 must be")
    assert main(["check", *WORDS, "model.codng_size=1,2"]) == 2
    assert "sweep=" not in capsys.readouterr().err, "a word that nobody has given"


def test_rows_that_cannot_be_composed_are_reported_each(tmp_path, capsys):
    (tmp_path / "rows.yaml").write_text("- {model.codng_size: 3}\n- {model.coding_size: 3}\n- {model: nothing}\n")
    assert main(["check", *WORDS, f"rows={tmp_path}/rows.yaml"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "job 0" in first
    assert "did you mean 'model.coding_size'" in first
    assert "job 2" in second
    assert "unknown option model=nothing" in second


SEARCH = ["hparams_search=tpe", "hydra.sweeper.n_trials=30", "optimizer.lr=tag(log,interval(1e-4,1e-2))"]


def test_a_search_is_costed_at_the_corners_of_its_space(tmp_path, capsys):
    words = [*WORDS, *SEARCH, "model.coding_size=choice(2,16)", f"paths.output_dir={tmp_path}/store"]
    assert main(["check", *words]) == 0
    out = capsys.readouterr().out
    assert "a search of 30 trials: 4 corners of its space are sound" in out
    rows = [line.split() for line in out.splitlines() if "coding_size=" in line]
    assert [row[0] for row in rows] == ["coding_size=2", "coding_size=16"]  # a learning rate changes no shape
    steps = 256 // composed(*WORDS).dataset.batch_size * 2
    assert all(f"{30 * steps:,}" in row and "30" in row for row in rows)
    assert not (tmp_path / "store").exists()


def test_a_corner_that_cannot_work_is_reported(capsys):
    assert main(["check", *WORDS, *SEARCH, "model.coding_size=int(interval(-1,4))"]) == 2
    assert "model.coding_size = -1 must be 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trainer.max_epochs=3"], 3 * 15),
        (["trainer.max_epochs=3", "trainer.max_steps=20"], 20),
        (["trainer.max_epochs=3", "trainer.limit_train_batches=4"], 12),
        (["trainer.max_epochs=2", "trainer.limit_train_batches=0.5"], 14),
        (["trainer.max_epochs=2", "trainer.accumulate_grad_batches=4"], 30),  # a step is a batch
    ],
)
def test_steps_are_epochs_times_batches(words, expected):
    from genlab.runs.estimate import steps

    assert steps(composed(*words, "dataset.batch_size=64"), n_train=1000) == expected


def test_parameters_and_checkpoint_are_those_of_the_real_model():
    from genlab.config.instantiate import build
    from genlab.runs.estimate import measure, shape

    cfg = composed(*WORDS)
    parameters = sum(p.numel() for p in build(cfg.model).parameters())
    assert shape(cfg).parameters == parameters
    cost = measure(cfg, build(cfg.dataset))
    assert cost.checkpoint_bytes > 3 * 4 * parameters  # weights and Adam's two moments, float32
    assert 0 < cost.seconds_per_step < 10
    assert cost.memory_bytes > 1e8


def test_metrics_with_too_few_pictures_are_refused(tmp_path, capsys):
    words = ["metrics=all", "metrics.n_samples=10,40", f"paths.output_dir={tmp_path}/store", "-m"]
    assert main(["check", *WORDS, *words]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("error: metrics.n_samples = 10 on digits: fid_jackknife needs 20 samples, there are 10;")
    assert not (tmp_path / "store").exists()
