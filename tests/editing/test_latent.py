import pytest
import torch

from genlab.editing.latent import interpolate, walk


class Line:
    """A model whose code is the mean of an image, and whose picture of a code is flat."""

    def encode(self, x, condition=None):
        return x.mean((1, 2, 3))[:, None].expand(-1, 2)

    def picture(self, z, condition=None):
        shift = 0 if condition is None else condition[:, None, None, None].float()
        return z.sum(1)[:, None, None, None].expand(-1, 1, 3, 3) + shift


def flat(*values: float) -> torch.Tensor:
    return torch.tensor(values)[:, None, None, None].expand(-1, 1, 3, 3)


def test_the_way_begins_and_ends_at_the_reconstructions_in_even_steps():
    way = interpolate(Line(), flat(0.0, 1.0), flat(1.0, -1.0), steps=5)
    assert way.shape == (2, 5, 1, 3, 3)
    torch.testing.assert_close(way[:, :, 0, 0, 0], torch.tensor([[0, 0.5, 1, 1.5, 2], [2, 1, 0, -1, -2.0]]))


def test_each_image_keeps_its_label_all_the_way():
    way = interpolate(Line(), flat(0.0, 0.0), flat(0.0, 0.0), steps=3, condition=torch.tensor([0, 7]))
    assert way[:, :, 0, 0, 0].tolist() == [[0, 0, 0], [7, 7, 7]]


def test_a_walk_changes_one_unit_alone():
    z = torch.tensor([[0.0, 10.0]])
    assert walk(Line(), z, 0, [-1, 0, 2])[0, :, 0, 0, 0].tolist() == [9, 10, 12]
    assert z.tolist() == [[0, 10]]  # the caller's codes stay


def test_wrong_steps_and_axes_are_named():
    with pytest.raises(ValueError, match="steps=1"):
        interpolate(Line(), flat(0.0), flat(1.0), steps=1)
    with pytest.raises(ValueError, match="axis=2: the code has the units 0 to 1"):
        walk(Line(), torch.zeros(1, 2), 2)
