"""Captions under classifier-free guidance, by an outsider: a text conditioner, and a network that reads its tokens."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from extension.commands import carried_out
from genlab.runs.store import Store

HERE = Path(__file__).parent / "captions"
ALLOWED = f"allow_targets=[{','.join(f'captions.{name}' for name in ('NamedDigits', 'Words', 'Attends'))}]"
TRAIN = ["--config-dir", ".", "experiment=captions", ALLOWED, "logger=none", "callbacks.checkpoints.every_n_steps=3"]
SAME = ("fingerprint", "losses", "weights", "state")


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What each command left: an undisturbed training, one killed at step 5, the same resumed, and samples of it."""
    root = tmp_path_factory.mktemp("captions")
    whole, resumed = {"arguments": TRAIN, "store": f"{root}/whole"}, {"arguments": TRAIN, "store": f"{root}/resumed"}
    of_run, words = {"store": f"{root}/resumed", "verb": "sample"}, ["run=latest", ALLOWED, "n=4", "format=folder"]
    prompts = root / "prompts.txt"
    prompts.write_text("a one\nthe digit three\n\na four, or a nine\n")
    sweep = ["run=latest", ALLOWED, "guidance.scale=1,3", "sampler.steps=2,3"]
    img2img = ["run=latest", ALLOWED, "edit=sdedit", "picture=3", "prompt=the digit three"]
    jobs = [
        whole, resumed | {"kill_at": 5}, resumed,
        of_run | {"arguments": [*words, "prompt=the digit three", f"out={root}/three"]},
        of_run | {"arguments": [*words, "prompt=the digit eight", f"out={root}/eight"]},
        of_run | {"arguments": [*words, "prompt=a one", "negative_prompt=a four", f"out={root}/not_four"]},
        of_run | {"arguments": [*words, f"out={root}/of_the_data"]},
        of_run | {"arguments": [*words, "label=3", f"out={root}/label"]},
        of_run | {"arguments": ["run=latest", ALLOWED, f"prompts={prompts}", "format=folder", f"out={root}/turn"]},
        of_run | {"arguments": [*sweep, "prompt=a one, (thin)", "negative_prompt=a four", "size=16x8", "-m"]},
        of_run | {"arguments": [*words, "prompt=a one", "negative_prompt=a four", "guidance.scale=1"]},
        of_run | {"verb": "edit", "arguments": [*img2img, "edit.strength=1", "n=1", f"out={root}/edit.png"]},
    ]  # fmt: skip
    return root, carried_out(jobs, HERE, root)


def test_the_outsiders_files_are_short():
    files = [*HERE.glob("*.py"), *HERE.rglob("*.yaml")]
    assert len(files) == 2
    assert all(len(path.read_text().splitlines()) < 60 for path in files)


def test_it_trains_and_is_scored_and_previewed_by_the_captions_of_the_data(left):
    root, (whole, *_) = left
    assert (whole["exit"], whole["status"]) == (0, "completed"), whole["said"]
    assert {"fid_digits", "inception_score_digits"} <= set(whole["metrics"])
    (run,) = Store(root / "whole")
    made = run.record().metrics["fid_digits"]
    assert "digits/test" in json.dumps(made)
    assert {"step_000008.png", "step_000008_unfolding.png"} <= {path.name for path in run.path.glob("samples/*.png")}


def test_killed_and_resumed_it_ends_as_undisturbed(left):
    _, (whole, killed, resumed, *_) = left
    assert (killed["exit"], resumed["exit"], resumed["status"]) == (-9, 0, "completed"), resumed["said"]
    assert [resumed[key] for key in SAME] == [whole[key] for key in SAME]
    assert resumed["metrics"]["fid_digits"] == whole["metrics"]["fid_digits"]


def pixels(path):
    return np.asarray(Image.open(path))


def test_it_is_asked_by_prompts_and_by_nothing_else(left):
    root, (_, _, _, three, eight, not_four, of_the_data, label, *_) = left
    asked = {"three": three, "eight": eight, "not_four": not_four, "of_the_data": of_the_data}
    assert [job["exit"] for job in asked.values()] == [0] * 4, [job["said"] for job in asked.values()]
    files = [[pixels(file).tobytes() for file in sorted((root / name).glob("*.png"))] for name in asked]
    assert [len(each) for each in files] == [4] * 4
    assert all(a != b for i, a in enumerate(files) for b in files[:i])
    assert label["exit"] == 2
    assert "cannot be asked for a label, only for a prompt" in label["said"]


def test_prompts_of_a_file_are_drawn_in_turn_and_noted(left):
    root, (*_, turn, _, _, _) = left
    assert turn["exit"] == 0, turn["said"]
    notes = json.loads((root / "turn/prompts.json").read_text())["pictures"]
    assert [note["prompt"] for note in notes] == ["a one", "the digit three", "a four, or a nine"]
    for i, note in enumerate(notes):
        written = {"seed": "0", "number": str(i), "prompt": note["prompt"]}
        assert Image.open(root / "turn" / note["file"]).info == written
    assert (pixels(root / "turn/000001.png") == pixels(root / "three/000001.png")).all()


def test_a_sweep_ends_with_one_sheet_and_draws_what_has_no_guidance_without_the_negative_prompt(left):
    root, (*_, sweep, refused, _) = left
    assert sweep["exit"] == 0, sweep["said"]
    assert "note: negative_prompt = a four is left away where there is no guidance" in sweep["said"]
    (run,) = Store(root / "resumed")
    (sheet,) = run.samples.glob("sheet_*.png")
    assert Image.open(sheet).info["jobs"].count("prompt='a one, (thin)'") == 4
    assert Image.open(sheet).height > 2 * 2 * 16 * 6  # two rows of cells of four pictures
    assert refused["exit"] == 2
    assert "negative_prompt = a four: only guidance looks at a negative prompt" in refused["said"]


def test_at_full_strength_an_edit_is_a_sample_of_the_prompt(left):
    root, (*_, edit) = left
    assert edit["exit"] == 0, edit["said"]
    assert "4 of 4 steps" in edit["said"]
    result = pixels(root / "edit.png")[28::7, 2 + 2 * 58 + 3 :][:8, : 56 - 3 : 7]  # the third tile, not enlarged
    assert (result == pixels(root / "three/000000.png")).all()
