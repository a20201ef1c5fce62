from itertools import pairwise

import pytest

from genlab.commands.first_stage import _words


def test_nested_overrides_become_words():
    nested = {"model": {"num_embeddings": 256}, "dataset": {"train_size": None}, "objective": {"learned": True}}
    assert _words(nested) == ["model.num_embeddings=256", "dataset.train_size=null", "objective.learned=true"]
    assert _words({}) == []
    assert _words({"first_stage": {"overrides": {"seed": 1}}}) == ["++first_stage.overrides.seed=1"]


@pytest.mark.slow
def test_the_first_stage_is_trained_once_and_the_pictures_need_only_the_second(tmp_path, capfd):
    """Two stages by one command; asked for again, neither is trained; the second samples without the first's folder."""
    import shutil

    from genlab.cli import main
    from genlab.runs.store import Store

    short = ["trainer.max_epochs=2", "first_stage.overrides.trainer.max_epochs=2"]
    ask = ["train", "experiment=autoregressive/pixelcnn_codes_digits", *short, "logger=none", "metrics=none"]
    where = f"paths.output_dir={tmp_path}"
    assert main([*ask, where]) == 0
    runs = {run.record().family: run for run in Store(tmp_path)}
    assert set(runs) == {"vector_quantized", "autoregressive"}
    assert runs["autoregressive"].config().first_stage.fingerprint == runs["vector_quantized"].path.name
    written = {family: run.record_file.read_bytes() for family, run in runs.items()}
    assert main([*ask, where]) == 0
    assert {family: run.record_file.read_bytes() for family, run in runs.items()} == written
    shutil.rmtree(runs["vector_quantized"].path)
    picture = tmp_path / "drawn.png"
    assert main(["sample", f"run={runs['autoregressive'].path}", "n=10", f"out={picture}", where]) == 0
    assert picture.stat().st_size > 500


TINY = [
    "experiment=autoregressive/pixelcnn_codes_digits", "logger=none", "metrics=none", "callbacks.previews=null",
    "dataset.train_size=128", "trainer.max_epochs=1", "first_stage.overrides.trainer.max_epochs=1",
    "+first_stage.overrides.dataset.train_size=128",
]  # fmt: skip


def test_a_sweep_of_second_stages_knows_their_folders_before_the_first_is_trained(tmp_path, capfd):
    """The manifest, `check`, and the runs that come to be agree on the fingerprints."""
    from genlab.cli import main
    from genlab.runs.store import Store
    from genlab.runs.sweeps import Sweep

    words = [*TINY, f"paths.output_dir={tmp_path}", "seed=1,2", "-m"]
    assert main(["check", *words]) == 0
    assert "2 jobs: 0 done before, 0 asked for twice, 2 to run" in capfd.readouterr().out
    assert main(["train", *words, "sweep=s", "launcher=inline"]) == 0
    rows = Sweep(tmp_path, "s").rows()
    second = {run.path.name for run in Store(tmp_path) if run.record().family == "autoregressive"}
    assert {row["fingerprint"] for row in rows} == second
    assert [row["status"] for row in rows] == ["completed", "completed"]
    assert main(["check", *words]) == 0
    assert "2 jobs: 2 done before" in capfd.readouterr().out


@pytest.mark.slow
def test_a_first_stage_may_stand_on_another_and_students_begin_as_their_teachers(tmp_path):
    """Two rounds of distillation by one command; with next to no learning all have the teacher's weights."""
    import torch

    from genlab.cli import main
    from genlab.first_stage import weights
    from genlab.runs.store import Store

    tiny = ["trainer.max_epochs=1", "optimizer.lr=1e-9", "dataset.train_size=128", "metrics.n_samples=64"]
    depth = ["", "first_stage.overrides.", "first_stage.overrides.first_stage.overrides."]
    words = [f"{'+' if where else ''}{where}{word}" for where in depth for word in tiny]
    recipe = "experiment=distillation/progressive_8_digits"
    assert main(["train", recipe, *words, "logger=none", f"paths.output_dir={tmp_path}"]) == 0
    runs = {run.record().experiment: run for run in Store(tmp_path)}
    chain = [runs[f"distillation/progressive_{n}_digits"] for n in (8, 16)] + [runs["diffusion/v_min_snr_digits"]]
    for second, first in pairwise(chain):
        assert second.config().first_stage.fingerprint == first.path.name
    student, *teachers = ({k: v for k, v in weights(run.checkpoint()).items() if "network" in k} for run in chain)
    assert all(len(teacher) > 0 for teacher in teachers)
    for name, value in teachers[-1].items():
        assert torch.allclose(student[name], value, atol=1e-4)


def test_a_recipe_that_stands_on_itself_is_refused(tmp_path, capsys):
    from genlab.cli import main

    (tmp_path / "experiment").mkdir()
    for name, other in (("a", "b"), ("b", "a")):
        text = f"""# @package _global_
first_stages: {{other: {{experiment: {other}}}}}
tags: ["of_${{first_stages.other.experiment}}"]
"""
        (tmp_path / "experiment" / f"{name}.yaml").write_text(text)
    words = ["--config-dir", str(tmp_path), "experiment=a", "logger=none", f"paths.output_dir={tmp_path / 'store'}"]
    assert main(["train", *words]) == 2
    assert "stands on itself: b -> a -> b" in capsys.readouterr().err.replace("\n", " ")


def test_a_stage_may_be_a_run_by_its_fingerprint_or_its_folder(tmp_path, capsys):
    """Its weights name the second run, wherever the first lies; without the first the second is found and drawn."""
    import shutil

    from genlab.cli import main
    from genlab.runs.store import Store

    store, first = f"paths.output_dir={tmp_path / 'store'}", TINY[1:6]
    vqvae = [word for word in first if not word.startswith("first_stage")]
    assert main(["train", "experiment=vector_quantized/vqvae_digits", *vqvae, store]) == 0
    (run,) = Store(tmp_path / "store")
    shutil.copytree(run.path, tmp_path / "copy")
    words = ["train", TINY[0], *vqvae, store, "first_stage.experiment=null"]
    for name in (run.path.name, str(tmp_path / "copy")):
        assert main([*words, f"first_stage.run={name}"]) == 0
    assert len(list(Store(tmp_path / "store"))) == 2
    (second,) = (other for other in Store(tmp_path / "store") if other.path != run.path)
    shutil.rmtree(run.path)
    again = ["--config-dir", str(second.path), "--config-name", "config", store]
    written = second.record_file.read_bytes()
    assert main(["train", *again]) == 0
    assert second.record_file.read_bytes() == written
    assert main(["sample", f"run={second.path}", "n=4", f"out={tmp_path / 'drawn.png'}", store]) == 0
    assert main([*words, "first_stage.run=nowhere"]) == 2
    assert "first_stage.run = 'nowhere' is no run folder" in capsys.readouterr().err.replace("\n", " ")
