"""A model that reads texts goes on where it was interrupted, with a tower trained along and with a frozen one."""

import itertools

import pytest
from PIL import Image
from tiny_towers import bert

from composing import composed
from genlab.runs import checkpoint_io
from genlab.runs.store import Run
from interrupting import along, differences, of_config, quietly

__all__ = ["quietly"]
COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255), "black": (0, 0, 0), "white": (255, 255, 255)}
TOWERS = {
    "trained": ["text=clip_small", "text.width=16", "text.depth=1", "text.heads=2"],
    "frozen": ["text=folder", "text.width=16", "text.length=12"],
}


@pytest.fixture
def pictures(tmp_path):
    """Plain squares with captions of different lengths."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, ((name, colour), many) in enumerate(itertools.product(COLOURS.items(), range(12))):
        Image.new("RGB", (8, 8), colour).save(folder / f"{i}.png")
        (folder / f"{i}.txt").write_text(f"a {name} cat{' with a hat' * (many % 3)}")
    return folder


def config(tower, pictures, tmp_path):
    own = [*TOWERS[tower], *([f"text.folder={bert(tmp_path / 'bert')}"] if tower == "frozen" else [])]
    return composed(
        "model=ddpm", "dataset=image_folder", f"dataset.source.path={pictures}", "dataset.source.captions=auto",
        "dataset.size=8", "dataset.num_classes=null", "dataset.flip=false", "dataset.batch_size=16", "network=dit_text",
        "network.width=16", "network.depth=1", "network.heads=2", "conditioner=text", "sampler.steps=2",
        "logger=none", "metrics=none", "callbacks.previews=null", "callbacks.checkpoints.every_n_steps=1",
        "~callbacks.progress", "trainer.max_epochs=2", "test=false", *own,
    )  # fmt: skip


@pytest.mark.parametrize(("tower", "n_saved"), [("trained", 20), ("frozen", 0)])
def test_interrupted_and_resumed_is_undisturbed(tower, n_saved, pictures, tmp_path):
    whole, end = along(of_config(config(tower, pictures, tmp_path), tmp_path / "sessions"), (1, 2))
    assert differences(whole, end) == []
    (record,) = (tmp_path / "sessions" / "1" / "store").glob("*/*/record.json")
    saved = checkpoint_io.load(Run(record.parent).checkpoint())["state_dict"]
    assert sum(name.startswith("conditioner.text.") for name in saved) == n_saved
