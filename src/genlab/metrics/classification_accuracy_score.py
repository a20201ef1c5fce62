"""How well a classifier that has only seen samples knows real data.

Paper: https://arxiv.org/abs/1905.10887
"""

from __future__ import annotations

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.classifier import OwnClassifier, hits
from genlab.metrics.intervals import share_with_interval
from genlab.metrics.score import Score


class ClassificationAccuracyScore:
    """Accuracy on the reference split of the extractor's recipe trained on samples and the classes asked for (Ravuri
    and Vinyals 2019): 0 to 1, higher is better. Sees wrong classes and missing variety at once.

    Named `classification_accuracy_score_<extractor>`; the accuracy after training on real data stands in the
    provenance. The interval is of other real pictures; training again on other samples would add to it. It grows with
    the number of samples: comparable only at equal ones.
    """

    needs = frozenset({"samples", "pixels", "classes", "labels", "known classes"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("classification_accuracy_score_{extractor}",)

    def __init__(self, extractor: OwnClassifier) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        pixels, sample_labels = evaluation.pixels(), evaluation.labels()
        images, labels = evaluation.data.items(evaluation.split)
        assert sample_labels is not None, "samples of a class that was asked for have labels"
        assert labels is not None, "data with classes have labels"
        lesson = self.extractor.of_labels(pixels, sample_labels, evaluation.data.num_classes or 0)
        network = self.extractor.fitted(lesson, evaluation.tell)
        measured = share_with_interval(hits(network, images, labels))
        reference = evaluation.reference(self.extractor)
        how = {**self.extractor.provenance(), **reference.provenance, "n": len(pixels)}
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": "Wilson"}
        name = f"classification_accuracy_score_{self.extractor.name}"
        return {name: Score(*measured, len(pixels), "share", "higher", how, made)}
