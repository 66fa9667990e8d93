"""How results and errors are printed: results to stdout, messages to stderr, JSON in full doubles."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from flopsheet.errors import FlopsheetError

OK, FAILED, BAD_INPUT = 0, 1, 2


def print_json(record: object) -> None:
    """A record as JSON on stdout."""
    click.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))


def place_as_given(error: FlopsheetError, path: Path) -> FlopsheetError:
    """The error with its files under the folder that a path names, where that is absolute and in another project.

    In this project files are named from its root.
    """
    start = path if path.is_dir() else path.parent
    root, here = (find_project(folder) for folder in (start, Path.cwd()))
    if not path.is_absolute() or root == here:
        return error
    moved = []
    for problem in error.problems:
        place = problem.place
        whole = None if place is None else root / place.file
        if place is not None and whole is not None and whole.exists():
            place = replace(place, file=whole.as_posix())
        moved.append(replace(problem, place=place))
    return FlopsheetError(*moved)


def find_project(folder: Path) -> Path:
    """The project of a folder: the nearest one upward with `.git`, else itself."""
    start = folder.resolve()
    return next((each for each in (start, *start.parents) if (each / ".git").exists()), start)


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
