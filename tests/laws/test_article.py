"""The figures of the overview article's systems, as the formulas it states give them, from the shipped scenarios."""

from functools import cache
from pathlib import Path

import mpmath
import numpy as np
import pytest

from flopsheet import api
from flopsheet.evaluate.compile import compile_cells

ARTICLE = Path(__file__).resolve().parents[2] / "scenarios" / "article"
# The figures have nine to twelve digits.
NINE_DIGITS = 1e-9


@cache
def solved(name, folder="article"):
    """A shipped plan, solved once."""
    return api.solve_plan(ARTICLE.parent / folder / f"{name}.yaml")


def results(name, *, scenario):
    """The results and cells of one scenario of a shipped plan, by name."""
    solution = solved(name)
    answer = next(answer for answer in solution.answers if answer.name == scenario)
    return {key: amount.value for key, amount in (*answer.results.items(), *answer.cells.items())}


@pytest.mark.parametrize(
    ("plan", "scenario", "quantity", "figure"),
    [
        ("chinchilla", "1e18 FLOP", "N_opt", 80581983.8076),
        ("chinchilla", "1e18 FLOP", "D_opt", 2068286964.3),
        ("chinchilla", "1e18 FLOP", "L_opt", 3.53529775245),
        ("chinchilla", "1e21 FLOP", "N_opt", 1824217696.9),
        ("chinchilla", "1e21 FLOP", "D_opt", 91363364663.3),
        ("chinchilla", "1e21 FLOP", "L_opt", 2.32888294015),
        ("resource_constraints", "小型研究", "N_opt", 227955910.975),
        ("resource_constraints", "小型研究", "D_opt", 7311355338.58),
        ("resource_constraints", "小型研究", "L_opt", 2.98574059631),
        ("resource_constraints", "超大规模", "N_opt", 5160473684.85),
        ("resource_constraints", "超大规模", "D_opt", 322967767777.0),
        ("resource_constraints", "超大规模", "L_opt", 2.1386140845),
        ("compute_law", "1e17 FLOP", "L_opt", 1.1220184543),
        ("compute_law", "1e20 FLOP", "L_opt", 0.794328234724),
        ("compute_law", "1e25 FLOP", "L_opt", 0.446683592151),
        ("compute_law", "loss 0.5", "C_required", 1.048576e24),
        ("compute_law", "loss 0.9", "C_required", 8.22526333997e18),
        ("compute_law", "1e17 FLOP", "one_doubling", 0.965936328925),
        ("compute_law", "1e17 FLOP", "ten_doublings", 0.707106781187),
        ("data_law", "1M tokens", "L_opt", 2.92752491319),
        ("data_law", "1B tokens", "L_opt", 2.0),
        ("data_law", "1T tokens", "L_opt", 1.51880003893),
        ("data_law", "loss 1.5", "D_required", 1474812454440.0),
        ("data_law", "loss 1.0", "D_required", float("inf")),
        ("model_size_law", "1B", "L_opt", 0.591561634175),
        ("model_size_law", "100B", "L_opt", 0.41686938347),
        ("model_size_law", "1B", "improvement_per_decade", 16.0540013481),
        ("repetition", "high, 20 epochs", "L_opt", 2.76),
        ("repetition", "mixed, 20 epochs", "L_opt", 3.9),
        ("repetition", "low, 20 epochs", "L_opt", 5.8),
        ("strategies", "base", "x_N_opt", 0.472615702723e22),
        ("strategies", "base", "L_opt", 1.38601026142),
        ("power_law_fit", "10M", "loss_of_one_million", 4.69959021976),
        ("power_law_fit", "10M", "fitted_exponent", -0.07),
    ],
)
def test_figures_of_the_article(plan, scenario, quantity, figure):
    """Each figure comes out of the shipped plan to nine digits."""
    assert results(plan, scenario=scenario)[quantity] == pytest.approx(figure, rel=NINE_DIGITS)


def test_no_cap_of_the_article_binds():
    """In the article's own four scenarios the parameter cap is worth nothing; in the variants a cap is."""
    solution = solved("resource_constraints")
    binding = {answer.name: answer.binding for answer in solution.answers}
    assert {binding[name] for name in ("小型研究", "中型项目", "大型企业", "超大规模")} == {("compute",)}
    assert set(binding["部署规模受限"]) == {"compute", "parameters"}
    assert set(binding["部署规模受限且数据不足"]) == {"parameters", "tokens"}


