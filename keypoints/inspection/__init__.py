"""What is in a folder of annotated faces, and what looks wrong with it."""
