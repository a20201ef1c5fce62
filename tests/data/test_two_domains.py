"""Two domains: batches pair nothing, a resumed epoch goes on, who is whose partner is known to scores alone."""

import hashlib
import io
import json
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
from PIL import Image

from genlab.config.data_checksum import data_checksum
from genlab.data import catalog
from genlab.data.digest import folder_digest
from genlab.data.emoji_pair import EmojiPair
from genlab.data.fake_data import Noise
from genlab.data.source import PARTNER, Attribute, Images
from genlab.data.two_domains import TwoDomains
from genlab.data.two_folders import TwoFolders

from .tiny import put


class Shades:
    """Pictures of one shade, which says what each is: 0, 1, ... of a; 100, 101, ... of b. Even ones have partners."""

    name = "shades"

    def __init__(self, a, b):
        self.a, self.b = a, b

    def identity(self):
        return f"{self.a} {self.b}"

    def load(self, channels, size):
        shades = np.r_[: self.a, 100 : 100 + self.b].astype(np.uint8)
        labels = (shades >= 100).astype(np.int64)
        partner = np.where(shades % 2 == 0, shades % 100, shades.astype(np.int64) + 100)
        pixels = np.broadcast_to(shades[:, None, None, None], (len(shades), channels, size, size)).copy()
        known = Attribute(tuple(map(str, range(300))), partner.astype(np.int64))
        return Images(pixels, labels, ["dark", "light"], groups=shades % 100, attributes={PARTNER: known})


def data(a=20, b=20, batch_size=4, **options):
    return TwoDomains(Shades(a, b), 1, 4, batch_size, **({"val_size": 0.1, "test_size": 0.2} | options))


def shades(x):
    """The shade of each picture."""
    return ((x[:, 0, 0, 0] + 1) * 127.5).round().long().tolist()


def joined(parts):
    return list(chain.from_iterable(parts))


def epoch(loader, number):
    loader.set_epoch(number)
    return [(shades(batch.x), shades(batch.other)) for batch in loader]


def test_batches_have_pictures_of_both_and_nothing_is_paired_by_its_place():
    loader = data().train_dataloader()
    first, second = epoch(loader, 0), epoch(loader, 1)
    for a, b in ([joined(part) for part in zip(*each, strict=True)] for each in (first, second)):
        assert len(set(a)) == len(a) == len(set(b))
        assert max(a) < 100 <= min(b)
        assert sum(x + 100 == y for x, y in zip(a, b, strict=True)) < len(a) / 2
    assert [b for _, b in first] != [b for _, b in second]
    together = {(x, y) for each in (first, second) for a, b in each for x, y in zip(a, b, strict=True)}
    assert len(together) > len(first) * 4  # others meet in another epoch
    assert epoch(data().train_dataloader(), 1) == second
    assert epoch(data(seed=1).train_dataloader(), 1) != second


@pytest.mark.parametrize(("a", "b"), [(60, 12), (12, 60)])
def test_an_epoch_is_as_long_as_the_larger_domain_and_the_smaller_one_begins_again(a, b):
    of_two = data(a, b)
    loader = of_two.train_dataloader()
    whole = epoch(loader, 3)
    assert len(whole) == len(loader) == of_two.n_train // 4 == max(of_two.counts["domains"].values()) // 4
    short = [batch[int(b < a)] for batch in whole]
    assert len({x for batch in short for x in batch}) <= min(of_two.counts["domains"].values())
    assert short[0] != short[2]  # the second time in another order
    resumed = of_two.train_dataloader()
    resumed.load_state_dict({"epoch": 3, "batches": 5})
    assert epoch(resumed, 3) == whole[5:]
    assert epoch(resumed, 4) == epoch(of_two.train_dataloader(), 4)
    assert loader.state_dict() == {"epoch": 3, "batches": len(loader)}


def test_validation_sees_all_of_the_larger_domain():
    of_two = data(60, 12, eval_batch_size=3)
    seen = [(shades(batch.x), shades(batch.other)) for batch in of_two.val_dataloader()]
    a, b = (domain.items("val")[0] for domain in of_two.domains)
    assert joined(x for x, _ in seen) == shades(of_two.to_model(a))
    assert {y for _, batch in seen for y in batch} == set(shades(of_two.to_model(b)))


