"""The ledger of plans under terms: what is proven, and that a false statement comes out refuted."""

from dataclasses import replace

import pytest
import sympy as sp

from flopsheet import api
from flopsheet.derive.constrained.ledger import prove_terms
from flopsheet.derive.constrained.ledger_numbers import PlanNumbers
from flopsheet.derive.constrained.limits import bound_of
from flopsheet.derive.constrained.stretches import add_path

PLANS = {
    "loss": "law: hoffmann_2022\nbudget: {compute: 1e24, covers: lifetime}\n"
    "hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2 USD/hour}\n"
    "caps: {parameters: 50B, money: 9M USD}\ninference: {tokens: 2T}\n"
    "data:\n  tiers: [{name: a, unique: 100B, epochs: 8}, {name: b, unique: 1T, quality: low, epochs: 4}]\n",
    "target": "law: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 2.1}\n"
    "data:\n  tiers: [{name: a, unique: 100B, epochs: 8}, {name: b, unique: 1T, quality: low, epochs: 4}]\n",
}
LEDGER = "flopsheet.derive.constrained.ledger"
NAMES = (
    "budget identity",
    "stationarity",
    "second order",
    "KKT signs",
    "complementary slackness",
    "inverse round trip",
    "exponents",
    "dimension",
)


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """Both plans, solved."""
    folder = tmp_path_factory.mktemp("ledger")
    found = {}
    for name, text in PLANS.items():
        path = folder / f"{name}.yaml"
        path.write_text(f"title: {name}\n{text}", encoding="utf-8")
        found[name] = api.solve_plan(path)
    return found


def numbers_of(solution, **changed):
    """The numbers of the first scenario, some of them changed by a factor."""
    values = {cell.id: solution.evaluation.value(cell.id, 0) for cell in solution.graph}
    for name, factor in changed.items():
        assert name in values, name
        values[name] *= factor
    return PlanNumbers("base", solution.graph, values)


def refuted(solution, numbers):
    """The names of the statements that do not hold."""
    proofs = prove_terms(solution.derivation, solution.terms, [numbers])
    return [proof.statement for proof in proofs if proof.verdict == "refuted"]


@pytest.mark.parametrize("name", PLANS)
def test_every_statement_of_the_contract_stands_in_the_ledger(name, solved):
    """Each begins with its name; none is refuted, and algebra decides what it can."""
    proofs = solved[name].proofs
    assert {proof.statement.partition(":")[0] for proof in proofs} == set(NAMES)
    assert {proof.verdict for proof in proofs} <= {"proven", "checked"}
    own = [proof for proof in proofs if "stretches of the data" in proof.statement or "spends it" in proof.statement]
    assert [(proof.method, proof.verdict) for proof in own] == [("symbolic", "proven")] * 2


def test_nothing_is_called_convex_that_is_not(solved):
    """The choice between stretches is a comparison at numbers."""
    (choice,) = [proof for proof in solved["loss"].proofs if "best of" in proof.statement]
    assert choice.method == "numeric"
    assert choice.verdict == "checked"
    assert "50 digits" in choice.detail


@pytest.mark.parametrize(
    ("changed", "statement"),
    [
        ({"D_opt": 1.01}, "stationarity: at the plan no step"),
        ({"D_opt": 0.3}, "second order: the plan is the best"),
        ({"multiplier_compute": -1}, "KKT signs"),
        ({"N_at_compute_opt": 1.001}, "complementary slackness"),
        ({"part_compute": 1.001}, "stationarity: the parts"),
    ],
)
def test_a_wrong_number_is_refuted(changed, statement, solved):
    """One number of the plan is falsified at a time, and the statement about it fails."""
    found = refuted(solved["loss"], numbers_of(solved["loss"], **changed))
    assert any(text.startswith(statement) for text in found), found


def test_a_missed_target_is_refuted(solved):
    """The loss that the plan reaches is the target."""
    found = refuted(solved["target"], numbers_of(solved["target"], L_opt=1.0001))
    assert found == ["inverse round trip: the plan reaches the target loss"]


def test_a_wrong_level_is_refuted(solved, monkeypatch):
    """A water level that is no derivative of the effective tokens."""

    def wrong(*given):
        path = add_path(*given)
        assert path is not None
        first, *others = path.stretches
        return replace(path, stretches=(replace(first, marginal=first.marginal**2), *others))

    monkeypatch.setattr(f"{LEDGER}.add_path", wrong)
    found = refuted(solved["loss"], numbers_of(solved["loss"]))
    assert any("is the water level" in text for text in found)


def test_a_wrong_worth_is_refuted(solved, monkeypatch):
    """Repetition that counts a second pass for more than it is."""
    monkeypatch.setattr(f"{LEDGER}.worth", lambda e, r: e + r * (sp.exp((e - 1) / r) - 1))
    found = refuted(solved["loss"], numbers_of(solved["loss"]))
    assert [text.partition(":")[0] for text in found] == ["stationarity", "second order"]


def test_a_limit_that_is_not_spent_is_refuted(solved, monkeypatch):
    """A size that leaves a part of its limit, and falls faster than it says."""

    def wrong(*given):
        found = bound_of(*given)
        return replace(found, size=found.size**2)

    monkeypatch.setattr(f"{LEDGER}.bound_of", wrong)
    found = refuted(solved["loss"], numbers_of(solved["loss"]))
    assert [text.partition(":")[0] for text in found] == ["budget identity", "stationarity"]
