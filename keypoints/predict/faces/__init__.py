"""A face that was found, and what follows from its points: pose, eyes and mouth, confidence, a chip."""
