"""What a command line means before Hydra reads it."""

import pytest

from genlab.config.app import quoted_path


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("run=sweeps/a/coding_size=3", "run='sweeps/a/coding_size=3'"),
        ("run=sweeps/a", "run=sweeps/a"),
        ("run='a=3'", "run='a=3'"),
        ("paths.output_dir=/x/y=1", "paths.output_dir='/x/y=1'"),
        ("model.coding_size=2,3", "model.coding_size=2,3"),
        ("run=a=1,b=2", "run=a=1,b=2"),  # a sweep, by Hydra's grammar
    ],
)
def test_a_path_with_an_equals_sign_needs_no_quotes(word, asked):
    assert quoted_path(word) == asked
