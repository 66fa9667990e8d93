"""What must hold of a plan under data, inference and limits: limits kept, an optimum, tokens on the right tiers."""

from __future__ import annotations

from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.constrained.prices import NOTHING
from flopsheet.model.cell import Cell
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.sheet import Formula
from flopsheet.workbook.sheets.check_rows import CheckRows
from flopsheet.workbook.sheets.words import LIMITS

_SPENT = LIMITS["binding_spent"]


def put_term_checks(rows: CheckRows) -> None:
    """The checks of a plan whose terms reach into the optimum."""
    slacks = _put_limits(rows)
    _put_optimum(rows, slacks)
    _put_tiers(rows)


def _put_limits(rows: CheckRows) -> dict[str, tuple[str, float | str]]:
    """Every limit is kept; gives the share of each that is left over, as formula and value."""
    rows.start("check.group_limits")
    found = _slacks(rows)
    for name, (text, value) in found.items():
        label = rows.context.t("check.limit_kept", limit=rows.context.t(f"limit.{name}"))
        rows.add(label, Formula(text, value), 0.0, _where_planned(rows, "{m} >= {e} - {t}"), shape="0.00%")
    return found


def _slacks(rows: CheckRows) -> dict[str, tuple[str, float | str]]:
    """What is left over of every limit of the plan, as a share of it."""
    flat = rows.flat
    found: dict[str, tuple[str, float | str]] = {
        name: (f"slack_{name}", flat.shown(flat.graph[f"slack_{name}"], 0))
        for name in _SPENT
        if f"slack_{name}" in flat.graph
    }
    size, tokens = _chosen(rows)
    held: tuple[tuple[str, Cell, str, str], ...] = (
        ("parameters", size, "caps_parameters", ""),
        ("memory", size, "caps_memory", "hardware_bytes_per_parameter"),
        ("tokens", tokens, "caps_tokens", ""),
        ("data", tokens, "tokens_most", ""),
    )
    for name, cell, limit, factor in held:
        if limit in flat.graph:
            times = f" * {flat.name(flat.graph[factor])}" if factor else ""
            amount = flat.number(cell.id) * (flat.number(factor) if factor else 1.0)
            text = f"1 - {flat.name(cell)}{times} / {flat.name(flat.graph[limit])}"
            found[name] = (text, 1 - amount / flat.number(limit))
    return found


def _chosen(rows: CheckRows) -> tuple[Cell, Cell]:
    """Size and tokens of the plan."""
    model = rows.context.solution.model
    by_role = {model.decision(z).role: cell for z, cell in zip(model.decisions, rows.chosen, strict=True)}
    return by_role["parameters"], by_role["tokens"]


def _where_planned(rows: CheckRows, test: str) -> str:
    """A condition that is asked where there is a plan."""
    return test if rows.budget else f"OR(plan_status > 0, {test})"


def _put_optimum(rows: CheckRows, slacks: dict[str, tuple[str, float | str]]) -> None:
    """No multiplier is negative, none is paid for a limit with room, and size and tokens are in balance."""
    rows.start("check.group_optimum")
    context, flat, unit = rows.context, rows.flat, "nats/token"
    reached = Formula("L_opt", flat.shown(flat.graph["L_opt"], 0))
    if not rows.budget:
        target = Formula("c_target_loss", flat.number("target_loss"))
        test = _where_planned(rows, "ABS({m} - {e}) <= {t}")
        rows.add(context.t("check.target"), reached, target, test, unit=unit, shape="0.000000",
                 otherwise="plan_status > 0")  # fmt: skip
    for name, key, test in (("L_free", "free_loss", "{m} >= {e} - {t}"), ("best_opt", "least", "{m} <= {e} + {t}")):
        if name in flat.graph:
            least = Formula(name, flat.number(name))
            rows.add(context.t(f"check.{key}"), reached, least, test, unit=unit, shape="0.000000")
    for name in (name for names in LIMITS.values() for name in names if f"multiplier_{name}" in flat.graph):
        cell = flat.graph[f"multiplier_{name}"]
        label, price = context.label(cell), flat.number(cell.id)
        called = context.t("check.multiplier", name=label)
        rows.add(called, Formula(flat.name(cell), price), 0.0, "{m} >= {e}", unit=unit, shape="0.000000")
        # Data are worth something long before all of their passes are used up.
        if name not in slacks or name == "data":
            continue
        text, slack = slacks[name]
        text = f"({text})" if " " in text else text
        product = slack if isinstance(slack, str) else price * slack
        measured = Formula(f'IFERROR({flat.name(cell)} * {text}, "{DASH}")', product)
        test = _where_planned(rows, "ABS({m}) <= {t}")
        rows.add(context.t("check.complementary", name=label), measured, 0.0, test, unit=unit, shape="0.00E+00",
                 otherwise="FALSE" if rows.budget else "plan_status > 0")  # fmt: skip
    _put_balance(rows)


