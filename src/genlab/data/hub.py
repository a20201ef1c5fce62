"""Pictures from a data set of the Hugging Face hub, or from a folder in its format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genlab.data.catalog import cache_folder
from genlab.data.digest import folder_digest
from genlab.data.dynamic_range import DynamicRange, checked_range
from genlab.data.fetch import DataUnavailableError
from genlab.data.picture import to_size
from genlab.data.prepared import About, Write, prepared
from genlab.data.resize import check_channels
from genlab.data.second_pictures import same_second
from genlab.data.source import Images
from genlab.errors import listed, nearest
from genlab.picture_size import Size, height_and_width
from genlab.progress import progress
from genlab.ranges import AnyFloat

_CONVERSION = 2
"""Raised when converting the same pictures gives other pixels."""
_PICTURES = ("image_column", "other_column")


@dataclass(frozen=True)
class HubImages:
    """The pictures of one column, converted once.

    Args:
        repo: the data set's name on the hub ("owner/name"), or a folder in the hub's format.
        data_dir: where the download and the converted pictures are kept.
        image_column: the column with the pictures.
        label_column: the column with the classes (numbers from 0, or class labels); None for none.
        configuration: which configuration, for data sets that have several.
        split: the part to train and validate on.
        test_split: the part to test on; None for none.
        revision: a commit, tag or branch. The run's fingerprint holds what is written here, so give a commit where
            the data set may change.
        framing: "crop" takes the central part of the proportions asked for, "pad" all of a picture between white
            borders.
        range: the values that are black and white in pictures of more than 8 bits, where it is not certain.
        caption_column: the column with the captions, one text or a list of them for each picture; None for none.
        other_column: the column with a second picture for each; None for none. Pictures with the same second one never
            fall into different splits.
    """

    repo: str
    data_dir: str | Path
    image_column: str = "image"
    label_column: str | None = None
    configuration: str | None = None
    split: str = "train"
    test_split: str | None = None
    revision: str | None = None
    framing: Literal["crop", "pad"] = "crop"
    range: Sequence[AnyFloat] | None = None
    caption_column: str | None = None
    other_column: str | None = None

    def __post_init__(self) -> None:
        checked_range(self.range)

    @property
    def name(self) -> str:
        return Path(self.repo).name

    @property
    def has_captions(self) -> bool:
        return self.caption_column is not None

    @property
    def has_others(self) -> bool:
        return self.other_column is not None

    def identity(self) -> str:
        local = Path(self.repo).is_dir()
        data = folder_digest(Path(self.repo)) if local else [self.repo, self.revision]
        columns = [self.image_column, self.label_column, self.configuration, self.split, self.test_split, self.framing]
        given: list[Any] = [] if self.range is None else [list(map(float, self.range))]
        if self.caption_column is not None:
            given.append({"captions": self.caption_column})
        if self.other_column is not None:
            given.append({"others": self.other_column})
        return hashlib.sha256(json.dumps([data, *columns, *given]).encode()).hexdigest()

    def load(self, channels: int, size: Size) -> Images:
        """The pictures.

        Raises:
            ModuleNotFoundError: the extra `hub` is not installed.
            DataUnavailableError: the data set cannot be had, or has no such part.
            ValueError: it has no such column.
        """
        check_channels(channels)
        cache = cache_folder(Path(self.data_dir).expanduser() / "hub", self.identity(), channels, size, _CONVERSION)
        return prepared(cache, (channels, *height_and_width(size)), lambda write: self._prepare(write, channels, size))

    def _prepare(self, write: Write, channels: int, size: Size) -> About:
        parts = [self._part(split) for split in (self.split, self.test_split) if split is not None]

        captions, n = self._captions(parts), sum(map(len, parts))
        with progress(f"converting {self.name}", n * (1 + self.has_others), "images") as advance:
            for picture in self._converted(parts, self.image_column, channels, size):
                write(picture[None])
                advance(1)
            others = groups = None
            if self.other_column is not None:
                others = np.empty((n, channels, *height_and_width(size)), np.uint8)
                for i, picture in enumerate(self._converted(parts, self.other_column, channels, size)):
                    others[i] = picture
                    advance(1)
                groups = same_second(others)
        n_test = len(parts[1]) if len(parts) == 2 else 0
        labels = class_names = None
        if self.label_column is not None:
            labels = np.concatenate([np.asarray(part[self.label_column][:], dtype=np.int64) for part in parts])
            class_names = self._class_names(parts[0])
        return About(labels, class_names, n_test, groups, captions=captions, others=others)

    def _converted(
        self, parts: Sequence[Any], column: str, channels: int, size: Size
    ) -> Iterator[NDArray[np.uint8]]:  # fmt: skip
        """(channel, height, width): the picture of each row."""

        def pictures() -> Iterator[Any]:
            return (row[column] for part in parts for row in part)

        range_of = DynamicRange(pictures, checked_range(self.range), f"dataset.source.repo={self.repo!r}")
        for row, picture in enumerate(pictures()):
            if picture is None:
                raise ValueError(f"the column {column!r} of {self.repo} has no picture in row {row}")
            yield to_size(picture, channels, size, self.framing, range_of)

    def _captions(self, parts: Sequence[Any]) -> list[list[str]] | None:
        """The texts of each row.

        Raises:
            ValueError: the column holds something else, or a row has none.
        """
        if self.caption_column is None:
            return None
        values = [value for part in parts for value in part[self.caption_column][:]]
        each = [list(value or ()) if isinstance(value, list | None) else [value] for value in values]
        key = f"dataset.source.caption_column={self.caption_column!r}"
        if not all(isinstance(text, str) for texts in each for text in texts):
            raise ValueError(f"{key} holds something other than texts")
        each = [[text.strip() for text in texts if text.strip()] for texts in each]
        if silent := [str(row) for row, texts in enumerate(each) if not texts]:
            raise ValueError(f"{key} has no text in {len(silent)} of {len(each)} rows: {listed(silent, 3)}")
        return each

    def _part(self, split: str) -> Any:
        """The rows of a split, with no other columns than those asked for."""
        load = _load_dataset()
        where = f"dataset.source.repo={self.repo!r}"
        try:
            part = load(
                self.repo, self.configuration, split=split, revision=self.revision,
                cache_dir=str(Path(self.data_dir).expanduser() / "hub" / "downloads"),
            )  # fmt: skip
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise DataUnavailableError(f"{where}: its part {split!r} cannot be had ({reason})") from error
        asked = {key: getattr(self, key) for key in (*_PICTURES, "label_column", "caption_column")}
        columns = {key: column for key, column in asked.items() if column is not None}
        for key, column in columns.items():
            if column not in part.column_names:
                advice = nearest(column, part.column_names) or f"; it has {listed(part.column_names)}"
                raise ValueError(f"dataset.source.{key}={column!r}: {self.repo} has no such column{advice}")
        for key in _PICTURES:
            if key in columns and (kind := type(part.features[columns[key]]).__name__) != "Image":
                raise ValueError(f"dataset.source.{key}={columns[key]!r} holds {kind}, not pictures")
        return part.select_columns(list(columns.values()))

    def _class_names(self, part: Any) -> Sequence[str] | None:
        names = getattr(part.features[self.label_column], "names", None)
        return None if names is None else list(names)


def _load_dataset() -> Any:
    try:
        from datasets import load_dataset
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "dataset=hub needs the extra hub: pip install 'genlab[hub]'", name="datasets"
        ) from error
    return load_dataset
