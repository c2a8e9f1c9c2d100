"""What each ingredient of `best` is worth."""
