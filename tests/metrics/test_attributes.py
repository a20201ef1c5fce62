"""What samples and reconstructions show, on pictures of which the truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genlab.data.image_datamodule import ImageDataModule
from genlab.data.source import Attribute, Images
from genlab.metrics.attribute_accuracy import AttributeAccuracy
from genlab.metrics.attribute_share import AttributeShare
from genlab.metrics.cache import digest
from genlab.metrics.compare import differences
from genlab.metrics.extractors.attributes import AttributeNetwork, AttributeProbe, learnt_of_test
from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.kept_attributes import KeptAttributes
from genlab.metrics.source import Fixed
from genlab.metrics.suite import Suite
from genlab.picture_size import Size

from .composed import COLOURS, Drawing, Mirroring, Squares


def probe(folder: Any, **changed: Any) -> AttributeProbe:
    settings = {"n_features": 16, "steps": 60, "train_batch_size": 32, "lr": 0.01, "seed": 0} | changed
    return AttributeProbe("attributes", str(folder), **settings)


def scored(model: Any, data: Any, folder: Any, n: int = 44) -> Any:
    extractor = probe(folder)
    metrics: dict[str, Any] = {"attributes": AttributeAccuracy(extractor), "kept": KeptAttributes(extractor)}
    return Suite(metrics, n, 20, 0, "test", str(folder)).evaluate(model, data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("probe")


def test_samples_of_their_prompts_have_all_attributes_and_the_probe_tells_its_own_accuracy(folder: Path) -> None:
    found = scored(Drawing(), Squares(), folder)
    assert {name: score.value for name, score in found.items()} == {
        f"attribute_{name}_{group}": 1.0 for name in ("colour", "corner", "all") for group in ("seen", "held_out")
    }
    assert found["attribute_colour_seen"].n == found["attribute_colour_held_out"].n == 22
    assert found["attribute_corner_held_out"].made["extractor_accuracy"] == 1
    assert found["attribute_corner_seen"].measured["prompts"] == "squares/test"


def test_a_model_of_one_colour_is_right_as_often_as_that_is_asked_for(folder: Path) -> None:
    data = Squares()
    found = scored(Drawing(always="green"), data, folder)
    asked = [colour == "green" for colour, _ in data.pairs["test"][::2]]
    assert found["attribute_colour_seen"].value == pytest.approx(sum(asked) / 22)
    assert found["attribute_all_seen"].value == found["attribute_colour_seen"].value
    assert found["attribute_colour_held_out"].value == 0
    assert found["attribute_corner_held_out"].value == found["attribute_corner_seen"].value == 1


def test_only_what_a_caption_decides_is_asked_for(folder: Path) -> None:
    data = Squares()
    data.told = frozenset({"corner"})
    found = scored(Drawing(always="green"), data, folder)
    assert {name: score.value for name, score in found.items()} == {
        f"attribute_{name}_{group}": 1.0 for name in ("corner", "all") for group in ("seen", "held_out")
    }
    assert found["attribute_all_seen"].made["extractor_accuracy"] == 1
    of_both = scored(Drawing(), Squares(), folder)["attribute_all_seen"]
    assert differences(found["attribute_all_seen"], of_both) == ["attributes"]
    data.told = frozenset()
    assert "attributes" not in Suite(
        {"attributes": AttributeAccuracy(probe(folder))}, 4, 4, 0, "test", str(folder)
    ).applicable(Drawing(), data)


def test_the_accuracy_of_several_attributes_is_that_of_all_together(folder: Path) -> None:
    extractor = probe(folder, steps=1)
    extractor.check(Squares())
    each = [extractor.accuracy([name], "_seen") or 0 for name in ("colour", "corner")]
    assert 0 < max(each) < 1
    assert max(0, sum(each) - 1) <= (extractor.accuracy(["colour", "corner"], "_seen") or 0) <= min(each)


def test_samples_are_compared_with_no_picture_that_the_probe_has_learnt_from(folder: Path) -> None:
    data, extractor = Squares(), probe(folder)
    images, of_test = data.items("test")[0], data.attributes("test")
    found = Suite({"fid": FrechetDistance(extractor)}, 44, 44, 0, "test", str(folder)).evaluate(Drawing(), data)
    rows = extractor.reference_rows(data, "test")
    assert rows is not None
    assert not learnt_of_test(data)[rows].any()
    assert of_test["held_out"].values[rows].mean() == of_test["held_out"].values.mean()
    measured = found["fid_attributes"].measured
    assert measured["reference"] == "squares/test, without what attributes has learnt"
    assert (measured["reference_n"], measured["reference_sha256"]) == (22, digest(images[rows]))
    assert extractor.reference_rows(data, "val") is extractor.reference_rows(Squares(holds_out=False), "test") is None


def test_more_samples_than_captions_begin_again(folder: Path) -> None:
    found = scored(Drawing(), Squares(), folder, n=100)
    assert found["attribute_all_seen"].n + found["attribute_all_held_out"].n == 100
    assert found["attribute_all_seen"].value == found["attribute_all_held_out"].value == 1


def test_how_often_parts_are_seen_asked_for_or_not(folder: Path) -> None:
    for always, share in (("green", 1.0), ("red", 0.0)):
        metric = AttributeShare(probe(folder), "colour", ["green", "blue"])
        suite = Suite({"avoided": metric}, 44, 20, 0, "test", str(folder))
        found = suite.evaluate(Drawing(always), Squares())["attribute_share"]
        asked = [colour != "red" for colour, _ in Squares().pairs["test"]]
        assert (found.value, found.made["share_of_real"]) == (share, pytest.approx(sum(asked) / 44))
        assert (found.measured["attribute"], found.measured["parts"]) == ("colour", ["green", "blue"])


@pytest.mark.parametrize(
    ("attribute", "part", "said"),
    [("color", "red", "no attribute 'color'; did you mean 'colour'"), ("colour", "reed", "did you mean 'red'")],
)
def test_a_part_that_the_data_do_not_have_is_refused(attribute: str, part: str, said: str, folder: Path) -> None:
    suite = Suite({"avoided": AttributeShare(probe(folder), attribute, [part])}, 44, 20, 0, "test", str(folder))
    with pytest.raises(ValueError, match=said):
        suite.evaluate(Drawing(), Squares())


def test_data_that_hold_out_nothing_have_one_score_an_attribute(folder: Path) -> None:
    assert set(scored(Drawing(), Squares(holds_out=False), folder)) == {
        "attribute_colour", "attribute_corner", "attribute_all"
    }  # fmt: skip


def test_reconstructions_keep_the_colour_and_not_the_corner_when_they_are_mirrored(folder: Path) -> None:
    found = scored(Mirroring(), Squares(), folder)
    assert {name: score.value for name, score in found.items()} == {
        "kept_colour": 1, "kept_corner": 0, "kept_all": 0
    }  # fmt: skip
    assert found["kept_colour"].n == 33  # the probe has learnt from a half of the 22 that are held out


def test_the_probe_learns_from_every_second_of_the_pictures_that_are_held_out() -> None:
    assert learnt_of_test(Squares()).nonzero().flatten().tolist() == list(range(1, 44, 4))
    assert not learnt_of_test(Squares(holds_out=False)).any()


class Numbered:
    """200 pictures of their own numbers in two classes; a third is held out."""

    name = "numbered"

    def identity(self) -> str:
        return self.name

    def load(self, channels: int, size: Size) -> Images:
        numbers = np.arange(200, dtype=np.uint8)
        held_out = Attribute(("seen", "held-out"), (numbers % 3 == 0).astype(np.int64))
        pixels = numbers.reshape(-1, 1, 1, 1).repeat(4, axis=2).repeat(4, axis=3)
        return Images(pixels, numbers.astype(np.int64) % 2, attributes={"held_out": held_out})


def test_what_the_probe_has_learnt_from_is_known_where_some_classes_are_chosen() -> None:
    def numbers(classes: int | None) -> tuple[set[int], set[int]]:
        data = ImageDataModule(Numbered(), 1, 4, 2, 8, test_size=0.5, classes=classes)
        of_test = data.items("test")[0][:, 0, 0, 0]
        return set(of_test.tolist()), set(of_test[learnt_of_test(data)].tolist())

    everything, learnt = numbers(None)
    for each in (0, 1):
        chosen, of_chosen = numbers(each)
        assert of_chosen == learnt & chosen
        assert chosen < everything
    assert learnt


def test_a_probe_is_trained_once_the_same_way(tmp_path: Path) -> None:
    def prepared(where: str, **changed: Any) -> AttributeProbe:
        made = probe(tmp_path / where, steps=5, **changed)
        torch.rand(1)  # the state outside must not matter
        made.check(Squares())
        return made

    first = prepared("a")
    file = next((tmp_path / "a" / "extractors").glob("*.safetensors"))
    stamp = file.stat().st_mtime_ns
    assert prepared("a").sha256 == prepared("b").sha256 == first.sha256
    assert file.stat().st_mtime_ns == stamp
    assert prepared("a").remarks() == first.remarks()
    assert prepared("a", seed=1).sha256 != first.sha256


class Labelled(Squares):
    """With the colour as the class."""

    num_classes = len(COLOURS)

    def items(self, split: str) -> Any:
        return super().items(split)[0], torch.from_numpy(self.attributes(split)["colour"].values)


def test_what_was_trained_before_is_found_by_its_name(tmp_path: Path) -> None:
    """The name of the file is a digest of pictures, answers and recipe; a change of the code must not change it."""
    extractors = (
        OwnClassifier("digits", str(tmp_path), 16, 2, 32, 0.01, 0),
        AttributeProbe("attributes", str(tmp_path), 16, 2, 32, 0.01, 3),
    )
    for extractor in extractors:
        extractor.check(Labelled())
    assert {path.name for path in tmp_path.rglob("*.safetensors")} == {
        "squares-dc400034ee1f60c6.safetensors",
        "squares-attributes-64fc4f7316dad505.safetensors",
    }


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 24), (3, 33, 31), (3, 64, 64)])
def test_the_network_reads_pictures_of_any_shape(shape: tuple[int, ...]) -> None:
    seen = AttributeNetwork(shape, (3, 5), 16).eval()(torch.zeros(2, *shape, dtype=torch.uint8))
    assert (seen.features.shape, seen.logits.shape) == ((2, 16), (2, 8))


def test_data_without_attributes_and_pictures_without_prompts_are_not_scored(tmp_path: Path, data: Any) -> None:
    extractor = probe(tmp_path, steps=1)
    metrics: dict[str, Any] = {"attributes": AttributeAccuracy(extractor), "fid": FrechetDistance(extractor)}
    suite = Suite(metrics, 10, 10, 0, "test", str(tmp_path))
    assert set(suite.applicable(Fixed(Squares().items("test")[0], None, "a test"), Squares())) == {"fid"}
    assert set(suite.applicable(Drawing(), data)) == {"fid"}
    with pytest.raises(ValueError, match=r"extractor=attributes learns what data say .* and digits has no attributes"):
        suite.check(Fixed(data.items("test")[0], None, "a test"), data)
