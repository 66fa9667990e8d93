"""`flopsheet explain`: trees, layers of keys, graphs, and what it answers to names it does not know."""

import json
import re
from pathlib import Path

import pytest

from flopsheet import api
from flopsheet.api.explain import TracedKey
from flopsheet.cli.explain_graph import MOST_CHARACTERS, MOST_EDGES, draw_graph, draw_layers
from flopsheet.cli.explain_tree import MOST_LINES, WIDTH, draw_tree
from flopsheet.cli.explain_words import put_in, tell_formula
from flopsheet.evaluate.explain import explain_cell
from flopsheet.plan.history import read_layers, trace_key
from flopsheet.plan.layers import load_plan

ROOT = Path(__file__).resolve().parents[3]
TREE = """\
D_opt = 91.3634 B tokens
scenario base of plan.yaml, law hoffmann_2022 (Hoffmann et al. 2022)

D_opt  Optimal tokens
│ = min(caps_tokens, max(D_at_N_cap, D_free))
│ = min(∞, max(1.66667e-40, 9.13634e10))
│ = 91.3634 B tokens
├─ D_free  Optimal tokens under the budget alone
│  │ = budget_compute / (6 * N_free)
│  │ = 1.00e21 / (6 * 1.82422e9)
│  │ = 91.3634 B tokens
│  ├─ budget_compute = 1.00e21 FLOP  set by plan.yaml:3 as `1e21 FLOP`
│  └─ N_free  Optimal parameters under the budget alone
│     │ = (budget_compute / 6)**exponent_N * (A * alpha / (B * beta))**(1 / (alpha + beta))
│     │ = (1.00e21 / 6)**0.451613 * (406.4 * 0.34 / (410.7 * 0.28))**(1 / (0.34 + 0.28))
│     │ = 1.82422 B parameters
│     ├─ A = 406.4  constant of the law, laws/hoffmann_2022.yaml:21
│     ├─ alpha = 0.34  constant of the law, laws/hoffmann_2022.yaml:23
│     ├─ B = 410.7  constant of the law, laws/hoffmann_2022.yaml:22
│     ├─ beta = 0.28  constant of the law, laws/hoffmann_2022.yaml:24
│     ├─ exponent_N  Exponent of parameters in compute
│     │  │ = beta / (alpha + beta)
│     │  │ = 0.28 / (0.34 + 0.28)
│     │  │ = 0.451613
│     │  └─ shown above: beta = 0.28, alpha = 0.34
│     └─ shown above: budget_compute = 1.00e21 FLOP
└─ not decisive: caps_tokens = no limit, D_at_N_cap = 1.66667e-40 tokens  [1 more cell folded]
"""
KEY = """\
budget.compute  Compute to spend (FLOP)
plan.yaml, a later layer beats an earlier one

scenario `small`: 2.00e21 FLOP
line         layer           says          value
-----------  --------------  ---------  --------  --------
plan.yaml:3  all scenarios   1e21 FLOP  1.00e21
plan.yaml:5  scenario small  2e21       2.00e21   in force
"""


@pytest.fixture(scope="module")
def tiers():
    """The shipped plan with the longest formulas, solved."""
    return api.solve_plan(ROOT / "scenarios/examples/good_data_runs_out.yaml")


@pytest.mark.usefixtures("plan")
def test_a_result_is_printed_as_a_tree(flopsheet):
    """Formula, numbers, result with unit; leaves with their lines; shared cells once; the rest folded."""
    run = flopsheet("explain", "plan.yaml", "D_opt")
    assert (run.code, run.err) == (0, "")
    assert run.out == TREE


def test_a_key_is_printed_layer_by_layer(flopsheet, plan):
    """Every layer with its line, what it says and what that means, and which is in force."""
    plan.write_text(plan.read_text() + "scenarios:\n  small: {budget.compute: 2e21}\n  other: {}\n", encoding="utf-8")
    run = flopsheet("explain", "plan.yaml", "budget.compute", "--scenario", "small")
    assert run.code == 0
    assert re.sub("[ -]+", " ", run.out) == re.sub("[ -]+", " ", KEY)
    every = flopsheet("explain", "plan.yaml", "budget.compute", "--set", "budget.compute=3e21")
    assert "--set (option 1)" in every.out
    assert "scenario `other`: 3.00e21 FLOP" in every.out


@pytest.mark.usefixtures("plan")
def test_cells_that_keys_set_are_told_as_keys(flopsheet):
    """A constant by its symbol, a limit by its cell, one that no layer sets."""
    assert "laws/hoffmann_2022.yaml:23" in flopsheet("explain", "plan.yaml", "alpha").out
    assert "plan.yaml:3" in flopsheet("explain", "plan.yaml", "budget_compute").out
    run = flopsheet("explain", "plan.yaml", "caps.tokens")
    assert (run.code, run.out.splitlines()[-1]) == (0, "scenario `base`: no layer sets it")


