"""Reading pictures, their limits, and the colours of what is drawn on them."""
