"""`sweep:` of a plan file: lists, ranges and zips of input numbers, in order, and all that is refused."""

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import load_plan
from flopsheet.plan.requests import Sweep

UNEQUAL = "goes along equally long axes, but they have different numbers of values"
A_WORD = "is a word: a sweep varies numbers. Make scenarios for it."
HEAD = "title: t\nlaw: hoffmann_2022\nbudget.compute: 1e22\n"


@pytest.fixture
def load(write):
    """A function that loads the sweep of a plan with a text below the head."""

    def run(text: str) -> Sweep:
        sweep = load_plan(write("plan.yaml", HEAD + text)).sweep
        assert sweep is not None
        return sweep

    return run


@pytest.fixture
def refuse(write):
    """A function that gives the places and messages by which a sweep is refused."""

    def run(text: str) -> list[str]:
        with pytest.raises(FlopsheetError) as refused:
            load_plan(write("plan.yaml", f"{HEAD}{text}\n"))
        return [f"{p.place.line}:{p.place.column} {p.subject}: {p.message}" for p in refused.value.problems if p.place]

    return run


def test_axes_stand_in_the_order_written(load):
    """Dotted or nested, across sections; lists keep their values in base units, null removes a limit."""
    sweep = load("sweep: {caps.parameters: [1B, null], budget: {compute: [1 PF-day]}, caps.tokens: [2T]}\n")
    assert [axis.key for axis in sweep.axes] == ["caps.parameters", "budget.compute", "caps.tokens"]
    assert [[given.value for given in axis.given] for axis in sweep.axes] == [[1e9, None], [8.64e19], [2e12]]
    assert sweep.lengths == (2, 1, 1)
    assert sweep.points == 2


def test_a_range_keeps_its_ends(load):
    """`linear` unless it says `log`; how many points may be written as any number."""
    sweep = load(
        "sweep: {budget.compute: {from: 1e19, to: 1e25, points: 1e3, scale: log}, hardware.mfu: [40 %, 0.5]}\n"
    )
    first, second = sweep.axes
    assert (first.scale, first.points, [given.value for given in first.given]) == ("log", 1000, [1e19, 1e25])
    assert (second.scale, [given.value for given in second.given]) == ("list", [0.4, 0.5])
    assert load("sweep: {budget.compute: {from: 1, to: 2, points: 3}}\n").axes[0].scale == "linear"


def test_a_zip_is_one_group_where_it_is_written(load):
    """Its axes go along together; the others make every pair with it."""
    sweep = load("sweep: {caps.tokens: [1T, 2T], zip: {caps.parameters: [1B, 2B, 3B], caps.time: [1, 2, 3]},"
                 " budget.compute: [1, 2]}\nhardware: {accelerator: H100-SXM, mfu: 0.4, count: 8}\n")  # fmt: skip
    assert [[axis.key for axis in group] for group in sweep.groups] == [
        ["caps.tokens"], ["caps.parameters", "caps.time"], ["budget.compute"],
    ]  # fmt: skip
    assert sweep.points == 12


def test_words_of_a_tier(load):
    """A quality may be a word, and a tier is addressed by its name."""
    sweep = load("data.tiers: [{name: web crawl, unique: 1T}]\nsweep: {data.tiers.web crawl.quality: [high, low]}\n")
    assert [given.value for given in sweep.axes[0].given] == [1.0, 0.4]


def test_the_overlay_sets_every_key(load):
    """In every scenario, above its own lines: the plan then has what reads it."""
    sweep = load("sweep: {caps.parameters: [null, 3B], budget.compute: {from: 1e20, to: 1e21, points: 2}}\n"
                 "scenarios: {a: {caps.parameters: 1B}, b: {}}\n")  # fmt: skip
    assert sweep.overlay is not None
    assert [s.inputs["caps.parameters"].value for s in sweep.overlay.scenarios] == [3e9, 3e9]
    assert [s.inputs["budget.compute"].value for s in sweep.overlay.scenarios] == [1e20, 1e20]


