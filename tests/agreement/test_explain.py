"""What `explain` says adds up: every formula of a tree gives its number from the numbers of its children.

The trees are taken as JSON, formulas are read from their text, and all is computed with 30 digits.
"""

import json
import re
from functools import cache

import mpmath
import pytest
import sympy as sp

from flopsheet.errors import Place
from flopsheet.evaluate.explain import Explanation, explain_cell, list_steps
from flopsheet.evaluate.explain_record import record_explanation
from flopsheet.formula.functions import CONDITIONS, FUNCTIONS
from flopsheet.formula.mp_value import mp_value
from flopsheet.formula.parse import parse_formula
from flopsheet.formula.text import FormulaText

TOLERANCE = 1e-12


@cache
def parse(text):
    """A formula over real symbols."""
    names = set(re.findall(r"[A-Za-z_]\w*", text)) - {*FUNCTIONS, *CONDITIONS}
    return parse_formula(
        FormulaText(text, Place("json", 1, 1)), {n: sp.Symbol(n, real=True) for n in names}, subject=""
    )


def compute(text, numbers):
    """The value of a formula."""
    return mp_value(parse(text), {sp.Symbol(name, real=True): value for name, value in numbers.items()})


def number(value):
    """A number of the JSON."""
    return mpmath.nan if value is None else mpmath.inf if value == "infinity" else mpmath.mpf(value)


def miss(node, numbers):
    """By how much the formula of a node misses its number, relative as two engines are compared."""
    value = number(node["value"])
    guard = numbers[node["guard"]["name"]] if "guard" in node else 0
    if guard != 0:
        expected = mpmath.inf if guard == 1 and node["guard"]["infinite_at_1"] else mpmath.nan
        return 0 if value == expected or (mpmath.isnan(value) and mpmath.isnan(expected)) else 1
    numbers = numbers | {local["name"]: number(local["value"]) for local in node.get("where", ())}
    if "root" in node:
        return miss_of_root(node["root"], value, numbers)
    found = compute(node["formula"], numbers)
    if "holds" in node:
        assert abs(compute(node["holds"], numbers) - found) <= TOLERANCE * max(1, abs(found)), node["name"]
    scale = 1 if node["unit"] == "1" or node["unit"].startswith("nats/token") else 0
    return 0 if found == value else abs(found - value) / max(abs(found), abs(value), scale)


def miss_of_root(root, value, numbers):
    """0 where the condition falls through zero at the number, or the number is an end of the range; else 1."""
    low, high = compute(root["low"], numbers), compute(root["high"], numbers)
    room = TOLERANCE * max(1, abs(value))
    if not low < high:
        return abs(value - low)
    if min(abs(value - low), abs(value - high)) <= room:
        return 0

    def condition(at):
        """What falls through zero, at a value of the unknown."""
        here = numbers | {root["unknown"]: at}
        for local in root["where"]:
            here[local["name"]] = compute(local["formula"], here) if "formula" in local else number(local["value"])
        return compute(root["falls_through_zero"], here)

    return 0 if condition(value - room) >= 0 >= condition(value + room) else 1


def check_tree(node, found):
    """Check a node and all below it; `found` collects the cells that were checked."""
    if node.get("seen") or "source" in node:
        return
    for child in node["children"]:
        check_tree(child, found)
    numbers = {child["name"]: number(child["value"]) for child in node["children"]}
    missed = miss(node, numbers)
    assert missed <= TOLERANCE, (node["name"], float(missed))
    found.add(node["name"])


def test_trees_compute_to_their_results(shipped, build_book):
    """All results and own cells of every shipped plan, in every scenario, within 1e-12."""
    solution = build_book(shipped).solution
    with mpmath.workdps(30):
        for index, answer in enumerate(solution.answers):
            found: set[str] = set()
            results = [cell.id for cell in solution.graph if cell.id in {*answer.results, *answer.cells}]
            steps = list_steps(solution, results, index)
            for name in reversed(results):
                if name in found:
                    continue  # a tree of another result held it whole
                record = json.loads(
                    json.dumps(record_explanation(Explanation(solution, index, name, steps)), allow_nan=False)
                )
                check_tree(record["tree"], found)
            assert found >= set(results)


@pytest.mark.parametrize("name", ["L_opt", "t_curated_opt", "price_tier_web"])
def test_a_tree_with_a_wrong_number_is_noticed(name, build_book, project_root):
    """The check above would see a number that is off by 1e-11, and a root that is none."""
    solution = build_book(project_root / "scenarios/examples/good_data_runs_out.yaml").solution
    node = record_explanation(explain_cell(solution, name, 1))["tree"]
    numbers = {child["name"]: number(child["value"]) for child in node["children"]}
    with mpmath.workdps(30):
        assert miss(node, numbers) <= TOLERANCE
        node["value"] *= 1 + 1e-11
        # A price is a small number in nats/token: what counts is how far it is off, not by which part of itself.
        assert (miss(node, numbers) > TOLERANCE) == (name != "price_tier_web")
