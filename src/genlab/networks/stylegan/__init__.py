"""The style-based generator (StyleGAN 1, 2 and 3) as parts that are chosen, and its discriminator."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
