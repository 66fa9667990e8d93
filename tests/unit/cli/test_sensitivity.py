"""`flopsheet solve` on a plan that asks for its sensitivity."""

import json

import pytest

PLAN = """\
title: Small
law: hoffmann_2022
budget: {compute: 1e21 FLOP}
scenarios: {base: {}, capped: {caps.parameters: 1B}}
sensitivity: {swing: 20 %}
"""


@pytest.fixture
def asking(plan):
    """The plan with the key."""
    plan.write_text(PLAN, encoding="utf-8")
    return plan


@pytest.mark.usefixtures("asking")
def test_the_terminal_shows_a_small_tornado(flopsheet):
    """Of the first scenario, or of the one that is asked for; the longest first."""
    run = flopsheet("solve", "plan.yaml")
    assert run.code == 0
    assert "sensitivity of `base`: each input 20 % down (-) and up (+)" in run.out
    assert "caps.parameters" not in run.out
    run = flopsheet("solve", "plan.yaml", "--scenario", "capped")
    assert "sensitivity of `capped`" in run.out
    rows = run.out.partition("sensitivity of")[2].splitlines()
    keys = [row.split()[0] for row in rows[3:] if row]
    assert keys[:2] == ["budget.compute", "caps.parameters"]
    assert keys[2] == "constants.alpha"


@pytest.mark.usefixtures("asking")
def test_json_has_it_for_every_scenario(flopsheet):
    """Elasticities and swings."""
    record = json.loads(flopsheet("solve", "plan.yaml", "--json").out)
    assert [scenario["sensitivity"]["swing"] for scenario in record["scenarios"]] == [0.2, 0.2]


@pytest.mark.usefixtures("plan")
def test_without_the_key_nothing_is_said(flopsheet):
    """Neither on the terminal nor in JSON."""
    assert "sensitivity" not in flopsheet("solve", "plan.yaml").out
    assert "sensitivity" not in flopsheet("solve", "plan.yaml", "--json").out


@pytest.mark.usefixtures("project")
def test_bad_input_exits_2(flopsheet, plan):
    """With the place and the nearest name."""
    plan.write_text(PLAN.replace("20 %", "20 %, inputs: [budget.computes]"), encoding="utf-8")
    run = flopsheet("solve", "plan.yaml")
    assert run.code == 2
    assert run.err.startswith("plan.yaml:5:37: sensitivity.inputs: unknown input `budget.computes`.")
    assert "Did you mean `budget.compute`?" in run.err
