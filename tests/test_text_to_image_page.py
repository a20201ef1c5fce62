"""What docs/text_to_image.md tells a person to write works, and its loop by hand is the loop of `sample`."""

import re
import shlex
from pathlib import Path

import torch

import genlab
from genlab.config.words import as_hydra_reads
from genlab.randomness import PerImage
from tiny_text_to_image import text_to_image

PAGE = (Path(__file__).parents[1] / "docs/text_to_image.md").read_text()
RECIPES = Path(genlab.__file__).parents[2] / "experiments"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_loop_by_hand_is_a_sample(monkeypatch):
    monkeypatch.setattr(genlab, "load", lambda *words: text_to_image())
    names = {}
    with torch.no_grad():
        for block in blocks("python"):
            exec(compile(block, "docs/text_to_image.md", "exec"), names)
        sample = names["model"].sample(1, "a pink dome critter", generator=PerImage.range(0, 0, 1))
    assert names["pictures"].shape == (2, 3, 32, 16)
    torch.testing.assert_close(names["picture"], sample, rtol=0, atol=1e-4)


def test_the_commands_can_be_read_and_their_recipes_are_there():
    commands = "\n".join(blocks("bash")).replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in commands if line.startswith("genlab ")]
    assert len(words) > 10
    for _, verb, *given in words:
        settings = [word for word in given if verb != "import" or "=" in word]
        assert as_hydra_reads(settings) or verb == "import"
        for name in (word.removeprefix("experiment=") for word in given if word.startswith("experiment=")):
            assert (RECIPES / f"{name}.yaml").exists()
