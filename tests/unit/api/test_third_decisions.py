"""What a law chooses besides its two decisions: among candidates, between two ends, both, and with one resource."""

import itertools
import math

import pytest

from flopsheet import api
from flopsheet.derive.derivation import Derivation
from flopsheet.errors import FlopsheetError

# The same laws again and again, which one process derives once.
pytestmark = pytest.mark.xdist_group("third_decisions")

JOINT = """\
law:
  loss: c + (g / G**gamma + a + k * (1 - P / 4)**2) / N**alpha + b / D**beta
  cost: 6 * N * D * P / 16 * (1 + r * G)
  decisions: {N: parameters, D: tokens}
  constants: {a: 18.1, alpha: 0.115, b: 30.8, beta: 0.147, g: 2.1, gamma: 0.58, c: 0.47, k: 3, r: 0.05}
  inputs: {G: {unit: '1', candidates: [1, 4, 16]}, P: {unit: bit, CHOICE}}
"""
TWO_LISTS = JOINT.replace("CHOICE", "candidates: [1, 2, 3, 4, 8]")
LIST_AND_ENDS = JOINT.replace("CHOICE", "between: [1, 16]")
RESOURCE = """\
law:
  law: experts
  loss: a * E**delta * D**(alpha + gamma * log(E)) + c
  decisions: {D: tokens}
  constants: {a: 35.91, alpha: -0.1889, delta: 0.15, gamma: -0.0098, c: 1.3637}
  inputs: {E: {unit: '1', candidates: [1, 4, 16, 64]}}
"""


