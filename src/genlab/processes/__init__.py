"""What is done to data on the way to noise."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
