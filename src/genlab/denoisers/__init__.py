"""From a network to a denoiser: what it predicts (noise, data, v, velocity), and how it is scaled."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
