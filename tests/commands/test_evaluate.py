"""One checkpoint many ways, two checkpoints side by side, and folders of pictures, through the command line."""

import json

import pytest

from genlab.cli import main
from genlab.runs import evaluation_cache
from genlab.runs.store import Store

SMALL = ["dataset.train_size=256", "metrics.n_samples=60", "logger=none", "callbacks.previews=null", "sampler.steps=3"]
ALIKE = ["metrics=image", "metrics.n_samples=80", "extractor.steps=150", "extractor.n_features=16"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two runs of one recipe, the second trained a little longer."""
    root = tmp_path_factory.mktemp("store")
    for epochs in (1, 3):
        words = ["experiment=diffusion/class_conditional_digits", *SMALL, f"trainer.max_epochs={epochs}"]
        assert main(["train", *words, f"paths.output_dir={root}", f"task_name=epochs{epochs}", "metrics=none"]) == 0
    return root


@pytest.fixture(scope="module")
def runs(store):
    return [next(run for run in Store(store) if run.path.parent.name == f"epochs{n}") for n in (1, 3)]


def test_a_sweep_loads_the_checkpoint_once_and_draws_quality_against_cost(runs, tmp_path, monkeypatch, capsys):
    loads = []
    restore = evaluation_cache.restore
    monkeypatch.setattr(evaluation_cache, "restore", lambda *given: loads.append(given) or restore(*given))
    words = [f"run={runs[0].path}", "sampler=ddim,heun", "sampler.steps=2,4", f"out={tmp_path}", *ALIKE]
    assert main(["evaluate", *words, "-m"]) == 0
    assert len(loads) == 1
    content = json.loads((tmp_path / "samplers.json").read_text())
    assert [way["costs"]["nfe"] for way in content["ways"]] == [2, 4, 3, 7]
    assert [way["settings"]["sampler"] for way in content["ways"]] == ["ddim", "ddim", "heun", "heun"]
    assert all(way["costs"]["seconds"] > 0 for way in content["ways"])
    assert any("nfe" in way["pareto"] for way in content["ways"])
    assert (tmp_path / "samplers.png").stat().st_size > 5000
    assert "| ddim | 2 | 2" in (tmp_path / "samplers.md").read_text()
    assert "Quality against cost" in capsys.readouterr().out


def test_a_way_scores_in_a_sweep_as_it_does_alone(runs, tmp_path):
    """The sampler that is exchanged in a loaded model is the one that a new model would have."""
    evaluations = runs[0].path / "evaluations"
    for file in evaluations.glob("*.json"):
        file.unlink()
    alone = [f"run={runs[0].path}", "sampler=heun", "sampler.steps=4", *ALIKE]
    assert main(["evaluate", *alone]) == 0
    (file,) = evaluations.glob("*.json")
    single = json.loads(file.read_text())["metrics"]["fid_digits"]
    words = [f"run={runs[0].path}", "sampler=ddim,heun", "sampler.steps=4", f"out={tmp_path}", *ALIKE]
    assert main(["evaluate", *words, "-m"]) == 0
    assert json.loads((tmp_path / "samplers.json").read_text())["ways"][1]["score"] == single


def test_a_way_that_fails_is_named_and_the_others_are_compared(runs, tmp_path, capsys):
    words = [f"run={runs[0].path}", "sampler=heun,rk45", "sampler.steps=2", f"out={tmp_path}", *ALIKE]
    assert main(["evaluate", *words, "-m"]) == 1
    assert "the solver RK45 needs a schedule of continuous time" in capsys.readouterr().err
    assert len(json.loads((tmp_path / "samplers.json").read_text())["ways"]) == 1


def test_compare_draws_both_on_the_same_noise_and_says_which_is_better(store, runs, tmp_path, capsys):
    a, b = (str(run.path) for run in runs)
    words = [f"paths.output_dir={store}", "n=20", "columns=10", *ALIKE]
    assert main(["compare", a, b, *words, f"out={tmp_path}/ab"]) == 0
    assert "A − B" in capsys.readouterr().out
    found = json.loads((tmp_path / "ab/comparison.json").read_text())["metrics"]["fid_digits"]
    assert found["difference"] == pytest.approx(found["a"]["value"] - found["b"]["value"])
    assert found["low"] < found["difference"] < found["high"]
    assert found["not_comparable_in"] == []
    assert main(["compare", runs[0].path.name, a, *words, f"out={tmp_path}/aa"]) == 0  # with itself
    same = json.loads((tmp_path / "aa/comparison.json").read_text())["metrics"]
    assert all(each["difference"] == 0 and each["better"] == "tie" for each in same.values())
    from PIL import Image

    picture = Image.open(tmp_path / "aa/comparison.png").convert("L")
    top = picture.crop((picture.width // 2, 0, picture.width, picture.height // 4))
    below = picture.crop((picture.width // 2, picture.height // 4, picture.width, picture.height // 2))
    assert (
        sum(abs(p - q) > 8 for p, q in zip(top.getdata(), below.getdata(), strict=False)) < 0.2 * top.width * top.height
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["compare", "latest"], "genlab compare takes two runs, as in genlab compare A B; got 1"),
        (["compare", "latest", "latest", "n=0"], "n = 0 must be 1 or more"),
        (["evaluate", "folder=/nowhere", "reference=digits"], "folder = '/nowhere' is no folder"),
        (["evaluate", "folder=/tmp", "reference=mnits"], "did you mean 'mnist'"),
        (["evaluate", "folder=/tmp", "reference=digits", "resize=crp"], "must be crop or pad"),
    ],
)
def test_bad_requests_are_one_sentence(store, words, sentence, capsys):
    assert main([*words, f"paths.output_dir={store}"]) == 2
    assert sentence in capsys.readouterr().err


def test_a_folder_of_samples_scores_as_its_run_does(store, runs, tmp_path, capsys):
    words = [f"run={runs[1].path}", "n=80", f"out={tmp_path}/pictures", "format=folder"]
    assert main(["sample", *words]) == 0
    (tmp_path / "pictures/broken.png").write_bytes(b"no picture")
    out = tmp_path / "scores.json"
    of_folder = [f"folder={tmp_path}/pictures", "reference=digits", f"out={out}", f"paths.output_dir={store}"]
    assert main(["evaluate", *of_folder, *ALIKE]) == 0
    said = capsys.readouterr()
    assert "broken.png" in said.err
    record = json.loads(out.read_text())
    score = record["metrics"]["fid_digits"]
    assert score["made"]["origin"] == "folder pictures"
    assert score["measured"]["reference"] == "digits/test"
    assert record["metrics"]["fid_digits"]["n"] == 80
    for file in (runs[1].path / "evaluations").glob("*.json"):
        file.unlink()
    assert main(["evaluate", f"run={runs[1].path}", *ALIKE]) == 0
    (file,) = (runs[1].path / "evaluations").glob("*.json")
    of_run = json.loads(file.read_text())["metrics"]["fid_digits"]
    assert of_run["measured"]["extractor_sha256"] == score["measured"]["extractor_sha256"]
    assert of_run["value"] == pytest.approx(record["metrics"]["fid_digits"]["value"], rel=1e-4)


def test_the_bits_of_a_diffusion_model_are_scored_with_their_terms(digits_run, capsys):
    words = [f"run={digits_run.path}", "metrics=bits", "metrics.n_samples=12", "metrics.metrics.bound.draws=3"]
    before = set((digits_run.path / "evaluations").glob("*.json"))
    assert main(["evaluate", *words]) == 0
    (file,) = set((digits_run.path / "evaluations").glob("*.json")) - before
    metrics = json.loads(file.read_text())["metrics"]
    assert set(metrics) == {"bound_bits", "bound_L_T", "bound_L_t", "bound_L_0"}
    terms = sum(metrics[f"bound_L_{name}"]["value"] for name in ("T", "t", "0"))
    assert metrics["bound_bits"]["value"] == pytest.approx(terms)
    assert metrics["bound_bits"]["unit"] == "bits per dimension"
    assert "bound bits" in capsys.readouterr().out
