"""Tables of a published report, run again: rows, columns, claims, and the page of the results."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
