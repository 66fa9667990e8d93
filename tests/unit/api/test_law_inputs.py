"""What laws take from a plan, and what they choose among candidates."""

import math

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError

LAW = """\
law:
  loss: E + A / (N * (1 - exp(-P / g)))**alpha + B / D**beta
  cost: 6 * N * D * P / 16
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28, g: 2.7}
  where: {kept: 1 - exp(-P / g)}
  formulas: {share: {formula: kept, unit: '1'}, ratio: C / (6 * N * D), gap: {formula: L - E, unit: nats/token}}
  inputs: {P: {unit: bit, candidates: [2, 4, 8, 16]}}
"""


@pytest.fixture
def solve(tmp_path):
    """A function that solves a plan given as text."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text("title: Inputs\n" + text, encoding="utf-8")
        return api.solve_plan(path).answers

    return run


def values(answer):
    """The numbers of an answer by name."""
    return {name: amount.value for name, amount in answer.results.items()}


@pytest.mark.parametrize("rest", ["", "caps: {parameters: 2B}\n", "caps: {tokens: 50B}\n"])
@pytest.mark.parametrize("budget", [1e20, 1e24])
def test_the_best_candidate_is_chosen(rest, budget, solve):
    """The choice is the candidate whose own plan has the least loss, and the plan is that one's."""
    given = "".join(f"  bits {p}: {{inputs.P: {p}}}\n" for p in (2, 4, 8, 16))
    chosen, *each = solve(f"{LAW}budget: {{compute: {budget}}}\n{rest}scenarios:\n  free: {{}}\n{given}")
    losses = {answer.results["P_opt"].value: answer.results["L_opt"].value for answer in each}
    best = min(losses, key=losses.__getitem__)
    assert values(chosen) == values(each[[2, 4, 8, 16].index(int(best))])
    assert chosen.results["P_opt"].unit == "bit"
    assert len(set(losses.values())) == 4


def test_the_cheapest_candidate_reaches_a_target(solve):
    """With a target loss the choice is the candidate that reaches it with the least compute."""
    given = "".join(f"  bits {p}: {{inputs.P: {p}}}\n" for p in (2, 4, 8, 16))
    chosen, *each = solve(f"{LAW}objective: minimize compute\ntarget: {{loss: 2.2}}\nscenarios:\n  free: {{}}\n{given}")
    costs = [answer.results["C_total"].value for answer in each]
    assert values(chosen) == values(each[costs.index(min(costs))])


def test_further_formulas_are_results(solve):
    """They read decisions, inputs, other formulas, the loss and the cost at the plan."""
    (answer,) = solve(f"{LAW}budget: {{compute: 1e22}}\n")
    found = values(answer)
    assert found["share"] == pytest.approx(1 - math.exp(-found["P_opt"] / 2.7), rel=1e-12)
    assert found["ratio"] == pytest.approx(found["P_opt"] / 16, rel=1e-12)
    assert found["gap"] == pytest.approx(found["L_opt"] - 1.69, rel=1e-12)


def test_an_input_is_read_by_its_name_and_its_key(solve):
    """Cells of the plan call an input as the law does, and by its dotted key."""
    law = LAW.replace(", candidates: [2, 4, 8, 16]", "")
    cells = "cells: {twice: {formula: 2 * P, unit: bit}, same: {formula: inputs_P, unit: bit}}\n"
    (answer,) = solve(f"{law}budget: {{compute: 1e22}}\ninputs: {{P: 8 bit}}\n{cells}")
    assert {name: amount.value for name, amount in answer.cells.items()} == {"twice": 16, "same": 8}


def test_repetition_is_the_law_s_own(solve):
    """The law of repeated data reads the unique tokens: at 9.3e21 FLOP over 25B its optimum is 6.82B and 227B."""
    (answer,) = solve("law: muennighoff_2023\nbudget: {compute: 9.3e21}\ndata: {unique: 25B}\n")
    found = values(answer)
    assert found["N_opt"] == pytest.approx(6.82e9, rel=1e-3)
    assert found["D_opt"] == pytest.approx(2.27e11, rel=2e-3)
    assert found["epochs"] == pytest.approx(found["D_opt"] / 25e9, rel=1e-12)
    assert found["D_effective"] < found["D_opt"]


@pytest.mark.parametrize(("budget", "unique"), [(1e20, "500B"), (1e21, "1T"), (3e22, "10T")])
def test_tokens_to_spare_leave_the_law_without_repetition(budget, unique, solve):
    """With more unique tokens than it needs, a plan is that of the law without repetition, and compute worth as much.

    The law then compares two sizes that are equal at every optimum: which is larger must not decide what that is.
    """
    (repeated,) = solve(f"law: muennighoff_2023\nbudget: {{compute: {budget}}}\ndata: {{unique: {unique}}}\n")
    (plain,) = solve(
        "law:\n  loss: E + A / N**alpha + B / D**beta\n  cost: 6 * N * D\n  decisions: {N: parameters, D: tokens}\n"
        "  constants: {E: 1.8691436784054858, A: 520.8249516599187, B: 1487.716093782861, alpha: 0.3526596, "
        f"beta: 0.3526596}}\nbudget: {{compute: {budget}}}\n"
    )
    for name in ("N_opt", "D_opt", "L_opt"):
        assert repeated.results[name].value == pytest.approx(plain.results[name].value, rel=1e-12)
    prices = [answer.shadow_prices["compute"].value for answer in (repeated, plain)]
    assert prices[0] == pytest.approx(prices[1], rel=1e-9)
    assert repeated.results["epochs"].value < 1


