"""Films: what is seen in them is what was given, and the end stays."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image

from genlab.modalities.film import check_film
from genlab.modalities.image import Image as Pictures
from genlab.modalities.points import Points
from genlab.reports.animation import frames, write_animation


def moments(channels):
    """From black to white in six moments, two samples; what is predicted is white all along."""
    x = torch.linspace(-1, 1, 6)[:, None, None, None, None].expand(6, 2, channels, 8, 8)
    return x, torch.ones_like(x)


def test_samples_are_on_the_left_and_predictions_on_the_right():
    first, *_, last = frames(*moments(1), Pictures())
    width = (first.shape[1] - 12) // 2
    assert first[4:50, 4:50].max() == 0
    assert first[4:50, -50:-4].min() == 255
    assert (last[:, :width] == last[:, -width:]).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gif_has_every_moment_and_holds_the_last(tmp_path, channels):
    pictures = frames(*moments(channels), Pictures())
    film = Image.open(write_animation(tmp_path / "film.gif", pictures))
    assert film.n_frames == 6
    for k, picture in enumerate(pictures):
        film.seek(k)
        assert abs(np.asarray(film.convert("RGB")).astype(int) - picture).max() <= 2
    assert film.info["duration"] == 25 * 80


def test_points_keep_their_scale_through_the_film():
    x = torch.stack([torch.full((3, 2), 2.0), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])])
    first, last = frames(x, x, Points())
    assert first.shape == last.shape
    assert (first < 128).sum() < (last < 128).sum()  # what lies outside of the data's square is not seen


def test_what_cannot_be_written_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"a film ends in \.gif or \.mp4"):
        check_film(tmp_path / "film.avi")


@pytest.mark.skipif(not (find_spec("imageio") and find_spec("imageio_ffmpeg")), reason="needs genlab[film]")
def test_an_mp4_of_an_odd_size_can_be_read_again(tmp_path):
    import imageio.v3

    pictures = [np.full((51, 33, 3), 8 * k, np.uint8) for k in range(10)]
    film = imageio.v3.imread(write_animation(tmp_path / "film.mp4", pictures))
    assert film.shape == (34, 50, 32, 3)
    assert abs(film[5].astype(int) - 40).max() <= 8
