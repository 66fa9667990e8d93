"""Two plans compared: contributions add up and are those of plans solved anew, and nothing is told that is not so."""

import itertools
import math
import random
from pathlib import Path

import pytest

from flopsheet import api
from flopsheet.evaluate.difference import Difference
from flopsheet.plan.changes import pair_scenarios

ROOT = Path(__file__).resolve().parents[3]

CAPPED = """\
title: Capped
law: besiroglu_2024
budget: {compute: 1e22 FLOP}
caps: {parameters: 8B}
scenarios:
  small: {}
  large: {budget.compute: 1e23 FLOP}
cells:
  above: {formula: L_opt - E, unit: nats/token}
claims:
  the cap: {says: {N_opt: caps_parameters}, scenario: large, expected: proven}
expect:
  L_opt: {at_most: 2.2}
"""
TERMS = """\
title: Terms
law: hoffmann_2022_unrounded
budget: {compute: 1e23 FLOP}
hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}
data:
  tiers:
    - {name: good, unique: 50B, quality: high, epochs: 8}
    - {name: web, unique: 1.2T, quality: low, epochs: 4}
"""
POOL = """\
title: Pool
law: hoffmann_2022_unrounded
budget: {compute: 1e23 FLOP}
hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}
data: {unique: 50B, epochs: 8}
"""
TARGET = """\
title: Target
law: hoffmann_2022
objective: minimize compute
target: {loss: 2.2}
caps: {parameters: 5B, tokens: 1T}
"""