@pytest.mark.parametrize(
    ("amount", "parameters", "tokens", "loss"),
    [
        (1e18, 3956467.78616, 103162793.126, 6.35485312995),
        (1e21, 89566652.6398, 4557056177.78, 3.30507544194),
    ],
)
def test_the_claimed_optimum_is_refuted(amount, parameters, tokens, loss):
    """The article's formula spends 0.245 % of every budget and reaches the loss that its own numbers give."""
    solution = api.solve_plan(ARTICLE / "chinchilla.yaml", sets=[f"budget.compute={amount:g}"])
    verdict = next(verdict for verdict in solution.claims if verdict.claim.name == "article")
    assert verdict.verdict == "refuted"
    assert verdict.claimed is not None
    assert verdict.claimed.share_spent == pytest.approx(0.00244896160641, rel=NINE_DIGITS)
    assert verdict.claimed.decisions == pytest.approx({"N": parameters, "D": tokens}, rel=NINE_DIGITS)
    assert verdict.claimed.loss == pytest.approx(loss, rel=NINE_DIGITS)
    assert "0.00244896161" in verdict.reason


@pytest.mark.parametrize(
    ("split", "loss"),
    [("大模型少数据", 1.39418265704), ("平衡策略", 1.38611944573), ("小模型多数据", None), ("Chinchilla最优", None)],
)
def test_the_split_called_optimal_is_the_worst(split, loss):
    """Of the article's four splits the one it calls optimal has the highest loss; all lie above the optimum."""
    answer = solved("strategies").answers[0]
    losses = {name: strategy.loss for name, strategy in answer.strategies.items()}
    if loss is not None:
        assert losses[split] == pytest.approx(loss, rel=NINE_DIGITS)
    assert max(losses, key=lambda name: losses[name]) == "Chinchilla最优"
    assert losses[split] > answer.results["L_opt"].value


def by_mpmath(formula):
    """A figure that the article's formula gives, with 40 digits."""
    with mpmath.workdps(40):
        return float(formula(mpmath.mpf))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_the_fitted_law_gives_back_the_simulated_sizes(size):
    """The fit goes through the five simulated points: 4.0 (x / 10)^-0.07 for x of 10 to 100,000 million."""
    name = {1: "10M", 2: "100M", 3: "1B", 4: "10B", 5: "100B"}[size]
    expected = by_mpmath(lambda f: 4 * f(10) ** (f("-0.07") * (size - 1)))
    assert results("power_law_fit", scenario=name)["L_opt"] == pytest.approx(expected, rel=NINE_DIGITS)


def test_the_fit_is_exact():
    """Simulated without noise, the runs leave no residual: R squared is 1."""
    solution = solved("power_law_fit")
    found = api.record_solved(solution)["fit"]
    assert found["constants"]["a"]["value"] == pytest.approx(4.69959021976, rel=NINE_DIGITS)
    assert found["constants"]["b"]["value"] == pytest.approx(-0.07, rel=NINE_DIGITS)
    assert found["r_squared"] == pytest.approx(1, abs=1e-12)
    assert found["residuals_rms"] < 1e-14
    assert found["runs"] == 5


@pytest.mark.parametrize(("target", "scenario"), [("0.5", "loss 0.5"), ("0.7", "loss 0.7"), ("0.9", "loss 0.9")])
def test_compute_for_a_loss(target, scenario):
    """C = C_0 L^(-1/0.05), for the loss of 0.7 that the article leaves out as well."""
    expected = by_mpmath(lambda f: f("1e18") * f(target) ** -20)
    assert results("compute_law", scenario=scenario)["C_required"] == pytest.approx(expected, rel=NINE_DIGITS)


def test_the_sweep_over_compute():
    """Fifty budgets from 1e17 to 1e25 FLOP give (C / 1e18)^-0.05."""
    solution = solved("compute_law")
    compiled = compile_cells(solution.graph, ["L_opt"])
    budgets = np.geomspace(1e17, 1e25, 50)
    given = {name: solution.evaluation.value(name, 0) for name in compiled.inputs}
    losses = compiled.evaluate({**given, "budget_compute": budgets})["L_opt"]
    expected = [by_mpmath(lambda f, c=float(c): (f(c) / f("1e18")) ** f("-0.05")) for c in budgets]
    assert losses == pytest.approx(expected, rel=NINE_DIGITS)


