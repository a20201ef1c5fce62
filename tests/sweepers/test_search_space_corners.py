"""Corners of a search's space: its ends, and each key alone."""

from hydra.core.override_parser.overrides_parser import OverridesParser

from hydra_plugins.genlab.search_space_corners import search_space_corners


def points(*words):
    space = {o.get_key_element(): o for o in OverridesParser.create().parse_overrides(list(words))}
    return search_space_corners(space)


def test_an_interval_has_two_corners():
    assert points("x=interval(0.5,2)") == [["x=0.5"], ["x=2.0"]]
    assert points("n=int(interval(1,8))") == [["n=1"], ["n=8"]]


def test_every_value_of_a_choice_and_both_ends_of_the_whole_space():
    assert points("x=interval(0,1)", "y=choice(a,b,c)") == [
        ["x=0.0", "y=a"], ["x=1.0", "y=c"], ["x=1.0", "y=a"], ["x=0.0", "y=b"], ["x=0.0", "y=c"],
    ]  # fmt: skip


def test_their_number_grows_with_the_keys_and_not_with_their_product():
    assert len(points(*[f"x{i}=interval(0,1)" for i in range(12)])) == 14
