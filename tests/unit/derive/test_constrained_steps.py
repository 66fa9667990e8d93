"""The steps of plans under terms: every equation of them holds at the numbers of a solved plan."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy as sp

from flopsheet.api.deriving import derive_of_plan
from flopsheet.api.solve import solve_plan
from flopsheet.derive.constrained.setting import WORTH, build_setting
from flopsheet.derive.constrained.steps import (
    effective_size,
    gain_of_size,
    gain_of_tokens,
    growth_of,
)
from flopsheet.derive.constrained.trace import REACHED, SIZE, TOKENS, build_trace
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.notation import Elasticity
from flopsheet.derive.proof import Equation
from flopsheet.evaluate.compile import compile_cells, evaluate_formulas
from flopsheet.evaluate.solution import Solution
from flopsheet.model.law_model import LawModel
from flopsheet.model.terms import declared_limits

PLANS = {
    "exponential": "law: besiroglu_2024\nbudget: {compute: 1e22}\ndata: {unique: 25B}",
    "muennighoff": "law: besiroglu_2024\nbudget: {compute: 1e22}\ndata: {unique: 25B, repetition: muennighoff_2023}",
    "linear": "law: besiroglu_2024\nbudget: {compute: 1e22}\n"
    "data: {unique: 25B, repetition: article_linear, epochs: 20}",
    "inference": "law: hoffmann_2022\nbudget: {compute: 1e22, covers: lifetime}\ninference: {tokens: 1T}",
    "money": "law: hoffmann_2022\nbudget: {money: 1M USD, covers: lifetime}\ninference: {tokens: 1T}\n"
    "hardware: {accelerator: H100-SXM, mfu: 40 %, price: 2.5 USD/hour}",
    "target": "law: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 2.1}\ndata: {unique: 100B}",
}


def _solve(folder: Path, text: str) -> Solution:
    """A plan solved."""
    path = folder / "plan.yaml"
    path.write_text(f"title: Steps\n{text}\n", encoding="utf-8")
    return solve_plan(path)


def _numbers(solution: Solution) -> dict[str, float]:
    """The numbers of all cells of a plan, its decisions under their own names too."""
    evaluation, model = solution.evaluation, solution.model
    found = {cell.id: evaluation.value(cell.id, 0) for cell in solution.graph}
    found |= {z.name: found[f"{z}_opt"] for z in model.decisions}
    return {"D_effective": found["D_opt"], "water_level": 1.0, **found, "L": found["L_opt"], "C": found["C_total"]}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_stationarity_holds_at_the_plan(tmp_path: Path, name: str) -> None:
    """What more tokens are worth is the size that they take of the one limit that binds."""
    solution = _solve(tmp_path, PLANS[name])
    terms = solution.terms
    assert terms is not None
    assert isinstance(solution.derivation, Derivation)
    minimises = name != "target"
    setting = build_setting(solution.derivation, terms, declared_limits(solution.plan), minimises_loss=minimises)
    numbers = _numbers(solution)
    for symbol, expr in (*setting.definitions.items(), (WORTH, effective_size(setting))):
        numbers[symbol.name] = evaluate_formulas({"value": expr}, numbers)["value"]
    growth = {Elasticity(WORTH, setting.size): growth_of(setting)}
    trade = setting.bounds[0].trade if minimises else sp.S.One
    sides = {"size": gain_of_size(setting).xreplace(growth) * trade, "tokens": gain_of_tokens(setting)}
    found = evaluate_formulas(sides, numbers)
    assert found["size"] == pytest.approx(found["tokens"], rel=1e-6)
    assert found["size"] > 0


@pytest.mark.parametrize("name", sorted(PLANS))
def test_equations_of_numbers_hold_at_the_plan(tmp_path: Path, name: str) -> None:
    """An equation between cells is one between their numbers; what must be kept is kept."""
    solution = _solve(tmp_path, PLANS[name])
    numbers = _numbers(solution)
    checked = 0
    for step in solution.derivation.steps:
        for equation in step.equations:
            gap = _gap(equation, numbers)
            if gap is not None:
                checked += 1
                assert gap <= 1e-6, f"{equation.left} {equation.relation} {equation.right}"
            elif equation.left.is_Symbol and equation.left.name not in numbers:
                value = evaluate_formulas({"value": equation.right}, numbers)["value"]
                numbers[equation.left.name] = value
    assert checked >= 2


def _gap(equation: Equation, numbers: dict[str, float]) -> float | None:
    """By how much an equation fails, relative to its sides; None where it is not one between numbers."""
    sides = (equation.left, equation.right)
    if any(side.atoms(sp.Function) - side.atoms(sp.exp, sp.log, sp.Min, sp.Max, sp.Piecewise) for side in sides):
        return None
    if any(symbol.name not in numbers for side in sides for symbol in side.free_symbols):
        return None
    found = evaluate_formulas(dict(zip("lr", sides, strict=True)), numbers)
    gap = (found["l"] - found["r"]) / max(abs(found["l"]), abs(found["r"]))
    return gap if equation.relation == "<=" else abs(gap)


@pytest.mark.parametrize("name", ["exponential", "muennighoff", "linear", "inference", "target"])
def test_the_plan_is_the_lowest_point_of_its_curve(tmp_path: Path, name: str) -> None:
    """Along the tokens nothing lies below the plan, which lies on the curve."""
    solution = _solve(tmp_path, PLANS[name])
    assert solution.terms is not None
    assert isinstance(solution.derivation, Derivation)
    cells = build_trace(solution.derivation, solution.terms, minimises_loss=name != "target")
    compiled = compile_cells(solution.graph.extended(cells), [SIZE, REACHED])
    values = {key: solution.evaluation.value(key, 0) for key in compiled.inputs if key != TOKENS}
    results = solution.answers[0].results
    best = results["D_opt"].value
    found = compiled.evaluate({**values, TOKENS: [best * factor for factor in (0.3, 0.9, 1.0, 1.1, 3.0)]})
    reached = [float(value) for value in found[REACHED]]
    assert min(reached) == reached[2]
    assert reached[2] == pytest.approx(results["C_total" if name == "target" else "L_opt"].value, rel=1e-9)
    assert float(found[SIZE][2]) == pytest.approx(results["N_opt"].value, rel=1e-9)


def test_steps_speak_of_the_limits_that_are_set(tmp_path: Path) -> None:
    """Limits that no scenario sets do not occur, and `derive` shows the steps that `solve` does."""
    solution = _solve(tmp_path, PLANS["inference"])
    model = solution.model
    assert isinstance(model, LawModel)
    titles = [step.title.key for step in solution.derivation.steps]
    assert titles == ["step.terms_problem", "step.terms_limits", "step.terms_stationarity", "step.terms_prices"]
    names = {
        symbol.name for step in solution.derivation.steps for e in step.equations for symbol in e.right.free_symbols
    }
    assert "caps_parameters" not in names
    assert derive_of_plan(solution.plan).steps == solution.derivation.steps
    both = _solve(tmp_path, PLANS["inference"] + "\ncaps: {parameters: 5B}")
    assert both.derivation.steps[-1].title.key == "step.terms_kinks"
