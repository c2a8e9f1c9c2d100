"""Films and cameras: faces are followed from frame to frame, steadied, and their blinks counted."""
