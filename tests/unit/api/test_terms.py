"""Plans under data, inference, hardware and money: answers held against a plain search and hand-made arithmetic."""

import math

import numpy as np
import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError

E, A, B, ALPHA, BETA = 1.69, 406.4, 410.7, 0.34, 0.28


@pytest.fixture
def solve(tmp_path):
    """A function that solves a plan given as text."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text("title: Terms\nlaw: hoffmann_2022\n" + text, encoding="utf-8")
        return api.solve_plan(path).answers

    return run


def values(answer):
    """The numbers of an answer by name."""
    return {name: amount.value for name, amount in answer.results.items()}


def loss(size, tokens):
    """The law, typed in here."""
    return E + A * size**-ALPHA + B * tokens**-BETA


def search(objective, low=1e6, high=1e18):
    """The least of a function of the tokens: a grid, refined around its best place."""
    grid = np.geomspace(low, high, 4001)
    for _ in range(6):
        best = int(np.argmin(objective(grid)))
        grid = np.geomspace(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], 401)
    return float(np.min(objective(grid)))


def fade(epochs, decay):
    """Epochs' worth of new data, after Muennighoff et al. 2023."""
    return np.where(epochs <= 1, epochs, 1 + decay * -np.expm1(-(epochs - 1) / decay))


@pytest.mark.parametrize("unique", [3e9, 3e10, 3e12])
@pytest.mark.parametrize("budget", [1e20, 1e23])
def test_unique_data_are_repeated_as_far_as_that_pays(unique, budget, solve):
    """Against a search over the tokens; with data to spare nothing is repeated and the price of data is 0."""
    (answer,) = solve(f"budget: {{compute: {budget}}}\ndata: {{unique: {unique}}}\n")
    least = search(lambda d: loss(budget / (6 * d), unique * fade(d / unique, 15.39)))
    assert values(answer)["L_opt"] == pytest.approx(least, rel=1e-10)
    assert values(answer)["epochs"] == pytest.approx(values(answer)["D_opt"] / unique, rel=1e-14)
    repeats = values(answer)["D_opt"] > unique
    assert ("data" in answer.binding) == repeats
    more = solve(f"budget: {{compute: {budget}}}\ndata: {{unique: {unique * 1.01}}}\n")[0]
    change = values(more)["L_opt"] - values(answer)["L_opt"]
    assert answer.shadow_prices["data"].value == pytest.approx(change, rel=0.02, abs=1e-12)


@pytest.mark.parametrize(
    ("repetition", "worth", "factor"),
    [
        ("none", lambda e: e, lambda _: 1),
        ("half_life, decay: 4", lambda e: fade(e, 4 / math.log(2)), lambda _: 1),
        ("article_linear", lambda e: e, lambda e: 1 + 0.02 * np.maximum(0, e - 1)),
    ],
)
def test_every_repetition_is_what_its_file_says(repetition, worth, factor, solve):
    """Against the same search with another modifier."""
    unique, budget = 2e10, 1e22
    (answer,) = solve(f"budget: {{compute: {budget}}}\ndata: {{unique: {unique}, repetition: {repetition}}}\n")
    least = search(lambda d: factor(d / unique) * loss(budget / (6 * d), unique * worth(d / unique)))
    assert values(answer)["L_opt"] == pytest.approx(least, rel=1e-10)


def test_own_repetition(solve, tmp_path):
    """A modifier of one's own stands in a file beside the plan."""
    (tmp_path / "ours.yaml").write_text("repetition: ours\nconstants: {h: 3}\neffective: epochs / (1 + epochs / h)\n")
    unique, budget = 2e10, 1e22
    (answer,) = solve(f"budget: {{compute: {budget}}}\ndata: {{unique: {unique}, repetition: ./ours.yaml}}\n")
    least = search(lambda d: loss(budget / (6 * d), d / (1 + d / unique / 3)))
    assert values(answer)["L_opt"] == pytest.approx(least, rel=1e-10)