def _put_balance(rows: CheckRows) -> None:
    """What size and tokens are worth is what the limits take; at a jump of the worth it may be more."""
    context, flat = rows.context, rows.flat
    size, tokens = _chosen(rows)
    decision = size.id.rpartition("_")[0]
    parts = [
        cell for cell in flat.formulas if cell.id in {f"part_{name}" for names in LIMITS.values() for name in names}
    ]
    total, gain = sum(flat.number(cell.id) for cell in parts), flat.graph[f"gain_{decision}"]
    least = f"1 / {flat.refer_number(1 / NOTHING)}"
    text = f"({flat.name(gain)} - ({' + '.join(flat.name(cell) for cell in parts)})) / MAX({flat.name(gain)}, {least})"
    left = (flat.number(gain.id) - total) / max(flat.number(gain.id), float(NOTHING))
    test = _where_planned(rows, "ABS({m} - {e}) <= {t}")
    rows.add(context.t("check.parts"), Formula(text, left), 0.0, test, shape="0.00E+00")
    if context.tier_rows:
        return  # tier by tier, on the sheet Tiers
    taken = [name for name in ("tokens_paid", "multiplier_tokens") if name in flat.graph]
    # Where repetition costs more than it brings the worth of tokens may be nothing: a share of that of data.
    value = (flat.number("worth_tokens") - sum(flat.number(name) for name in taken)) / flat.number("worth_data")
    text = f"(worth_tokens - {' - '.join(taken)}) / worth_data"
    test = "ABS({m} - {e}) <= {t}"
    if "tokens_most" in flat.graph:
        name = flat.name(tokens)
        ends = f"AND({{m}} > {{e}}, ABS({name} - tokens_most) <= {{t}} * {name})"
        # With the second pass a modifier may begin to cost something at once.
        passed = f"ABS({name} - {flat.name(flat.graph['data_unique'])}) <= {{t}} * {name}"
        test = f"OR({test}, {ends}, {passed})"
    rows.add(context.t("check.balance"), Formula(text, value), 0.0, _where_planned(rows, test), shape="0.00E+00")


def _put_tiers(rows: CheckRows) -> None:
    """In every scenario the tiers add up to the plan, and no token would be better off on another one."""
    context, flat = rows.context, rows.flat
    if context.tier_rows:
        rows.start("check.group_tiers")
    _, tokens = _chosen(rows)
    for found in context.tier_rows:
        title = context.titles[found.index]
        letter = get_column_letter(context.first_column + found.index)
        whole = flat.graph[tokens.id.rpartition("_")[0] + "_opt"]
        for key, (text, value), cell in (
            ("tier_tokens", found.tokens, whole),
            ("tier_effective", found.effective, flat.graph["D_effective"]),
        ):
            expected = Formula(f"Scenarios!${letter}${context.rows[cell.id]}", flat.shown(cell, found.index))
            # Where there is no plan there is a word.
            test = "OR(ISTEXT({e}), ABS({m} - {e}) <= {t} * ABS({e}))"
            rows.add(context.t(f"check.{key}", name=title), Formula(text, value), expected, test, unit="token",
                     shape="0.0000E+00", otherwise="ISTEXT({e})")  # fmt: skip
        for key, (text, value) in (("tier_better", found.better), ("tier_balance", found.outside)):
            test = "OR(ISTEXT({m}), {m} <= {e} + {t})"
            rows.add(context.t(f"check.{key}", name=title), Formula(text, value), 0.0, test, shape="0.00E+00")
