"""What keys of hardware, data and inference need beside them, and which of them exclude each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flopsheet.plan.keys import TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flopsheet.errors import Place
    from flopsheet.plan.plan import Objective, Scenario, Sourced
    from flopsheet.plan.problems import Problems

_PEAK = "hardware.peak"
_TIMES = ("budget.time", "caps.time")
_MONEY = ("budget.money", "caps.money")
_FOR_TIME = (_PEAK, "hardware.mfu", "hardware.count")
_FOR_MONEY = (_PEAK, "hardware.mfu", "hardware.price")
_EXAMPLES = {
    _PEAK: "accelerator: H100-SXM",
    "hardware.mfu": "mfu: 40 %",
    "hardware.count": "count: 512",
    "hardware.price": "price: 2.5 USD/hour",
    "inference.prefill_mfu": "prefill_mfu: 50 %",
    "inference.decode_mfu": "decode_mfu: 1 %",
}


def check_needs(objective: Objective, scenarios: Sequence[Scenario], problems: Problems) -> None:
    """Note where a scenario sets a key without what it needs, or beside one that it excludes."""
    for scenario in scenarios:
        needs = _Needs(objective, scenario, problems)
        needs.check_hardware()
        needs.check_data()
        needs.check_inference()


@dataclass(frozen=True, slots=True)
class _Needs:
    """The checks of one scenario."""

    objective: Objective
    scenario: Scenario
    problems: Problems

    def _get(self, key: str) -> Sourced | None:
        """A number that is set."""
        found = self.scenario.inputs.get(key)
        return found if found is not None and found.value is not None else None

    def check_hardware(self) -> None:
        """Time and money need the accelerator that turns them into compute."""
        for key in _TIMES:
            if (given := self._get(key)) is not None:
                self._require("", _FOR_TIME, given.place, key)
        for key in _MONEY:
            if (given := self._get(key)) is not None:
                self._require("", _FOR_MONEY, given.place, key)
        if self.objective == "minimize cost":
            self._require("`objective: minimize cost`", _FOR_MONEY, self.scenario.place, "")

    def _require(self, what: str, keys: Sequence[str], place: Place, subject: str) -> None:
        """Note which of several keys are missing."""
        missing = [key for key in keys if self._get(key) is None]
        section = keys[0].partition(".")[0]
        if not missing or self._is_unclear(section):
            return
        if _PEAK in missing and self.scenario.texts.get("hardware.accelerator") and self._is_told("hardware"):
            missing.remove(_PEAK)
        if missing:
            named = ", ".join("`hardware.accelerator`" if key == _PEAK else f"`{key}`" for key in missing)
            example = f"Write for example `{section}: {{{', '.join(_EXAMPLES[key] for key in missing)}}}`."
            self.problems.add(f"{what} needs {named}.".lstrip(), place, subject, example)

    def _is_told(self, section: str) -> bool:
        """Whether a problem of the accelerator or precision of a section is noted already."""
        keys = {f"{section}.accelerator", f"{section}.precision"}
        return any(problem.subject in keys for problem in self.problems.found)

    def _is_unclear(self, section: str) -> bool:
        """Whether a refused key may be what is missing."""
        own = f"scenarios.{self.scenario.name}"
        return bool({"", section, own, f"{own}.{section}"} & self.problems.unclear)

    def check_data(self) -> None:
        """Unique tokens stand either as one amount or in tiers; what repetition does needs one of them."""
        inputs, tiers = self.scenario.inputs, self.scenario.tiers
        unique = self._get("data.unique")
        if unique is not None and tiers:
            message = "stands beside `data.tiers`: the unique tokens are either one amount or in tiers."
            self.problems.add(message, unique.place, "data.unique", "Set one of the two to null in this layer.")
        for key in ("data.epochs", "data.decay"):
            given = self._get(key)
            if given is None or (unique is None and not tiers and "data.unique" in inputs):
                continue  # a layer removed the limit, and this is at rest
            if tiers:
                remedy = "Give each tier its own."
                self.problems.add("stands beside `data.tiers`, whose tiers have their own.", given.place, key, remedy)
            elif unique is None and not self._is_unclear("data"):
                self.problems.add("needs `data.unique`.", given.place, key, "Write for example `unique: 300B`.")
        self._check_repetition()

    def _check_repetition(self) -> None:
        """A repetition needs limited data, and a decay a repetition with such a constant."""
        named = self.scenario.texts.get("data.repetition")
        repetition = self.scenario.repetition
        removed = "data.unique" in self.scenario.inputs or any(key.startswith(TIERS) for key in self.scenario.inputs)
        if named and named.value and repetition is None and not removed and not self._is_unclear("data"):
            told = any(problem.subject == "data.repetition" for problem in self.problems.found)
            if not told:
                message = "needs `data.unique` or `data.tiers`: without a limit nothing is repeated."
                self.problems.add(message, named.place, "data.repetition")
        if repetition is None or "decay" in repetition.constants:
            return
        for key in ("data.decay", *(f"{TIERS}.{tier}.decay" for tier in self.scenario.tiers)):
            given = self._get(key)
            if given is not None and given.is_written:
                message = f"the repetition `{repetition.name}` has no constant `decay`."
                self.problems.add(message, given.place, key, "Remove it, or choose another `data.repetition`.")

    def check_inference(self) -> None:
        """Tokens of inference stand either together or apart; money needs to know how fast each part goes."""
        whole = self._get("inference.tokens")
        parts = [key for key in ("inference.input_tokens", "inference.output_tokens") if self._get(key)]
        if whole is not None and parts:
            message = f"stands beside `{parts[0]}`: inference is given either whole or in input and output."
            self.problems.add(message, whole.place, "inference.tokens", "Set one of the two to null in this layer.")
        paid = [key for key in _MONEY if self._get(key)]
        if not paid and self.objective != "minimize cost":
            return
        what = f"`{paid[0]}`" if paid else "`objective: minimize cost`"
        mfus = {"inference.input_tokens": "inference.prefill_mfu", "inference.output_tokens": "inference.decode_mfu"}
        for part in parts:
            given = self._get(part)
            if given is not None:
                self._require(f"beside {what}", (mfus[part],), given.place, part)
        spent = [given for key in ("inference.tokens", *parts) if (given := self._get(key))]
        if spent and self._get(_PEAK) and self._get("inference.peak") is None and not self._is_told("inference"):
            message = f"inference beside {what} needs `inference.accelerator` or `inference.peak`."
            self.problems.add(message, spent[0].place, "inference")
        if spent and self._get("hardware.price") and self._get("inference.price") is None:
            message = f"inference on another accelerator than training needs `inference.price` beside {what}."
            remedy = "Write for example `price: 2.5 USD/hour`."
            self.problems.add(message, spent[0].place, "inference", remedy)
