"""The command line answers at once, in one sentence, and completes words."""

import subprocess
import sys

import pytest

from genlab.cli import VERBS, main


def genlab(*words, **environment):
    import os

    command = [sys.executable, "-m", "genlab", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def test_help_lists_every_verb(capsys):
    assert main([]) == main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in VERBS)


def test_an_unknown_verb_gets_the_nearest(capsys):
    assert main(["trian"]) == 2
    assert capsys.readouterr().err == "error: genlab has no verb 'trian'; did you mean 'train'?\n"


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["train", "--cfg", "job"],
        ["train", "modle=vae"],
        ["train", "model.coding_size=-1"],
        ["train", "--help"],
        ["runs", "--help"],
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(words):
    code = (
        "import sys; from genlab.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'pytorch_lightning', 'wandb', 'diffusers', 'sklearn', 'matplotlib', 'torchmetrics'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "HEAVY []" in done.stderr, done.stderr[-2000:]


def test_errors_leave_status_2_and_no_traceback():
    done = genlab("train", "model.codng_size=3", "dataset=digits")
    assert done.returncode == 2
    assert done.stderr == "error: unknown key 'model.codng_size'; did you mean 'model.coding_size'?\n"


def test_a_config_folder_of_ones_own(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\nmodel: {coding_size: 5}\n")
    done = genlab("train", "--config-dir", str(tmp_path), "experiment=mine", "--cfg", "job")
    assert "coding_size: 5" in done.stdout
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\nmodle: {coding_size: 5}\n")
    done = genlab("train", "--config-dir", str(tmp_path), "experiment=mine")
    assert done.returncode == 2
    assert done.stderr == "error: unknown key 'modle' in experiment/mine.yaml; did you mean 'model'?\n"


def test_a_recipe_that_stands_on_another_must_find_it(tmp_path):
    (tmp_path / "experiment/mine").mkdir(parents=True)
    (tmp_path / "experiment/mine/child.yaml").write_text("# @package _global_\ndefaults: [ddpm_digits]\nseed: 3\n")
    done = genlab("train", "--config-dir", str(tmp_path), "experiment=mine/child")
    assert done.returncode == 2
    assert done.stderr == (
        "error: experiment/mine/child.yaml has 'experiment/ddpm_digits' in its defaults, which is not there; "
        "did you mean '/experiment/diffusion/ddpm_digits'?\n"
    )


def test_a_yaml_mistake_names_the_file_and_the_line(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\nmodel: {coding_size: 5\nseed: [\n")
    done = genlab("train", "--config-dir", str(tmp_path), "experiment=mine")
    assert done.returncode == 2
    assert "mine.yaml" in done.stderr
    assert "line" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("genlab tr", "train"),
        ("genlab train dataset=", "dataset=mnist"),
        ("genlab train model.cod", "model.coding_size="),
        ("genlab evaluate metrics=", "metrics=image"),
    ],
)
def test_words_are_completed(line, offered):
    done = genlab("-sc", "query=bash", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert offered in done.stdout.split()


def test_completion_is_installed_for_genlab():
    assert genlab("-sc", "install=bash").stdout.rstrip().endswith("hydra_bash_completion genlab")


def test_a_reader_that_stops_reading_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m genlab train --cfg job | head -1", shell=True, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
