"""What holds of every plan: more is never worse, what is beyond reach does not matter, order and pieces do not show."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flopsheet import api
from flopsheet.evaluate.compile import CHUNK
from flopsheet.model.cell import BEYOND_REACH

LAWS = ("hoffmann_2022", "kaplan_2020")
OUTPUTS = ("N_opt", "D_opt", "L_opt", "binds_parameters", "binds_tokens", "binds_compute", "price_compute")
budgets = st.floats(15, 30).map(lambda power: 10**power)
caps = st.one_of(st.just(BEYOND_REACH), st.floats(5, 16).map(lambda power: 10**power))
factors = st.floats(1, 1e6)


@cache
def compiled(law):
    """A law's plan as a function."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "plan.yaml")
        path.write_text(f"title: x\nlaw: {law}\nbudget: {{compute: 1e22}}\n", encoding="utf-8")
        return api.compile_plan(path)


def plan(law, budget, cap_n=BEYOND_REACH, cap_d=BEYOND_REACH):
    """The plan at one point or many."""
    values = {"budget.compute": budget, "caps.parameters": cap_n, "caps.tokens": cap_d}
    return compiled(law).evaluate(values, OUTPUTS)


@pytest.mark.parametrize("law", LAWS)
@given(budgets, caps, caps, factors, factors, factors)
def test_more_is_never_worse(law, budget, cap_n, cap_d, more_c, more_n, more_d):
    """A larger budget or cap never raises the loss, beyond the last bits."""
    before = plan(law, budget, cap_n, cap_d)["L_opt"]
    for after in (
        plan(law, budget * more_c, cap_n, cap_d),
        plan(law, budget, cap_n * more_n, cap_d),
        plan(law, budget, cap_n, cap_d * more_d),
    ):
        assert after["L_opt"] <= before * (1 + 1e-13)


@pytest.mark.parametrize("law", LAWS)
@given(budgets, caps, caps)
def test_a_plan_keeps_its_limits(law, budget, cap_n, cap_d):
    """No cap is exceeded, the budget not by more than rounding, and whatever is not binding has no price."""
    found = plan(law, budget, cap_n, cap_d)
    assert found["N_opt"] <= cap_n
    assert found["D_opt"] <= cap_d
    assert 6 * found["N_opt"] * found["D_opt"] <= budget * (1 + 1e-13)
    assert found["binds_parameters"] == (found["N_opt"] == cap_n)
    assert (found["price_compute"] == 0) == (found["binds_compute"] == 0)


@pytest.mark.parametrize("law", LAWS)
@given(budgets, factors)
def test_caps_beyond_the_optimum_are_no_caps(law, budget, factor):
    """Bit for bit."""
    free = plan(law, budget)
    slack = plan(law, budget, free["N_opt"] * (1 + 1e-12) * factor, free["D_opt"] * (1 + 1e-12) * factor)
    assert all(slack[name] == free[name] for name in OUTPUTS)


@given(st.floats(18, 26), st.sampled_from(["K", "M", "B", "T"]))
def test_units_do_not_matter(power, suffix):
    """Parameters counted in thousands or billions, with the constant that goes with it, give the same size."""
    unit = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}[suffix]
    hoffmann = compiled("hoffmann_2022")
    values = {"budget.compute": 10**power}
    plain = hoffmann.evaluate(values)
    # A/N**alpha = (A/unit**alpha) / (N/unit)**alpha, and the budget of 6 N D shrinks with N.
    scaled = hoffmann.evaluate({"budget.compute": 10**power / unit, "constants.A": 406.4 / unit**0.34})
    assert scaled["N_opt"] * unit == pytest.approx(plain["N_opt"], rel=1e-12)
    assert scaled["D_opt"] == pytest.approx(plain["D_opt"], rel=1e-12)
    assert scaled["L_opt"] == pytest.approx(plain["L_opt"], rel=1e-13)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1])
def test_many_at_once_are_each_alone(law, size):
    """8191, 8192 and 8193 points give bit for bit what each gives alone, in any order."""
    random = np.random.default_rng(size)
    budget = 10 ** random.uniform(15, 30, size)
    cap_n, cap_d = (np.where(random.random(size) < 0.3, BEYOND_REACH, 10 ** random.uniform(6, 14, size)) for _ in "ND")
    whole = plan(law, budget, cap_n, cap_d)
    shuffled = random.permutation(size)
    other = plan(law, budget[shuffled], cap_n[shuffled], cap_d[shuffled])
    for name in OUTPUTS:
        assert np.array_equal(other[name], whole[name][shuffled])
    for index in (0, size // 2, size - 2, size - 1):
        alone = plan(law, budget[index], cap_n[index], cap_d[index])
        assert all(float(alone[name]) == whole[name][index] for name in OUTPUTS)


@settings(max_examples=8)
@given(st.permutations(["free", "small", "short", "both"]))
def test_the_order_of_scenarios_is_irrelevant(order):
    """Each scenario's answer is the same wherever it stands."""
    texts = {
        "free": "{budget.compute: 1e22}",
        "small": "{budget.compute: 1e23, caps.parameters: 1B}",
        "short": "{budget.compute: 1e21, caps.tokens: 1B}",
        "both": "{budget.compute: 1e24, caps.parameters: 1B, caps.tokens: 1T}",
    }
    found = []
    for names in (order, list(texts)):
        with TemporaryDirectory() as folder:
            path = Path(folder, "plan.yaml")
            lines = "".join(f"  {name}: {texts[name]}\n" for name in names)
            path.write_text(f"title: x\nlaw: hoffmann_2022\nscenarios:\n{lines}", encoding="utf-8")
            record = api.record_solved(api.solve_plan(path))
            found.append({scenario["name"]: scenario for scenario in record["scenarios"]})
    assert found[0] == found[1]
