"""What data are: how they are stored, what a model sees of them, and what a person sees or hears of them."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
