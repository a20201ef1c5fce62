"""A training begins from the weights of another model, of which it takes nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from composing import composed, with_words
from genlab.cli import main
from genlab.config.check import check
from genlab.errors import ConfigError
from genlab.first_stage import weights
from genlab.runs import checkpoint_io, history
from genlab.runs.store import Run, Store

KILLING = Path(__file__).parents[1] / "killing.py"
TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=64", "dataset.batch_size=32", "test=false",
    "metrics=none", "logger=none", "callbacks.previews=null", "callbacks.checkpoints.every_n_steps=1",
    "model.ema_decay=0.9", "trainer.max_epochs=1",
]  # fmt: skip
STILL = ["optimizer.lr=1e-12", "seed=7"]
"""Next to no learning, and other weights to begin with: what the weights are then, they began as."""


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr("genlab.callbacks.previews.draw", lambda *_: None)


def asked(root, *words, verb="train"):
    return main([verb, *with_words([*TINY, f"paths.output_dir={root}"], *words)])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genlab.callbacks.previews.draw", lambda *_: None)
        assert asked(root) == 0
    return next(iter(Store(root)))


def close(run, source, only=""):
    """Whether the weights of a run are those that another is sampled with."""
    mine, theirs = checkpoint_io.load(run.checkpoint())["state_dict"], weights(str(source.checkpoint()))
    return all(torch.allclose(mine[name], theirs[name], atol=1e-8) for name in mine if name.startswith(only))


def sentence(capsys):
    said = capsys.readouterr().err.replace("\n", " ")
    assert "Traceback" not in said
    return said


def test_weights_alone_are_taken_and_the_average_begins_from_them(trained, tmp_path):
    assert asked(tmp_path, f"init_from.run={trained.path}", *STILL) == 0
    (run,) = Store(tmp_path)
    content, record = checkpoint_io.load(run.checkpoint()), run.record()
    assert close(run, trained)
    theirs = weights(str(trained.checkpoint()))
    assert all(torch.allclose(v, theirs[k], atol=1e-8) for k, v in content["ema"].items() if k != "steps")
    assert record.training["steps"] == 2
    assert [line["step"] for line in history.read(run.history_file) if "loss" in line] == [1, 2]
    noted = record.training["init_from"]
    assert noted["loaded"] == len(theirs)
    assert noted["kept"] == noted["other_shape"] == noted["left_over"] == []
    assert len(noted["sha256"]) == 64


def test_the_weights_name_the_run_and_not_their_place(trained, tmp_path, capsys):
    """Asked for by folder, by fingerprint, or of a copy: one run. Other weights are another run, which is told."""
    shutil.copytree(trained.path, tmp_path / "train" / trained.path.name)
    shutil.copytree(trained.path, tmp_path / "copy")
    own = ["seed=3", f"init_from.run={tmp_path / 'copy'}"]
    assert asked(tmp_path, *own) == 0
    before = {run.path.name for run in Store(tmp_path)}
    for word in (f"init_from.run={trained.path.name}", f"init_from.run={trained.path}"):
        assert asked(tmp_path, "seed=3", word) == 0
    assert {run.path.name for run in Store(tmp_path)} == before
    (begun,) = before - {trained.path.name}
    sentence(capsys)
    other = Run(tmp_path / "train" / begun)
    shutil.copy(other.checkpoint(), tmp_path / "copy" / "checkpoints" / "last.ckpt")
    assert asked(tmp_path, *own) == 0
    assert f"has other weights than when run {begun} began from it: this is another run" in sentence(capsys)
    assert len(list(Store(tmp_path))) == 3


def test_a_finished_run_does_not_need_its_source(trained, tmp_path, capsys):
    shutil.copytree(trained.path, tmp_path / "copy")
    words = ["seed=3", f"init_from.run={tmp_path / 'copy'}"]
    assert asked(tmp_path / "store", *words) == 0
    (run,) = Store(tmp_path / "store")
    written = run.record_file.read_bytes()
    shutil.rmtree(tmp_path / "copy")
    assert asked(tmp_path / "store", *words) == 0
    assert f"is gone; run {run.path.name} has begun from it" in sentence(capsys)
    again = ["--config-dir", str(run.path), "--config-name", "config", f"paths.output_dir={tmp_path / 'store'}"]
    assert main(["train", *again]) == 0
    assert run.record_file.read_bytes() == written
    assert asked(tmp_path / "store", *words, "optimizer.lr=0.5") == 2
    assert "init_from.run = " in sentence(capsys)
    assert main(["train", *again, "seed=4"]) == 2
    assert len(list(Store(tmp_path / "store"))) == 1


def test_an_interrupted_run_goes_on_without_loading_again(trained, tmp_path):
    """Killed, and asked for again when the source is gone: as if nobody had disturbed it."""
    for name in ("a", "b"):
        shutil.copytree(trained.path, tmp_path / name)
    words = with_words(TINY, "seed=3", "trainer.max_epochs=2")
    jobs = [
        {"arguments": [*words, f"init_from.run={tmp_path / name}"], "store": str(tmp_path / f"store_{name}")} | more
        for name, more in (("a", {}), ("b", {"kill_at": 3}))
    ]  # fmt: skip
    undisturbed, killed = carried_out(tmp_path, jobs)
    assert killed["status"] == "running"
    shutil.rmtree(tmp_path / "b")
    (resumed,) = carried_out(tmp_path, [{k: v for k, v in jobs[1].items() if k != "kill_at"}])
    assert resumed["exit"] == 0, resumed["said"]
    for key in ("fingerprint", "status", "weights", "state", "losses"):
        assert resumed[key] == undisturbed[key]


def carried_out(folder, jobs):
    (folder / "request.json").write_text(json.dumps({"jobs": jobs}))
    command = [sys.executable, str(KILLING), str(folder / "request.json")]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_what_does_not_fit_is_told_once_and_noted_and_strict_refuses_it(trained, tmp_path, capsys):
    other = [f"init_from.run={trained.path}", "model.coding_size=5", *STILL]
    assert asked(tmp_path, *other) == 0
    said = sentence(capsys)
    assert said.count("have another shape there") == 1
    (run,) = Store(tmp_path)
    noted = run.record().training["init_from"]
    assert noted["other_shape"]
    assert all("coder." in name for name in noted["other_shape"])
    assert asked(tmp_path, *with_words(other, "seed=8"), "init_from.strict=true") == 2
    assert "init_from.strict = true, and init_from.run = " in sentence(capsys)


def test_nothing_that_fits_is_an_error(trained, tmp_path, capsys):
    words = ["experiment=vector_quantized/vqvae_digits", f"init_from.run={trained.path}", "model.ema_decay=null"]
    assert asked(tmp_path, *words) == 2
    assert "none of its weights fits the model by name and shape: it has coder.decoder" in sentence(capsys)


def test_patterns_choose_and_beginnings_are_renamed(trained, tmp_path, capsys):
    """The decoder from there, the encoder as it is made; and by another name it comes back under its own."""
    decoder = ["init_from.match=['coder.decoder*']", f"init_from.run={trained.path}", *STILL]
    assert asked(tmp_path, *decoder) == 0
    (run,) = Store(tmp_path)
    assert close(run, trained, "coder.decoder")
    assert not close(run, trained)
    there = tmp_path / "there"
    shutil.copytree(trained.path, there)
    content = checkpoint_io.load(trained.checkpoint())
    state = {f"old.{name}": value for name, value in weights(str(trained.checkpoint())).items()}
    checkpoint_io.AtomicCheckpointIO().save_checkpoint(
        content | {"state_dict": state, "ema": {}}, there / "checkpoints" / "last.ckpt"
    )
    assert asked(tmp_path / "renamed", f"init_from.run={there}", "init_from.rename={old.: ''}", *STILL) == 0
    assert close(next(iter(Store(tmp_path / "renamed"))), trained)
    sentence(capsys)
    for word, said in (
        ("init_from.match=['decoder.*']", "'decoder.*' matches no weight of the model: they begin with coder."),
        ("init_from.rename={new.: ''}", "no weight there begins with 'new.': they begin with old.coder"),
    ):
        assert asked(tmp_path / "no", f"init_from.run={there}", word, *STILL) == 2
        assert said in sentence(capsys)


def test_a_recipe_is_trained_first_and_then_found(tmp_path):
    small = [word for word in TINY if not word.startswith(("experiment", "logger", "callbacks", "trainer"))]
    words = ["init_from.recipe=autoencoder/cvae_digits", f"init_from.overrides={small}"]
    for _ in range(2):
        assert asked(tmp_path, *words, *STILL) == 0
    first, second = sorted(Store(tmp_path), key=lambda run: run.record().started)
    assert second.config().init_from.fingerprint == first.path.name
    assert close(second, first)
    assert second.record().training["init_from"]["source"] == "autoencoder/cvae_digits"


def test_the_network_of_a_pipelines_folder(tmp_path, capsys):
    """Of safetensors alone: a folder with pickled weights is refused."""
    from genlab.config.instantiate import build
    from genlab.interop.diffusers_pipelines import to_pipeline

    words = [
        "experiment=diffusion/ddpm_digits", "network=unet", "conditioner=none", "network.block_out_channels=[8,16]",
        "model.ema_decay=null", "network.attention_levels=1", "network.layers_per_block=1", "++network.norm_groups=4",
        *STILL,
    ]  # fmt: skip
    torch.manual_seed(5)
    denoiser = build(composed(*words).model, []).denoiser
    to_pipeline(denoiser).save_pretrained(tmp_path / "pipeline")
    assert asked(tmp_path / "store", *words, f"init_from.pipeline={tmp_path / 'pipeline'}") == 0
    (run,) = Store(tmp_path / "store")
    state = checkpoint_io.load(run.checkpoint())["state_dict"]
    for name, value in denoiser.state_dict().items():
        assert torch.allclose(state[f"denoiser.{name}"], value, atol=1e-8)
    unet = tmp_path / "pipeline" / "unet"
    next(unet.glob("*.safetensors")).unlink()
    torch.save(denoiser.network.unet.state_dict(), unet / "diffusion_pytorch_model.bin")
    sentence(capsys)
    assert asked(tmp_path / "other", *words, f"init_from.pipeline={tmp_path / 'pipeline'}") == 2
    assert "init_from.pipeline = " in sentence(capsys)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["init_from=abc"], "init_from = abc must be a mapping, {run: ...} or {recipe: ...} or {pipeline: ...}"),
        (["init_from.strict=true"], "init_from must have one of run, recipe, pipeline, and it has none of them"),
        (["init_from={run: a, recipe: b}"], "and it has run and recipe"),
        (["init_from={rn: a}"], "unknown key 'init_from.rn'; did you mean 'run'?"),
        (["init_from={run: 1.5}"], "init_from.run = 1.5 must be a folder, a fingerprint or latest"),
        (["init_from={run: a, match: b}"], "init_from.match = b must be a list"),
        (["init_from={run: a}", "ckpt_path=b"], "ckpt_path = b resumes a training and init_from begins another"),
    ],
)
def test_what_is_not_meant_is_refused_before_anything_heavy(words, sentence):
    with pytest.raises(ConfigError) as raised:
        check(composed(*[f"++{word}" if word.startswith("init_from") else word for word in words]))
    assert any(sentence in problem for problem in raised.value.problems)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("init_from.run=nowhere", "init_from.run = 'nowhere' is no run folder, no fingerprint in"),
        ("init_from.run=latest", "init_from.run = latest: "),
        ("init_from.recipe=nothing/here", "init_from.recipe = nothing/here: "),
        ("init_from.pipeline=.", "is no folder of a diffusers pipeline: it has no model_index.json"),
    ],
)
def test_a_source_that_is_not_there_is_one_sentence(tmp_path, capsys, word, said):
    assert asked(tmp_path, word) == 2
    assert said in sentence(capsys)
    assert not list(Store(tmp_path))


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("init_from.pipelin=x", "unknown key 'init_from.pipelin'; did you mean 'pipeline'?"),
        ("first_stages.vae.experimen=x", "unknown key 'first_stages.vae.experimen'; did you mean 'experiment'?"),
        ("first_stages.vae.experiment=x", "first_stages.vae is used by nothing"),
    ],
)
def test_a_key_of_a_stage_needs_no_plus_and_a_wrong_one_is_named_with_the_nearest(word, sentence, capsys):
    assert main(["train", "experiment=diffusion/class_conditional_digits", word]) == 2
    assert sentence in capsys.readouterr().err
