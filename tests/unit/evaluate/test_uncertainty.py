"""Draws of inputs and constants: quantiles against closed forms, reproducible streams, shares, findings."""

import math
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from flopsheet import api
from flopsheet.api.points import open_points
from flopsheet.errors import FlopsheetError, Place
from flopsheet.evaluate import sampler as sampling
from flopsheet.evaluate.joint_draws import JointDraws
from flopsheet.evaluate.sampler import Rejections, Sampler, Variable
from flopsheet.evaluate.uncertainty import evaluate_uncertainty, find_quantiles, list_shares
from flopsheet.evaluate.uncertainty_study import draw_constant
from flopsheet.plan.plan import Constant

PUBLISHED = """
title: Published errors
law: besiroglu_2024
budget: {compute: 5.76e23}
uncertainty: {draws: 10000, seed: 1}
"""
BUDGET = """
title: Budget
law: hoffmann_2022
budget: {compute: 1e22}
caps: {parameters: 7B}
uncertainty: {draws: 40K, seed: 3, inputs: {budget.compute: {lognormal: [1e22 FLOP, 0.5]}}}
scenarios:
  free: {caps.parameters: null}
  capped: {}
  known: {budget.compute: 2e22}
"""
TARGET = """
title: Target
law: hoffmann_2022
objective: minimize compute
target: {loss: 1.87}
caps: {parameters: 30B}
uncertainty: {draws: 4000, inputs: {constants.E: {normal: [1.69, 0.05]}}}
"""
MONEY = """
title: Money
law: hoffmann_2022
budget: {money: 1M USD}
hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}
uncertainty:
  draws: 4000
  inputs: {hardware.mfu: {normal: [0.9, 0.08]}, hardware.price: {uniform: [2 USD/hour, 3 USD/hour]}}
"""
JOINT = """
title: Joint
law: ./law.yaml
budget: {compute: 1e22}
"""
LAW = """
law: ours_2026
loss: E + A / N**alpha + B / D**beta
cost: 6 * N * D
decisions: {N: parameters, D: tokens}
constants: {E: 1.8, A: 480, B: {value: 2000, interval: [1500, 2500], level: 90 %}, alpha: 0.35, beta: 0.36}
"""
ROWS = ("1.8,480,2000,0.35,0.36", "1.7,500,2200,0.35,0.37", "1.9,400,1500,0.34,0.35", "1.8,-1,2000,0.35,0.36")


def write(folder, text, **files):
    """A plan in a project of its own."""
    (folder / ".git").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def solve(factory, text):
    """The answers of a plan by scenario."""
    answers = api.solve_plan(write(factory.mktemp("plan"), text)).answers
    return {answer.name: answer for answer in answers}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The law with published standard errors."""
    return solve(tmp_path_factory, PUBLISHED)["base"]


@pytest.fixture(scope="module")
def budgets(tmp_path_factory):
    """A budget that is lognormal."""
    return solve(tmp_path_factory, BUDGET)


@pytest.fixture(scope="module")
def money(tmp_path_factory):
    """A share that may come out above 1, and a price."""
    return solve(tmp_path_factory, MONEY)["base"]


def codes(answer):
    """The codes of an answer's findings."""
    return [finding.code for finding in answer.findings]


def test_a_lognormal_budget_gives_a_lognormal_size(budgets):
    r"""$N^* = G (C/6)^{\beta/(\alpha+\beta)}$ of a lognormal C is lognormal: quantiles within five of their errors."""
    answer = budgets["free"]
    a = 0.28 / (0.34 + 0.28)
    for name, power in (("N_opt", a), ("D_opt", 1 - a), ("C_total", 1)):
        spread = answer.uncertainty.results[name]
        assert list(spread.quantiles) == [0.05, 0.25, 0.5, 0.75, 0.95]
        for share, found in spread.quantiles.items():
            exact = answer.results[name].value * math.exp(0.5 * power * NormalDist().inv_cdf(share))
            assert 0 < found.error < 0.02 * found.value
            assert abs(found.value - exact) < 5 * found.error


