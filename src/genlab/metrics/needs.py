"""The words for what a metric may need of a model, its data and its own extractor."""

from __future__ import annotations

from typing import Literal, get_args

from genlab.errors import listed, nearest

Need = Literal[
    "samples",
    "pixels",  # samples that are kept
    "timing",  # of drawing
    "classes",  # samples of a class that was asked for
    "class of each sample",  # asked for, or the data's only one
    "labels",  # of the data
    "known classes",  # an extractor that classifies the data
    "captions",  # of the samples, or names of their classes
    "captions of the data",
    "attributes",  # of the data's pictures
    "attributes of each sample",  # which its prompt asks for
    "known attributes",  # an extractor that reads them in a picture
    "reconstructions",
    "translations",  # between two domains of the data, both ways
    "partners",  # of the data's pictures, in the other domain
    "edits",  # of pictures, by a model whose sampling can begin at one
    "codes",
    "codec of sounds",  # through which a model sees them
    "styles",  # that pictures are drawn by
    "pictures and texts",  # in one space
    "likelihood",
    "bound",  # of a model that adds noise in steps
    "flow",  # of a model in continuous time
    "6 pixels",  # and more
    "large pictures",  # 11 pixels and more
    "31 pixels",  # and more
]


def check_needs(handle: str, metric: object) -> None:
    """Raise ValueError, one sentence, unless `metric` says what it needs in words of `Need`: it would never apply."""
    name = f"the metric {handle} ({type(metric).__name__})"
    needs = getattr(metric, "needs", None)
    if not isinstance(needs, set | frozenset):
        raise ValueError(f"{name} must say what it needs: needs = frozenset({{...}}) of {listed(get_args(Need), 99)}")
    for need in needs:
        if need not in get_args(Need):
            hint = nearest(str(need), get_args(Need)) or f"; it may need {listed(get_args(Need), 99)}"
            raise ValueError(f"{name} needs {need!r}, which nothing offers{hint}")
