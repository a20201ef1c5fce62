"""Extractors that were trained here: which run a recipe stands for, before a measurement has its name."""

from __future__ import annotations

from omegaconf import DictConfig, open_dict

from genlab.config.lookup import get, parts


def note_runs(cfg: DictConfig) -> None:
    """Write the run in place of a recipe where an extractor names one: another run tomorrow is another measurement.

    A recipe without a finished run stays; the extractor says so itself, where a metric looks through it.
    """
    for root in ("extractor", "extractors", "metrics"):
        for _, part in parts(cfg, root):
            recipe, output_dir = get(part, "run"), get(part, "output_dir")
            if not (isinstance(recipe, str) and isinstance(output_dir, str)):
                continue
            from genlab.runs.store import Store

            if (run := Store(output_dir).newest_of(recipe)) is not None:
                with open_dict(part):
                    part.run = run.path.name
