"""A saved view of a W&B project that shows one sweep: its curves, its scores by swept key, its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from genlab.interop.wandb import STEP

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Workspace


class Shown(NamedTuple):
    """What a view shows, by the names that W&B has for it."""

    title: str
    group: str
    """The sweep, which is the group of its runs."""
    keys: Sequence[str]
    """Swept keys of the config, dotted."""
    scores: Sequence[str]
    """Names of the record's metrics."""
    terms: Sequence[str]
    """Terms of the history: loss, val/loss, kl, ..."""
    pictures: Sequence[str]
    """Kinds of pictures."""


def save(shown: Shown, project: str, entity: str) -> str:
    """Save the view to the server and return its address; `save` again makes another view.

    Raises:
        ModuleNotFoundError: W&B's own package for views is not installed.
    """
    workspace = view(shown, project, entity)
    workspace.save_as_new_view()
    return str(workspace.url)


def view(shown: Shown, project: str, entity: str) -> Workspace:
    """The view, built and not sent; raises ModuleNotFoundError as `save`."""
    import wandb_workspaces.reports.v2 as wr
    import wandb_workspaces.workspaces as ws

    scores = [f"test/{name}" for name in shown.scores]
    terms = dict.fromkeys(name.removeprefix("val/") for name in shown.terms)
    curves = [wr.LinePlot(x=STEP, y=[n for n in (term, f"val/{term}") if n in shown.terms], title=term)
              for term in terms]  # fmt: skip
    sweep: list[Any] = []
    if shown.keys and scores:
        columns = [wr.ParallelCoordinatesPlotColumn(wr.Config(key)) for key in shown.keys]
        columns += [wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(score)) for score in scores]
        sweep = [wr.ParallelCoordinatesPlot(columns=columns), wr.ParameterImportancePlot(with_respect_to=scores[0])]
    panels: dict[str, list[Any]] = {
        "Scores": [wr.BarPlot(metrics=[score], title=score) for score in scores],
        "Swept keys": sweep,
        "Losses": curves,
        "Pictures": [wr.MediaBrowser(media_keys=[kind], title=kind) for kind in shown.pictures],
    }
    return ws.Workspace(
        name=shown.title, project=project, entity=entity,
        sections=[ws.Section(name=name, panels=made, is_open=True) for name, made in panels.items() if made],
        runset_settings=ws.RunsetSettings(filters=ws.And(ws.Metric("group") == shown.group)),
    )  # fmt: skip
