"""A plan at many points gives what solving it anew at each of them gives."""

import math

import numpy as np
import pytest

from flopsheet import api
from flopsheet.api.points import open_points
from flopsheet.errors import FlopsheetError
from flopsheet.evaluate.evaluation import STATUSES
from flopsheet.evaluate.points import LIMITS, name_binding

CAPPED = """
title: Capped
law: hoffmann_2022
budget: {compute: 1e22 FLOP}
scenarios: {base: {}, capped: {caps.parameters: 2B}}
"""
TARGET = """
title: Target
law: hoffmann_2022
objective: minimize compute
target: {loss: 2.1}
caps: {tokens: 3T}
"""
TERMS = """
title: Terms
law: hoffmann_2022
budget: {compute: 1e23 FLOP}
data: {tiers: [{name: good, unique: 30B}, {name: web, unique: 300B, quality: 0.5}]}
"""
ROOTS = """
title: Roots
law:
  loss: E + A / N**alpha + B / D**beta
  cost: 6 * N * D + 2e12 * N + 1e10 * D
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.7, A: 400, B: 410, alpha: 0.34, beta: 0.28}
budget: {compute: 1e23 FLOP}
"""
RESOURCE = "title: Resource\nlaw: kaplan_2020_tokens\ninputs: {D: 1e10}\ntarget: {loss: 2.5}\n"


def write(tmp_path, text):
    """A plan file."""
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def check_points(path, columns, scenario=None):
    """Each point against the plan solved with the same numbers in --set."""
    first = {key: next(f"{value!r}" for value in values if not math.isnan(value)) for key, values in columns.items()}
    plan = open_points(path, keys=first, scenario=scenario)
    points = plan.evaluate({key: np.array(values) for key, values in columns.items()})
    assert plan.results
    for index in range(len(points.statuses)):
        at = {key: values[index] for key, values in columns.items()}
        sets = [f"{key}={'null' if math.isnan(value) else repr(value)}" for key, value in at.items()]
        answers = api.solve_plan(path, sets=sets).answers
        answer = next(answer for answer in answers if scenario in {None, answer.name})
        assert STATUSES[points.statuses[index]] == answer.status, at
        assert set(name_binding(int(points.binding[index])).split("+")) - {""} == set(answer.binding), at
        for cell in plan.results:
            value, known = points.values[cell.id][index], {**answer.results, **answer.cells}.get(cell.id)
            if known is None:
                assert math.isnan(value) or cell.id.startswith("tier_"), (cell.id, at)
            else:
                assert value == pytest.approx(known.value, rel=1e-12), (cell.id, at)
    return points


def test_budgets_and_caps(tmp_path):
    """Budgets, a cap and its removal, in a scenario that is not the first."""
    columns = {"budget.compute": [1e19, 1e22, 1e24, 1e24], "caps.parameters": [1e9, 1e9, 1e10, math.nan]}
    points = check_points(write(tmp_path, CAPPED), columns, "capped")
    assert list(points.binds("parameters")) == [False, True, True, False]


def test_targets(tmp_path):
    """Targets within reach, beyond a cap, and beyond all resources."""
    points = check_points(
        write(tmp_path, TARGET), {"target.loss": [2.4, 2.1, 1.9, 1.6], "caps.tokens": [3e12, 3e12, 1e11, 3e12]}
    )
    assert [STATUSES[code] for code in points.statuses] == ["ok", "ok", "infeasible", "ok"]
    assert list(points.unreachable) == [False, False, False, True]
    assert points.values["N_opt"][3] == math.inf


def test_terms(tmp_path):
    """Tiers, and a key that the plan itself does not set."""
    columns = {"data.tiers.good.unique": [3e10, 3e11, 1e9], "inference.tokens": [1e12, 1e10, 1e13]}
    points = check_points(write(tmp_path, TERMS), columns)
    assert points.binds("data").all()


def test_constants_that_move_no_root(tmp_path):
    """Constants that the loss alone reads, where the optimum is the root of an equation without them."""
    check_points(write(tmp_path, ROOTS), {"constants.E": [1.6, 1.8]})


def test_one_resource(tmp_path):
    """A law with one resource."""
    check_points(write(tmp_path, RESOURCE), {"inputs.D": [1e9, 1e11]})


def test_unknown_names(tmp_path):
    """An input and an output that do not exist are refused with the nearest name."""
    plan = open_points(write(tmp_path, CAPPED))
    with pytest.raises(FlopsheetError, match=r"budget\.compte") as refused:
        plan.evaluate({"budget.compte": 1e21})
    assert "budget.compute" in str(refused.value)
    with pytest.raises(FlopsheetError, match="N_op"):
        plan.evaluate({}, ["N_op"])
    with pytest.raises(FlopsheetError, match="capd"):
        open_points(write(tmp_path, CAPPED), scenario="capd")


def test_binding_names():
    """Bits and names go together."""
    assert name_binding(0) == ""
    assert name_binding(0b1001) == f"{LIMITS[0]}+{LIMITS[3]}"
