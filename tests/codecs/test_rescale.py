import pytest
import torch

from genlab.codecs.rescale import Rescale


def test_the_ends_go_to_the_ends_and_back():
    x = torch.tensor([-1.0, 0.0, 1.0])
    assert Rescale(0, 1).encode(x).tolist() == [0, 0.5, 1]
    assert torch.allclose(Rescale(-3, 5).decode(Rescale(-3, 5).encode(x)), x)


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="low must be less than high"):
        Rescale(1, 1)
