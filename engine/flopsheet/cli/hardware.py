"""`flopsheet laws accelerators`, and one accelerator by name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from flopsheet.cli.output import OK, print_json, print_table
from flopsheet.errors import FlopsheetError, Problem

if TYPE_CHECKING:
    from flopsheet.evaluate.record import Plain

# The word that stands for the whole catalogue.
ALL = "accelerators"
_PRECISIONS = ("bf16", "fp16", "fp8", "int8")


def is_accelerator(name: str) -> bool:
    """Whether a subject of `laws` is about accelerators: all of them, one, or one misspelled rather than a law."""
    from flopsheet.laws.library import is_law_path, law_names  # noqa: PLC0415 - the same
    from flopsheet.plan.catalogue import load_accelerators  # noqa: PLC0415 - start-up speed

    accelerators = {ALL, *load_accelerators()}
    if name in accelerators or name in law_names() or is_law_path(name):
        return name in accelerators
    spelled = {known.lower() for known in accelerators}
    close = difflib.get_close_matches(name.lower(), [*law_names(), *sorted(spelled)], n=1, cutoff=0.6)
    return bool(close) and close[0] in spelled


def run_accelerators(name: str, *, as_json: bool) -> int:
    """List the catalogue or show one accelerator; the exit code."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed

    if name != ALL:
        if difflib.get_close_matches(name.lower(), [ALL], cutoff=0.8):
            raise FlopsheetError(Problem(f"unknown law `{name}`.", subject="law", remedy=f"Did you mean `{ALL}`?"))
        record = api.describe_accelerator(name)
        if as_json:
            print_json(record)
        else:
            _print_one(record)
        return OK
    listed = api.list_accelerators()
    if as_json:
        print_json(listed)
    else:
        _print_all(listed)
    return OK


def _print_all(listed: list[Plain]) -> None:
    """The catalogue as a table; the sources are told with one accelerator."""
    rows = [
        (
            record["name"],
            record["title"],
            *(_scaled(record["peak"].get(precision), 1e12) for precision in _PRECISIONS),
            _scaled(record.get("memory"), 1e9),
            _scaled(record.get("power"), 1),
        )
        for record in listed
    ]
    headers = ("name", "title", *_PRECISIONS, "memory", "power")
    units = ("", "", *("TFLOP/s" for _ in _PRECISIONS), "GB", "W")
    print_table(headers, rows, right=tuple(range(2, len(headers))), units=units)
    click.echo("\nPeaks are dense, without sparsity. Sources: flopsheet laws NAME, or --json.")


def _print_one(record: Plain) -> None:
    """One accelerator with its source."""
    click.echo(f"{record['name']}: {record['title']}")
    for precision, peak in record["peak"].items():
        click.echo(f"  peak in {precision}: {_scaled(peak, 1e12)} TFLOP/s, dense")
    for key, scale, unit in (("memory", 1e9, "GB"), ("power", 1.0, "W")):
        if key in record:
            click.echo(f"  {key}: {_scaled(record[key], scale)} {unit}")
    for key in ("source", "note"):
        if key in record:
            click.echo(f"  {key}: {record[key]}")


def _scaled(amount: Plain | None, scale: float) -> str:
    """An amount in a larger unit; a dash where it is not known."""
    return "-" if amount is None else f"{amount['value'] / scale:.10g}"
