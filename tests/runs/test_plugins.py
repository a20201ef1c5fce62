"""Lightning inside a job of SLURM leaves the queue to submitit."""

import pytest

from genlab.runs.checkpoint_io import AtomicCheckpointIO
from genlab.runs.plugins import plugins


@pytest.mark.parametrize("inside", [True, False])
def test_lightning_queues_no_job_again(monkeypatch, inside):
    import pytorch_lightning as pl

    for name, value in {"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "genlab", "SLURM_JOB_ID": "7"}.items():
        monkeypatch.setenv(name, value) if inside else monkeypatch.delenv(name, raising=False)
    trainer = pl.Trainer(plugins=plugins(), accelerator="cpu", devices=1, logger=False, enable_progress_bar=False)
    assert isinstance(trainer.strategy.checkpoint_io, AtomicCheckpointIO)
    environment = trainer._accelerator_connector.cluster_environment
    assert (type(environment).__name__ == "SLURMEnvironment") == inside
    assert not getattr(environment, "auto_requeue", False)
