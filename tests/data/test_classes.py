"""What is said of classes without a picture to train on."""

import warnings

import pytest

from genlab.data.classes import check_trained
from genlab.errors import ConfigError


def test_a_model_that_is_told_the_class_is_refused_in_one_sentence():
    with pytest.raises(ConfigError, match=r"^a class has no picture to train on: b; the model would draw them without"):
        check_trained(["b"], conditional=True)
    with pytest.raises(
        ConfigError, match=r"^7 classes have no picture to train on: 0, 1, 2, 3, 4, \.\.\. \(7 in all\)"
    ):
        check_trained([str(i) for i in range(7)], conditional=True)


def test_others_are_told():
    with pytest.warns(UserWarning, match=r"^a class has no picture to train on: b$"):
        check_trained(["b"], conditional=False)


@pytest.mark.parametrize("conditional", [True, False])
def test_nothing_is_said_where_all_are_seen(conditional):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_trained([], conditional)
