import pytest
import torch

from genlab.conditioning.condition import Condition
from genlab.conditioning.label import LabelConditioner
from genlab.conditioning.unconditional import Unconditional
from genlab.data.batch import Batch

LABELS = torch.arange(10_000) % 10
BATCH = Batch(torch.zeros(10_000, 1), LABELS)


def test_the_asked_share_of_training_labels_is_dropped():
    given = LabelConditioner(10, dropout=0.2)(BATCH, torch.Generator().manual_seed(0)).given.label
    dropped = given == 10
    assert float(dropped.float().mean()) == pytest.approx(0.2, abs=0.02)
    assert torch.equal(given[~dropped], LABELS[~dropped])


def test_evaluation_drops_nothing():
    assert torch.equal(LabelConditioner(10, dropout=0.2).eval()(BATCH).given.label, LABELS)


def test_a_model_that_never_dropped_a_label_has_no_null_condition():
    assert LabelConditioner(10).from_input(3, None).null is None
    assert LabelConditioner(10, dropout=0.1).from_input(3, None).null.label.tolist() == [10, 10, 10]


def test_without_a_wish_the_classes_come_in_turn_and_one_label_serves_all():
    assert LabelConditioner(3).from_input(5, None).given.label.tolist() == [0, 1, 2, 0, 1]
    assert LabelConditioner(3).from_input(2, torch.tensor(1)).given.label.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([0, 10], "label 10 is not a class of this model: the labels are 0 to 9"),
        ([-1, 0], "label -1 is not a class"),
        ([1, 2, 3], r"2 samples need 2 labels, got a condition of shape \(3,\)"),
    ],
)
def test_labels_that_cannot_be_are_one_sentence(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        LabelConditioner(10).from_input(2, torch.tensor(labels))


def test_labels_are_missed_where_the_data_has_none():
    with pytest.raises(ValueError, match="needs a dataset with labels"):
        LabelConditioner(10)(Batch(torch.zeros(2, 1)))


def test_an_unconditional_model_cannot_be_asked_for_a_label():
    assert Unconditional().from_input(2, None) == Condition()
    with pytest.raises(ValueError, match="unconditional"):
        Unconditional().from_input(2, torch.tensor([1, 2]))
