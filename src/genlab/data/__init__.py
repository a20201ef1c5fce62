"""Data sets: fetched by name, checked by their SHA-256, resident in memory as they are stored."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
