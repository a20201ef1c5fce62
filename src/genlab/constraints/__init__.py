"""What is imposed on a sample between the steps of a solver."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
