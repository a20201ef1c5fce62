"""What a person does with an image: small compositions of the other parts."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