def test_excess_parameters_are_those_of_the_law(tmp_path):
    """The modifier beside a plain law is the law that has it built in, with the same constants."""
    law = "law:\n  loss: E + A / N**alpha + B / D**beta\n  cost: 6 * N * D\n  decisions: {N: parameters, D: tokens}\n"
    built_in = api.solve_plan(
        write(tmp_path, "built", "law: muennighoff_2023\nbudget: {compute: 1e22}\ndata: {unique: 25B}\n")
    )
    own = {name: constant.value for name, constant in built_in.model.law.constants.items()}
    constants = ", ".join(f"{name}: {own[name]!r}" for name in ("E", "A", "B", "alpha", "beta"))
    applied = api.solve_plan(
        write(
            tmp_path,
            "applied",
            f"{law}  constants: {{{constants}}}\nbudget: {{compute: 1e22}}\n"
            "data: {unique: 25B, repetition: muennighoff_2023}\n",
        )
    )
    first, second = (values(plan.answers[0]) for plan in (built_in, applied))
    assert second["L_opt"] == pytest.approx(first["L_opt"], rel=1e-12)
    assert second["N_opt"] == pytest.approx(first["N_opt"], rel=1e-7)
    assert second["N_opt"] == pytest.approx(7.03e9, rel=2e-3)
    assert second["epochs"] == pytest.approx(9.5, rel=5e-3)


def write(folder, name, text):
    """A plan file."""
    path = folder / f"{name}.yaml"
    path.write_text(f"title: {name}\n{text}", encoding="utf-8")
    return path


TIERS = """\
data:
  tiers:
    - {name: curated, unique: 150B, epochs: 8}
    - {name: web, unique: 1.2T, quality: low, epochs: 4}
"""


def fill(tokens, tiers):
    """Effective tokens at the best epochs, by halving the water level: a way that the product does not go."""
    low, high = -400.0, 0.0
    for _ in range(300):
        level = math.exp((low + high) / 2)
        seen = sum(u * min(cap, 1 + r * math.log(q / level)) for u, q, cap, r in tiers if q >= level)
        low, high = ((low + high) / 2, high) if seen >= tokens else (low, (low + high) / 2)
    level = math.exp(high)
    epochs = [min(cap, 1 + r * math.log(q / level)) if q >= level else 0.0 for _, q, cap, r in tiers]
    seen = sum(u * e for (u, *_), e in zip(tiers, epochs, strict=True))
    gained = sum(u * q * float(fade(e, r)) for (u, q, _, r), e in zip(tiers, epochs, strict=True))
    return gained + math.exp(low) * (tokens - seen)


@pytest.mark.parametrize("budget", [1e21, 1e23, 1e25])
def test_tiers_are_filled_to_one_water_level(budget, solve):
    """Against a search with another way to the best epochs; the tokens of the tiers add up."""
    (answer,) = solve(f"budget: {{compute: {budget}}}\n{TIERS}")
    tiers = [(150e9, 1.0, 8.0, 15.39), (1.2e12, 0.4, 4.0, 15.39)]
    most = 150e9 * 8 + 1.2e12 * 4
    fine = np.geomspace(1e9, most, 3001)
    found = [loss(budget / (6 * d), fill(d, tiers)) for d in fine]
    assert values(answer)["L_opt"] <= min(found) * (1 + 1e-12)
    assert values(answer)["L_opt"] == pytest.approx(min(found), rel=1e-5)
    assert values(answer)["D_effective"] == pytest.approx(fill(values(answer)["D_opt"], tiers), rel=1e-9)
    assert sum(tier.tokens for tier in answer.tiers) == pytest.approx(values(answer)["D_opt"], rel=1e-12)
    used = [tier for tier in answer.tiers if 0 < tier.epochs < {"curated": 8, "web": 4}[tier.name]]
    assert all(tier.marginal_value == pytest.approx(values(answer)["water_level"], rel=1e-9) for tier in used)
    assert sum(tier.shadow_price for tier in answer.tiers) == pytest.approx(
        answer.shadow_prices["data"].value, rel=1e-6, abs=1e-15
    )


HARDWARE = "hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}\n"
A_FLOP = 989e12 * 3600 * 0.4


