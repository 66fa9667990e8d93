"""Accelerators: what they reach, hold and draw, as data."""
