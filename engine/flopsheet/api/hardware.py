"""The catalogue of accelerators as plain data, for the terminal and JSON."""

from __future__ import annotations

from flopsheet.evaluate.record import Plain
from flopsheet.plan.accelerators import MEMORY_UNIT, PEAK_UNIT, POWER_UNIT, Accelerator
from flopsheet.plan.catalogue import find_accelerator, load_accelerators


def list_accelerators() -> list[Plain]:
    """Every accelerator of the catalogue, in its order."""
    return [_describe(accelerator) for accelerator in load_accelerators().values()]


def describe_accelerator(name: str) -> Plain:
    """One accelerator: peaks by precision, memory and power with their units, the source.

    Raises:
        FlopsheetError: there is none of that name.
    """
    return _describe(find_accelerator(name))


def _describe(accelerator: Accelerator) -> Plain:
    """An accelerator with what is known of it."""
    record: Plain = {"name": accelerator.name, "title": accelerator.title}
    record["peak"] = {precision: {"value": peak, "unit": PEAK_UNIT} for precision, peak in accelerator.peak.items()}
    for key, value, unit in (
        ("memory", accelerator.memory, MEMORY_UNIT),
        ("power", accelerator.power, POWER_UNIT),
    ):
        if value is not None:
            record[key] = {"value": value, "unit": unit}
    record["source"] = accelerator.source
    if accelerator.note:
        record["note"] = accelerator.note
    return record
