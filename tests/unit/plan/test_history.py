"""What every layer says of a key, in order, and which of them is in force."""

from pathlib import Path

import pytest

from flopsheet.plan.history import read_layers, trace_key
from flopsheet.plan.layers import load_plan

ROOT = Path(__file__).resolve().parents[3]
BASE = """\
law: hoffmann_2022
budget: {compute: 1e21 FLOP}
caps: {tokens: 15T, parameters: 5B}
data: {tiers: [{name: web, unique: 1T, epochs: 3}, {name: old, unique: 1T}]}
scenarios: {big: {budget.compute: 3e23}}
"""
PLAN = """\
title: Layers
extends: _base.yaml
budget.compute: 1e22 FLOP
caps: null
data: {tiers: [{name: web, unique: 2T, quality: 0.4}]}
scenarios:
  plain: {}
  big: {budget.compute: 1e23 FLOP}
  bigger: {extends: big, caps.parameters: 3B, data.tiers.web.epochs: 7}
  none: {extends: bigger, data: null, caps: {parameters: null}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A plan over a base file."""
    folder = tmp_path_factory.mktemp("layers")
    (folder / ".git").mkdir()
    (folder / "_base.yaml").write_text(BASE, encoding="utf-8")
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def said(folder):
    """A function that gives what layers say of a key in a scenario: file, line, text, or what removed it."""

    def say(key, scenario, *sets):
        plan = load_plan(folder / "plan.yaml", sets=sets)
        history = next(each for each in trace_key(plan, read_layers(plan, sets), key) if each.scenario == scenario)
        return [
            f"{entry.place.file}:{entry.place.line} {'remove ' + entry.through if entry.removes else entry.text}"
            f"{' *' if entry.in_force else ''}"
            for entry in history.entries
        ]

    return say


def test_files_then_scenarios_then_set(said):
    """The base file, the plan, the scenario in both files, and --set, which beats them all."""
    assert said("budget.compute", "plain") == ["_base.yaml:2 1e21 FLOP", "plan.yaml:3 1e22 FLOP *"]
    assert said("budget.compute", "bigger") == [
        "_base.yaml:2 1e21 FLOP",
        "plan.yaml:3 1e22 FLOP",
        "_base.yaml:5 3e23",
        "plan.yaml:8 1e23 FLOP *",
    ]
    assert said("budget.compute", "big", "budget.compute=7e22")[-2:] == ["plan.yaml:8 1e23 FLOP", "--set:1 7e22 *"]


def test_what_takes_a_key_away_is_told(said):
    """A null over a section, another list of tiers, and a null in a scenario remove; a later line sets it again."""
    assert said("caps.tokens", "plain") == ["_base.yaml:3 15T", "plan.yaml:4 remove caps *"]
    assert said("caps.parameters", "none") == [
        "_base.yaml:3 5B",
        "plan.yaml:4 remove caps",
        "plan.yaml:9 3B",
        "plan.yaml:10 remove  *",
    ]
    assert said("data.tiers.old.unique", "plain") == ["_base.yaml:4 1T", "plan.yaml:5 remove data.tiers *"]
    assert said("data.tiers.web.epochs", "none")[2:] == ["plan.yaml:9 7", "plan.yaml:10 remove data *"]


def test_what_takes_nothing_away_says_nothing(said):
    """A list that never held the tier's key is no layer of it."""
    assert said("data.tiers.web.quality", "plain") == ["plan.yaml:5 0.4 *"]
    assert said("data.unique", "plain") == []


def test_words_and_other_keys_have_layers_too(said):
    """`law` and `title` are told like inputs, without scenarios."""
    assert said("law", "big") == ["_base.yaml:1 hoffmann_2022 *"]
    assert said("title", "big") == ["plan.yaml:1 Layers *"]


@pytest.mark.parametrize("name", ["article/resource_constraints", "examples/cheapest_to_serve_zh",
                                  "examples/cluster_for_forty_days", "examples/good_data_runs_out",
                                  "examples/serving_fleet"])  # fmt: skip
def test_the_entry_in_force_is_what_the_plan_holds(name):
    """For every input of every scenario, from the catalogue and defaults too: one entry, with that place and value."""
    plan = load_plan(ROOT / f"scenarios/{name}.yaml")
    layers = read_layers(plan)
    keys = {key for scenario in plan.scenarios for key in (*scenario.inputs, *scenario.texts)}
    for key in keys:
        for scenario, history in zip(plan.scenarios, trace_key(plan, layers, key), strict=True):
            given = scenario.inputs.get(key) or scenario.texts.get(key)
            if given is None:
                assert not history.entries or history.entries[-1].removes
                continue
            assert [entry.place for entry in history.entries if entry.in_force] == [given.place], key
            assert history.value == given.value
            assert history.in_force is not None
            assert given.value in {history.in_force.value, history.in_force.text}
