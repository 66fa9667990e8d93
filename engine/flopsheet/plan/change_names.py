"""The change that each differing input of two scenarios belongs to: what means something only together is one."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flopsheet.plan.changes import ScenarioPair
from flopsheet.plan.keys import BUDGET_KEYS, TIERS
from flopsheet.plan.plan import Scenario

FALLBACKS = {"inference.prefill_mfu": "hardware.mfu", "inference.decode_mfu": "hardware.mfu"}
"""What inference takes from training where a plan says nothing."""

_COPIED = {"inference.peak": "hardware.peak", "inference.price": "hardware.price"}
_CATALOGUED = ("peak", "power", "memory", "bytes_per_parameter")
# Limits that only accelerators make limits.
_OF_HARDWARE = ("budget.money", "budget.time", "caps.money", "caps.time", "caps.memory")


@dataclass(frozen=True, slots=True)
class ChangeNames:
    """Names the changes between two scenarios.

    `one_sided` are the keys of limits, and of what makes amounts out of others, that one of the two does not set.
    """

    pair: ScenarioPair
    one_sided: AbstractSet[str]

    def name(self, key: str) -> str:
        """The change that a key belongs to: its own line, what it follows from, or a whole that came or went."""
        section = key.partition(".")[0]
        if section == "data":
            return self._name_data(key)
        if section == "inference" and any(each.startswith("inference.") for each in self.one_sided):
            return "inference"
        if self._has_other_hardware and key in self.one_sided and (section == "hardware" or key in _OF_HARDWARE):
            return "hardware"
        if len(self.one_sided & set(BUDGET_KEYS)) > 1 and key in BUDGET_KEYS:
            return "hardware" if self._has_other_hardware else "budget"
        return self._name_line(key)

    @property
    def _has_other_hardware(self) -> bool:
        """Whether accelerators came or went."""
        return any(key.startswith("hardware.") for key in self.one_sided)

    def _name_data(self, key: str) -> str:
        """A tier that came or went is one change, and so are data that were not limited before or are no more."""
        if sum(side.repetition is not None for side in (self.pair.old, self.pair.new)) == 1:
            return "data"
        tier = key.removeprefix(f"{TIERS}.").rpartition(".")[0] if key.startswith(f"{TIERS}.") else None
        came = tier is not None and sum(tier in side.tiers for side in (self.pair.old, self.pair.new)) == 1
        return f"{TIERS}.{tier}" if came else key

    def _name_line(self, key: str) -> str:
        """A number that a plan writes, or the accelerator or other number that it follows from."""
        sides = self.pair.old, self.pair.new
        given = [side.inputs.get(key) for side in sides]
        if any(source is not None and source.value is not None and source.is_written for source in given):
            return key
        section, _, part = key.partition(".")
        if part in _CATALOGUED:
            words = [f"{section}.accelerator", f"{section}.precision"]
            words += ["hardware.accelerator", "hardware.precision"] if section == "inference" else []
            changed = [word for word in words if _word(sides[0], word) != _word(sides[1], word)]
            if changed:
                return " + ".join(changed)
        other = {**_COPIED, **FALLBACKS}.get(key)
        return self._name_line(other) if other is not None else key


def _word(scenario: Scenario, key: str) -> str | None:
    """A word of a scenario."""
    return given.value if (given := scenario.texts.get(key)) is not None else None
