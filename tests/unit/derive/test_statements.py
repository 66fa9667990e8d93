"""Every statement of the ledger holds for what was derived, and is refuted once what it speaks of is broken."""

from dataclasses import replace

import pytest
import sympy as sp

from flopsheet import api
from flopsheet.derive.derivation import Derivation, derive_law
from flopsheet.derive.regimes import derive_regimes
from flopsheet.derive.statements import check_statements
from flopsheet.derive.text import render_text
from flopsheet.laws.library import load_library_law
from flopsheet.model.law_model import build_law_model

NAMES = (
    "budget identity",
    "stationarity",
    "second order",
    "exponents",
    "KKT signs",
    "complementary slackness",
    "inverse round trip",
)

POWER_LAWS = (
    "hoffmann_2022",
    "hoffmann_2022_unrounded",
    "hoffmann_2022_table_a3",
    "besiroglu_2024",
    "besiroglu_2024_unrounded",
    "kaplan_2020",
)


@pytest.fixture(scope="module", params=["hoffmann_2022", "kaplan_2020"])
def derivation(request):
    """The derivation of a law of either form."""
    return derive_law(build_law_model(load_library_law(request.param)))


def verdicts(derivation, interior=None, regimes=None, model=None):
    """The verdict of each statement, by its name."""
    interior = interior or derivation.interior
    model = model or derivation.model
    regimes = regimes or derive_regimes(model, interior)
    proofs = check_statements(model, interior, regimes, derivation.prover)
    return {proof.statement.partition(":")[0]: proof.verdict for proof in proofs}


@pytest.mark.parametrize("law", POWER_LAWS)
def test_every_statement_is_proven_for_the_power_laws(law):
    """Symbolically, and under the names that readers look for."""
    proofs = derive_law(build_law_model(load_library_law(law))).proofs
    assert tuple(proof.statement.partition(":")[0] for proof in proofs) == NAMES
    assert [(proof.method, proof.verdict) for proof in proofs] == [("symbolic", "proven")] * len(NAMES)


def test_a_wrong_size_breaks_identity_and_stationarity(derivation):
    """One decision 1 % off: the budget is not spent, the worth differs, the round trip ends elsewhere."""
    x, _ = derivation.model.decisions
    free = dict(derivation.interior.free)
    free[x] *= sp.Rational(101, 100)
    found = verdicts(derivation, replace(derivation.interior, free=free))
    for name in ("budget identity", "stationarity", "complementary slackness", "inverse round trip"):
        assert found[name] == "refuted", name


def test_a_shift_along_the_budget_breaks_stationarity_alone(derivation):
    """Twice the size for half the tokens spends the budget, and is not the optimum."""
    x, y = derivation.model.decisions
    free = dict(derivation.interior.free)
    free[x], free[y] = 2 * free[x], free[y] / 2
    found = verdicts(derivation, replace(derivation.interior, free=free))
    assert found["budget identity"] == "proven"
    assert found["stationarity"] == "refuted"
    assert found["complementary slackness"] == "refuted"


def test_wrong_exponents_are_refuted(derivation):
    """A size that grows with the square of the budget breaks a + b = 1."""
    x, _ = derivation.model.decisions
    free = dict(derivation.interior.free)
    free[x] = free[x] * derivation.model.amount
    assert verdicts(derivation, replace(derivation.interior, free=free))["exponents"] == "refuted"


def test_a_loss_with_its_sign_turned_is_refuted(derivation):
    """The stationary point of a maximum is told by the second order and by the signs."""
    model = replace(derivation.model, loss=-derivation.model.loss)
    gains = {z: -gain for z, gain in derivation.interior.gains.items()}
    found = verdicts(derivation, replace(derivation.interior, gains=gains), model=model)
    assert found["KKT signs"] == "refuted"
    assert found["second order"] in {"refuted", "undecided"}


def test_a_concave_loss_is_refuted(derivation):
    """A loss that falls, but along the budget bends the wrong way."""
    x, y = derivation.model.decisions
    model = replace(
        derivation.model, loss=10 - (x * sp.Rational(1, 10**9)) ** sp.Rational(1, 5) - (y / 10**11) ** sp.Rational(1, 5)
    )
    assert verdicts(derivation, model=model)["second order"] == "refuted"


