"""How a published figure is asked of the product: the `evaluate` block of a case to a number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp

from flopsheet.api.library import evaluate_formulas
from flopsheet.derive.sample import evaluate_at
from flopsheet.derive.statements import derive_exponents
from flopsheet.derive.stationarity import Interior, derive_interior
from flopsheet.errors import Place
from flopsheet.formula.parse import parse_formula
from flopsheet.formula.text import FormulaText
from flopsheet.laws.library import load_library_law
from flopsheet.model.law_model import LawModel, build_law_model

Numbers = dict[str, float]
DIGITS = 30


@cache
def _derived(law: str) -> tuple[LawModel, Interior]:
    loaded = load_library_law(law)
    # Candidates are a matter of plans: here an input is given.
    inputs = {name: replace(entry, candidates=()) for name, entry in loaded.inputs.items()}
    model = build_law_model(replace(loaded, inputs=inputs))
    return model, derive_interior(model)


def _number(expr: sp.Expr, values: Mapping[sp.Symbol, float]) -> float:
    """A formula at a point. 1e-15 relative: evaluated with more digits than a double has."""
    exact = {symbol: sp.Float(value, DIGITS) for symbol, value in values.items()}
    found = evaluate_at(expr, exact)
    assert found is not None
    return float(found)


def _at(model: LawModel, numbers: Mapping[str, float]) -> dict[sp.Symbol, float]:
    return {**model.values, **{z: numbers[z.name] for z in model.decisions if z.name in numbers}}


def _optimum(law: str, budget: float, at: Mapping[str, float] | None = None) -> Numbers:
    model, interior = _derived(law)
    given = {model.inputs[name].symbol: value for name, value in (at or {}).items()}
    values = {**model.values, **given, model.amount: budget}
    found = {f"{symbol}_opt": _number(expr, values) for symbol, expr in interior.free.items()}
    return found | {"L_opt": _number(interior.frontier, values), "C": budget}


def _bisect(function: Callable[[float], float], wanted: float) -> float:
    """Where a function that rises meets a value, between 1 and 1e60, to the last digits of a double."""
    low, high = 0.0, 60.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if function(10**middle) < wanted else (low, middle)
    return float(10**low)


def _budget_for(law: str, decision: str, value: float) -> Numbers:
    """The optimum at the budget for which the decision has that value."""
    return _optimum(law, _bisect(lambda budget: _optimum(law, budget)[f"{decision}_opt"], value))


def _serve(law: str, reference: str, size: float, served: float) -> Numbers:
    """The cheapest model that reaches the loss of a reference model of some size, and what both cost."""
    best = _budget_for(reference, "N", size)
    model, interior = _derived(law)
    assert interior.reaching is not None
    (given,) = (entry.symbol for entry in model.inputs.values())
    values = {**model.values, given: served, model.level: best["L_opt"]}
    found = {f"{symbol}_opt": _number(expr, values) for symbol, expr in interior.reaching.items()}
    x, y = model.decisions
    costs = {
        "C_reference": {**values, x: best["N_opt"], y: best["D_opt"]},
        "C_opt": {**values, x: found["N_opt"], y: found["D_opt"]},
    }
    prices = {name: _number(model.cost, point) for name, point in costs.items()}
    return found | prices | {"D_reference": best["D_opt"]}


def _point(law: str, at: Mapping[str, float]) -> Numbers:
    model, _ = _derived(law)
    values = _at(model, at)
    return {"loss": _number(model.loss, values), "cost": _number(model.cost, values)}


def _ratio(law: str, of: Mapping[str, float], to: Mapping[str, float]) -> Numbers:
    return {"ratio": _point(law, of)["loss"] / _point(law, to)["loss"]}


def _exponent(law: str, decision: str) -> Numbers:
    model, interior = _derived(law)
    exponents = {symbol.name: expr for symbol, expr in derive_exponents(model, interior).items()}
    return {"exponent": _number(exponents[decision], model.values)}


def _grid(law: str, budget: float, decision: str, exponents: Mapping[str, float]) -> Numbers:
    """The point of least loss among sizes 10**k that spend the budget."""
    model, interior = _derived(law)
    other = next(symbol for symbol in model.decisions if symbol.name != decision)
    points = []
    for exponent in np.arange(exponents["from"], exponents["to"], exponents["step"]):
        values = _at(model, {decision: float(10**exponent)}) | {model.amount: budget}
        values[other] = _number(interior.on_budget[other], values)
        points.append({symbol.name: values[symbol] for symbol in model.decisions})
    return min(points, key=lambda point: _point(law, point)["loss"])


def _excess(law: str, decision: str, at: Mapping[str, float], unlimited: float, excess: float) -> Numbers:
    """The point where the loss is that many times the one with an unlimited amount of the decision."""

    def gain(amount: float) -> float:
        return -_point(law, {**at, decision: amount})["loss"]

    return {**at, decision: _bisect(gain, excess * gain(unlimited))}


def _formulas(law: str, at: Mapping[str, float], beside: Mapping[str, float] | None = None) -> Numbers:
    """Loss, cost and formulas of a law as far as a point fixes them, and `beside_` those of another point."""
    loaded = load_library_law(law)
    found = {name: value for name, (value, _) in evaluate_formulas(loaded, at).items()}
    other = {} if beside is None else evaluate_formulas(loaded, beside)
    return found | {f"beside_{name}": value for name, (value, _) in other.items()}


ASKS: Mapping[str, Callable[..., Numbers]] = {
    "optimum": _optimum,
    "budget_for": _budget_for,
    "point": _point,
    "ratio": _ratio,
    "exponent": _exponent,
    "grid": _grid,
    "excess": _excess,
    "formulas": _formulas,
    "serve": _serve,
}


def _then(text: str, numbers: Mapping[str, float]) -> float:
    """A formula over what was found, in the product's own language."""
    symbols = {name: sp.Symbol(name, positive=True) for name in numbers}
    expr = parse_formula(FormulaText(text, Place("evaluate", 1, 1)), symbols, subject="then")
    return _number(expr, {symbols[name]: value for name, value in numbers.items()})


def evaluate(law: str, ask: str, then: str, given: Mapping[str, float] | None = None, **question: Any) -> float:
    """The answer of the product to one case."""
    return _then(then, ASKS[ask](law, **question) | dict(given or {}))


@pytest.fixture(scope="session")
def answer() -> Callable[[Mapping[str, Any]], float]:
    """A function from the `evaluate` block of a case to the product's number."""
    return lambda question: evaluate(**question)


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """With -v, the table of published figures: law, case, published, ours, ratio, basis."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    rows = [value for report in reports for key, value in report.user_properties if key == "published figure"]
    if rows and config.getoption("verbose") > 0:
        terminalreporter.section("published figures")
        for row in ("law | case | published | ours | ratio | basis", *sorted(rows)):
            terminalreporter.write_line(row)


@pytest.fixture(scope="session")
def asks() -> Sequence[str]:
    """The kinds of questions a case may ask."""
    return tuple(ASKS)
