"""What happens beside the training: history, progress, checkpoints, previews, interruption."""
