"""Signals, parallel work and git."""
