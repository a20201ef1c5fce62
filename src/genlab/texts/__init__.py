"""From texts to what a network reads of them: tokenizers and text towers."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
