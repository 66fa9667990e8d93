"""The command line: the only place that prints. Heavy libraries are imported by the command that needs them."""

from flopsheet.cli.main import main

__all__ = ["main"]