WITHOUT = LAW.replace(", candidates: [2, 4, 8, 16]", "")
REFUSED = {
    "left out": (WITHOUT, "", "needs `inputs.P`, which scenario `base` does not set"),
    "zero": (WITHOUT, "inputs: {P: 0}\n", "must be above zero"),
    "another unit": (WITHOUT, "inputs: {P: 8 token}\n", "reads it in bit"),
    "misspelled": (WITHOUT, "inputs: {P: 8, Q: 3}\n", "has no input `Q`"),
    "no inputs at all": ("law: hoffmann_2022\n", "inputs: {P: 3}\n", "has no input `P`"),
    "unique left out": ("law: muennighoff_2023\n", "", "needs `data.unique`"),
    "a repetition beside its own": (
        "law: muennighoff_2023\n",
        "data: {unique: 25B, repetition: none}\n",
        "4:33: data.repetition: law `muennighoff_2023` reads `data.unique` and does its own repetition.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case, solve):
    """Each with its key and, where the plan has it, its line."""
    law, rest, message = REFUSED[case]
    with pytest.raises(FlopsheetError) as error:
        solve(f"{law}budget: {{compute: 1e22}}\n{rest}")
    assert message in str(error.value)


def test_several_minima_are_a_finding(solve):
    """The reader is told that the plan may jump."""
    law = LAW.replace("E + A / (N * (1 - exp(-P / g)))**alpha", "E + 2/(1 + (N/1e7)**4) + 0.5/(1 + (N/1e11)**4)")
    law = law.replace("A: 406.4, ", "").replace("alpha: 0.34, ", "").replace(", g: 2.7", "").split("  where")[0]
    (answer,) = solve(f"{law.replace(' * P / 16', '')}budget: {{compute: 1e21}}\n")
    assert "several_minima" in [finding.code for finding in answer.findings]


BETWEEN = LAW.replace("candidates: [2, 4, 8, 16]", "between: [2, 32]")


@pytest.mark.parametrize("rest", ["", "caps: {parameters: 2B}\n", "caps: {tokens: 50B}\n"])
def test_a_choice_between_two_ends_is_the_best(rest, solve):
    """No value a little above or below does better under the same budget and caps; the best may be an end."""
    (chosen,) = solve(f"{BETWEEN}budget: {{compute: 1e22}}\n{rest}")
    best = chosen.results["P_opt"].value
    values = sorted({2.0, max(2.0, best * 0.999), best * 1.001, 32.0})
    given = "".join(f"  at {value!r}: {{inputs.P: {value!r}}}\n" for value in values)
    others = solve(f"{BETWEEN}budget: {{compute: 1e22}}\n{rest}scenarios:\n{given}")
    assert all(other.results["L_opt"].value >= chosen.results["L_opt"].value for other in others)
    assert (best == 2) == ("parameters" not in rest)


def test_a_choice_between_two_ends_makes_a_target_cheapest(solve):
    """The same for the compute of a target loss; what is out of reach stays infinite."""
    asks = f"{BETWEEN}objective: minimize compute\ntarget: {{loss: 2.2}}\ncaps: {{parameters: 2B}}\n"
    chosen, never = solve(f"{asks}scenarios: {{a: {{}}, b: {{target.loss: 1.5}}}}\n")
    best = chosen.results["P_opt"].value
    given = "".join(f"  at {value!r}: {{inputs.P: {value!r}}}\n" for value in (best * 0.99, best * 1.01))
    for other in solve(f"{asks}scenarios:\n{given}"):
        assert other.results["C_total"].value > chosen.results["C_total"].value
    assert never.results["C_total"].value == math.inf


def test_low_precision_is_best_at_seven_bits(solve):
    """With the constants of Kumar et al. (2024) the best precision is about 7 bits whatever the budget."""
    law = api.find_law("kumar_2024")
    constants = ", ".join(f"{name}: {constant.value!r}" for name, constant in law.constants.items())
    where = "".join(f"    {name}: {text.text}\n" for name, text in law.where.items())
    assert law.loss is not None
    assert law.cost is not None
    text = f"law:\n  loss: {law.loss.text}\n  cost: {law.cost.text}\n  decisions: {{N: parameters, D: tokens}}\n"
    text += f"  constants: {{{constants}}}\n  where:\n{where}  inputs: {{P: {{unit: bit, between: [3, 32]}}}}\n"
    answers = solve(f"{text}scenarios: {{a: {{budget.compute: 1e20}}, b: {{budget.compute: 1e25}}}}\n")
    assert [answer.results["P_opt"].value for answer in answers] == pytest.approx([7.0, 7.0], abs=0.1)
