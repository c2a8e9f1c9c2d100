"""The mean head and the curve of confidence, out of the shipped weights."""