def test_what_binds_is_counted(budgets):
    """The share of draws whose budget is too small for the cap to bind is that of the lognormal."""
    free, capped = budgets["free"], budgets["capped"]
    at_cap = 1e22 * (7e9 / free.results["N_opt"].value) ** ((0.34 + 0.28) / 0.28)
    exact = NormalDist().cdf(math.log(at_cap / 1e22) / 0.5)
    assert 0.85 < exact < 0.95
    assert capped.uncertainty.binding["compute"] == pytest.approx(exact, abs=0.01)
    assert sum(capped.uncertainty.binding.values()) == pytest.approx(1)
    assert set(capped.uncertainty.binding) == {"compute", "compute+parameters"}
    assert capped.uncertainty.results["N_opt"].quantiles[0.95].value == pytest.approx(7e9)


def test_a_scenario_that_sets_an_input_knows_it(budgets):
    """Nothing is drawn where a scenario, or --set, says itself what the input is."""
    assert budgets["known"].uncertainty is None
    assert "inputs_not_drawn" in codes(budgets["known"])
    assert budgets["known"].results["C_total"].value == pytest.approx(2e22)


def test_set_is_taken_as_known(tmp_path):
    """--set beats a distribution, and a finding says so."""
    plan = PUBLISHED.replace("seed: 1", "seed: 1, inputs: {budget.compute: {lognormal: [1e22, 0.5]}}")
    answer: Any = api.solve_plan(write(tmp_path, plan), sets=["budget.compute=1e22"]).answers[0]
    assert "budget.compute" not in answer.uncertainty.sampler.keys
    assert "inputs_not_drawn" in codes(answer)


def test_published_standard_errors_drawn_independently(published):
    """The standard errors of Besiroglu et al. (2024), drawn each by itself, leave N between 9B and 1,060B."""
    found = published.uncertainty
    low, high = (found.results["N_opt"].quantiles[share] for share in (0.05, 0.95))
    assert low.value == pytest.approx(9.3e9, abs=4 * low.error)
    assert high.value == pytest.approx(1.06e12, abs=4 * high.error)
    assert 8.5e9 < low.value < 10e9
    assert 0.95e12 < high.value < 1.2e12
    assert codes(published)[-2:] == ["independent_constants", "rejected_draws"]
    negative = NormalDist(2085.43, 1293.23).cdf(0)
    assert found.rejected.by_key["constants.B"] / 10_000 == pytest.approx(negative, abs=0.01)


def test_one_draw_is_one_solved_plan(tmp_path):
    """A draw comes to what the plan comes to with the drawn numbers in --set."""
    path = write(tmp_path, PUBLISHED.replace("10000", "5"))
    solution: Any = api.solve_plan(path)
    drawn = solution.study.sample(0, 5)
    sizes = []
    for index in range(len(drawn["constants.A"])):
        sets = [f"{key}={float(values[index])!r}" for key, values in drawn.items()]
        sizes.append(api.solve_plan(path, sets=[*sets, "budget.compute=5.76e23"]).answers[0].results["N_opt"].value)
    median = solution.answers[0].uncertainty.results["N_opt"].quantiles[0.5]
    assert median.value == pytest.approx(float(np.median(sizes)), rel=1e-12)


def test_draws_depend_on_seed_and_key_alone(monkeypatch):
    """The same numbers in pieces of any length and in any order of the keys; others for another seed."""
    variables = (
        Variable("a", "normal", 1, 2, "1", "input", positive=False),
        Variable("b", "uniform", 0, 1, "1", "input", positive=False),
        Variable("c", "lognormal", 3, 0.5, "1", "input", positive=True),
    )
    whole = next(Sampler(1000, 7, variables).sample(Rejections()))
    monkeypatch.setattr(sampling, "CHUNK", 96)
    pieces = list(Sampler(1000, 7, variables[::-1]).sample(Rejections()))
    assert len(pieces) == 11
    for key in "abc":
        assert np.array_equal(whole[key], np.concatenate([piece[key] for piece in pieces]))
    other = next(Sampler(96, 8, variables).sample(Rejections()))
    assert not np.intersect1d(other["a"], whole["a"]).size


def test_rows_are_taken_in_order_across_pieces(monkeypatch):
    """Every row of joint draws is taken once, in its order, also where they do not fit into one piece."""
    monkeypatch.setattr(sampling, "CHUNK", 3)
    joint = JointDraws("joint.csv", {"A": np.arange(1.0, 9.0)})
    pieces = Sampler(8, 0, (), joint, in_order=True).sample(Rejections())
    assert np.concatenate([piece["constants.A"] for piece in pieces]).tolist() == list(range(1, 9))


