"""What a record says of a run, whatever the run is of."""

import pytest

from genlab.config.allowed import declared
from genlab.runs.record import family_name


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