def test_hardware_is_arithmetic(solve):
    """Hours, days, dollars and kWh of the closed form's compute."""
    (answer,) = solve(f"budget: {{compute: 1e22}}\n{HARDWARE}")
    found = values(answer)
    hours = 1e22 / A_FLOP
    assert found["accelerator_hours"] == pytest.approx(hours, rel=1e-12)
    assert found["time"] == pytest.approx(hours / 512, rel=1e-12)
    assert found["cost"] == pytest.approx(hours * 2.5, rel=1e-12)
    assert found["energy"] == pytest.approx(hours * 0.7, rel=1e-12)
    units = {name: answer.results[name].unit for name in ("accelerator_hours", "time", "cost", "energy")}
    assert units == {"accelerator_hours": "accelerator*hour", "time": "hour", "cost": "USD", "energy": "kWh"}


@pytest.mark.parametrize(
    ("budget", "compute"), [("money: 1M USD", 1e6 / 2.5 * A_FLOP), ("time: 20 days", 20 * 24 * 512 * A_FLOP)]
)
def test_a_budget_of_money_or_time_is_one_of_compute(budget, compute, solve):
    """The plan is that of the compute which it buys."""
    (answer,) = solve(f"budget: {{{budget}}}\n{HARDWARE}")
    (same,) = solve(f"budget: {{compute: {compute!r}}}\n")
    assert values(answer)["L_opt"] == pytest.approx(values(same)["L_opt"], rel=1e-12)
    assert values(answer)["N_opt"] == pytest.approx(values(same)["N_opt"], rel=1e-9)
    assert answer.binding == (budget.partition(":")[0],)


def test_the_tightest_of_all_limits_binds(solve):
    """Time stops the plan before money does; what is left over is told."""
    (answer,) = solve(f"budget: {{money: 5M USD}}\ncaps: {{time: 10 days, memory: 400 GB}}\n{HARDWARE}")
    assert answer.binding == ("time",)
    assert values(answer)["time"] == pytest.approx(240, rel=1e-12)
    assert "slack" in [finding.code for finding in answer.findings]
    (small,) = solve(f"budget: {{money: 5M USD}}\ncaps: {{memory: 8 GB}}\n{HARDWARE}")
    assert values(small)["N_opt"] == 4e9
    assert set(small.binding) == {"money", "memory"}


@pytest.mark.parametrize("covers", ["training", "lifetime"])
def test_a_lifetime_counts_what_is_served(covers, solve):
    """Against a search; training alone leaves the plan of the closed form."""
    (answer,) = solve(f"budget: {{compute: 1e23, covers: {covers}}}\ninference: {{tokens: 5T}}\n")
    served = 5e12 if covers == "lifetime" else 0.0
    least = search(lambda d: loss(1e23 / (6 * d + 2 * served), d))
    found = values(answer)
    assert found["L_opt"] == pytest.approx(least, rel=1e-10)
    assert found["C_inference"] == pytest.approx(2 * found["N_opt"] * 5e12, rel=1e-12)
    assert found["C_total"] == pytest.approx(found["C_train"] + found["C_inference"], rel=1e-12)


def test_least_cost_with_two_phases(solve):
    """Reading and writing at their own MFU, after Sardana et al. 2023: against a search over the tokens."""
    (answer,) = solve(
        "objective: minimize cost\ntarget: {loss: 2.0}\nbudget: {covers: lifetime}\n"
        "hardware: {accelerator: A100-SXM, mfu: 50 %, price: 1.5 USD/hour}\n"
        "inference: {input_tokens: 70B, output_tokens: 215B, prefill_mfu: 50 %, decode_mfu: 1 %, price: 1.1 USD/hour}\n"
    )
    peak = 312e12 * 3600

    def cost(d):
        room = 2.0 - E - B * d**-BETA
        size = np.where(room > 0, (A / np.where(room > 0, room, 1)) ** (1 / ALPHA), np.inf)
        served = 1.1 * 2 * size * (70e9 / (peak * 0.5) + 215e9 / (peak * 0.01))
        return 1.5 * 6 * size * d / (peak * 0.5) + served

    assert values(answer)["cost"] == pytest.approx(search(cost), rel=1e-10)
    assert values(answer)["L_opt"] == pytest.approx(2.0, rel=1e-12)