@pytest.fixture
def solve(tmp_path):
    """A function that solves a plan given as text."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text("title: Third\n" + text, encoding="utf-8")
        return api.solve_plan(path).answers

    return run


def values(answer):
    """The numbers of an answer by name."""
    return {name: amount.value for name, amount in answer.results.items()}


def test_each_number_of_experts_has_a_closed_form(solve):
    """The exponents of Ludziejewski et al. (2025) hold ln E; N = G (C/6)^(nu/(mu+nu)) with the scales of their law."""
    constants = {name: constant.value for name, constant in api.find_law("ludziejewski_2025").constants.items()}
    derivation = api.derive_of_law(api.find_law("ludziejewski_2025"))
    assert isinstance(derivation, Derivation)
    assert derivation.interior.budget is None
    assert derivation.interior.target is None
    text = "law: ludziejewski_2025\nbudget: {compute: 1e21}\nscenarios:\n  free: {}\n"
    chosen, *each = solve(text + "".join(f"  of {e}: {{inputs.E: {e}}}\n" for e in (1, 2, 4, 8, 16, 32)))
    for answer in each:
        found = values(answer)
        start, most = constants["E_start"], constants["E_max"]
        hat = 1 / (1 / (found["E_opt"] - 1 + 1 / (1 / start - 1 / most)) + 1 / most)
        mu = -(constants["alpha"] + constants["gamma"] * math.log(hat))
        nu = -(constants["beta"] + constants["zeta"] * math.log(hat))
        scales = constants["a"] * hat ** constants["delta"], constants["b"] * hat ** constants["omega"]
        factor = (mu * scales[0] / (nu * scales[1])) ** (1 / (mu + nu))
        assert found["N_opt"] == pytest.approx(factor * (1e21 / 6) ** (nu / (mu + nu)), rel=1e-12)
        assert found["L_opt"] >= chosen.results["L_opt"].value
    assert values(chosen) == values(each[-1])


def test_a_logarithm_in_an_exponent_keeps_the_closed_form(solve):
    """The same where the exponents stand in the loss itself, as a user may write them."""
    law = (
        "law:\n  loss: a * N**(alpha + gamma * log(E)) + b * D**(beta + zeta * log(E)) + c\n  cost: 6 * N * D\n"
        "  decisions: {N: parameters, D: tokens}\n  inputs: {E: {unit: '1', candidates: [1, 4]}}\n"
        "  constants: {a: 36, alpha: -0.19, gamma: 0.01, b: 36, beta: -0.18, zeta: -0.026, c: 1.36}\n"
    )
    answers = solve(f"{law}scenarios: {{one: {{inputs.E: 1}}, four: {{inputs.E: 4}}}}\nbudget: {{compute: 1e21}}\n")
    for answer, experts in zip(answers, (1, 4), strict=True):
        mu, nu = 0.19 - 0.01 * math.log(experts), 0.18 + 0.026 * math.log(experts)
        size = (mu * 36 / (nu * 36)) ** (1 / (mu + nu)) * (1e21 / 6) ** (nu / (mu + nu))
        assert answer.results["N_opt"].value == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize("rest", ["", "caps: {parameters: 1B}\n"])
def test_two_choices_are_the_best_together(rest, solve):
    """Of all pairs of candidates none has a lower loss; what the plan gives for one leaves the best of the other."""
    pairs = list(itertools.product((1, 4, 16), (1, 2, 3, 4, 8)))
    given = "".join(f"  at {g} {p}: {{inputs: {{G: {g}, P: {p}}}}}\n" for g, p in pairs)
    ask = f"{TWO_LISTS}budget: {{compute: 1e21}}\n{rest}scenarios:\n  free: {{}}\n  four: {{inputs.G: 4}}\n"
    free, four, *each = solve(ask + given)
    losses = {pair: answer.results["L_opt"].value for pair, answer in zip(pairs, each, strict=True)}
    best = min(losses, key=losses.__getitem__)
    assert (free.results["G_opt"].value, free.results["P_opt"].value) == best
    assert free.results["L_opt"].value == losses[best]
    assert four.results["L_opt"].value == min(losses[4, p] for p in (1, 2, 3, 4, 8))


@pytest.mark.parametrize("rest", ["", "caps: {parameters: 1B}\n"])
def test_a_choice_between_two_ends_stands_beside_candidates(rest, solve):
    """No other pair does better, nor another P where the plan gives G, whether G is a candidate or not."""
    ask = f"{LIST_AND_ENDS}budget: {{compute: 1e21}}\n{rest}scenarios:\n"
    found = solve(f"{ask}  free: {{}}\n  four: {{inputs.G: 4}}\n  seven: {{inputs.G: 7}}\n")
    for answer, sizes in zip(found, ((1, 4, 16), (4,), (7,)), strict=True):
        best = answer.results["P_opt"].value
        near = sorted({1.0, 2.0, max(1.0, best * 0.999), best * 1.001, 8.0})
        given = "".join(f"  at {g} {p}: {{inputs: {{G: {g}, P: {p!r}}}}}\n" for g in sizes for p in near)
        losses = [other.results["L_opt"].value for other in solve(ask + given)]
        assert min(losses) >= answer.results["L_opt"].value
        assert min(losses) == pytest.approx(answer.results["L_opt"].value, abs=1e-4)


def test_a_choice_beside_candidates_makes_a_target_cheapest(solve):
    """The same for the compute of a target loss."""
    ask = f"{LIST_AND_ENDS}objective: minimize compute\ntarget: {{loss: 3}}\ncaps: {{parameters: 1B}}\nscenarios:\n"
    (answer,) = solve(f"{ask}  free: {{}}\n")
    best = answer.results["P_opt"].value
    given = "".join(
        f"  at {g} {p}: {{inputs: {{G: {g}, P: {p!r}}}}}\n" for g in (1, 4, 16) for p in (best, best * 1.01)
    )
    costs = [other.results["C_total"].value for other in solve(ask + given)]
    assert min(costs) == pytest.approx(answer.results["C_total"].value, rel=1e-12)
    assert sum(cost <= answer.results["C_total"].value * (1 + 1e-12) for cost in costs) == 1


@pytest.mark.parametrize("law", [TWO_LISTS, LIST_AND_ENDS])
def test_nothing_is_chosen_where_there_is_no_plan(law, solve):
    """A target that nothing reaches, or that the caps exclude, has no choice."""
    asks = f"{law}objective: minimize compute\ntarget: {{loss: 3}}\n"
    fine, never, excluded = solve(
        f"{asks}scenarios: {{a: {{}}, b: {{target.loss: 0.4}}, c: {{caps.parameters: 1K}}}}\n"
    )
    assert {"G_opt", "P_opt"} <= fine.results.keys()
    assert never.status == "ok"
    assert not {"G_opt", "P_opt"} & never.results.keys()
    assert (excluded.status, dict(excluded.results)) == ("infeasible", {})


def test_one_choice_between_two_ends_is_solved(solve):
    """Two of them, or one of a law whose decisions are roots, are refused with what to do instead."""
    two = LIST_AND_ENDS.replace("candidates: [1, 4, 16]", "between: [1, 16]")
    with pytest.raises(FlopsheetError, match="has 2 choices between two ends, one is solved"):
        solve(f"{two}budget: {{compute: 1e21}}\n")
    roots = LIST_AND_ENDS.replace("candidates: [1, 4, 16]", "candidates: [1]").replace("6 * N * D", "(6 * N + 1e9) * D")
    with pytest.raises(FlopsheetError, match="its decisions have no closed form"):
        solve(f"{roots}budget: {{compute: 1e21}}\n")


def test_one_resource_chooses_for_what_is_asked(solve):
    """For an amount the candidate with the least loss, for a target the one that requires the least of it."""
    rows = "  spent: {inputs.D: 1M}\n  both: {inputs.D: 1T, target.loss: 6}\n"
    rows += "  asked: {target.loss: 6}\n  never: {target.loss: 1}\n"
    rows += "".join(f"  at {e}: {{inputs: {{D: 1T, E: {e}}}, target.loss: 6}}\n" for e in (1, 4, 16, 64))
    spent, both, asked, never, *each = map(values, solve(f"{RESOURCE}scenarios:\n{rows}"))
    assert spent["E_opt"] == 1
    assert both["L_opt"] == min(one["L_opt"] for one in each)
    assert both["D_required"] == min(one["D_required"] for one in each)
    assert (both["E_opt"], both["E_required"]) == (64, 1)
    assert (asked["E_opt"], asked["D_required"]) == (1, both["D_required"])
    assert never == {"D_required": math.inf}


SIGNED = "law: tao_2024_approach_3\ninputs: {d: 3200}\n"


def test_a_loss_may_be_below_zero_where_the_law_says_so(solve):
    """The vocabulary of Tao et al. (2024) is chosen; a ratio of losses says nothing and is left out."""
    given = "".join(f"  of {v}: {{inputs.V: {v}}}\n" for v in (4096, 8192, 16384, 32768, 65536, 131072, 262144))
    ask = f"{SIGNED}budget: {{compute: 1e21}}\nstrategies: {{small: {{parameters: 100M}}}}\nscenarios:\n  free: {{}}\n"
    chosen, *each = solve(ask + given)
    losses = {answer.results["V_opt"].value: answer.results["L_opt"].value for answer in each}
    assert chosen.status == "ok"
    assert chosen.results["L_opt"].value == min(losses.values()) < 0
    assert losses[chosen.results["V_opt"].value] == min(losses.values())
    assert "efficiency" not in chosen.results
    assert chosen.strategies["small"].efficiency is None
    assert chosen.strategies["small"].loss > chosen.results["L_opt"].value


def test_a_target_may_be_below_zero_where_the_loss_may(solve):
    """The plan of a budget is the cheapest one for the loss that it reaches; below its floor nothing reaches."""
    (free,) = solve(f"{SIGNED}budget: {{compute: 1e21}}\n")
    loss = free.results["L_opt"].value
    asks = f"{SIGNED}objective: minimize compute\nscenarios: {{a: {{target.loss: {loss!r}}}, b: {{target.loss: -6}}}}\n"
    back, never = solve(asks)
    assert back.results["C_total"].value == pytest.approx(1e21, rel=1e-9)
    assert back.results["V_opt"].value == free.results["V_opt"].value
    assert never.results["C_total"].value == math.inf
    assert next(finding.code for finding in never.findings) == "unreachable_target"


def test_losses_of_other_laws_stay_above_zero(solve):
    """A target below zero is refused at its line, a loss below zero is no result."""
    with pytest.raises(FlopsheetError) as error:
        solve("law: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: -2}\n")
    assert "plan.yaml:4:16: target.loss: must be greater than 0, but is `-2`." in str(error.value)
    law = "law:\n  loss: A / N**a + B / D**b - E\n  cost: 6 * N * D\n  decisions: {N: parameters, D: tokens}\n"
    law += "  constants: {A: 400, B: 400, a: 0.3, b: 0.3, E: 5}\n"
    (refused,) = solve(f"{law}budget: {{compute: 1e22}}\n")
    (taken,) = solve(f"{law}  about: {{loss: less another one, loss_sign: any}}\nbudget: {{compute: 1e22}}\n")
    assert (refused.status, taken.status) == ("not_converged", "ok")
    assert taken.results["L_opt"].value < 0
