"""What a denoiser or a score is trained to minimise: targets, weights, times, bounds, distillation."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
