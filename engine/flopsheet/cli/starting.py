"""`flopsheet init`."""

from __future__ import annotations

from pathlib import Path

import click

from flopsheet.cli.output import OK, say


def run_init(folder: Path) -> int:
    """Write a starter folder and say what to do with it; the exit code."""
    from flopsheet.api.starter import write_starter  # noqa: PLC0415 - start-up speed

    for name in write_starter(folder):
        click.echo((folder / name).as_posix())
    say(f"`flopsheet build` in `{folder.as_posix()}` writes the reports; README.md says what is what.")
    return OK
