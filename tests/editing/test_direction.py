"""A direction in W that is found from labels."""

import numpy as np
import pytest
import torch

from genlab.editing.direction import StyleDirection
from genlab.editing.projection import Projection, kept_styles
from genlab.notice import Notice


class Two:
    """The first number of a style says the class, the second does not; a picture has both as its pixels."""

    num_classes, num_styles, mean_style = 2, 1, torch.zeros(2)

    def __init__(self):
        self.style_network = self

    def draw_styles(self, n, condition=None, *, generator=None):
        label = torch.arange(n) % 2 if condition is None else condition
        noise = generator.normal((n, 1, 2))
        return noise * torch.tensor([0.1, 0.4]) + torch.stack([label - 0.5, 0 * label], 1)[:, None]

    def picture(self, styles, draw=None):
        return styles[:, :, None].expand(-1, 1, 2, -1)


def test_it_is_what_tells_the_class_and_nothing_else():
    way, accuracy = StyleDirection(Projection(), to=1).found(Two(), torch.device("cpu"))
    assert accuracy > 0.99
    assert way[0] == pytest.approx(0.51, abs=0.05)  # a standard deviation of both classes together
    assert abs(way[1]) < 0.1


@torch.no_grad()
def test_a_picture_goes_along_it():
    x = torch.tensor([0.1, 0.3]).expand(1, 1, 2, 2)
    edit = StyleDirection(Projection(rate=0.02), to=1, strengths=[-1.0, 0.0, 1.0])
    with pytest.warns(Notice, match=r"tells (99|100)% of other samples"):
        _, results, _, names, _ = edit(Two(), x)
    assert names == ["-1", "0", "+1"]
    torch.testing.assert_close(results[1], x[0], atol=0.03, rtol=0)
    assert results[:, 0, 0, 0].diff().tolist() == pytest.approx([0.51, 0.51], abs=0.05)
    assert results[:, 0, 0, 1].diff().abs().max() < 0.1


def test_a_class_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"^edit\.to = 2: the model knows 2$"):
        StyleDirection(Projection(), to=2)(Two(), torch.zeros(1, 1, 2, 2))


@torch.no_grad()
def test_styles_that_were_kept_are_taken_as_they_are(tmp_path):
    kept = np.array([[[0.2, -0.3]], [[9, 9]]], np.float32)
    np.save(tmp_path / "kept.npy", kept)
    edit = StyleDirection(Projection(), to=1, strengths=[0.0], styles=str(tmp_path / "kept.npy"))
    with pytest.warns(Notice):
        results = edit(Two(), torch.zeros(1, 1, 2, 2)).results
    torch.testing.assert_close(results[0, 0, 0], torch.from_numpy(kept[0, 0]))


@pytest.mark.parametrize("content", [np.zeros((2, 1, 3), np.float32), np.zeros((0, 1, 2), np.float32), np.array(["a"])])
def test_styles_of_another_model_are_refused(content, tmp_path):
    np.save(file := tmp_path / "kept.npy", content)
    with pytest.raises(ValueError, match=r"^edit\.styles = .* has no styles of this model, which are \(n, 1, 2\)$"):
        kept_styles(str(file), Two())


def test_what_is_no_array_is_refused(tmp_path):
    np.save(file := tmp_path / "kept.npy", np.array([{}]), allow_pickle=True)
    for name in (file, tmp_path / "nowhere.npy", tmp_path):
        with pytest.raises(ValueError, match=r"is no file of styles, as edit=project leaves one$"):
            kept_styles(str(name), Two())
