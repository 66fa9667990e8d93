"""The figures of the overview article's systems, as the formulas it states give them, from the shipped scenarios."""

from pathlib import Path

import pytest

from flopsheet import api

ARTICLE = Path(__file__).resolve().parents[2] / "scenarios" / "article"
# The figures have nine to twelve digits.
NINE_DIGITS = 1e-9


def results(name, *, scenario):
    """The results and cells of one scenario of a shipped plan, by name."""
    solution = api.solve_plan(ARTICLE / f"{name}.yaml")
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
    ],
)
def test_figures_of_the_article(plan, scenario, quantity, figure):
    """Each figure comes out of the shipped plan to nine digits."""
    assert results(plan, scenario=scenario)[quantity] == pytest.approx(figure, rel=NINE_DIGITS)


def test_no_cap_of_the_article_binds():
    """In the article's own four scenarios the parameter cap is worth nothing; in the variants a cap is."""
    solution = api.solve_plan(ARTICLE / "resource_constraints.yaml")
    binding = {answer.name: answer.binding for answer in solution.answers}
    assert {binding[name] for name in ("小型研究", "中型项目", "大型企业", "超大规模")} == {("compute",)}
    assert set(binding["small serving fleet"]) == {"compute", "parameters"}
    assert set(binding["small fleet, little data"]) == {"parameters", "tokens"}


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
    answer = api.solve_plan(ARTICLE / "strategies.yaml").answers[0]
    losses = {name: strategy.loss for name, strategy in answer.strategies.items()}
    if loss is not None:
        assert losses[split] == pytest.approx(loss, rel=NINE_DIGITS)
    assert max(losses, key=lambda name: losses[name]) == "Chinchilla最优"
    assert losses[split] > answer.results["L_opt"].value
