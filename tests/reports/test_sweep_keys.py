"""Which keys vary, told from the overrides alone."""

from hypothesis import given
from hypothesis import strategies as st

from genlab.config.words import quoted
from genlab.reports.sweep_keys import overrides, short_names, swept_keys, value_of

words = st.sampled_from(["model", "optimizer", "lr", "steps", "size", "a", "b"])
dotted = st.lists(words, min_size=1, max_size=4).map(".".join)


def run(*words: str, seed: int = 0) -> dict:
    return {"overrides": list(words), "seed": seed}


def test_overrides_are_read_in_every_spelling():
    assert overrides(run("a.b=1", "+c=x", "~d", "name='x y'", "model@inner=vae")) == {
        "a.b": "1", "c": "x", "d": "", "name": "x y", "model": "vae",
    }  # fmt: skip


def test_a_text_is_read_without_its_quotes_and_backslashes():
    for text in ("it's a cat", 'a "red" cat', "a\\b", "a\\", "\\'", "cost ${5}", "'a' and 'b'", ""):
        assert overrides(run(f"prompt={quoted(text.replace('${', chr(92) + '${'))}")) == {"prompt": text}


def test_keys_that_differ_or_that_only_some_set_are_swept():
    records = [
        run("lr=1", "size=8", "seed=1"),
        run("lr=2", "size=8", "seed=1"),
        run("lr=2", "size=8", "extra=1", "seed=1"),
    ]
    assert swept_keys(records) == ["lr", "extra"]


def test_where_and_how_a_run_is_carried_out_is_not_swept():
    records = [run("paths.output_dir=a", "logger=csv", "launcher.workers=1"), run("paths.output_dir=b", "logger=wandb")]
    assert swept_keys(records) == []


def test_one_run_sweeps_nothing():
    assert swept_keys([run("lr=1")]) == []


def test_the_seed_is_known_where_it_was_not_overridden():
    assert value_of(run("lr=1", seed=3), "seed") == "3"
    assert value_of(run(), "lr") == "–"


@given(st.lists(dotted, unique=True, max_size=8))
def test_short_names_are_unique_endings(keys):
    names = short_names(keys)
    assert list(names) == keys
    assert len(set(names.values())) == len(keys)
    assert all(key == name or key.endswith("." + name) for key, name in names.items())


def test_short_names_are_as_short_as_they_can_be():
    assert short_names(["model.coding_size", "optimizer.lr", "discriminator.lr"]) == {
        "model.coding_size": "coding_size", "optimizer.lr": "optimizer.lr", "discriminator.lr": "discriminator.lr",
    }  # fmt: skip
