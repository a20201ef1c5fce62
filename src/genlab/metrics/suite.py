"""Which metrics are computed, on how many samples, against which split."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import torch

from genlab.conditions import asks_of, conditions_for
from genlab.errors import ConfigError
from genlab.finite import finite_weights
from genlab.metrics.capabilities import capabilities
from genlab.metrics.cost import Cost
from genlab.metrics.evaluation import Evaluation, Plan
from genlab.metrics.extractors.extractor import Extractor, Report
from genlab.metrics.least import counted, too_few
from genlab.metrics.modality import check_modalities, read_by, reads
from genlab.metrics.needs import check_needs
from genlab.metrics.reference import Data, Split
from genlab.metrics.score import Score
from genlab.metrics.scored import Scored, compute
from genlab.metrics.source import Fixed, Generated, Source, labels_in_turn
from genlab.notice import Notice
from genlab.picture_size import size_to_draw
from genlab.prompts import read_prompts
from genlab.protocols import Samples
from genlab.randomness import fold_in
from genlab.ranges import PositiveInt, Seed


class Metric(Protocol):
    """A metric: what it needs of a model and its data, and the named scores it makes of one evaluation."""

    needs: frozenset[str]
    """Words of `needs.Need`, which a suite checks; the metric is left out where a model or its data do not offer all of
    them. One that a single picture is too few for says in `least: Counts` how many there must be."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names that its scores may have; "{extractor}" stands for the extractor's name. None: the data decide."""
        ...

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        """Scores by name."""
        ...


