"""Networks that turn pictures into the features that metrics compare."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
