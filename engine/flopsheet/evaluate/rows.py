"""Rows of a table as CSV text: numbers with 17 digits, so that every double is read back as it was."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def format_header(names: Sequence[str]) -> bytes:
    """The first line of a table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(names)
    return text.getvalue().encode()


def format_rows(
    numbers: Sequence[npt.NDArray[np.float64]], words: Sequence[tuple[npt.NDArray[np.integer], Sequence[str]]]
) -> bytes:
    """The lines of a table: columns of numbers, then columns of words.

    Args:
        numbers: A column each; nan is left empty, infinity is the word.
        words: Columns as indices into their words, which need no quotes.
    """
    forms, columns = [], []
    for column in numbers:
        values = column.tolist()
        if np.isfinite(column).all():
            forms.append("%.17g")
            columns.append(values)
        else:
            forms.append("%s")
            columns.append([_format(value) for value in values])
    for codes, vocabulary in words:
        forms.append("%s")
        columns.append([vocabulary[code] for code in codes.tolist()])
    row = ",".join(forms) + "\n"
    return "".join([row % line for line in zip(*columns, strict=True)]).encode()


def _format(value: float) -> str:
    """A number that may be missing or infinite."""
    if math.isnan(value):
        return ""
    return f"{value:.17g}" if math.isfinite(value) else "infinity" if value > 0 else "-infinity"
