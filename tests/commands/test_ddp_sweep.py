"""A sweep whose jobs would start processes by the sweep's own words is refused before any job starts."""

from genlab.cli import main


def test_ddp_in_a_sweep_is_one_sentence(tmp_path, capsys):
    words = ["experiment=autoencoder/cvae_digits", "trainer=ddp", "seed=1,2", "-m", f"paths.output_dir={tmp_path}"]
    assert main(["train", *words]) == 2
    error = capsys.readouterr().err
    assert "trainer.strategy = ddp cannot be part of a sweep" in error
    assert not list(tmp_path.iterdir())
