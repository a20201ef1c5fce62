"""Sounds are mono, of one rate and one length, and as stored they are what the files hold."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from genlab.config.data_checksum import data_checksum
from genlab.data.drums import NAMES, Drum, class_of, drums_of, pieces_of
from genlab.data.fake_data import or_noise
from genlab.data.fetch import DataUnavailableError
from genlab.data.sound import clips, read_sound, to_int16
from genlab.data.sound_datamodule import SoundDataModule
from genlab.data.sound_folder import SoundFolder
from genlab.modalities.audio import Audio
from genlab.notice import Notice

soundfile = pytest.importorskip("soundfile", reason="the extra audio is not installed")

RATE = 8000


def tone(hertz: float, rate: int, seconds: float = 1.0) -> Any:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def folder_of(root: Path, **files: Any) -> SoundFolder:
    for name, samples in files.items():
        path = root / "sounds" / f"{name.replace('__', '/')}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, RATE, subtype="PCM_16")
    return SoundFolder(root / "sounds", root / "data")


def test_sixteen_bits_come_back_bit_for_bit(tmp_path: Path) -> None:
    stored = np.random.default_rng(0).integers(-32768, 32768, (1, 1, 400), dtype=np.int16)
    stored[0, 0, :2] = -32768, 32767
    audio = Audio(RATE)
    path = audio.write(tmp_path / "a.wav", torch.from_numpy(stored[0]))
    assert np.array_equal(to_int16(read_sound(path, RATE)), stored[0, 0])
    seen = audio.to_model(torch.from_numpy(stored))
    assert torch.equal(audio.to_stored(seen), torch.from_numpy(stored))
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_resampling_keeps_a_tone_and_takes_away_what_the_new_rate_cannot_hold(rate: int, tmp_path: Path) -> None:
    for hertz in (440.0, 10500.0):
        soundfile.write(tmp_path / f"{hertz}.wav", tone(hertz, rate), rate, subtype="FLOAT")
    kept, lost = (read_sound(tmp_path / f"{hertz}.wav", 16000) for hertz in (440.0, 10500.0))
    assert len(kept) == 16000
    middle = slice(800, -800)  # the ends of a tone are no tone
    error = np.abs(kept - tone(440, 16000))[middle].max()
    assert 20 * np.log10(error / 0.5) < -60
    assert 20 * np.log10(np.abs(lost)[middle].max() / 0.5) < -50


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_any_width_and_number_of_channels_is_read_as_their_mean(subtype: str, channels: int, tmp_path: Path) -> None:
    each = np.stack([tone(100 * (c + 1), RATE, 0.05) for c in range(channels)], 1)
    soundfile.write(tmp_path / "a.wav", each, RATE, subtype=subtype)
    assert np.abs(read_sound(tmp_path / "a.wav", RATE) - each.mean(1)).max() < (0.01 if "8" in subtype else 1e-4)


def test_slices_joined_are_the_wave_again() -> None:
    whole = tone(440, RATE)
    parts = clips(whole, RATE, 900, "slices")
    assert parts.shape == (8, 900)
    assert np.array_equal(parts.ravel(), whole[:7200])
    short = clips(whole[:100], RATE, 900, "slices")
    assert np.array_equal(short, np.pad(whole[:100], (0, 800))[None])


def test_a_one_shot_begins_at_once_and_fades_where_it_is_cut() -> None:
    late = np.concatenate([np.zeros(500), tone(440, RATE)])
    (cut,) = clips(late, RATE, 900, "start")
    assert np.abs(cut[:20]).max() > 0.1
    assert cut[-1] == 0
    assert np.array_equal(cut[:800], tone(440, RATE)[1:801])
    (padded,) = clips(tone(440, RATE, 0.05), RATE, 900, "start")
    assert not padded[400:].any()


def test_what_cannot_be_read_or_heard_is_left_out_and_counted(tmp_path: Path) -> None:
    source = folder_of(tmp_path, loud=tone(440, RATE), quiet=np.zeros(1000), none=np.zeros(0))
    (tmp_path / "sounds/torn.wav").write_bytes(b"RIFF\0\0")
    soundfile.write(tmp_path / "sounds/nan.wav", np.full(10, np.nan), RATE, subtype="FLOAT")
    with pytest.warns(Notice) as told:
        sounds = source.load(RATE, 800)
    assert len(sounds) == 10
    said = " ".join(str(each.message) for each in told)
    assert "3 of the 5 files cannot be read" in said
    assert "none.wav (it is empty)" in said
    assert "nan.wav (it holds numbers that are not finite)" in said
    assert "1 clip is silent" in said


@pytest.mark.parametrize("files", [{}, {"quiet": np.zeros(900)}])
def test_a_folder_without_a_sound_is_refused_in_one_sentence(files: Any, tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    with pytest.raises(ValueError, match=r"dataset.source.path=.*(is empty|can be read and heard)") as caught:
        folder_of(tmp_path, **files).load(RATE, 800)
    assert "\n" not in str(caught.value)


def test_folders_are_classes_and_clips_of_a_file_stay_together(tmp_path: Path) -> None:
    files = {f"{kind}__{i}": tone(200 + 10 * i, RATE) for kind in ("high", "low") for i in range(5)}
    source = folder_of(tmp_path, **files)
    data = SoundDataModule(source, RATE, 1000, source.num_classes, 4, val_size=0.2, test_size=0.2)
    assert data.class_names == ["high", "low"]
    assert data.n_train + data.n_val + data.n_test == 80
    groups = source.load(RATE, 1000).groups
    assert groups is not None
    rows = [set(groups[data.part(split)[1]].tolist()) for split in ("train", "val", "test")]
    assert sum(map(len, rows)) == 10
    stored, labels = data.items("train")
    assert (stored.dtype, stored.shape[1:], data.shape) == (torch.int16, (1, 1000), (1, 1000))
    assert labels is not None
    assert set(labels.tolist()) == {0, 1}


def test_the_checksum_of_sounds_is_known_without_building_and_moves_with_all_that_decides_them(tmp_path: Path) -> None:
    folder_of(tmp_path, a__1=tone(440, RATE), b__1=tone(880, RATE))
    of_source = {"_target_": "genlab.data.sound_folder.SoundFolder", "path": str(tmp_path / "sounds")}
    cfg = {
        "_target_": "genlab.data.sound_datamodule.SoundDataModule",
        "source": of_source | {"data_dir": str(tmp_path / "data")}, "rate": RATE, "samples": 500,
        "num_classes": 2, "batch_size": 2,
    }  # fmt: skip
    first = data_checksum(cfg, tmp_path / "data")
    assert instantiate(cfg, _convert_="all").checksum == first
    others = [cfg | change for change in ({"rate": 4000}, {"samples": 400}, {"classes": [1]}, {"test_size": 0.3})]
    others += [cfg | {"source": cfg["source"] | change} for change in ({"cut": "start"}, {"normalize": "peak"})]  # type: ignore[operator]
    assert len({first, *(data_checksum(other, tmp_path / "data") for other in others)}) == 7


def test_drums_are_known_by_the_names_of_their_instruments(tmp_path: Path) -> None:
    names = {
        "Snare Rock": "snare", "bass drum 1": "kick", "a#3 - hi-hat open": "hihat", "Side OHH": "hihat",
        "Crash/Ride Bell": "cymbal", "tomhi2": "tom", "Djembe1 Bass": "percussion", "Zap 1": None, "17": None,
    }  # fmt: skip
    assert {name: class_of(name) for name in names} == names
    kit = tmp_path / "kit"
    kit.mkdir()
    for file in ("k1.wav", "k2.wav", "x.wav"):
        (kit / file).touch()
    files = [("Kick", ["k1.wav", "k2.wav", "gone.wav"]), ("Zap", ["x.wav"]), ("Kick 2", ["k1.wav"])]
    instruments = "".join(
        f"<instrument><name>{name}</name>{''.join(f'<filename>{f}</filename>' for f in each)}</instrument>"
        for name, each in files
    )
    (kit / "drumkit.xml").write_text(f'<drumkit_info xmlns="http://x">{instruments}</drumkit_info>')
    found = list(drums_of(tmp_path))
    assert found == [
        Drum("kit/k1.wav", "kit", "Kick"),
        Drum("kit/k2.wav", "kit", "Kick"),
        Drum("kit/x.wav", "kit", "Zap"),
    ]
    assert [(piece.label, piece.group) for piece in pieces_of(iter(found))] == [(NAMES.index("kick"), 0)] * 2


def test_without_the_extra_the_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = folder_of(tmp_path, a=tone(440, RATE))
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(DataUnavailableError, match=r"need the extra audio: pip install 'genlab\[audio\]'"):
        source.load(RATE, 800)
    with pytest.warns(Notice, match="goes on with noise"):
        noise = or_noise(SoundDataModule(source, RATE, 800, None, 4))
    assert noise.items("test")[0].shape == (4, 1, 800)  # type: ignore[attr-defined]
