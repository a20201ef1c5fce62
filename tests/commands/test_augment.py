"""New images of one class, as files, from a generator of that class and from a conditional one: one command each."""

import numpy as np
import pytest
from PIL import Image

from genlab.cli import main

OWN = ["model=vae", "dataset.classes=3"]
CONDITIONAL = ["model=cvae"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "label"), [(OWN, []), (CONDITIONAL, ["label=3"])])
def test_new_images_of_a_class(kind, label, tmp_path, capsys):
    store = f"paths.output_dir={tmp_path}"
    training = ["dataset=digits", "trainer.max_epochs=15", "trainer.accelerator=cpu", "metrics=none", "logger=none"]
    assert main(["train", *kind, *training, store]) == 0
    assert main(["sample", "run=latest", "n=12", *label, "format=folder", f"out={tmp_path}/new", store]) == 0
    pictures = [np.asarray(Image.open(file).convert("L")) for file in sorted((tmp_path / "new").glob("*.png"))]
    assert len(pictures) == 12
    assert all(picture.shape == (8, 8) for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 12  # no two alike
