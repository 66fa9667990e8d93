"""How results and errors are printed: results to stdout, messages to stderr, JSON in full doubles."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from flopsheet.errors import FlopsheetError

OK, FAILED, BAD_INPUT = 0, 1, 2


def print_json(record: object) -> None:
    """A record as JSON on stdout."""
    click.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))


def print_error(error: FlopsheetError) -> None:
    """Every problem of an error on stderr."""
    click.echo(str(error), err=True)


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), units: Sequence[str] = ()
) -> None:
    """A plain table on stdout, columns as wide as their content; `units` are a second line of heads."""
    from rich.cells import cell_len  # noqa: PLC0415 - imported when drawing

    heads = (headers, units) if units else (headers,)
    widths = [max(cell_len(row[index]) for row in (*heads, *rows)) for index in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        parts = []
        for index, text in enumerate(row):
            room = " " * (widths[index] - cell_len(text))
            parts.append(room + text if index in right else text + room)
        return "  ".join(parts).rstrip()

    for head in heads:
        click.echo(line(head))
    click.echo("  ".join("-" * width for width in widths))
    for row in rows:
        click.echo(line(row))


def say(text: str) -> None:
    """A message on stderr."""
    click.echo(text, err=True)


def is_terminal() -> bool:
    """Whether a person watches stderr."""
    return sys.stderr.isatty()
