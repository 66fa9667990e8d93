"""What a scenario comes to in words, live: whether there is a plan, and what binds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from flopsheet.derive.cell_builder import BUDGET_STATUS, PLAN_STATUS
from flopsheet.derive.regimes import find_caps
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import DASH, FLAT_PART
from flopsheet.workbook.sheet import Formula

LIMITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "binding_spent": ("compute", "money", "time"),
        "binding_size": ("parameters", "memory"),
        "binding_data": ("tokens", "data"),
    }
)
"""Every limit that may bind, by the line that names it."""

Refer = Callable[[str], str]
"""How the formula calls a cell, by its id: a name, or a cell of the same column."""


def verdicts(context: Context, refer: Refer, index: int) -> dict[str, Formula]:
    """The lines in words by the catalogue key of their label; without those that never change.

    Args:
        context: The plan.
        refer: How cells are called.
        index: The scenario whose words are stored.
    """
    found = {}
    if context.searches:
        if {"plan_status", "fresh_part"} & context.flat.graph.by_id.keys():
            found["workbook.status"] = _status_under_terms(context, refer, index)
        return found | _binding_under_terms(context, refer, index)
    if "plan_status" in context.flat.graph:
        found["workbook.status"] = _status(context, refer, index)
    elif BUDGET_STATUS in context.flat.graph:
        found["workbook.status"] = _paid(context, refer, index)
    if find_caps(context.solution.model):
        found["workbook.binding"] = _binding(context, refer, index)
    return found


def _status(context: Context, refer: Refer, index: int) -> Formula:
    """Whether the target can be reached."""
    words = [context.t(f"status.{key}") for key in ("ok", "unreachable", "infeasible")]
    chosen = words[int(context.flat.values["plan_status"][index])]
    return Formula(f"CHOOSE(1 + {refer('plan_status')}, {_quoted(words)})", chosen)


def _paid(context: Context, refer: Refer, index: int) -> Formula:
    """Whether the budget pays for more than what is spent whatever is chosen."""
    words = [context.t(f"status.{key}") for key in ("ok", "unpaid")]
    chosen = words[1 if context.flat.values[BUDGET_STATUS][index] else 0]
    return Formula(f"IF({refer(BUDGET_STATUS)} = 0, {_quoted(words)})", chosen)


def _binding(context: Context, refer: Refer, index: int) -> Formula:
    """Which limits bind."""
    t, values = context.t, context.flat.values
    names = [cap.name for cap in find_caps(context.solution.model).values()]
    limits = [t(f"limit.{name}") for name in names]
    target = "plan_status" in context.flat.graph
    if target:
        words = [t("workbook.bind_none"), *limits, t("workbook.bind_caps")]
    else:
        words = [t("workbook.bind_budget"), *(t("workbook.bind_cap", cap=limit) for limit in limits)]
        words.append(t("workbook.bind_slack"))
    weights = [f"{refer(f'binds_{name}')} * {weight}" if weight > 1 else refer(f"binds_{name}")
               for weight, name in enumerate(names, start=1)]  # fmt: skip
    text = f"CHOOSE({' + '.join(['1', *weights])}, {_quoted(words[: 2 ** len(names)])})"
    chosen = words[sum(int(values[f"binds_{name}"][index]) * weight for weight, name in enumerate(names, start=1))]
    status = next((name for name in (PLAN_STATUS, BUDGET_STATUS) if name in context.flat.graph), None)
    if status is None:
        return Formula(text, chosen)
    exists = float(values[status][index]) == 0
    return Formula(f'IF({refer(status)} = 0, {text}, "{DASH}")', chosen if exists else DASH)


def _status_under_terms(context: Context, refer: Refer, index: int) -> Formula:
    """Whether there is a plan, and whether its data are worn out."""
    t, flat = context.t, context.flat
    ok, worn, *others = (t(f"status.{key}") for key in ("ok", "flat", "unreachable", "infeasible"))
    status = int(flat.values["plan_status"][index]) if "plan_status" in flat.graph else 0
    text, chosen = f'"{ok}"', ok
    if "fresh_part" in flat.graph:
        text = f'IF({refer("fresh_part")} < {flat.refer_number(FLAT_PART)}, "{worn}", "{ok}")'
        chosen = worn if flat.number("fresh_part", index) < float(FLAT_PART) else ok
    if "plan_status" in flat.graph:
        text = f"CHOOSE(1 + {refer('plan_status')}, {text}, {_quoted(others)})"
    return Formula(text, [chosen, *others][status])


def _binding_under_terms(context: Context, refer: Refer, index: int) -> dict[str, Formula]:
    """Which limits bind, a line for each kind: each as its name or nothing, a dash where none of them does."""
    found = {}
    for key, names in LIMITS.items():
        limits = [name for name in names if f"binds_{name}" in context.flat.graph]
        if limits:
            found[f"workbook.{key}"] = _binding_line(context, refer, index, limits)
    return found


def _binding_line(context: Context, refer: Refer, index: int, limits: Sequence[str]) -> Formula:
    """The limits of a line that bind, each after a point; a dash for none, and where there is no plan."""
    flat = context.flat
    names = {name: f"· {context.t(f'limit.{name}')} " for name in limits}
    flags = {name: refer(f"binds_{name}") for name in limits}
    pieces = [f'REPT("{names[name]}", {flags[name]})' for name in limits]
    none = f'REPT("{DASH}", 1 - MAX({", ".join(flags.values())}))'
    text = f"TRIM({' & '.join([none, *pieces])})"
    values = {name: flat.number(f"binds_{name}", index) for name in limits}
    chosen = "".join(names[name] for name, value in values.items() if value == 1).strip() or DASH
    # Where there is no plan the flags are dashes, which nothing can be repeated by.
    return Formula(f'IFERROR({text}, "{DASH}")' if "plan_status" in flat.graph else text, chosen)


def _quoted(words: list[str]) -> str:
    """Words as arguments of a formula."""
    return ", ".join('"' + word.replace('"', '""') + '"' for word in words)
