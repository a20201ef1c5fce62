"""Whether conditional samples are of the class that was asked for."""

from __future__ import annotations

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import share_with_interval
from genlab.metrics.score import Score


class ClassifierAccuracy:
    """Share of samples that the data set's own classifier takes for the class asked for, 0 to 1, higher is better.

    Named `classifier_accuracy_<extractor>`. It is bounded by the classifier, whose accuracy on real data stands in the
    provenance, and blind to variety: see recall, coverage and intra-class variability.
    """

    needs = frozenset({"samples", "classes", "labels", "known classes"})
    names: tuple[str, ...] = ("classifier_accuracy_{extractor}",)

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        logits, labels = evaluation.activations(self.extractor).logits, evaluation.labels()
        assert logits is not None, "an extractor that knows classes has logits"
        assert labels is not None, "samples of a class that was asked for have labels"
        share, low, high = share_with_interval(logits.argmax(1) == labels)
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": "Wilson"}
        return {
            f"classifier_accuracy_{self.extractor.name}": Score(
                share, low, high, len(labels), "share", "higher", self.extractor.provenance(), made
            )
        }  # fmt: skip
