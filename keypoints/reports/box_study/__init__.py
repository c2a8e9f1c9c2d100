"""What detectors find, and what boxes do to points, on the real data."""
