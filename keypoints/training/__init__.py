"""Training: batches of augmented faces, steps, checkpoints, several processes."""
