"""Pictures from anywhere as arrays: reading them, what they may cost, and the colours that are drawn."""
