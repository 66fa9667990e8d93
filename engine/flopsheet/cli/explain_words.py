"""Numbers, formulas and origins of an explanation as a terminal shows them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.document.numbers import MAX_DIGITS, render_number, render_quantity
from flopsheet.evaluate.explain import NAME, Explanation, Origin, Step, formula_text
from flopsheet.formula.decide import Case
from flopsheet.formula.unfold import Search
from flopsheet.messages import render_message
from flopsheet.model.cell import BEYOND_REACH

_MOST_CASES = 3
_ENCLOSED = re.compile(r"\(\((-[\d.e-]+)\)\)")
_LARGE = re.compile(r"(?<![\w.])\d{16,}(?![\w.])")


def tell_value(step: Step) -> str:
    """The number of a cell with its unit; a limit that nothing sets is none."""
    return "no limit" if step.is_unset else tell_number(step.value, step.cell.unit)


def tell_number(value: float | None, unit: str) -> str:
    """A number with its unit, as elsewhere on the terminal but with all digits that are shown anywhere."""
    if value is None or math.isnan(value):
        return "no value"
    shown = math.inf if value >= BEYOND_REACH else value
    return render_quantity(shown, None if unit in {"1", ""} else unit, digits=MAX_DIGITS)


def tell_label(step: Step) -> str:
    """What a cell is."""
    return render_message(step.cell.label)


def put_in(text: str, numbers: Mapping[str, float]) -> str:
    """The text of a formula with numbers for its names, all in base units."""
    put = NAME.sub(lambda match: spell(numbers[match[0]]) if match[0] in numbers else match[0], text)
    return _ENCLOSED.sub(r"(\1)", put.strip("()") if NAME.fullmatch(text) else put)


def tell_formula(expr: sp.Basic) -> str:
    """A formula in the formula language, its very large numbers as powers of ten."""
    return _LARGE.sub(lambda match: f"{float(match[0]):g}".replace("+", ""), formula_text(expr))


def spell(value: float) -> str:
    """A number within a formula: no separators, and in parentheses where it has a sign."""
    shown = math.inf if value >= BEYOND_REACH else value
    text = render_number(shown, digits=MAX_DIGITS).replace(",", "")
    return f"({text})" if text.startswith("-") else text


def numbers_of(explanation: Explanation, step: Step) -> dict[str, float]:
    """The numbers of all that the formula of a cell reads, its own steps included."""
    return {name: explanation.steps[name].value for name in step.reads} | dict(step.values)


def tell_cases(cases: Sequence[Case], numbers: Mapping[str, float]) -> list[str]:
    """Which case of each choice holds, and why; equal ones are told once."""
    told = list(dict.fromkeys(_tell_case(case, numbers) for case in cases))
    more = len(told) - _MOST_CASES
    return told if more <= 0 else [*told[:_MOST_CASES], f"and {more} more {'choice' if more == 1 else 'choices'}"]


def _tell_case(case: Case, numbers: Mapping[str, float]) -> str:
    """Which case of a choice holds."""
    which = f"case {case.number} of {case.count}"
    if case.holds is not None:
        return f"{which}: {_tell_condition(case.holds, numbers)}"
    if len(case.failed) == 1:
        return f"{which}: not {_tell_condition(case.failed[0], numbers)}"
    return f"{which}: no other condition holds"


def _tell_condition(condition: sp.Basic, numbers: Mapping[str, float]) -> str:
    """A condition with the numbers that it compares."""
    text = tell_formula(condition)
    return f"{text}  ({put_in(text, numbers)})"


def tell_search(search: Search, numbers: Mapping[str, float]) -> list[str]:
    """What a root is: what falls through zero, over which unknown, between which ends."""
    t = search.unknown.name
    low, high = tell_formula(search.low), tell_formula(search.high)
    best = "" if search.least is None else ", of several such the one with the least objective"
    lines = [f"the {t} at which a condition falls through zero{best}", f"{t} from {low} to {high}"]
    ends = f"{t} from {put_in(low, numbers)} to {put_in(high, numbers)}"
    lines += [ends] if ends != lines[-1] else []
    lines.append(f"condition: {tell_formula(search.condition)}")
    for local in search.where:
        if isinstance(local.value, Search):
            inner = local.value
            text = f"the {inner.unknown.name} from {tell_formula(inner.low)} to {tell_formula(inner.high)}"
            text += f" at which {tell_formula(inner.condition)} falls through zero"
        else:
            text = tell_formula(local.value)
        value = numbers.get(local.symbol.name)
        here = "" if value is None else f" (at the root {spell(value)})"
        lines.append(f"where {local.symbol.name} = {text}{here}")
    return lines


def tell_origin(origin: Origin) -> str:
    """What set an input or constant, in words, with its line."""
    place = "" if origin.place is None else tell_place(origin.place.file, origin.place.line)
    written = f" as `{origin.text}`" if origin.text else ""
    if origin.kind == "plan":
        return f"set by {place}{written}"
    if origin.kind == "catalogue":
        return f"catalogue figure of `{origin.text}`, which {place} names"
    if origin.kind == "assumed":
        return f"assumed: default of the tool{f' ({place})' if place else ''}"
    if origin.kind == "law":
        return f"constant of the law, {place}"
    if origin.kind == "repetition":
        return f"constant of the repetition `{origin.layer}`, {place}"
    if origin.kind == "runs":
        return f"training run, {place}"
    if origin.kind == "unset":
        return f"removed by {place}" if place else "set by no layer"
    return "assumed: beyond the reach of any plan"


def tell_place(file: str, line: int) -> str:
    """A line of a file; of --set which of the options it is."""
    return f"--set (option {line})" if file == "--set" else f"{file}:{line}"
