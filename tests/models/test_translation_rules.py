"""Bad input of translations: one sentence each, before anything heavy."""

import pytest

from composing import composed
from genlab.config.check import check
from genlab.errors import ConfigError

EMOJI = "experiment=translation/cyclegan_emoji"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([EMOJI, "model.pool_size=-1"], r"^model\.pool_size = -1 must be 0 or more$"),
        ([EMOJI, "dataset.size=30"], r"^dataset\.size = 30 cannot be halved 4 times by the network: take a multiple"),
        (
            ["model=translation", "dataset=digits"],
            "^this model translates between two domains: take dataset=emoji_pair",
        ),
        (["model=ddpm", "network=small_unet", "dataset=emoji_pair"], "^this dataset has two domains, which model="),
        (
            ["model=adversarial", "dataset=digits", "generator=resnet"],
            "^generator: ResNetGenerator makes pictures of pictures: take model=translation, or generator=dcgan$",
        ),
        ([EMOJI, "lr_scheduler.start=1"], r"^lr_scheduler\.start = 1 must be in \[0, 1\)$"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence) as caught:
        check(composed(*words))
    assert len(caught.value.problems) == 1