def test_a_regime_off_its_cap_is_refuted(derivation):
    """A regime whose decision is not at the cap it says, or whose budget is not spent, breaks slackness."""
    regimes = derive_regimes(derivation.model, derivation.interior)
    x, y = derivation.model.decisions
    for z in (x, y):
        optimum = dict(regimes[1].optimum)
        optimum[z] *= sp.Rational(99, 100)
        broken = (regimes[0], replace(regimes[1], optimum=optimum), *regimes[2:])
        assert verdicts(derivation, regimes=broken)["complementary slackness"] == "refuted"


def test_a_wrong_inverse_is_refuted(derivation):
    """Twice the least compute does not reach the loss it is said to."""
    interior = replace(derivation.interior, inverse=2 * derivation.interior.inverse)
    assert verdicts(derivation, interior)["inverse round trip"] == "refuted"
    x, _ = derivation.model.decisions
    reaching = {**derivation.interior.reaching, x: derivation.interior.reaching[x] * 2}
    assert verdicts(derivation, replace(derivation.interior, reaching=reaching))["inverse round trip"] == "refuted"


def test_exponents_and_elasticities_are_exact(derivation):
    """Exponents sum to one, and elasticities agree with differences of the formulas at 30 digits."""
    model = derivation.model
    assert sp.simplify(sum(derivation.exponents.values()) - 1) == 0
    at = {**model.values, model.amount: 1e22}
    exact = {symbol: sp.Float(value, 40) for symbol, value in at.items()}
    step = sp.Float("1e-12", 40)
    outputs = {**derivation.interior.free, model.level: model.loss.subs(derivation.interior.free, simultaneous=True)}
    for (output, variable), elasticity in derivation.elasticities.items():
        sides = [
            outputs[output].evalf(40, subs={**exact, variable: exact[variable] * (1 + sign * step)}) for sign in (1, -1)
        ]
        difference = (sp.log(sides[0]) - sp.log(sides[1])) / (2 * step)
        assert float(elasticity.evalf(40, subs=exact)) == pytest.approx(float(difference), rel=1e-9, abs=1e-12)


LETTERS = """\
title: Other letters
law:
  law: ours
  loss: k0 + k1 / P**p1 + k2 / Q**q2
  cost: k3 * P * Q
  decisions: {P: parameters, Q: tokens}
  constants: {k0: 1.5, k1: 400, k2: 500, p1: 0.3, q2: 0.35, k3: 2}
budget: {compute: 1e22}
caps: {parameters: 3B, tokens: 1T}
"""


def test_other_letters_leave_no_trace_of_the_papers(tmp_path):
    """A law in P, Q, k1, k2 is derived with no N, D, A, B, E, alpha or beta in steps, proofs, regimes or cells."""
    path = tmp_path / "plan.yaml"
    path.write_text(LETTERS, encoding="utf-8")
    solved = api.solve_plan(path)
    derivation = solved.derivation
    assert isinstance(derivation, Derivation)
    exprs = [side for step in derivation.steps for line in step.equations for side in (line.left, line.right)]
    exprs += [
        expr for regime in derivation.regimes for expr in (*regime.optimum.values(), *regime.multipliers.values())
    ]
    exprs += [*derivation.exponents.values(), *derivation.elasticities.values()]
    used = {symbol.name for expr in exprs for symbol in sp.sympify(expr).free_symbols}
    assert used == {"P", "Q", "k0", "k1", "k2", "k3", "p1", "q2", "C", "L", "caps_parameters", "caps_tokens"}
    papers = {"N", "D", "A", "B", "E", "alpha", "beta"}
    text = " ".join(" ".join(render_text(line)) for step in derivation.steps for line in step.equations)
    text += " ".join(proof.statement.partition("(")[0] for proof in solved.proofs)
    words = set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())
    assert not words & papers
    assert not {cell.id for cell in solved.graph} & papers
    assert {"P_opt", "Q_opt"} <= set(solved.answers[0].results)
    assert not [name for name in solved.answers[0].results if name.startswith(("N_", "D_"))]
    assert all(proof.verdict == "proven" for proof in solved.proofs)
