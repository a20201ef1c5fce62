"""From words and files to a checked config: composing, checks with one sentence a problem, fingerprints, building."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
