"""Data sets in the hub's format, from a folder of Parquet files made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genlab.data.hub import HubImages

datasets = pytest.importorskip("datasets", reason="needs the extra hub")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> str:
    """20 + 4 grey squares; the shade is 10 times the row, the class alternates."""
    folder = tmp_path_factory.mktemp("hub") / "squares"
    (folder / "data").mkdir(parents=True)
    features = datasets.Features(
        picture=datasets.Image(), kind=datasets.ClassLabel(names=["even", "odd"]), note=datasets.Value("string"),
        texts=datasets.Sequence(datasets.Value("string")), before=datasets.Image(),
    )  # fmt: skip
    for split, n in (("train", 20), ("test", 4)):
        rows = {
            "picture": [Image.new("L", (9, 6), 10 * i) for i in range(n)],
            "kind": [i % 2 for i in range(n)],
            "note": [f"{split} {i}" for i in range(n)],
            "texts": [[f"{split} {i}", " grey "] if i else [] for i in range(n)],
            "before": [Image.new("L", (9, 6), 200 + i // 2) for i in range(n)],
        }
        part = datasets.Dataset.from_dict(rows, features)
        part.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))
    return str(folder)


def test_pictures_labels_and_names_are_read(repo: str, tmp_path: Path) -> None:
    images = HubImages(repo, tmp_path, "picture", "kind", test_split="test").load(1, 4)
    assert images.pixels[:, 0, 2, 2].tolist() == [10 * i for i in (*range(20), *range(4))]
    assert images.labels is not None
    assert images.labels.tolist() == [i % 2 for i in (*range(20), *range(4))]
    assert list(images.class_names or []) == ["even", "odd"]
    assert images.n_test == 4


def test_without_a_label_column_there_are_no_labels(repo: str, tmp_path: Path) -> None:
    images = HubImages(repo, tmp_path, "picture").load(3, 8)
    assert images.pixels.shape == (20, 3, 8, 8)
    assert images.labels is None
    assert images.n_test == 0


def test_a_column_gives_the_captions(repo: str, tmp_path: Path) -> None:
    images = HubImages(repo, tmp_path, "picture", "kind", test_split="test", caption_column="note").load(1, 4)
    assert images.captions == [[f"{split} {i}"] for split, n in (("train", 20), ("test", 4)) for i in range(n)]
    assert images.labels is not None
    with pytest.raises(ValueError, match=r"caption_column='texts' has no text in 2 of 24 rows: 0, 20"):
        HubImages(repo, tmp_path, "picture", test_split="test", caption_column="texts").load(1, 4)


def test_a_column_gives_the_second_pictures_and_those_with_the_same_one_are_a_group(repo: str, tmp_path: Path) -> None:
    images = HubImages(repo, tmp_path, "picture", other_column="before").load(1, 4)
    assert images.others is not None
    assert images.others[:, 0, 2, 2].tolist() == [200 + i // 2 for i in range(20)]
    assert images.groups is not None
    assert (images.groups[:-1] == images.groups[1:]).tolist() == [True, False] * 9 + [True]


def test_prepared_pictures_are_kept(repo: str, tmp_path: Path) -> None:
    source = HubImages(repo, tmp_path, "picture")
    first = source.load(1, 4)
    converted = next((tmp_path / "hub").glob("*/pixels.bin")).stat().st_mtime_ns
    assert np.array_equal(first.pixels, source.load(1, 4).pixels)
    assert next((tmp_path / "hub").glob("*/pixels.bin")).stat().st_mtime_ns == converted


def test_the_identity_follows_what_is_asked_for(repo: str, tmp_path: Path) -> None:
    sources = [
        HubImages(repo, tmp_path, "picture"), HubImages(repo, tmp_path, "picture", "kind"),
        HubImages(repo, tmp_path, "picture", split="test"), HubImages("owner/name", tmp_path),
        HubImages("owner/name", tmp_path, revision="abc"), HubImages(repo, tmp_path, "picture", caption_column="note"),
        HubImages(repo, tmp_path, "picture", other_column="before"),
    ]  # fmt: skip
    assert len({source.identity() for source in sources}) == len(sources)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_column": "pictur"}, r"image_column='pictur': .* no such column; did you mean 'picture'"),
        (
            {"image_column": "picture", "label_column": "class"},
            r"label_column='class': .* it has before, kind, note, ",
        ),
        ({"image_column": "picture", "caption_column": "nte"}, r"caption_column='nte': .* did you mean 'note'"),
        (
            {"image_column": "picture", "caption_column": "kind"},
            "caption_column='kind' holds something other",
        ),
        ({"image_column": "note"}, "holds Value, not pictures"),
        ({"image_column": "picture", "other_column": "befor"}, r"other_column='befor': .* did you mean 'before'"),
        ({"image_column": "picture", "split": "dev"}, "its part 'dev' cannot be had"),
    ],
)
def test_a_wrong_column_or_part_is_one_sentence(
    options: dict[str, str], message: str, repo: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        HubImages(repo, tmp_path, **options).load(1, 4)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_hub_that_cannot_be_reached_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(ValueError, match=r"dataset.source.repo='owner/name': its part 'train' cannot be had") as caught:
        HubImages("owner/name", tmp_path).load(1, 4)
    assert "\n" not in str(caught.value)


def test_pictures_need_not_be_square(repo: str, tmp_path: Path) -> None:
    source = HubImages(repo, tmp_path, "picture", framing="pad")
    assert source.load(3, (6, 12)).pixels.shape == (20, 3, 6, 12)
    assert source.load(3, (12, 6)).pixels.shape == (20, 3, 12, 6)
    assert sorted(path.name[:6] for path in (tmp_path / "hub").glob("3x*-2")) == ["3x12x6", "3x6x12"]