def test_what_holds_where_nothing_is_said(flopsheet, plan):
    """The law's constant below a null that removes another one; the repetition's decay of a tier; one is in force."""
    text = "constants: {E: 1.8}\ndata: {tiers: [{name: web, unique: 1T}]}\n"
    text += "scenarios: {own: {data.tiers.web.decay: 9}, printed: {constants.E: null}}\n"
    plan.write_text(plan.read_text() + text, encoding="utf-8")
    found = {}
    for key in ("constants.E", "data.tiers.web.decay"):
        record = json.loads(flopsheet("explain", "plan.yaml", key, "--json").out)
        for scenario in record["scenarios"]:
            layers = [(layer["layer"], layer["value"], layer["in_force"]) for layer in scenario["layers"]]
            found[key, scenario["name"]] = (scenario["value"], layers)
    law, repetition = ("hoffmann_2022", 1.69), ("exponential", 15.39)
    assert found["constants.E", "own"] == (1.8, [(*law, False), ("plan.yaml", 1.8, True)])
    assert found["constants.E", "printed"] == (
        1.69, [(*law, True), ("plan.yaml", 1.8, False), ("plan.yaml", None, False)],
    )  # fmt: skip
    assert found["data.tiers.web.decay", "printed"] == (15.39, [(*repetition, True)])
    assert found["data.tiers.web.decay", "own"] == (9.0, [(*repetition, False), ("plan.yaml", 9.0, True)])
    tree = flopsheet("explain", "plan.yaml", "epochs_most_web", "--scenario", "printed").out
    assert "├─ data_tiers_web_decay = 15.39  constant of the repetition `exponential`,\n" in tree
    assert "repetition/exponential.yaml:5" in tree


@pytest.mark.usefixtures("plan")
def test_json_holds_the_whole_tree(flopsheet):
    """JSON has full doubles, cells that do not decide too, and the layers of a key."""
    tree = json.loads(flopsheet("explain", "plan.yaml", "D_opt", "--json").out)["tree"]
    by_hand = (1e21 / 6) ** (0.34 / 0.62) * (0.28 * 410.7 / (0.34 * 406.4)) ** (1 / 0.62)
    assert tree["value"] == pytest.approx(by_hand, rel=1e-12)
    assert tree["formula"] == "min(caps_tokens, max(D_at_N_cap, D_free))"
    assert {child["name"]: child["decides"] for child in tree["children"]} == {
        "caps_tokens": False, "D_at_N_cap": False, "D_free": True,
    }  # fmt: skip
    key = json.loads(flopsheet("explain", "plan.yaml", "constants.beta", "--set", "constants.beta=0.29", "--json").out)
    layers = key["scenarios"][0]["layers"]
    assert [(layer["layer"], layer["value"], layer["in_force"]) for layer in layers] == [
        ("hoffmann_2022", 0.28, False), ("--set", 0.29, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["N_opd"], "there is no result, cell or key `N_opd`.\nDid you mean `N_opt`?"),
        (["budget.computer"], "there is no result, cell or key `budget.computer`.\nDid you mean `budget.compute`?"),
        (["time"], "this plan has no result `time`."),
        (["budget"], "plan.yaml:3:9: `budget` is a section of the plan, not a single key."),
        (["constants.gamma"], "there is no result, cell or key `constants.gamma`."),
        (["L_opt", "--scenario", "bas"], "unknown scenario `bas`.\nDid you mean `base`?"),
        (["L_opt", "--json", "--mermaid"], "--mermaid and --json are two forms of one answer"),
        (["L_opt", "--json", "--all"], "--json has the whole tree: leave out --depth and --all."),
        (["L_opt", "--depth", "0"], "Invalid value for '--depth'"),
    ],
)
@pytest.mark.usefixtures("plan")
def test_unknown_names_exit_2(flopsheet, arguments, message):
    """Each with what was probably meant; nothing on stdout."""
    run = flopsheet("explain", "plan.yaml", *arguments)
    assert (run.code, run.out) == (2, "")
    assert message in run.err


def test_results_that_are_not_there(flopsheet, plan):
    """An infeasible scenario exits 1 and names its cap; a cell without a value exits 2 and names what is missing."""
    text = "title: x\nlaw: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 2}\n"
    text += "cells: {room: {formula: caps_parameters / N_opt, unit: '1'}}\n"
    text += "scenarios: {tight: {caps.parameters: 1B}, free: {}, wide: {caps.parameters: 100B}}\n"
    plan.write_text(text, encoding="utf-8")
    run = flopsheet("explain", "plan.yaml", "N_opt", "--scenario", "tight")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("scenario `tight` is infeasible and has no `N_opt`.")
    assert "caps.parameters" in run.err
    run = flopsheet("explain", "plan.yaml", "room", "--scenario", "free")
    assert (run.code, run.out) == (2, "")
    assert "`room` has no value in scenario `free`: it has one only where `absent_room` is 0" in run.err
    assert "It has one in `wide`." in run.err
    assert flopsheet("explain", "plan.yaml", "room", "--scenario", "wide").code == 0