def test_the_first_draws_stay_the_same(published):
    """The stream of a key, pinned: PCG64 seeded with the seed and the SHA-256 of the key."""
    variable = Variable("constants.beta", "normal", 0, 1, "1", "se", positive=False)
    drawn = next(Sampler(3, 1, (variable,)).sample(Rejections()))["constants.beta"]
    words = [1, *np.frombuffer(bytes.fromhex(KEY_HASH), dtype="<u4").tolist()]
    expected = np.random.Generator(np.random.PCG64(np.random.SeedSequence(words))).standard_normal(3)
    assert drawn.tolist() == expected.tolist()
    assert published.uncertainty.sampler.seed == 1


KEY_HASH = "0e7da4abd3482e3a36e2f35b145655c1"


def test_shares_above_one_are_left_out(money):
    """Draws of a share above 1 are counted, and not among the results."""
    found = money.uncertainty
    above = 1 - NormalDist(0.9, 0.08).cdf(1)
    assert found.rejected.by_key == {"hardware.mfu": found.rejected.count}
    assert found.rejected.count / 4000 == pytest.approx(above, abs=0.02)
    assert found.kept == 4000 - found.rejected.count
    assert {"N_opt", "L_opt", "time", "cost"} <= set(found.results)
    assert found.results["time"].unit == "hour"
    assert "independent_constants" not in codes(money)
    assert codes(money).count("exact_constants") == 1


def test_targets_out_of_reach_are_counted(tmp_path_factory):
    """Draws whose target is beyond the cap show as a status; what binds is counted among the others."""
    path = write(tmp_path_factory.mktemp("plan"), TARGET)
    solution: Any = api.solve_plan(path)
    answer = solution.answers[0]
    found = answer.uncertainty
    points = open_points(path).evaluate(solution.study.sample(0, 4000))
    planned = points.statuses == 0
    assert found.binding["parameters"] == pytest.approx(np.mean(points.binds("parameters")[planned]), rel=1e-12)
    assert set(found.statuses) == {"ok", "infeasible"}
    assert found.statuses["infeasible"] > 0.02
    assert sum(found.statuses.values()) == pytest.approx(1)
    assert found.results["N_opt"].count == round(found.statuses["ok"] * found.kept)
    assert "draws_without_plan" in codes(answer)


def test_a_target_without_cap_may_be_infinite(tmp_path_factory):
    """Where no resources reach the target the quantile is infinite."""
    text = TARGET.replace("caps: {parameters: 30B}\n", "").replace("loss: 1.87", "loss: 1.73")
    found = solve(tmp_path_factory, text)["base"].uncertainty
    assert found.results["N_opt"].quantiles[0.95].value == math.inf
    assert math.isfinite(found.results["N_opt"].quantiles[0.05].value)
    assert set(found.statuses) == {"ok"}


def test_leaving_the_fitted_range_is_told(budgets):
    """The share of draws outside of the range in which the law was fitted."""
    free = budgets["free"]
    power = 0.34 / (0.34 + 0.28)
    exact = 1 - NormalDist().cdf(math.log(500e9 / free.results["D_opt"].value) / (0.5 * power))
    assert free.uncertainty.outside == {"D": pytest.approx(exact, abs=0.005)}
    assert codes(free).count("draws_outside_range") == 1


def test_quantiles_are_those_of_sorted_numbers():
    """Interpolated order statistics as numpy's, and an error that is that of a normal sample."""
    values = np.random.default_rng(5).standard_normal(200_001)
    shares = list_shares(0.95)
    assert shares == (0.025, 0.25, 0.5, 0.75, 0.975)
    found = find_quantiles(values.copy(), shares)
    assert [each.value for each in found] == pytest.approx(np.quantile(values, shares).tolist(), rel=1e-12)
    normal = NormalDist()
    for share, each in zip(shares, found, strict=True):
        expected = math.sqrt(share * (1 - share) / 200_001) / normal.pdf(normal.inv_cdf(share))
        assert each.error == pytest.approx(expected, rel=0.3)
    assert find_quantiles(np.array([2.0, 1.0]), (0.5,))[0].value == 1.5
    assert find_quantiles(np.array([1.0, math.inf, 2.0]), (0.9,))[0].value == math.inf