def test_a_target_under_every_limit(solve):
    """A limit on time makes the plan leave the least compute; one that excludes the target is named."""
    text = f"objective: minimize compute\ntarget: {{loss: 2.05}}\n{HARDWARE}data: {{unique: 60B}}\n"
    (free,) = solve(text)
    hours = values(free)["time"]
    assert free.status == "ok"
    (tight,) = solve(f"{text}caps: {{time: {hours * 0.9} hours}}\n")
    assert tight.status == "infeasible"
    (loose,) = solve(f"{text}caps: {{time: {hours * 1.1} hours}}\n")
    assert values(loose)["C_total"] == pytest.approx(values(free)["C_total"], rel=1e-12)


def test_a_target_below_the_floor_is_infinite(solve):
    """As for a plan without terms."""
    (answer,) = solve(f"objective: minimize compute\ntarget: {{loss: 1.5}}\n{HARDWARE}data: {{unique: 60B}}\n")
    assert answer.status == "ok"
    assert values(answer)["N_opt"] == math.inf
    assert values(answer)["C_total"] == math.inf
    assert [finding.code for finding in answer.findings] == ["unreachable_target"]


def test_repetition_that_no_longer_pays_is_flat(solve):
    """The next token is worth less than a twentieth of a fresh one."""
    (answer,) = solve("budget: {compute: 1e25}\ndata: {unique: 1B}\n")
    assert answer.status == "flat"
    assert "flat" in [finding.code for finding in answer.findings]


def test_strategies_spend_the_same_on_the_same_data(solve):
    """Each under inference and data; one that inference alone exceeds has no value."""
    (answer,) = solve(
        "budget: {compute: 1e23, covers: lifetime}\ninference: {tokens: 1T}\ndata: {unique: 100B}\n"
        "strategies: {twenty: {tokens_per_parameter: 20}, seven: {parameters: 7B}, giant: {parameters: 1T}}\n"
    )
    seven = answer.strategies["seven"]
    tokens = (1e23 / 7e9 - 2e12) / 6
    assert seven.decisions == pytest.approx({"N": 7e9, "D": tokens}, rel=1e-12)
    assert seven.loss == pytest.approx(loss(7e9, 1e11 * float(fade(tokens / 1e11, 15.39))), rel=1e-12)
    twenty = answer.strategies["twenty"].decisions
    assert 6 * twenty["N"] * twenty["D"] + 2e12 * twenty["N"] == pytest.approx(1e23, rel=1e-9)
    assert "giant" not in answer.strategies


