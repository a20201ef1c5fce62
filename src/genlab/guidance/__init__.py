"""What steers a denoiser while it samples: classifier-free guidance, a classifier, thresholds."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
