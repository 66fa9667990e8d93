"""The section `sensitivity`: what it reads, and what is wrong with it, each at its place."""

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan

HEAD = "title: T\nlaw: hoffmann_2022\nbudget: {compute: 1e22}\n"


@pytest.fixture
def load(write):
    """A function from the text below the head to the plan."""
    return lambda text: load_plan(write("plan.yaml", HEAD + text))


def test_what_is_read(load):
    """Swing as a share, inputs in their order and once, tables in base units."""
    request = load(
        "caps: {parameters: 1B}\nscenarios: {a: {}, b: {}}\n"
        "sensitivity:\n  swing: 5 %\n  scenario: b\n  inputs: [caps.parameters, budget.compute, caps.parameters]\n"
        "  tables: [{rows: {budget.compute: [1e21 FLOP, 1e22]}, columns: {caps.parameters: [1B, null]}, show: cost}]\n"
    ).sensitivity
    assert (request.swing, request.scenario) == (0.05, "b")
    assert [given.key for given in request.inputs] == ["caps.parameters", "budget.compute"]
    (table,) = request.tables
    assert (table.rows.key, table.rows.values) == ("budget.compute", (1e21, 1e22))
    assert (table.columns.key, table.columns.values) == ("caps.parameters", (1e9, None))
    assert table.show == "cost"


def test_defaults(load):
    """10 %, all inputs, the first scenario; nothing without the key."""
    request = load("sensitivity: {}\nscenarios: {a: {}, b: {}}\n").sensitivity
    assert (request.swing, request.inputs, request.scenario, request.tables) == (0.1, (), "a", ())
    assert load("").sensitivity is None


def test_a_number_in_a_table_is_held_as_an_input_is(load):
    """A price of each accelerator, and words that stand for numbers."""
    axes = "rows: {hardware.price: [2.5 USD/hour]}, columns: {data.tiers.web.quality: [low, 0.9]}"
    request = load(
        "hardware: {accelerator: H100-SXM, mfu: 40 %, price: 2 USD/hour}\n"
        "data: {tiers: [{name: web, unique: 1T}]}\n"
        f"sensitivity: {{tables: [{{{axes}}}]}}\n"
    ).sensitivity
    assert request.tables[0].rows.values == (2.5,)
    assert request.tables[0].columns.values == (0.4, 0.9)


CELLS = ", ".join(f"{number}e20" for number in range(1, 22))
REFUSED = {
    "no swing": ("swing: 0", "must be greater than 0, but is `0`", "0"),
    "negative": ("swing: -10 %", "must be greater than 0", "-10 %"),
    "all of it": ("swing: 100 %", "must be below 100 %, but is 100 %", "100 %"),
    "per cent forgotten": ("swing: 10", "must be below 100 %, but is 1000 %", "10"),
    "unknown": ("inputs: [budget.comput]", "unknown input `budget.comput`", "budget.comput"),
    "word": ("inputs: [hardware.accelerator]", "is a word, not a number", "hardware.accelerator"),
    "not set": ("inputs: [data.unique]", "scenario `base` does not set `data.unique`", "data.unique"),
    "scenario": ("scenario: bass", "unknown scenario `bass`", "bass"),
    "key": ("swings: 10 %", "unknown key `swings`", "swings"),
    "many": (f"tables: [{{rows: {{budget.compute: [{CELLS}]}}, columns: {{caps.tokens: [{CELLS}]}}}}]",
             "has 441 cells, but a table may have at most 400", "{"),
    "one side": ("tables: [{rows: {budget.compute: [1e21]}}]", "a table needs `columns`: one input", "{"),
    "two inputs": ("tables: [{rows: {budget.compute: [1e21], caps.tokens: [1B]}, columns: {caps.parameters: [1B]}}]",
                   "a table needs `rows`: one input", "{"),
    "twice": ("tables: [{rows: {caps.tokens: [1B]}, columns: {caps.tokens: [2B]}}]",
              "rows and columns are both `caps.tokens`", "caps.tokens"),
    "no number": ("tables: [{rows: {caps.tokens: [x]}, columns: {caps.parameters: [1B]}}]", "must be a number", "x"),
    "no limit": ("tables: [{rows: {constants.A: [1, null]}, columns: {caps.tokens: [1B]}}]", "is no limit", "null"),
    "budget gone": ("tables: [{rows: {budget.compute: [null]}, columns: {caps.tokens: [1B]}}]", "is no limit", "null"),
    "empty": ("tables: [{rows: {caps.tokens: []}, columns: {caps.parameters: [1B]}}]", "needs at least one value", "["),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_told_at_its_place(name, load):
    """The line, the stretch that is marked, and the rule of each fault."""
    text, message, marked = REFUSED[name]
    with pytest.raises(FlopsheetError) as error:
        load(f"sensitivity: {{{text}}}\n")
    first = error.value.problems[0]
    assert message in str(error.value)
    place = first.place
    assert place is not None
    start = place.column - 1
    assert (place.line, place.text[start : start + place.length]) == (4, marked)


def test_the_remedy_names_a_scenario_that_sets_the_input(load):
    """An input that another scenario sets."""
    with pytest.raises(FlopsheetError) as error:
        load("scenarios: {a: {}, b: {caps.tokens: 1T}}\nsensitivity: {inputs: [caps.tokens]}\n")
    assert str(error.value) == (
        "plan.yaml:5:24: sensitivity.inputs: scenario `a` does not set `caps.tokens`: there is nothing to change.\n"
        "    5 | sensitivity: {inputs: [caps.tokens]}\n"
        "      |                        ^^^^^^^^^^^\n"
        "Scenario `b` does: write `scenario: b`."
    )


def test_it_stands_at_the_top_level_alone(load):
    """A scenario and --set override inputs."""
    with pytest.raises(FlopsheetError, match="is the same for the whole plan"):
        load("scenarios: {a: {sensitivity.swing: 5 %}}\n")