def test_a_later_layer_changes_an_axis(write):
    """Lists replace, ranges merge, null takes an axis away."""
    write(
        "_base.yaml", "sweep: {budget.compute: {from: 1e19, to: 1e20, points: 5}, caps.tokens: [1T], caps.time: [1]}\n"
    )
    text = "extends: _base.yaml\nsweep: {budget.compute.points: 7, caps.tokens: [2T, 3T], caps.time: null}\n"
    with pytest.raises(FlopsheetError, match=r"unknown key `points`|unknown key `compute.points`"):
        load_plan(write("plan.yaml", HEAD + text))
    text = "extends: _base.yaml\nsweep: {budget.compute: {points: 7}, caps.tokens: [2T, 3T], caps.time: null}\n"
    sweep = load_plan(write("plan.yaml", HEAD + text)).sweep
    assert sweep is not None
    assert [(axis.key, axis.points) for axis in sweep.axes] == [("budget.compute", 7), ("caps.tokens", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{budget.compte: [1]}", "4:16 sweep.budget: unknown key `compte`."),
        ("{data.repetition: [none]}", f"4:14 : `sweep.data.repetition` {A_WORD}"),
        ("{caps.tokens: 3}", "4:22 sweep.caps.tokens: must be a list or a range, but is `3`."),
        ("{caps.tokens: []}", "4:22 sweep.caps.tokens: has no values: nothing would be computed."),
        ("{caps.tokens: [[1]]}", "4:23 sweep.caps.tokens: a value must be a number, but is a list or a mapping."),
        ("{caps.tokens: [null]}", "4:22 sweep.caps.tokens: removes the limit and never sets it."),
        ("{budget.compute: [1, null]}", "4:29 sweep.budget.compute: cannot be removed: null has no meaning here."),
        ("{caps.tokens: [0]}", "4:23 sweep.caps.tokens: must be greater than 0, but is `0`."),
        ("{hardware.mfu: [120 %]}", "4:24 sweep.hardware.mfu: must be at most 1, but is `120 %`."),
        ("{caps.tokens: {from: 1 hour, to: 2, points: 3}}",
         "4:29 sweep.caps.tokens: `1 hour` is an amount in hour, but this key takes an amount in token."),
        ("{caps.tokens: {from: 1, points: 3}}", "4:22 sweep.caps.tokens: a range needs `to`."),
        ("{caps.tokens: {from: 1, to: 2, points: 0}}",
         "4:47 sweep.caps.tokens.points: must be a whole number from 1 on, but is `0`."),
        ("{caps.tokens: {from: 1, to: 2, points: 2.5}}",
         "4:47 sweep.caps.tokens.points: must be a whole number from 1 on, but is `2.5`."),
        ("{caps.tokens: {from: 1, to: 2, points: 3, scale: lg}}",
         "4:57 sweep.caps.tokens: a scale is `linear` or `log`, but this is `lg`."),
        ("{caps.tokens: {from: 1, to: 2, steps: 3}}", "4:39 sweep.caps.tokens: unknown key `steps`."),
        ("{constants.beta: {from: 0, to: 2, points: 3, scale: log}}",
         "4:32 sweep.constants.beta: a log range stays above zero, but an end is 0."),
        ("{zip: {caps.tokens: [1, 2], caps.parameters: [1]}}",
         f"4:9 sweep.zip: {UNEQUAL}: `caps.tokens` 2, `caps.parameters` 1."),
        ("{caps.tokens: [1], zip: {caps.tokens: [2]}}",
         "4:38 sweep.caps.tokens: is swept twice; the first is at plan.yaml:4:14."),
        ("{caps.tokens: [1], caps: {tokens: [2]}}",
         "4:34 : the key `tokens` stands twice; the first is at plan.yaml:4:14."),
        ("{data.tiers.web.unique: [1]}", "4:20 sweep.data.tiers: there is no tier `web`."),
        ("{caps.tokens: {from: 1, to: 2, points: 20_000}, caps.parameters: {from: 1, to: 2, points: 1e4}}",
         "4:8 sweep: would be 200,000,000 points (20,000 x 10,000); a sweep has at most 100,000,000."),
        ("{}", "4:8 sweep: varies nothing."),
        ("{caps.time: [3 days]}",
         "4:21 caps.time: needs `hardware.accelerator`, `hardware.mfu`, `hardware.count`."),
    ],
)  # fmt: skip
def test_what_is_refused(refuse, text: str, message: str):
    """With its place, before anything is computed."""
    assert refuse(f"sweep: {text}") == [message]


def test_all_at_once(refuse):
    """Every fault of a sweep is told together."""
    assert len(refuse("sweep: {caps.tokens: [0, -1], caps.parameters: {from: x, to: 2, points: 0}}")) == 4


def test_a_sweep_is_of_the_whole_plan(refuse):
    """A scenario has none of its own."""
    assert refuse("scenarios: {a: {sweep: {caps.tokens: [1]}}}") == [
        "4:17 : `scenarios.a.sweep` is the same for the whole plan: a scenario overrides only inputs and `expect`."
    ]