@pytest.fixture
def compare(tmp_path):
    """A function that compares two texts; further files are put beside them."""
    (tmp_path / ".git").mkdir()

    def run(old: str, new: str, **files: str) -> Difference:
        for name, text in {"old": old, "new": new, **files}.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        with api.compare_plans(str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")) as found:
            return found

    return run


def results(difference, scenario):
    """The changed results of a scenario by name."""
    found = next(each for each in difference.scenarios if each.pair.new.name == scenario)
    return {each.name: each for each in found.results}


def check_sums(difference):
    """Contributions add up to the change of every result that both sides have; the number of those."""
    count = 0
    for scenario in difference.scenarios:
        for each in scenario.results:
            assert each.attribution is not None
            if each.attribution.method == "none":
                assert each.attribution.why_not
                continue
            total = math.fsum(each.attribution.contributions.values())
            assert total == pytest.approx(each.change, rel=1e-9), (scenario.pair.new.name, each.name)
            count += 1
    return count


FACTORS = (0.5, 0.8, 1.25, 2.0)
EDITS = {
    "examples/serving_fleet": {"compute: 1e22": 1e22, "parameters: 8B": 8e9, "tokens: 15T": 15e12},
    "examples/cluster_for_forty_days": {
        "40 days": 40,
        "money: 3M": 3e6,
        "count: 512": 512,
        "mfu: 40 %": 40,
        "price: 2.5": 2.5,
    },
}


@pytest.mark.parametrize("name", EDITS)
def test_contributions_add_up(name, tmp_path):
    """Random changes of several inputs of shipped plans: contributions add up to each change to 1e-9."""
    source = random.Random(name)  # noqa: S311 - the same changes every time
    (tmp_path / ".git").mkdir()
    old = ROOT / f"scenarios/{name}.yaml"
    company = ROOT / "scenarios/examples/_company.yaml"
    texts = {old.name: old.read_text(encoding="utf-8"), "_company.yaml": company.read_text(encoding="utf-8")}
    for file, text in texts.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    changed = dict(texts)
    for written, number in EDITS[name].items():
        head, _, unit = written.rpartition(": ")
        tail = " FLOP" if "FLOP" in unit else " days" if "days" in unit else " %" if "%" in unit else ""
        new = f"{head + ': ' if head else ''}{number * source.choice(FACTORS):.6g}{tail}"
        for file, text in changed.items():
            changed[file] = text.replace(written, new)
    folder = tmp_path / "new"
    folder.mkdir()
    for file, text in changed.items():
        (folder / file).write_text(text, encoding="utf-8")
    with api.compare_plans(str(tmp_path / old.name), str(folder / old.name)) as difference:
        assert len(difference.inputs) >= 2
        assert check_sums(difference) > 10
        methods = {each.attribution.method for s in difference.scenarios for each in s.results if each.attribution}
        assert "shapley" in methods


def test_contributions_are_those_of_plans_solved_anew(tmp_path):
    """Under terms, each corner solved as a plan of its own with --set gives the same Shapley values."""
    sets = {"budget.compute": "3e23", "data.unique": "200B"}
    new = POOL.replace("1e23", "3e23").replace("50B", "200B")
    (tmp_path / "old.yaml").write_text(POOL, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(new, encoding="utf-8")
    values = {}
    for made in itertools.chain.from_iterable(itertools.combinations(sets, n) for n in range(3)):
        solved = api.solve_plan(tmp_path / "old.yaml", sets=[f"{key}={sets[key]}" for key in made])
        values[frozenset(made)] = solved.answers[0].results
    with api.compare_plans(str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")) as difference:
        found = results(difference, "base")
        assert check_sums(difference) > 10
    orders = list(itertools.permutations(sets))
    for name in ("L_opt", "N_opt", "D_opt", "epochs", "cost"):
        for key in sets:
            mean = 0.0
            for order in orders:
                before = frozenset(order[: order.index(key)])
                mean += (values[before | {key}][name].value - values[before][name].value) / len(orders)
            scale = abs(values[frozenset()][name].value)
            assert found[name].attribution.contributions[key] == pytest.approx(mean, rel=1e-9, abs=1e-11 * scale)


def test_a_plan_does_not_differ_from_itself(compare):
    """Nothing is told, and other spellings of the same numbers and formulas are no change."""
    assert compare(CAPPED, CAPPED).is_empty
    spelt = CAPPED.replace("8B", "8_000M").replace("1e22 FLOP", "10e21").replace("L_opt - E", "L_opt-E")
    assert compare(CAPPED, "# moved down\n\n" + spelt).is_empty


def test_a_seeded_regime_change(compare):
    """A cap that is lifted: what bound and binds, the claim that no longer holds, and who did it."""
    difference = compare(CAPPED, CAPPED.replace("parameters: 8B", "parameters: 80B"))
    large = difference.scenarios[1]
    assert [regime.binding for regime in large.regimes] == [("compute", "parameters"), ("compute",)]
    assert set(results(difference, "large")["L_opt"].attribution.contributions) == {"caps.parameters"}
    assert [(each.old.verdict, each.new.verdict) for each in difference.claims] == [("proven", "refuted")]
    assert difference.expectations == ()
    (change,) = difference.inputs
    assert (change.key, change.kind, change.scenarios, change.is_base) == (
        "caps.parameters", "changed", ("small", "large"), True,
    )  # fmt: skip
    assert (change.old.value, change.new.value, change.old.place.line) == (8e9, 8e10, 4)


def test_a_removed_limit(compare):
    """Null in a scenario is told as a limit removed there; a line that goes as removed in the base."""
    difference = compare(CAPPED, CAPPED.replace("1e23 FLOP}", "1e23 FLOP, caps.parameters: null}"))
    assert [(each.key, each.kind, each.scenarios, each.is_base) for each in difference.inputs] == [
        ("caps.parameters", "unlimited", ("large",), False)
    ]
    assert results(difference, "large")["N_opt"].attribution.contributions.keys() == {"caps.parameters"}
    without = CAPPED.replace("caps: {parameters: 8B}\n", "").replace("N_opt: caps_parameters", "N_opt: N_opt")
    difference = compare(CAPPED, without)
    assert [(each.key, each.kind) for each in difference.inputs] == [("caps.parameters", "removed")]
    check_sums(difference)


def test_an_infeasible_side(compare):
    """A scenario that loses its plan: the status, results that went, and no contributions."""
    difference = compare(TARGET, TARGET.replace("2.2", "1.9"))
    (scenario,) = difference.scenarios
    assert [regime.status for regime in scenario.regimes] == ["ok", "infeasible"]
    assert all(each.new is None and each.attribution.method == "none" for each in scenario.results)
    assert "infeasible" in {finding.code for finding in scenario.came}


def test_an_infeasible_corner(compare):
    """Where one change without the other leaves no plan, they are made in the order that has one."""
    new = TARGET.replace("2.2", "2.02").replace("5B", "50B").replace("1T", "10T")
    difference = compare(TARGET, new)
    found = results(difference, "base")["C_total"].attribution
    assert found.method == "one_order"
    assert next(iter(found.contributions)) != "target.loss"
    assert check_sums(difference) >= 5


def test_an_infinite_side(compare):
    """A target out of reach: infinite results have no contributions, and the finding is new."""
    (scenario,) = compare(TARGET, TARGET.replace("2.2", "1.6")).scenarios
    assert scenario.regimes[1].unreachable
    assert {each.attribution.why_not for each in scenario.results if each.new == math.inf} == {"infinite"}


def test_a_rewritten_formula_is_the_same(compare):
    """The same mathematics in a cell is told as that; other mathematics contributes to the cell alone."""
    difference = compare(CAPPED, CAPPED.replace("L_opt - E", "(L_opt**2 - E**2)/(L_opt + E)"))
    (change,) = difference.formulas
    assert (change.name, change.kind, change.rewriting.sameness, change.is_other) == (
        "cells.above",
        "changed",
        "same",
        False,
    )
    assert not any(each.results for each in difference.scenarios)
    difference = compare(CAPPED, CAPPED.replace("L_opt - E", "2 * L_opt - E").replace("1e22", "2e22"))
    assert difference.formulas[0].is_other
    assert set(results(difference, "small")["above"].attribution.contributions) == {
        "budget.compute",
        "formulas and law",
    }
    assert results(difference, "small")["L_opt"].attribution.contributions["formulas and law"] == 0
    check_sums(difference)


LAW = """\
law: ours
decisions: {N: parameters, D: tokens}
constants: {E: 1.7, A: 400, B: 410, alpha: 0.34, beta: 0.28}
loss: E + A / N**alpha + B / D**beta
cost: 6 * N * D
"""


def test_a_law_of_ones_own(compare):
    """Other constants in a law file are inputs with their lines; another form is one change, as is another law."""
    plan = "title: T\nlaw: ./LAW.yaml\nbudget: {compute: 1e22 FLOP}\n"
    sides = plan.replace("LAW", "law_a"), plan.replace("LAW", "law_b").replace("1e22", "2e22")
    difference = compare(*sides, law_a=LAW, law_b=LAW.replace("1.7", "1.8").replace("0.34", "0.35"))
    settings = {each.key: each for each in difference.settings}
    assert settings.keys() == {"law", "law.constants.E", "law.constants.alpha"}
    assert settings["law.constants.E"].new.place.file == "law_b.yaml"
    found = results(difference, "base")
    assert found["L_opt"].attribution.contributions.keys() == {"budget.compute", "constants.E", "constants.alpha"}
    assert found["N_opt"].attribution.contributions["constants.E"] == 0
    check_sums(difference)
    form = LAW.replace("loss: E + A / N**alpha", "where: {size: N**alpha}\nloss: A / size + E")
    difference = compare(*sides, law_a=LAW, law_b=form)
    assert {each.name: each.kind for each in difference.formulas} == {"law.loss": "changed", "law.where.size": "added"}
    assert next(each for each in difference.formulas if each.name == "law.loss").rewriting.sameness == "same"
    assert results(difference, "base")["L_opt"].attribution.contributions.keys() == {"budget.compute"}
    difference = compare(*sides, law_a=LAW, law_b=LAW.replace("6 * N * D", "6 * N * D + 1e3 * N"))
    assert results(difference, "base")["N_opt"].attribution.contributions.keys() == {
        "budget.compute",
        "formulas and law",
    }
    check_sums(difference)


def test_another_law_of_the_library(compare):
    """Its constants are listed without lines, and it is one change beside the inputs."""
    difference = compare(CAPPED, CAPPED.replace("besiroglu_2024", "hoffmann_2022").replace("1e22", "2e22"))
    assert {each.key for each in difference.settings} == {
        "law",
        *(f"law.constants.{x}" for x in ("E", "A", "B", "alpha", "beta")),
    }
    assert all(each.new.place is None for each in difference.settings if each.key != "law")
    assert results(difference, "small")["L_opt"].attribution.contributions.keys() == {
        "budget.compute",
        "formulas and law",
    }
    check_sums(difference)


def test_what_belongs_together_is_one_change(compare):
    """Accelerators that came with their limits, a tier that came, another accelerator: each is one change."""
    bare = POOL.replace("hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}\n", "")
    new = POOL.replace("1e23 FLOP}", "2e23 FLOP}\ncaps: {time: 20 days}")
    found = results(compare(bare, new), "base")["L_opt"].attribution
    assert (found.method, found.contributions.keys()) == ("shapley", {"budget.compute", "hardware"})
    new = TERMS.replace("epochs: 4}", "epochs: 4}\n    - {name: code, unique: 100B}").replace("H100", "A100")
    difference = compare(TERMS, new)
    found = results(difference, "base")
    assert found["L_opt"].attribution.contributions["data.tiers.code"] < 0
    shares = found["time"].attribution.contributions
    assert {name for name, value in shares.items() if value} == {"hardware.accelerator"}
    assert found["tiers.code.epochs"].old is None
    assert check_sums(difference) > 10


def test_another_repetition(compare):
    """What repeated data are worth is a formula: it has its own share, and the words of the plan say so."""
    plan = "title: T\nlaw: hoffmann_2022\nbudget: {compute: 1e23 FLOP}\ndata: {unique: 50B, repetition: exponential}\n"
    difference = compare(plan, plan.replace("exponential", "none").replace("50B", "60B"))
    assert [each.key for each in difference.inputs] == ["data.repetition", "data.unique"]
    assert results(difference, "base")["L_opt"].attribution.contributions.keys() == {"data.unique", "formulas and law"}
    check_sums(difference)
    pool = plan.replace("unique: 50B, repetition: exponential", "tiers: [{name: all, unique: 50B}]")
    found = results(compare(plan, pool.replace("50B", "60B")), "base")["L_opt"].attribution
    assert found.why_not == "not_comparable"


def test_another_question(compare):
    """Where another thing is minimised the results are told, but not taken apart."""
    difference = compare(CAPPED.partition("scenarios")[0], TARGET)
    assert "objective" in {each.key for each in difference.settings}
    assert {each.attribution.why_not for each in difference.scenarios[0].results} == {"other_question"}


def test_scenarios_are_paired(compare):
    """Renamed with the same lines, a child of a renamed one included; other lines are one less and one more."""
    old = CAPPED + ""
    new = CAPPED.replace("large:", "next year:").replace("scenario: large", "scenario: next year")
    pairs = compare(old, new).pairs
    assert [(pair.old.name, pair.new.name) for pair in pairs.pairs] == [("small", "small"), ("large", "next year")]
    new = new.replace("1e23", "2e23")
    difference = compare(old, new)
    assert ([s.name for s in difference.pairs.added], [s.name for s in difference.pairs.removed]) == (
        ["next year"],
        ["large"],
    )
    child = "  child: {extends: large, caps.parameters: 2B}\n"
    old = CAPPED.replace("cells:", f"{child}cells:")
    new = old.replace("large", "vast").replace("child", "grandchild")
    found = compare(old, new)
    assert [pair.new.name for pair in found.pairs.pairs if pair.is_renamed] == ["vast", "grandchild"]
    assert not any(each.results for each in found.scenarios)
    assert pair_scenarios(found.new.solution.plan, found.new.solution.plan).added == ()


def test_expectations(compare):
    """A bound that no longer holds, and one that was loosened."""
    (change,) = compare(CAPPED, CAPPED.replace("parameters: 8B", "parameters: 1B")).expectations
    assert (change.old.holds, change.new.holds) == (True, False)
    (change,) = compare(CAPPED, CAPPED.replace("at_most: 2.2", "at_most: 2.5")).expectations
    assert (change.old.expectation.at_most, change.new.expectation.at_most) == (2.2, 2.5)
