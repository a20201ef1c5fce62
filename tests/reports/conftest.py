"""A synthetic store: run folders as genlab writes them, with known scores, curves and pictures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlab.modalities.grids import grid, save_png
from genlab.runs.record import Record

PROVENANCE = {
    "extractor": "digits", "extractor_sha256": "ab" * 32, "reference": "digits/test", "reference_n": 360,
    "weights": "ema", "sampler": "Ancestral(1000)", "nfe": 1000, "seed": 0, "interval": "bootstrap",
    "biased_in_n": True,
}  # fmt: skip


def score(value: float | None, half: float = 0.5, better: str = "lower", n: int = 2000, **provenance: Any) -> dict:
    """One entry of a record's metrics."""
    ends = (None, None) if value is None else (value - half, value + half)
    return {"value": value, "low": ends[0], "high": ends[1], "n": n, "unit": "squared distance", "better": better,
            "provenance": {**PROVENANCE, **provenance}}  # fmt: skip


class SyntheticStore:
    """`store.run(fid=..., overrides=[...], seed=0, ...)` writes a run folder and returns it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made = 0

    def run(
        self, metrics: dict[str, dict], *overrides: str, seed: int = 0, status: str = "completed",
        config: dict | None = None, steps: int = 60, pictures: tuple[int, ...] = (20, 60), side: int = 8,
        error: dict | None = None, sweep: str | None = None, task_name: str = "train",
    ) -> Path:  # fmt: skip
        self.made += 1
        name = f"{self.made:012x}"[::-1]
        folder = self.root / task_name / name
        record = Record(
            fingerprint=name, task_name=task_name, family="autoencoder", experiment=None, seed=seed,
            overrides=[*overrides, f"seed={seed}"], status=status, started=f"2026-01-01T{self.made:06}",
            finished="2026-01-01T12:00:00+00:00", seconds=10.0 * self.made, metrics=metrics,
            training={"steps": steps, "images": 64 * steps, "parameters": 1000 * self.made},
            environment={"device": "cpu", "torch": "2.15", "commit": "0123456789ab"},
            data={"name": "digits"}, error=error,
        )  # fmt: skip
        record.save(folder / "record.json")
        content = {"seed": seed, "model": {"coding_size": 2, "seed": seed}, "sweep": sweep, **(config or {})}
        (folder / "config.yaml").write_text(json.dumps(content))  # JSON is YAML
        rng = np.random.default_rng(self.made)
        lines = [
            {"step": i + 1, "epoch": i // 20, "seconds": 0.1 * i,
             "loss": 50 / (1 + i / 9) + self.made + rng.normal() / 3, "kl": 3 + rng.normal() / 9} for i in range(steps)
        ]  # fmt: skip
        lines += [
            {"step": i, "epoch": i // 20, "val/loss": 52 / (1 + i / 9) + self.made} for i in range(20, steps + 1, 20)
        ]
        (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        for step in pictures:
            images = rng.integers(0, 60 + 3 * min(step, 60), (16, 1, side, side), dtype=np.uint8)
            save_png(folder / "samples" / f"step_{step:06d}.png", grid(images, 8))
        return folder


@pytest.fixture
def store(tmp_path: Path) -> SyntheticStore:
    return SyntheticStore(tmp_path / "outputs")


@pytest.fixture
def make_score() -> Callable[..., dict]:
    return score
