"""genlab's launchers and sweepers. Hydra finds plugins in the namespace package `hydra_plugins` and nowhere else."""
