"""How a net learns: batches of changed faces, steps, checkpoints, several processes."""
