"""What a record says of a run, whatever the run is of."""

import pytest

from genlab.config.allowed import declared
from genlab.runs.job import reason_of
from genlab.runs.record import Record, family_name


@pytest.mark.parametrize(
    ("target", "family"),
    [
        ("Gan", "Gan"), ("gan", "gan"), ("mygan.Gan", "mygan"), ("mygan.make_gan", "mygan"),
        ("mygan.Gan.small", "mygan"), ("lab.gans.Gan", "gans"), ("lab.gans.dc.DCGan", "dc"),
        ("lab.gans.dc.DCGan.small", "dc"), ("genlab.models.vae.VAE", "vae"),
    ],
)  # fmt: skip
def test_a_model_of_any_name_has_a_family(target, family):
    assert family_name(target) == family


def test_the_family_of_a_built_in_model_is_its_module():
    models = [target for target in declared() if target.startswith("genlab.models.")]
    assert models
    assert [family_name(target) for target in models] == [target.split(".")[2] for target in models]


def test_the_reason_of_a_failure_is_one_line_that_holds_what_the_first_line_only_announces():
    record = Record("0", "train", "vae", None, 0, [])
    record.error = {"type": "DataUnavailableError", "message": "could not be fetched; tried:\n  npm: no"}
    assert reason_of(record) == "DataUnavailableError: could not be fetched; tried: npm: no"
    record.error = {"type": "RuntimeError", "message": "word " * 1000}
    assert len(reason_of(record)) <= 400
    assert reason_of(record).endswith("word ...")
