"""A picture goes to the other domain and comes back; its data are those of the domain that it is from."""

import torch

from genlab.editing.translate import Translate


class Halves:
    """b has half the values of a."""

    def translate(self, x, direction="a_to_b"):
        return x / 2 if direction == "a_to_b" else x * 2


class Two:
    domains = ("of a", "of b")


def test_the_result_is_the_translation_and_what_comes_back():
    x = torch.full((3, 1, 2, 2), 0.4)
    for direction, translated in (("a_to_b", 0.2), ("b_to_a", 0.8)):
        edited = Translate(direction)(Halves(), x)
        torch.testing.assert_close(edited.results[:, 0, 0, 0], torch.tensor([translated, 0.4]))
        assert edited.names == ("translated", "cycled")
        assert edited.given is None


def test_a_test_picture_is_of_the_domain_that_is_left():
    assert [Translate(direction).data_of(Two) for direction in ("a_to_b", "b_to_a")] == ["of a", "of b"]
    assert Translate().data_of("one domain") == "one domain"