class Suite:
    """Computes every metric that applies to a model, each shared step once.

    Args:
        metrics: the metrics, by any handle.
        n_samples: how many samples are drawn, and at most how many pictures are reconstructed.
        batch_size: of drawing; changes no result.
        seed: names the set of samples: sample i depends on (seed, i) alone.
        split: the real data that samples are compared with.
        cache_dir: where references are kept (`paths.data_dir`).
        keep_features: keep the features of samples in the run folder, so that another metric on the same extractors
            needs no new samples.
        only: the handles of the metrics that are computed; None takes all.
        negative_prompt: what samples are led away from, of a model that goes by texts under guidance.
        prompts: a text file with a prompt a line, which are asked for in turn; None takes the captions of the split.
            Pictures, masks and depths that a model goes by, too, are those of the split in any case.
    """

    def __init__(
        self,
        metrics: Mapping[str, Metric],
        n_samples: PositiveInt,
        batch_size: PositiveInt,
        seed: Seed,
        split: Literal["train", "val", "test"],
        cache_dir: str,
        keep_features: bool = False,
        only: list[str] | None = None,
        negative_prompt: str | None = None,
        prompts: str | None = None,
    ) -> None:
        if unknown := [name for name in only or [] if name not in metrics]:
            raise ValueError(f"metrics.only names {unknown[0]}, which is none of {', '.join(metrics)}")
        for name, metric in metrics.items():
            check_needs(name, metric)
        self.metrics = {name: metric for name, metric in metrics.items() if only is None or name in only}
        self.n_samples, self.asked_by = n_samples, "metrics.n_samples"
        self.batch_size = batch_size
        self.seed = seed
        self.split = split
        self.cache_dir = Path(cache_dir)
        self.keep_features = keep_features
        self.negative_prompt = negative_prompt
        self.prompts, self._asked = prompts, None if prompts is None else read_prompts(prompts)
        self._warned: set[str] = set()
        check_modalities(self.metrics)
        self._share_extractors()

    def _share_extractors(self) -> None:
        """Equal extractors become one object, so that weights are loaded and samples looked at once."""
        unique: dict[tuple[Any, ...], Extractor] = {}
        for metric in self.metrics.values():
            if (extractor := getattr(metric, "extractor", None)) is not None:
                metric.extractor = unique.setdefault(extractor.identity, extractor)  # type: ignore[attr-defined]
        by_name: dict[str, tuple[Any, ...]] = {}
        for identity, extractor in unique.items():
            if by_name.setdefault(extractor.name, identity) != identity:
                raise ValueError(f"two different extractors of this suite are both named {extractor.name}; rename one")

    @property
    def needs(self) -> set[str]:
        """All that any of the metrics needs."""
        return {need for metric in self.metrics.values() for need in metric.needs}

    @property
    def names(self) -> list[str] | None:
        """All names that its scores may have; None where a metric does not name them, as one that goes by the data."""
        names = []
        for metric in self.metrics.values():
            if (own := getattr(metric, "names", None)) is None:
                return None
            name = getattr(getattr(metric, "extractor", None), "name", "")
            names += [each.format(extractor=name) for each in own]
        return names

    @property
    def extractors(self) -> list[Extractor]:
        """Those that the metrics look through, each once."""
        return _extractors(self.metrics)

    def extractors_for(self, data: Data) -> list[Extractor]:
        """Those of the metrics that read the data's modality, each once."""
        name = data.modality.name
        return _extractors({key: metric for key, metric in self.metrics.items() if reads(metric, name)})

    def applicable(self, module: object, data: Data) -> dict[str, Metric]:
        """The metrics that read the data's modality, and whose needs the model and its data meet."""
        able = capabilities(module, data)
        if self.prompts is not None:
            able -= {"attributes of each sample"}
        return {
            name: metric
            for name, metric in self.metrics.items()
            if reads(metric, data.modality.name) and metric.needs <= able | _knowledge(metric)
        }

    def on(self, n_samples: int, split: Split, asked_by: str) -> Suite:
        """The same metrics on another number of samples, for which the key `asked_by` asks, against another split."""
        suite = Suite(
            self.metrics, n_samples, self.batch_size, self.seed, split, str(self.cache_dir),
            negative_prompt=self.negative_prompt, prompts=self.prompts,
        )  # fmt: skip
        suite.asked_by = asked_by
        return suite

    def measure_cost(self) -> None:
        """Let the cost of a sample be measured too, where it is not yet."""
        if not any(isinstance(metric, Cost) for metric in self.metrics.values()):
            self.metrics["cost"] = Cost()

    def check(self, module: object, data: Data, progress: Report = None) -> None:
        """Raises ValueError, one sentence, for whatever would make `evaluate` fail: call it before training.

        It fetches or trains the weights of extractors, and calls `progress` meanwhile.
        """
        if sized := size_to_draw(module, data):
            cast(Any, module).shape_of(**sized)  # raises where it draws no such pictures
        metrics = self.applicable(module, data)
        for key, value in (("negative_prompt", self.negative_prompt), ("prompts", self.prompts)):
            if value is not None and key.removesuffix("s") not in asks_of(module):
                raise ValueError(f"metrics.{key}={value!r}: this model does not go by texts")
        if isinstance(module, Samples) and asks_of(module) - {"label"}:
            conditions_for(module, data, self.split, 1, self._asked)  # raises where the data do not have what it needs
        if self.metrics and not any(reads(metric, data.modality.name) for metric in self.metrics.values()):
            kinds = sorted({kind for metric in self.metrics.values() for kind in read_by(metric) or ()})
            raise ValueError(
                f"{data.name} is {data.modality.name}, which no metric of the suite ({', '.join(self.metrics)}) reads: "
                f"they read {', '.join(kinds)}; choose others or metrics=none"
            )
        if self.metrics and not metrics:
            able = ", ".join(sorted(capabilities(module, data))) or "nothing"
            raise ValueError(
                f"no metric of the suite ({', '.join(self.metrics)}) applies: they need "
                f"{', '.join(sorted(self.needs))}, the model and its data offer {able}; choose others or metrics=none"
            )
        self.check_counts(module, data)
        taken = getattr(module, "num_classes", None)
        if taken and data.num_classes and taken != data.num_classes:
            text = f"the model takes {taken} classes and {data.name} has {data.num_classes}: metrics of classes compare"
            self._warn(f"{text} classes of equal numbers, and the others unequal mixtures")
        for extractor in _extractors(metrics):
            extractor.check(data, progress)
            if extractor.colour and data.shape[0] == 1:
                self._warn(
                    f"{data.name} is grey and the extractor {extractor.name} knows photographs in colour: the channel "
                    "is repeated three times, and distances say less than on a network of the data's own kind"
                )
        for metric in metrics.values():
            if hasattr(metric, "check"):  # of weights that are no extractor's
                metric.check()

    def check_counts(self, module: object, data: Data) -> None:
        """Raises ConfigError, one sentence, when there are too few pictures for a metric that applies.

        Loads no weights of extractors; `module` may be on the meta device.
        """
        metrics = self.applicable(module, data)
        if not metrics:
            return
        if isinstance(module, Fixed):
            n, labels, amount = module.n, module.labels, f"{module.n} pictures"
        else:
            n, labels = self.n_samples, labels_in_turn(module, 0, self.n_samples)
            amount = f"{self.asked_by} = {self.n_samples}"
        if lacking := too_few(metrics, counted(n, labels, data, self.split), self.split):
            rest = ",".join(name for name in self.metrics if name not in lacking)
            without = f"metrics.only=[{rest}]" if rest else "metrics=none"
            raise ConfigError(
                f"{amount} on {data.name}: {'; '.join(lacking.values())}; there must be more, or {without} without "
                f"{' and '.join(lacking)}"
            )

    def _warn(self, text: str) -> None:
        """Once for a suite, which is checked before training and again when it is computed."""
        if text not in self._warned:
            self._warned.add(text)
            warnings.warn(text, Notice, stacklevel=3)

    def evaluate(self, module: Any, data: Data, *, out_dir: Path | None = None, progress: Report = None) -> Scored:
        """Scores by name of everything that applies, with the module's averaged weights.

        A metric that fails gives a notice and is kept in `unscored` of the result; the others keep their scores.

        Args:
            out_dir: a folder for pictures (closest_pairs.png) and kept features; without it there are none.
            progress: called with (what is done, how many are done, of how many).

        Raises:
            NotFinite: weights, samples, reconstructions, codes or likelihoods are no numbers.
            ValueError: whatever `check` finds, and when no metric could be computed.
        """
        with _averaged(module):
            finite_weights(module)
        self.check(module, data, progress)
        source = self._source(module, data) if isinstance(module, Samples) else None
        with torch.no_grad(), _averaged(module), torch.random.fork_rng(_cuda_devices(module)):
            torch.manual_seed(fold_in(self.seed, "metrics"))  # for what takes no generator; training's state is kept
            device = torch.device(getattr(module, "device", "cpu"))
            return self._scores(self.applicable(module, data), module, source, data, out_dir, progress, device)

    def _source(self, module: Samples, data: Data) -> Generated:
        return Generated(module, self.n_samples, self.seed, data, self.split, self.negative_prompt, self._asked)

    def evaluate_pictures(
        self, pictures: Fixed, data: Data, *, out_dir: Path | None = None, progress: Report = None,
        device: torch.device | str = "cpu",
    ) -> Scored:  # fmt: skip
        """Scores by name of pictures that are there already, against the split of `data`; extractors on `device`."""
        if pictures.pixels.shape[1:] != torch.Size(data.shape):
            raise ValueError(
                f"the pictures are {tuple(pictures.pixels.shape[1:])} and those of {data.name} {tuple(data.shape)} "
                "(channel, height, width): bring them to the same size first"
            )
        self.check(pictures, data, progress)
        metrics = self.applicable(pictures, data)
        return self._scores(metrics, None, pictures, data, out_dir, progress, torch.device(device))

    def _scores(
        self, metrics: dict[str, Metric], module: Any, source: Source | None, data: Data, out_dir: Path | None,
        progress: Report, device: torch.device,
    ) -> Scored:  # fmt: skip
        needs = {need for metric in metrics.values() for need in metric.needs}
        plan = Plan(
            n_samples=self.n_samples if source is None else source.n, batch_size=self.batch_size, seed=self.seed,
            split=self.split, cache_dir=self.cache_dir, extractors=_extractors(metrics),
            keep_pixels="pixels" in needs, keep_features=self.keep_features and not needs & {"pixels", "timing"},
            out_dir=out_dir, device=device,
        )  # fmt: skip
        return compute(metrics, Evaluation(module, source, data, plan, progress))


def _knowledge(metric: Metric) -> set[str]:
    """What a metric's own extractor offers."""
    extractor = getattr(metric, "extractor", None)
    known = ("classes", "attributes")
    return {f"known {kind}" for kind in known if getattr(extractor, f"knows_{kind}", False)}


def _extractors(metrics: Mapping[str, Metric]) -> list[Extractor]:
    extractors = [getattr(metric, "extractor", None) for metric in metrics.values()]
    return list(dict.fromkeys(extractor for extractor in extractors if extractor is not None))


def _averaged(module: Any) -> AbstractContextManager[None]:
    return module.averaged() if hasattr(module, "averaged") else nullcontext()


def _cuda_devices(module: object) -> list[torch.device]:
    device = getattr(module, "device", torch.device("cpu"))
    return [device] if device.type == "cuda" else []
