"""A network that begins where another model's training ended.

Paper: https://arxiv.org/abs/2202.00512
"""

from __future__ import annotations

from torch import nn

from genlab.first_stage import weights


def from_checkpoint(network: nn.Module, checkpoint: str | None = None, prefix: str = "denoiser.network.") -> nn.Module:
    """`network` with its weights in a checkpoint; they are trained further.

    Students begin as their teachers (Salimans & Ho 2022, algorithm 2), and so does a second rectified flow.

    Args:
        network: of the checkpoint's kind.
        checkpoint: file of a model that holds such a network; None takes `network` as it is.
        prefix: of the names of its weights in that model.

    Raises:
        ValueError: the checkpoint holds another network.
    """
    if checkpoint is not None:
        of_network = {k.removeprefix(prefix): v for k, v in weights(checkpoint).items() if k.startswith(prefix)}
        try:
            network.load_state_dict(of_network)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise ValueError(f"network.checkpoint={checkpoint} does not fit the network: {reason}") from error
    return network
