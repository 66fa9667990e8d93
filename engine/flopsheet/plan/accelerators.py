"""Accelerators as a file declares them: peaks by precision, memory, power, and where these come from."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flopsheet.plan.nodes import Mapping
from flopsheet.plan.problems import Problems
from flopsheet.plan.read import read_entries, read_quantity, read_text
from flopsheet.plan.shape import Number, Record, Table, Text
from flopsheet.plan.validate import check, unfold

if TYPE_CHECKING:
    from flopsheet.plan.nodes import Node, Scalar

PRECISIONS = ("bf16", "fp16", "fp8", "int8")
PEAK_UNIT, MEMORY_UNIT, POWER_UNIT = "FLOP/second", "byte", "W"

_ACCELERATOR = Record(
    {
        "title": Text(),
        "peak": Record({precision: Number(PEAK_UNIT) for precision in PRECISIONS}),
        "memory": Number(MEMORY_UNIT),
        "power": Number(POWER_UNIT),
        "source": Text(),
        "note": Text(),
    }
)
_CATALOGUE = Table(_ACCELERATOR, "text", "accelerator")


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One accelerator. `peak` is dense, in FLOP/second by precision; memory in bytes, power in W, None if unknown."""

    name: str
    title: str
    peak: AbstractMapping[str, float]
    source: str
    memory: float | None = None
    power: float | None = None
    note: str = ""


def parse_accelerators(node: Mapping) -> dict[str, Accelerator]:
    """The accelerators of a file by name, in its order.

    Raises:
        FlopsheetError: with every problem of the file.
    """
    problems = Problems()
    unfolded = unfold(_CATALOGUE, node, problems)
    check(_CATALOGUE, unfolded, "", problems)
    found = {key.text: _read(key, item, problems) for key, item in read_entries(unfolded)}
    problems.raise_any()
    return found


def _read(key: Scalar, node: Node, problems: Problems) -> Accelerator:
    """One accelerator; it needs a title, a source and a peak in bf16."""
    entries = node if isinstance(node, Mapping) else Mapping((), node.place)
    name = key.text

    def number(entry: Node | None, unit: str, subject: str) -> float | None:
        quantity = read_quantity(entry, unit, f"{name}.{subject}", problems)
        return quantity.value if quantity else None

    peaks = {
        precision.text: number(item, PEAK_UNIT, f"peak.{precision.text}")
        for precision, item in read_entries(entries.get("peak"))
    }
    texts = {part: read_text(entries.get(part)) for part in ("title", "source", "note")}
    missing = [part for part in ("title", "source") if not texts[part]]
    missing += [] if PRECISIONS[0] in peaks else [f"peak.{PRECISIONS[0]}"]
    for part in missing if name not in problems.unclear else ():
        problems.add(f"an accelerator needs `{part}`.", key.place, name)
    return Accelerator(
        name=name,
        peak={precision: peak for precision, peak in peaks.items() if peak is not None},
        memory=number(entries.get("memory"), MEMORY_UNIT, "memory"),
        power=number(entries.get("power"), POWER_UNIT, "power"),
        **texts,
    )