def test_infinite_results_say_why(flopsheet, plan):
    """A target below the irreducible loss: infinite, with the status that says so and what that compares."""
    plan.write_text(
        "title: x\nlaw: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 1.5}\n", encoding="utf-8"
    )
    run = flopsheet("explain", "plan.yaml", "N_opt")
    assert run.code == 0
    assert "N_opt  Optimal parameters\n│ infinite, as plan_status is 1 and not 0\n├─ plan_status" in run.out
    assert "case 2 of 2: not E - target_loss < 0  (1.69 - 1.5 < 0)" in run.out
    assert json.loads(flopsheet("explain", "plan.yaml", "N_opt", "--json").out)["tree"]["value"] == "infinity"


def test_names_of_the_json_are_known(flopsheet, plan):
    """Shadow prices and strategies by the path that they have in `solve --json`."""
    plan.write_text(plan.read_text() + "strategies: {twenty to one: {tokens_per_parameter: 20}}\n", encoding="utf-8")
    assert "price_compute" in flopsheet("explain", "plan.yaml", "shadow_prices.compute").out
    assert "_L  " in flopsheet("explain", "plan.yaml", "strategies.twenty to one.L").out
    run = flopsheet("explain", "plan.yaml", "strategies_twenty_to_one_tokens_per_parameter")
    assert "strategies.twenty to one.tokens_per_parameter" in run.out


def test_a_large_tree_stays_readable(tiers):
    """Lines fit, and all together on two screens; a root is told by its condition; folded cells are counted."""
    explanation = explain_cell(tiers, "L_opt", 0)
    tree = draw_tree(explanation)
    assert len(tree.lines) <= MOST_LINES
    assert max(map(len, tree.lines)) <= WIDTH
    assert tree.folded > 0
    deep = draw_tree(explanation, depth=99)
    text = "\n".join(deep.lines)
    assert deep.folded == 0
    assert "the t at which a condition falls through zero" in text
    assert "t from -13.8155 to 27.8133" in text
    assert "case 1 of 4: best_opt >= score_curated_opt  (2.11553 >= 2.11553)" in text
    assert re.search(r"not decisive: .*\[\d+ more\s", text)
    assert len(draw_tree(explanation, depth=99, everything=True).shown) == len(explanation.steps)


def test_numbers_stand_where_names_stood(tiers):
    """Names inside numbers and functions stay; negative numbers are in parentheses; huge literals are powers of ten."""
    assert put_in("min(a, 1e5 * exp(-e))", {"a": -2.0, "e": 1234.5}) == "min((-2), 1e5 * exp(-1234.5))"
    assert put_in("exp(a)", {"a": -2.0}) == "exp(-2)"
    assert put_in("a", {"a": -2.0}) == "-2"
    assert "1e40" in tell_formula(tiers.graph["high_curated_opt"].expr)


def test_a_graph_is_what_github_renders(tiers):
    """Below 500 edges and 50,000 characters, each edge between nodes that are there, nothing unescaped in labels."""
    for everything in (False, True):
        text = draw_graph(explain_cell(tiers, "price_data", 0), everything=everything)
        head, *lines = text.splitlines()
        nodes = {m[1]: m[2] for line in lines if (m := re.fullmatch(r'  (\w+)\(?\["(.*)"\]\)?:::\w+', line))}
        edges = [m.groups() for line in lines if (m := re.fullmatch(r"  (\w+) (?:-->|-\.->) (\w+)", line))]
        assert head == "flowchart BT"
        assert len(nodes) + len(edges) + sum(line.startswith("  classDef ") for line in lines) == len(lines)
        assert len(edges) <= MOST_EDGES < 500
        assert len(text) <= MOST_CHARACTERS < 50_000
        assert {end for edge in edges for end in edge} == nodes.keys()
        for label in nodes.values():
            assert not re.search(r'["<>&`_*]', label.replace("<br/>", ""))
            assert re.fullmatch(r"(?:[^#;]|#\d+;)*", label.replace("<br/>", ""))


def test_a_graph_that_is_too_large_is_folded(tiers, monkeypatch):
    """With room for 40 edges the rest becomes nodes that say how many cells they stand for."""
    monkeypatch.setattr("flopsheet.cli.explain_graph.MOST_EDGES", 40)
    text = draw_graph(explain_cell(tiers, "price_data", 0), everything=True)
    assert len(re.findall("-->", text)) <= 40
    assert re.search(r'f\d+\["\d+ cells folded<br/>', text)


def test_the_layers_of_a_key_are_a_graph(flopsheet, plan):
    """A chain for each scenario that ends in the value; text of the plan is never markup."""
    plan.write_text(
        plan.read_text().replace("Small", "'<b>\"end\"; #1'") + "scenarios: {a: {}, b: {}}\n", encoding="utf-8"
    )
    text = flopsheet("explain", "plan.yaml", "title", "--mermaid").out
    assert text.startswith("flowchart LR\n")
    assert text.count("==>") == 2
    assert "#60;b#62;#34;end#34;#59; #35;1" in text
    loaded = load_plan(plan)
    traced = TracedKey(loaded, "budget.compute", trace_key(loaded, read_layers(loaded), "budget.compute"))
    assert draw_layers(traced) == flopsheet("explain", "plan.yaml", "budget.compute", "--mermaid").out
