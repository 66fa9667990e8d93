"""The accelerator that a scenario names, as numbers: its peak, power and memory, from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flopsheet.errors import FlopsheetError
from flopsheet.plan.accelerators import PRECISIONS, Accelerator
from flopsheet.plan.catalogue import find_accelerator
from flopsheet.plan.keys import BYTES_UNIT, PEAK_UNIT, POWER_UNIT
from flopsheet.plan.plan import CATALOGUE, DEFAULT, Sourced, SourcedText
from flopsheet.plan.problems import Problems

SECONDS_PER_HOUR = 3600
MEMORY_UNIT = "byte/accelerator"
DEFAULT_PRECISION = PRECISIONS[0]
BYTES_PER_PARAMETER: Mapping[str, float] = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0}

# How late a key was set: the number of the scenario in the chain of those that extend each other, then of the file.
Rank = tuple[int, int]
_NEVER: Rank = (-1, -1)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a scenario sets, numbers and words by dotted key, and how late each was set."""

    numbers: Mapping[str, Sourced]
    texts: Mapping[str, SourcedText]
    ranks: Mapping[str, Rank]

    @property
    def all(self) -> dict[str, Sourced | SourcedText]:
        """Numbers and words alike."""
        return {**self.numbers, **self.texts}

    def number(self, key: str) -> Sourced | None:
        """A number that is set; one that was removed is not."""
        found = self.numbers.get(key)
        return found if found is not None and found.value is not None else None

    def text(self, key: str) -> SourcedText | None:
        """A word that is set."""
        found = self.texts.get(key)
        return found if found is not None and found.value is not None else None

    def is_later(self, key: str, *others: str) -> bool:
        """Whether a number is set, and by no earlier layer than any of the words."""
        rank = self.ranks.get(key, _NEVER)
        return self.number(key) is not None and all(rank >= self.ranks.get(other, _NEVER) for other in others)


def resolve_hardware(settings: Settings, problems: Problems) -> dict[str, Sourced]:
    """What follows from the accelerators and precisions of a scenario, by dotted key, with the catalogue as layer.

    A number that the same or a later layer sets beats the catalogue; one of an earlier layer was for another one.
    """
    found = _resolve("hardware", settings, settings, problems)
    found |= _bytes_per_parameter(settings)
    if any(key.startswith("inference.") for key in (*settings.numbers, *settings.texts)):
        found |= _resolve_inference(settings, {**settings.numbers, **found}, problems)
    return found


def _resolve(section: str, settings: Settings, words: Settings, problems: Problems) -> dict[str, Sourced]:
    """Peak, power and memory of the accelerator of a section; `words` has its names where that has none."""
    accelerator_key, precision_key, peak_key = (f"{section}.{name}" for name in ("accelerator", "precision", "peak"))
    named, precision = words.text(accelerator_key), words.text(precision_key)
    if named is None or named.value is None:
        return {}
    has_peak = settings.is_later(peak_key, accelerator_key, precision_key)
    try:
        known = find_accelerator(named.value, place=named.place, subject=accelerator_key)
    except FlopsheetError as error:
        if not has_peak:
            problems.extend(error.problems)
        return {}
    found: dict[str, Sourced] = {}
    if not has_peak:
        peak = _peak(known, precision, named, precision_key, problems)
        found |= {peak_key: peak} if peak else {}
    if section == "hardware":
        if not settings.is_later("hardware.power", accelerator_key):
            found |= _known("hardware.power", known.power, POWER_UNIT, named, settings)
        found |= _known("hardware.memory", known.memory, MEMORY_UNIT, named, settings)
    return found


def _peak(
    known: Accelerator, precision: SourcedText | None, named: SourcedText, subject: str, problems: Problems
) -> Sourced | None:
    """The peak of an accelerator at a precision, in FLOP for each hour."""
    at = precision.value if precision and precision.value else DEFAULT_PRECISION
    if at not in known.peak:
        listed = ", ".join(known.peak)
        message = f"the catalogue has no peak of `{known.name}` in {at}, only in {listed}."
        remedy = "Choose one of these, or give `peak` yourself."
        problems.add(message, precision.place if precision else named.place, subject, remedy)
        return None
    return Sourced(known.peak[at] * SECONDS_PER_HOUR, PEAK_UNIT, named.place, CATALOGUE, known.name)


def _known(key: str, value: float | None, unit: str, named: SourcedText, settings: Settings) -> dict[str, Sourced]:
    """A figure of the catalogue; one that it does not know removes that of another accelerator."""
    if value is None and key not in settings.numbers:
        return {}
    return {key: Sourced(value, unit, named.place, CATALOGUE, named.value or "")}


def _bytes_per_parameter(settings: Settings) -> dict[str, Sourced]:
    """What a parameter takes in memory, where something depends on it."""
    precision, cap = settings.text("hardware.precision"), settings.number("caps.memory")
    accelerator = settings.text("hardware.accelerator")
    source = precision or cap or accelerator
    if source is None or settings.is_later("hardware.bytes_per_parameter", "hardware.precision"):
        return {}
    at = precision.value if precision and precision.value else DEFAULT_PRECISION
    value = BYTES_PER_PARAMETER.get(at)
    layer = CATALOGUE if precision else DEFAULT
    return {"hardware.bytes_per_parameter": Sourced(value, BYTES_UNIT, source.place, layer, at)}


def _resolve_inference(settings: Settings, hardware: Mapping[str, Sourced], problems: Problems) -> dict[str, Sourced]:
    """Peak and price of inference: those of hardware, unless it names an accelerator or precision of its own."""
    own = settings.text("inference.accelerator"), settings.text("inference.precision")
    found: dict[str, Sourced] = {}
    if not any(own):
        if settings.number("inference.peak") is None:
            found |= _copied(hardware, "hardware.peak", "inference.peak")
    else:
        texts = {
            f"inference.{name}": given
            for name in ("accelerator", "precision")
            if (given := settings.text(f"inference.{name}") or settings.text(f"hardware.{name}"))
        }
        found |= _resolve("inference", settings, replace(settings, texts=texts), problems)
    trains = settings.text("hardware.accelerator")
    serves = own[0]
    is_same = serves is None or (trains is not None and serves.value == trains.value)
    if is_same and settings.number("inference.price") is None:
        found |= _copied(hardware, "hardware.price", "inference.price")
    return found


def _copied(hardware: Mapping[str, Sourced], key: str, to: str) -> dict[str, Sourced]:
    """A number of the hardware as the default of another key."""
    source = hardware.get(key)
    return {} if source is None or source.value is None else {to: replace(source, layer=DEFAULT)}
