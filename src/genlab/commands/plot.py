"""genlab plot: a noise schedule as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from genlab.commands.app import App, run_app
from genlab.commands.naming import refuse_one_place, stem
from genlab.config.check import check
from genlab.config.schema import Plot


def main(argv: list[str]) -> int:
    """Draw the schedule of `scheduler=` over pictures of `dataset=`."""
    app = App(task=plot, check=lambda cfg: check(cfg, Plot), plan=refuse_one_place)
    run_app("plot", app, argv)
    return app.status()


def plot(cfg: DictConfig) -> Path:
    """Write the picture; returns where it is."""
    check(cfg, Plot)
    from genlab.config.instantiate import build
    from genlab.processes.degrading import Degrading
    from genlab.processes.gaussian import Gaussian
    from genlab.processes.schedule import Schedule
    from genlab.reports.schedule import draw_schedule

    chosen = build(cfg.scheduler, list(cfg.allow_targets))
    data = build(cfg.dataset, list(cfg.allow_targets))
    x0 = data.modality.to_model(data.items("train")[0][: cfg.pictures])
    process: Any = Gaussian(chosen) if isinstance(chosen, Schedule) else Degrading(chosen, list(x0.shape[1:]))
    path = draw_schedule(process, x0, Path(cfg.out or f"{stem('schedule', cfg)}.png"), data.modality, cfg.columns)
    print(path)
    return path
