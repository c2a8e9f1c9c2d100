"""What the computer gives: signals, cores, and git."""