@pytest.mark.parametrize("doublings", range(1, 11))
def test_the_effect_of_doubling_compute(doublings):
    """Each of ten doublings leaves 2^-0.05 of the loss: the table of the report has all ten."""
    plan = ARTICLE / "compute_law.yaml"
    amount = 1e17 * 2**doublings
    before, after = (api.solve_plan(plan, sets=[f"budget.compute={c!r}"]).answers[0] for c in (1e17, amount))
    ratio = after.results["L_opt"].value / before.results["L_opt"].value
    assert ratio == pytest.approx(by_mpmath(lambda f: 2 ** (f("-0.05") * doublings)), rel=NINE_DIGITS)


@pytest.mark.parametrize(("power", "name"), list(enumerate(["1M", "10M", "100M", "1B", "10B", "100B", "1T"], start=6)))
def test_loss_at_milestones_of_data(power, name):
    """L = 1 + (D / 1e9)^-0.095 at every power of ten from a million to a trillion tokens."""
    expected = by_mpmath(lambda f: 1 + f(10) ** (f("-0.095") * (power - 9)))
    assert results("data_law", scenario=f"{name} tokens")["L_opt"] == pytest.approx(expected, rel=NINE_DIGITS)


@pytest.mark.parametrize("target", ["1.5", "1.8"])
def test_tokens_for_a_loss(target):
    """D = 1e9 (L - 1)^(-1/0.095), for the loss of 1.8 that the article leaves out as well."""
    expected = by_mpmath(lambda f: f("1e9") * (f(target) - 1) ** (-1 / f("0.095")))
    assert results("data_law", scenario=f"loss {target}")["D_required"] == pytest.approx(expected, rel=NINE_DIGITS)


@pytest.mark.parametrize(("power", "name"), list(enumerate(["1M", "10M", "100M", "1B", "10B", "100B"], start=6)))
def test_loss_at_sizes(power, name):
    """L = (N / 1e6)^-0.076 at every power of ten from a million to a hundred billion parameters."""
    found = results("model_size_law", scenario=name)
    assert found["L_opt"] == pytest.approx(by_mpmath(lambda f: f(10) ** (f("-0.076") * (power - 6))), rel=NINE_DIGITS)
    gain = by_mpmath(lambda f: 100 * (1 - f(10) ** f("-0.076")))
    assert found["improvement_per_decade"] == pytest.approx(gain, rel=NINE_DIGITS)


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5, 10, 20])
@pytest.mark.parametrize(("quality", "rate"), [("high", "0.02"), ("mixed", "0.05"), ("low", "0.10")])
def test_repetition_of_each_quality(quality, rate, epochs):
    """L = 2 (1 + r (epochs - 1)); beside it the measured loss falls, and never below that of new data."""
    found = results("repetition", scenario=f"{quality}, {epochs} epoch{'s' if epochs > 1 else ''}")
    assert found["L_opt"] == pytest.approx(by_mpmath(lambda f: 2 * (1 + f(rate) * (epochs - 1))), rel=NINE_DIGITS)

    def measured(f):
        decay, beta = f("15.387756"), f("0.3526596")
        worth = 1 + decay * (1 - mpmath.exp(-(epochs - 1) / decay))
        return 2 - f("1487.716093782861") / f("1e9") ** beta * (1 - worth**-beta)

    assert found["measured"] == pytest.approx(by_mpmath(measured), rel=NINE_DIGITS)
    assert found["all_new"] <= found["measured"] <= 2.0


@pytest.mark.parametrize(("split", "share"), [("小模型多数据", "0.3"), ("Chinchilla最优", "0.25"), ("平衡策略", "0.5")])
def test_loss_of_a_split(split, share):
    """L = (x_N / 1e18)^-0.05 + (x_D / 1e19)^-0.05, for the splits that the article leaves out as well."""
    answer = solved("strategies").answers[0]

    def loss(f):
        return (f("1e4") * f(share)) ** f("-0.05") + (f("1e3") * (1 - f(share))) ** f("-0.05")

    assert answer.strategies[split].loss == pytest.approx(by_mpmath(loss), rel=NINE_DIGITS)


def chinchilla(f, compute):
    """Best parameters and tokens, and the loss, of Hoffmann et al. 2022, Eq. 4."""
    a, b, alpha, beta, floor = f("406.4"), f("410.7"), f("0.34"), f("0.28"), f("1.69")
    ratio = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    size = ratio * (f(compute) / 6) ** (beta / (alpha + beta))
    tokens = f(compute) / 6 / size
    return size, tokens, floor + a / size**alpha + b / tokens**beta