PLACE = Place("law.yaml", 1, 1)


def test_what_a_law_states_of_a_constant():
    """An interval above zero is a lognormal with these quantiles; one across zero, and a standard error, normal."""
    interval: Any = draw_constant(Constant("B", 2000, PLACE, interval=(1500, 2500), level=0.9))
    z = NormalDist().inv_cdf(0.95)
    assert interval.kind == "lognormal"
    assert interval.first * math.exp(-z * interval.second) == pytest.approx(1500, rel=1e-12)
    assert interval.first * math.exp(z * interval.second) == pytest.approx(2500, rel=1e-12)
    across: Any = draw_constant(Constant("c", 1, PLACE, interval=(-1, 3)))
    z = NormalDist().inv_cdf(0.975)
    assert (across.kind, across.first, across.positive) == ("normal", 1, True)
    assert across.second == pytest.approx(2 / z, rel=1e-12)
    error: Any = draw_constant(Constant("d", -0.7, PLACE, se=0.03))
    assert (error.kind, error.first, error.second, error.positive) == ("normal", -0.7, 0.03, False)
    assert draw_constant(Constant("e", 1, PLACE)) is None


@pytest.mark.parametrize(
    "keys",
    ["uncertainty: {draws: joint.csv}", "uncertainty: {draws: 3000, constants: joint.csv}", "uncertainty: {}"],
)
def test_joint_draws(tmp_path, keys):
    """Rows in order, rows at random, and those that the law names: constants together, wrong signs left out."""
    law = LAW if "csv" in keys else f"{LAW}draws: joint.csv\n"
    table = "\n".join(("E,A,B,alpha,beta", "# a remark", *ROWS)) + "\n"
    solution: Any = api.solve_plan(write(tmp_path, f"{JOINT}{keys}\n", law_yaml=law, joint_csv=table))
    answer = solution.answers[0]
    found = answer.uncertainty
    assert "joint.csv" in solution.files
    assert "independent_constants" not in codes(answer)
    assert found.sampler.draws == {"{draws: joint.csv}": 4, "{}": 10_000}.get(keys.partition(": ")[2], 3000)
    assert found.rejected.count / found.sampler.draws == pytest.approx(0.25, abs=0.03)
    sizes = []
    for row in ROWS[:3]:
        names = ("E", "A", "B", "alpha", "beta")
        plan = open_points(tmp_path / "plan.yaml")
        constants = {f"constants.{name}": float(text) for name, text in zip(names, row.split(","), strict=True)}
        sizes.append(float(plan.evaluate(constants, ["N_opt"]).values["N_opt"]))
    assert found.results["N_opt"].quantiles[0.5].value == pytest.approx(sorted(sizes)[1], rel=1e-12)


def test_memory_is_bounded(tmp_path):
    """Results are computed piece by piece: only what is asked for is kept."""
    points = open_points(write(tmp_path, "title: x\nlaw: hoffmann_2022\nbudget: {compute: 1e22}\n"))
    seen = []

    class Watched:
        """The plan, which notes how many draws it is given at once."""

        graph, results = points.graph, points.results

        def evaluate(self, columns, outputs):
            seen.append(len(columns["budget.compute"]))
            return points.evaluate(columns, outputs)

    variable = Variable("budget.compute", "lognormal", 1e22, 0.1, "FLOP", "input", positive=True)
    watched: Any = Watched()
    found = evaluate_uncertainty(watched, Sampler(100_000, 1, (variable,)), 0.9, ["L_opt"])
    assert max(seen) == sampling.CHUNK
    assert sum(seen) == 100_000
    assert list(found.results) == ["L_opt"]


def test_most_draws_rejected_is_an_error(tmp_path):
    """Distributions of which little is left are refused with what broke, at the worst of them."""
    text = MONEY.replace("[0.9, 0.08]", "[0.99, 3]")
    with pytest.raises(FlopsheetError) as refused:
        api.solve_plan(write(tmp_path, text))
    assert "`hardware.mfu` in " in str(refused.value)
    assert str(refused.value).startswith("plan.yaml:8:")
    assert Path(tmp_path / "plan.yaml").exists()
