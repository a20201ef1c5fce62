"""Numbers with an interval and a provenance: the scores of samples, reconstructions and likelihoods."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