@pytest.mark.parametrize(
    ("plan", "scenario", "compute"),
    [
        *(("chinchilla", f"1e{power} FLOP", f"1e{power}") for power in range(18, 24)),
        ("resource_constraints", "小型研究", "1e19"),
        ("resource_constraints", "中型项目", "1e20"),
        ("resource_constraints", "大型企业", "1e21"),
        ("resource_constraints", "超大规模", "1e22"),
    ],
)
def test_optimum_of_every_budget(plan, scenario, compute):
    """Parameters, tokens and loss of every budget of the article are those of the published closed form."""
    found = results(plan, scenario=scenario)
    for index, name in enumerate(("N_opt", "D_opt", "L_opt")):
        expected = by_mpmath(lambda f, index=index: chinchilla(f, compute)[index])
        assert found[name] == pytest.approx(expected, rel=NINE_DIGITS), name


@pytest.mark.parametrize(
    ("plan", "scenario", "quantity", "figure", "within"),
    [
        # The library's own laws evaluate to the same figures, and those to the papers' (tests/laws/published).
        ("future_directions_domains", "a fifth, as the others", "L_opt", 3.64727, 1e-5),
        ("future_directions_domains", "a tenth", "critical_ratio", 0.298, 3e-3),
        ("future_directions_precision", "8 bits", "share", 0.82776, 1e-4),
        ("future_directions_data", "10B, 4 epochs", "worth", 3.7257, 1e-4),
        ("future_directions", "in 2 years", "multiplier", 8.0, NINE_DIGITS),
        (
            "future_directions",
            "in 4 years, slow progress",
            "years_per_tenfold",
            14 / 12 / 0.30102999566398,
            NINE_DIGITS,
        ),
        ("future_directions_modalities", "1e22 FLOP", "size_image_text", 10**0.478261, 1e-6),
    ],
)
def test_figures_of_the_directions(plan, scenario, quantity, figure, within):
    """Each direction gives figures that its source prints, or that its printed constants come to."""
    assert results(plan, scenario=scenario)[quantity] == pytest.approx(figure, rel=within)


def test_progress_is_worth_what_compute_is():
    """Four years at eight months a doubling give what 64 times the budget gives today."""
    later = results("future_directions", scenario="in 4 years")
    richer = results("future_directions", scenario="today, 64 times the budget")
    for name in ("N_opt", "D_opt", "L_opt"):
        assert later[name] == pytest.approx(richer[name], rel=NINE_DIGITS)


def test_more_experts_reach_a_lower_loss_with_fewer_active_parameters():
    """At one training budget each step to more experts lowers the loss and the active size, as Table 4 has it."""
    answers = solved("future_directions_experts").answers[:4]
    losses = [answer.results["L_opt"].value for answer in answers]
    sizes = [answer.results["N_opt"].value for answer in answers]
    assert losses == sorted(losses, reverse=True)
    assert sizes == sorted(sizes, reverse=True)


def test_eight_bits_are_the_best_precision():
    """8 bits reach the lowest loss, as Kumar et al. find for training at 7 to 8 bits, and the plan takes them."""
    answers = solved("future_directions_precision").answers
    losses = {answer.name: answer.results["L_opt"].value for answer in answers if answer.name[0].isdigit()}
    assert min(losses, key=lambda name: losses[name]) == "8 bits"
    chosen = next(answer for answer in answers if answer.name == "bits chosen")
    assert chosen.results["P_opt"].value == 8
    assert chosen.results["L_opt"].value == losses["8 bits"]


@pytest.mark.parametrize(("served", "size", "tokens"), [("10T tokens served", 41.6e9, 7.92e12)])
def test_a_served_model_is_smaller_and_trained_longer(served, size, tokens):
    """Sardana et al. 2023: the loss of 70B parameters is cheapest with 41.6B where 10T tokens will be served."""
    answers = {answer.name: answer.results for answer in solved("serving_for_years", folder="examples").answers}
    assert answers[served]["N_opt"].value == pytest.approx(size, rel=2e-3)
    assert answers[served]["D_opt"].value == pytest.approx(tokens, rel=1e-3)
    parts = [answers[served][name].value for name in ("C_train", "C_inference", "C_total")]
    assert parts[:2] == pytest.approx([6 * size * tokens, 2 * size * 10e12], rel=2e-3)
    assert sum(parts[:2]) == pytest.approx(parts[2], rel=NINE_DIGITS)
