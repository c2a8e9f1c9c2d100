"""Weights that ship, their cards, and what is measured for these."""
