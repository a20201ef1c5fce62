import pytest
from PIL import Image

from genlab.cli import main


def test_a_schedule_becomes_a_picture(tmp_path, capsys):
    assert main(["plot", "scheduler=cosine", f"out={tmp_path}/cosine.png"]) == 0
    assert Image.open(tmp_path / "cosine.png").width == 900
    assert str(tmp_path) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scheduler=cosin"], "cosine"),
        (["scheduler.beta_end=2"], "scheduler.beta_end = 2 must be in (0, 1)"),
        (["pictures=0"], "pictures = 0 must be 1 or more"),
        (["scheduler.bta_end=0.1"], "beta_end"),
    ],
)
def test_what_cannot_be_plotted_is_said_in_one_sentence(words, sentence, capsys):
    assert main(["plot", *words]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
