"""The laws that a plan compares: as names with their places, from any layer, each once."""

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan

HEAD = "title: t\nlaw: hoffmann_2022\nbudget: {compute: 1e22}\n"
LAW = "law: ours\nloss: 1 / N + 1 / D\ncost: N * D\ndecisions: {N: parameters, D: tokens}\n"


def names(plan):
    """The compared laws of a plan."""
    return [item.name for item in plan.compare]


def test_names_and_paths_are_kept_in_order(write):
    """A name stays a name, a path becomes one relative to the project root; each knows its place."""
    write("laws/ours.yaml", LAW)
    plan = load_plan(write("deep/plan.yaml", f"{HEAD}compare: [kaplan_2020, ../laws/ours.yaml]\n"))
    assert names(plan) == ["kaplan_2020", "laws/ours.yaml"]
    assert [(item.place.line, item.place.column) for item in plan.compare] == [(4, 11), (4, 24)]


def test_one_name_may_stand_alone(write):
    """A bare name is a list of one; without the key nothing is compared."""
    assert names(load_plan(write("plan.yaml", f"{HEAD}compare: kaplan_2020\n"))) == ["kaplan_2020"]
    assert names(load_plan(write("plan.yaml", HEAD))) == []


def test_a_layer_may_set_it(write):
    """A list replaces that of the layer below, null and an empty list take it away."""
    write("_base.yaml", "compare: [kaplan_2020, besiroglu_2024]\n")
    head = f"extends: _base.yaml\n{HEAD}"
    assert names(load_plan(write("plan.yaml", head))) == ["kaplan_2020", "besiroglu_2024"]
    for line, expected in (("[kaplan_2020]", ["kaplan_2020"]), ("null", []), ("[]", [])):
        assert names(load_plan(write("plan.yaml", f"{head}compare: {line}\n"))) == expected


MESSAGES = {
    "[hoffmann_2022]": """\
plan.yaml:4:11: compare: `hoffmann_2022` is the plan's own law, which stands in the comparison anyway.
    4 | compare: [hoffmann_2022]
      |           ^^^^^^^^^^^^^
Remove it.""",
    "[kaplan_2020, kaplan_2020]": """\
plan.yaml:4:24: compare: `kaplan_2020` stands twice; the first is at plan.yaml:4:11.
    4 | compare: [kaplan_2020, kaplan_2020]
      |                        ^^^^^^^^^^^
Remove one of the two.""",
    "['kaplan 2020']": """\
plan.yaml:4:11: compare: `kaplan 2020` is neither the name of a law nor a path to one.
    4 | compare: ['kaplan 2020']
      |           ^^^^^^^^^^^^^
Write a name such as hoffmann_2022, or a path such as ./laws/ours.yaml.""",
    "[../outside.yaml]": """\
plan.yaml:4:11: the path `../outside.yaml` leads outside the project.
    4 | compare: [../outside.yaml]
      |           ^^^^^^^^^^^^^^^
Name a file inside the project folder (the nearest one with `.git`, else the plan's own).""",
    "[{law: inline}]": """\
plan.yaml:4:11: compare: must be text, but is a mapping.
    4 | compare: [{law: inline}]
      |           ^""",
}


@pytest.mark.parametrize("listed", MESSAGES)
def test_wrong_names_are_refused(write, listed):
    """The plan's own law, a name twice, what is no name and no path in the project: each with its place."""
    with pytest.raises(FlopsheetError) as caught:
        load_plan(write("plan.yaml", f"{HEAD}compare: {listed}\n"))
    assert str(caught.value) == MESSAGES[listed]


def test_a_scenario_is_sent_to_compare(write):
    """A law of its own for a scenario is refused with the way to compare laws; `compare` stands at the top only."""
    with pytest.raises(FlopsheetError) as caught:
        load_plan(write("plan.yaml", f"{HEAD}scenarios:\n  a: {{law: kaplan_2020, compare: [kaplan_2020]}}\n"))
    told = str(caught.value)
    assert "Name other laws under `compare` at the top level" in told
    assert "`scenarios.a.compare` is the same for the whole plan" in told
