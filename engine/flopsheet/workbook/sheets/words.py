"""What a scenario comes to in words, live: whether there is a plan, and what binds it."""

from __future__ import annotations

from collections.abc import Callable

from flopsheet.derive.cell_builder import BUDGET_STATUS, PLAN_STATUS
from flopsheet.derive.regimes import find_caps
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.sheet import Formula

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


def _quoted(words: list[str]) -> str:
    """Words as arguments of a formula."""
    return ", ".join('"' + word.replace('"', '""') + '"' for word in words)