def test_partners_are_in_one_split_and_known_by_their_places():
    of_two = data()
    partners = of_two.partners("test")
    a, b = (shades(of_two.to_model(domain.items("test")[0])) for domain in of_two.domains)
    assert [None if k < 0 else b[k] for k in partners.tolist()] == [x + 100 if x % 2 == 0 else None for x in a]
    trained = {shade % 100 for batch in epoch(of_two.train_dataloader(), 0) for part in batch for shade in part}
    assert trained.isdisjoint(a)
    assert shades(of_two.conditions("test", 3).picture) == a[:3]
    assert torch.equal(of_two.items("test")[0], of_two.domains[1].items("test")[0])
    assert [domain.name for domain in of_two.domains] == ["shades-dark", "shades-light"]


def test_domains_may_change_places():
    turned = data(domains=[1, 0])
    assert [min(part) >= 100 for part in epoch(turned.train_dataloader(), 0)[0]] == [True, False]
    assert turned.checksum != data().checksum
    assert turned.domain_names == ("light", "dark")


def test_noise_stands_in_for_both():
    fed = data().fed_from(Noise("shades", 12), (None, 4, 4))
    batch = next(iter(fed.train_dataloader()))
    assert batch.x.shape == batch.other.shape == (4, 1, 4, 4)
    assert fed.partners("test") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domains": [0, 2]}, r"domains=\[0, 2\]: shades has the labels \[0, 1\]"),
        ({"domains": [1, 1]}, r"domains=\[1, 1\] must be two labels"),
        ({"b": 1}, "split of shades has no"),
    ],
)
def test_what_is_not_two_domains_is_one_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        data(**options).train_dataloader()


@pytest.fixture
def folders(tmp_path):
    def fill(name, n, side):
        (tmp_path / name).mkdir()
        for i in range(n):
            Image.new("RGB", (side, 2 * side), (i, 0, 0)).save(tmp_path / name / f"{name}{i}.png")
        return str(tmp_path / name)

    return fill("day", 12, 9), fill("night", 30, 5), fill("empty", 0, 1)


def test_two_folders_of_different_pictures(folders, tmp_path):
    day, night, _ = folders
    source = TwoFolders(day, night, tmp_path / "cache")
    of_two = TwoDomains(source, 3, 8, 2, val_size=0.1, test_size=0.1)
    assert of_two.name == "day-night"
    assert of_two.domain_names == ("day", "night")
    assert of_two.counts["domains"]["night"] > of_two.counts["domains"]["day"]
    config = {
        "_target_": "genlab.data.two_domains.TwoDomains", "channels": 3, "size": 8, "val_size": 0.1, "test_size": 0.1,
        "batch_size": 2, "domains": [0, 1], "train_size": None,
        "source": {"_target_": "genlab.data.two_folders.TwoFolders", "a": day, "b": night, "data_dir": "elsewhere"},
    }  # fmt: skip
    assert data_checksum(config, tmp_path / "cache") == of_two.checksum


@pytest.mark.parametrize("empty", ["a", "b"])
def test_one_empty_folder_is_one_sentence_that_names_it(empty, folders, tmp_path):
    a, _, nothing = folders
    with pytest.raises(ValueError, match=rf"^dataset\.source\.{empty}=.* is empty"):
        TwoFolders(*((nothing, a) if empty == "a" else (a, nothing)), tmp_path).identity()


def png(shade):
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (shade, shade, shade, 255)).save(file, "PNG")
    return file.getvalue()


def test_emoji_of_two_styles_have_their_partners(tmp_path, monkeypatch):
    codes = [f"1f4{i:02x}" for i in range(20)]
    table = [
        {"image": f"{code}.png", "category": "Objects", "sort_order": i, "has_img_google": True}
        for i, code in enumerate(codes)
    ]
    files = {
        "emoji": {f"64/{code}.png": png(i) for i, code in enumerate(codes)}
        | {"emoji.json": json.dumps(table).encode()},
        "emoji_twitter": {f"64/{code}.png": png(100 + i) for i, code in enumerate(codes) if i != 7},
    }
    for name, content in files.items():
        put(content, tmp_path / name)
        digests = {}
        for file in catalog.ENTRIES[name].files:
            path = tmp_path / name / file
            digests[file] = folder_digest(path) if file.endswith("/") else hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setitem(catalog.ENTRIES, name, replace(catalog.ENTRIES[name], files=digests, origins=()))
    of_two = TwoDomains(EmojiPair(tmp_path), 3, 8, 4, val_size=0.1, test_size=0.4)
    a, b = (shades(of_two.to_model(domain.items("test")[0])) for domain in of_two.domains)
    assert [b[k] for k in of_two.partners("test").tolist()] == [x + 100 for x in a]
    assert 7 not in joined(a for a, _ in epoch(of_two.train_dataloader(), 0))
    with pytest.raises(ValueError, match="give two of fluent, google, openmoji, twitter"):
        EmojiPair(tmp_path, ("google", "apple"))
