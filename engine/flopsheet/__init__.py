"""Scaling-law scenarios: one symbolic model, rendered as numbers, live workbooks and checked derivations."""

__version__ = "0.1.0"
