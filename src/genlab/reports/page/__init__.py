"""The HTML page of a report: one file, no server, no network."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