REFUSED = {
    "tiers and a repetition of one pool": (
        "budget: {compute: 1e22}\n" + TIERS + "  repetition: article_linear\n",
        "tiers need an exponential one",
    ),
    "a comparison": (
        "budget: {compute: 1e22}\ndata: {unique: 1B}\ncompare: [kaplan_2020]\n",
        "compared at a budget of compute alone",
    ),
    "a claim about a scenario": (
        "budget: {compute: 1e22}\ndata: {unique: 1B}\nclaims: {a: {says: {N_opt: C}, scenario: base}}\n",
        "claims are about the budget alone",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_stand_beside_terms_is_refused(case, solve):
    """Each at its line."""
    text, message = REFUSED[case]
    with pytest.raises(FlopsheetError) as error:
        solve(text)
    assert message in str(error.value)
    assert "plan.yaml:" in str(error.value)


def test_json_says_what_each_limit_leaves_and_costs(tmp_path):
    """Beside its price: what a limit allows, what is used and left, and the money that does the same."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        "title: Limits\nlaw: hoffmann_2022\nbudget: {time: 40 days}\ncaps: {money: 3M USD, memory: 40 GB}\n"
        "hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}\n",
        encoding="utf-8",
    )
    (scenario,) = api.record_solved(api.solve_plan(path))["scenarios"]
    prices = scenario["shadow_prices"]
    assert set(prices) == {"time", "money", "memory"}
    assert prices["money"]["limit"] == {"value": 3e6, "unit": "USD"}
    assert prices["money"]["used"]["value"] == pytest.approx(40 * 24 * 512 * 2.5, rel=1e-12)
    assert prices["money"]["left"] == pytest.approx(1 - 40 * 24 * 512 * 2.5 / 3e6, rel=1e-12)
    assert "equivalent_money" not in prices["money"]
    # 1 % more time is 1 % of 40 days of 512 accelerators.
    assert prices["time"]["equivalent_money"]["value"] == pytest.approx(0.01 * 40 * 24 * 512 * 2.5, rel=1e-9)
    # More memory does as much as the same share of the price in time.
    share = prices["memory"]["value"] / prices["time"]["value"]
    assert prices["memory"]["equivalent_money"]["value"] == pytest.approx(share * 12288, rel=1e-6)
    assert prices["memory"]["used"]["value"] == pytest.approx(40e9, rel=1e-9)


def test_a_third_decision_is_given_beside_limits(tmp_path):
    """What a law would choose is a number where every scenario sets it; memory holds what it counts, and says so."""
    path = tmp_path / "plan.yaml"
    text = (
        "title: Experts\nlaw: ludziejewski_2025\nbudget: {compute: 1e21}\ncaps: {memory: 4 GB}\n"
        "hardware: {accelerator: H100-SXM, count: 64, mfu: 40 %}\n"
    )
    path.write_text(text + "scenarios: {base: {inputs.E: 8}, more: {inputs.E: 32}}\n", encoding="utf-8")
    base, more = api.solve_plan(path).answers
    assert (base.binding, more.binding) == (("compute", "memory"), ("compute", "memory"))
    assert values(base)["N_opt"] == pytest.approx(2e9, rel=1e-12)
    alone = tmp_path / "alone.yaml"
    alone.write_text(
        "title: Alone\nlaw: ludziejewski_2025\nbudget: {compute: 1e21}\ncaps: {parameters: 2B}\ninputs: {E: 8}\n",
        encoding="utf-8",
    )
    assert values(base)["L_opt"] == pytest.approx(values(api.solve_plan(alone).answers[0])["L_opt"], rel=1e-12)
    assert values(more)["L_opt"] < values(base)["L_opt"]
    assert "finding.memory_counted" in {finding.message.key for finding in base.findings}
    path.write_text(text + "scenarios: {base: {inputs.E: 8}, free: {}}\n", encoding="utf-8")
    with pytest.raises(FlopsheetError, match="in every scenario"):
        api.solve_plan(path)


def test_a_strategy_that_serving_alone_exceeds_is_told(solve):
    """What a fixed size takes before its first training token, of the limit that it exceeds most."""
    (answer,) = solve(
        "budget: {compute: 1e20, covers: lifetime}\ninference: {tokens: 100T}\n"
        "strategies: {big: {parameters: 70B}, small: {parameters: 100K}}\n"
    )
    assert set(answer.strategies) == {"small"}
    (told,) = [finding.message for finding in answer.findings if finding.code == "strategy_without_value"]
    assert told.args["name"] == "big"
    assert told.args["percent"] == pytest.approx(100 * (2 * 70e9 * 100e12 / 1e20 - 1), rel=1e-12)


@pytest.mark.parametrize("quality", [1, 0.7, 0.1])
def test_a_scenario_without_a_tier_is_as_if_it_had_never_been(quality, solve):
    """A tier that is taken out leaves the plan of the tiers that stay."""
    tiers = "{name: good, unique: 150B, epochs: 8}, {name: web, unique: 1.2T, quality: low, epochs: 4}"
    more = f"{{name: more, unique: 100B, quality: {quality}}}"
    (_, without) = solve(
        f"budget: {{compute: 1e22}}\ndata: {{tiers: [{tiers}, {more}]}}\n"
        "scenarios: {base: {}, without: {data.tiers.more: null}}\n"
    )
    (alone,) = solve(f"budget: {{compute: 1e22}}\ndata: {{tiers: [{tiers}]}}\n")
    assert without.status == alone.status == "ok"
    assert values(without) == pytest.approx(values(alone), rel=1e-12)
