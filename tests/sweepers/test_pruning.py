"""A real search ends its hopeless trials early, tells the study so, and leaves runs that can be continued."""

import pytest

from genlab.cli import main
from genlab.runs import history
from genlab.runs.store import Store
from genlab.runs.sweeps import Sweep

optuna = pytest.importorskip("optuna")

TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "trainer.max_epochs=4",
    "test=false", "logger=none", "callbacks.previews=null",
]  # fmt: skip
SEARCH = [
    "hparams_search=tpe_pruned", "hydra.sweeper.metric=seconds", "hydra.sweeper.algorithm=random",
    "hydra.sweeper.seed=2", "callbacks.pruning.startup_trials=1", "callbacks.pruning.warmup_epochs=1", "sweep=s",
    "optimizer.lr=choice(1e-2,1e-9)", "-m",
]  # fmt: skip
GOOD, HOPELESS = "optimizer.lr=0.01", "optimizer.lr=1e-09"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store where a search of four trials has met the good value first, and then the hopeless one."""
    root = tmp_path_factory.mktemp("store")
    assert main(["train", *TINY, *SEARCH, "hydra.sweeper.n_trials=4", f"paths.output_dir={root}"]) == 0
    return root


@pytest.fixture(scope="module")
def study(store):
    backend = optuna.storages.journal.JournalFileBackend(str(store / "sweeps/s/study.journal"))
    return optuna.load_study(study_name="s", storage=optuna.storages.JournalStorage(backend))


def test_the_hopeless_run_is_recorded_as_pruned_and_the_good_one_as_completed(store):
    rows = Sweep(store, "s").rows()
    statuses = {word: row["status"] for row in rows for word in row["overrides"] if word.startswith("optimizer.lr=")}
    assert statuses == {GOOD: "completed", HOPELESS: "pruned"}
    epochs = {run.record().status: history.read(run.history_file)[-1]["epoch"] for run in Store(store)}
    assert epochs == {"completed": 3, "pruned": 2}  # one batch after the validation of epoch 1
    assert all(run.record().error is None for run in Store(store))


def test_the_study_is_told(study):
    states = {(t.params["optimizer.lr"], t.state.name) for t in study.trials}
    assert states == {("0.01", "COMPLETE"), ("1e-09", "PRUNED")}
    assert all(sorted(t.intermediate_values) == [0, 1] for t in study.trials if t.state.name == "PRUNED")
    assert all(sorted(t.intermediate_values) == [0, 1, 2, 3] for t in study.trials if t.state.name == "COMPLETE")


def test_what_the_pruner_saw_is_the_history(store, study):
    (run,) = (run for run in Store(store) if run.record().status == "completed")
    losses = {line["epoch"]: line["val/loss"] for line in history.read(run.history_file) if "val/loss" in line}
    assert next(t for t in study.trials if t.state.name == "COMPLETE").intermediate_values == losses


def test_a_pruned_run_asked_for_outside_the_search_goes_on_to_its_end(store, tmp_path):
    alone = [*TINY, "optimizer.lr=1e-9"]
    assert main(["train", *alone, f"paths.output_dir={store}"]) == 0
    assert main(["train", *alone, f"paths.output_dir={tmp_path}"]) == 0
    whole = next(iter(Store(tmp_path)))
    continued = Store(store).find(whole.path.name)
    assert continued.record().status == "completed"
    curves = [[line["loss"] for line in history.read(r.history_file) if "loss" in line] for r in (whole, continued)]
    assert curves[0] == curves[1]


def test_several_metrics_and_a_pruner_are_refused(tmp_path, capsys):
    words = [*TINY, *SEARCH, "hydra.sweeper.metric=[seconds,fid_digits]", "hydra.sweeper.n_trials=2"]
    assert main(["train", *words, f"paths.output_dir={tmp_path}"]) == 2
    assert "needs one hydra.sweeper.metric, not several" in capsys.readouterr().err
