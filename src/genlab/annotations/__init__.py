"""What the sources say of a part, without importing it: its parameters, their annotations, what its class declares."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
