"""What repeated tokens are worth: the shipped modifiers, and those of a reader's own."""

import math
import re
from pathlib import Path

import mpmath
import pytest
import sympy as sp

from flopsheet.errors import FlopsheetError
from flopsheet.formula.mp_value import mp_value
from flopsheet.formula.parse import parse_formula
from flopsheet.plan.layers import load_plan
from flopsheet.plan.plan import Plan, Repetition
from flopsheet.plan.repetition import DEFAULT_REPETITION, load_shipped_repetition, repetition_names

HEAD = "title: t\nlaw: hoffmann_2022\nbudget.compute: 1e22\n"
R_D, R_N = 15.387756, 5.309743


@pytest.fixture
def load(write):
    """A function that loads the plan with a text below the head."""

    def run(text: str, *sets: str) -> Plan:
        return load_plan(write("plan.yaml", HEAD + text), sets=sets)

    return run


def value(repetition: Repetition, formula: str, at: float) -> float:
    """A formula of a modifier at so many epochs (or so much excess)."""
    text = getattr(repetition, formula)
    names = ("epochs", "excess", *repetition.constants)
    symbols = {name: sp.Symbol(name, real=True) for name in names}
    numbers = {name: constant.value for name, constant in repetition.constants.items()} | {"epochs": at, "excess": at}
    expr = parse_formula(text, symbols, subject=formula)
    return float(mp_value(expr, {symbols[name]: mpmath.mpf(number) for name, number in numbers.items()}))


# The value after a quarter, one, four and sixty epochs; each by hand from the formula of its source.
EXPECTED = {
    "exponential": (
        "effective",
        [0.25, 1, 1 + 15.39 * (1 - math.exp(-3 / 15.39)), 1 + 15.39 * (1 - math.exp(-59 / 15.39))],
    ),
    "muennighoff_2023": (
        "effective",
        [0.25, 1, 1 + R_D * (1 - math.exp(-3 / R_D)), 1 + R_D * (1 - math.exp(-59 / R_D))],
    ),
    "none": ("effective", [0.25, 1, 4, 60]),
    "article_linear": ("loss_factor", [1, 1, 1.06, 2.18]),
    "half_life": (
        "effective",
        [0.25, 1, *(1 + 10.666 / math.log(2) * (1 - 0.5 ** ((e - 1) / 10.666)) for e in (4, 60))],
    ),
}


def test_each_shipped_modifier_has_an_expectation():
    """None is without a test, and the default is among them."""
    assert set(repetition_names()) == set(EXPECTED)
    assert DEFAULT_REPETITION in EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_shipped_modifiers_are_as_published(name: str):
    """Name, source, exactly one formula, and its values at four numbers of epochs."""
    found = load_shipped_repetition(name)
    formula, expected = EXPECTED[name]
    assert (found.name, found.origin) == (name, "library")
    assert found.source
    assert (found.effective is None) == (formula == "loss_factor")
    assert [value(found, formula, at) for at in (0.25, 1, 4, 60)] == pytest.approx(expected, rel=1e-14)


def test_excess_parameters_wear_off_as_well():
    """Only under the law that measured it, from the best size for one pass on."""
    found = load_shipped_repetition("muennighoff_2023")
    expected = [0.5, 1, 1 + R_N * (1 - math.exp(-2 / R_N))]
    assert [value(found, "effective_parameters", at) for at in (0.5, 1, 3)] == pytest.approx(expected, rel=1e-14)
    others = (load_shipped_repetition(name) for name in repetition_names() if name != "muennighoff_2023")
    assert all(other.effective_parameters is None for other in others)


def test_a_half_life_halves_what_a_token_is_worth():
    """The slope after one half-life more is half of the slope before."""
    found = load_shipped_repetition("half_life")
    half = found.constants["decay"].value

    def slope(at: float) -> float:
        return (value(found, "effective", at + 1e-4) - value(found, "effective", at - 1e-4)) / 2e-4

    assert slope(1 + half) / slope(1 + 1e-3) == pytest.approx(0.5, rel=1e-3)
    assert slope(1 + 3 * half) / slope(1 + 2 * half) == pytest.approx(0.5, rel=1e-6)


def test_limited_data_are_repeated_exponentially_unless_said_otherwise(load):
    """The default; a scenario or --set names another; without a limit there is none."""
    own = "{a: {}, b: {data.repetition: none}, c: {extends: b, data.repetition: null}, d: {data.unique: null}}"
    plan = load(f"data.unique: 300B\nscenarios: {own}\n")
    names = [scenario.repetition and scenario.repetition.name for scenario in plan.scenarios]
    assert names == ["exponential", "none", "exponential", None]
    assert [s.texts.get("data.repetition") is not None for s in plan.scenarios] == [False, True, True, False]
    (scenario,) = load("data.unique: 300B\n", "data.repetition=half_life").scenarios
    assert scenario.repetition
    assert scenario.repetition.name == "half_life"
    assert load("").scenarios[0].repetition is None


OWN = """\
repetition: ours
title: Our own
source: Our runs
constants: {k: {value: 3, note: by eye}}
effective: min(epochs, k)
"""


def test_a_modifier_of_ones_own_stands_beside_the_plan(load, write, project: Path):
    """Relative to the file that names it; the plan is then read from it too, and discovery takes it for no plan."""
    write("shared/ours.yaml", OWN)
    write("shared/_data.yaml", "data: {unique: 3, repetition: ./ours.yaml}\n")
    plan = load("extends: shared/_data.yaml\n")
    repetition = plan.scenarios[0].repetition
    assert repetition
    assert (repetition.name, repetition.title, repetition.origin) == ("ours", "Our own", "shared/ours.yaml")
    assert (repetition.constants["k"].value, repetition.constants["k"].note) == (3, "by eye")
    assert plan.files == ("shared/ours.yaml", "shared/_data.yaml", "plan.yaml")
    assert plan.path == "plan.yaml"
    assert plan.root == project.resolve()


def test_the_decay_of_tiers_is_that_of_their_repetition(load, write):
    """A modifier of one's own brings its default."""
    write("ours.yaml", OWN.replace("k", "decay"))
    text = "data: {repetition: ours.yaml, tiers: [{name: a, unique: 1}]}\n"
    write("ours.yaml", "repetition: ours\nconstants: {decay: 7}\neffective: min(epochs, decay)\n")
    assert load(text).scenarios[0].inputs["data.tiers.a.decay"].value == 7


PLANS = {
    "unknown": (
        "data: {unique: 1, repetition: exponental}\n",
        "plan.yaml:4:31: data.repetition: unknown repetition `exponental`.",
        "Did you mean `exponential`? Known here: article_linear,",
    ),
    "missing file": ("data: {unique: 1, repetition: ./none.yaml}\n", "plan.yaml:4:31: there is no file", "relative to"),
    "leaves": ("data: {unique: 1, repetition: ../x.yaml}\n", "plan.yaml:4:31: the path `../x.yaml` leads outside", ""),
    "no YAML": ("data: {unique: 1, repetition: ./plan.txt}\n", "plan.yaml:4:31: ", ""),
    "without a limit": (
        "data: {repetition: none}\n",
        "plan.yaml:4:20: data.repetition: needs `data.unique` or `data.tiers`: without a limit nothing is repeated.",
        "",
    ),
    "no decay": (
        "data: {unique: 1, repetition: article_linear, decay: 3}\n",
        "plan.yaml:4:54: data.decay: the repetition `article_linear` has no constant `decay`.",
        "Remove it, or choose another `data.repetition`.",
    ),
    "no decay of a tier": (
        "data: {tiers: [{name: a, unique: 1, decay: 3}], repetition: none}\n",
        "plan.yaml:4:44: data.tiers.a.decay: the repetition `none` has no constant `decay`.",
        "Remove it, or choose another `data.repetition`.",
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_wrong_name_is_told_at_its_place(load, name: str):
    """Place, rule and remedy, once."""
    text, message, remedy = PLANS[name]
    with pytest.raises(FlopsheetError) as caught:
        load(text)
    assert message in str(caught.value)
    assert remedy in str(caught.value)
    assert len(caught.value.problems) == 1, str(caught.value)


FILES = {
    "no name": ("effective: epochs\n", "ours.yaml:1:1: the file of a repetition needs `repetition`, its name."),
    "neither": (
        "repetition: o\n",
        "ours.yaml:1:1: repetition: needs exactly one of `effective` and `loss_factor`, but has 0.",
    ),
    "both": ("repetition: o\neffective: epochs\nloss_factor: epochs\n", "ours.yaml:1:1: repetition: needs exactly one"),
    "an unknown key": ("repetition: o\nefective: epochs\n", "ours.yaml:2:1: unknown key `efective`."),
    "an unknown name": ("repetition: o\neffective: epoch + 1\n", "ours.yaml:2:12: effective: unknown symbol `epoch`."),
    "no formula": ("repetition: o\neffective: epochs +\n", "ours.yaml:2:"),
    "a null": ("repetition: o\neffective: epochs\nsource:\n", "ours.yaml:3:"),
    "negative": (
        "repetition: o\nconstants: {k: 2}\neffective: epochs - k\n",
        "ours.yaml:3:12: effective: must be a positive, finite number, which it is not at epochs = 1/4.",
    ),
    "not finite at one": (
        "repetition: o\nloss_factor: 1 / (epochs - 1)**2\n",
        "ours.yaml:2:14: loss_factor: must be a positive, finite number, which it is not at epochs = 1.",
    ),
    "complex": (
        "repetition: o\neffective: sqrt(50 - epochs)\n",
        "ours.yaml:2:12: effective: must be a positive, finite number, which it is not at epochs = 100.",
    ),
    "a condition": (
        "repetition: o\neffective: epochs < 3\n",
        "ours.yaml:2:12: effective: ",
    ),
    "a taken name": (
        "repetition: o\nconstants: {epochs: 2}\neffective: epochs\n",
        "ours.yaml:2:21: constants.epochs: `epochs` is what the formulas read; a constant needs another name.",
    ),
    "of parameters": (
        "repetition: o\neffective: epochs\neffective_parameters: epochs\n",
        "ours.yaml:3:23: effective_parameters: unknown symbol `epochs`.",
    ),
    "not YAML": ("repetition: [\n", "ours.yaml:2:1: this is not YAML"),
}


@pytest.mark.parametrize("name", FILES)
def test_faults_of_a_modifier_are_told_in_its_file(load, write, name: str):
    """At their line and column, once for all scenarios that name it."""
    text, message = FILES[name]
    write("ours.yaml", text)
    with pytest.raises(FlopsheetError) as caught:
        load("data: {unique: 1, repetition: ./ours.yaml}\nscenarios: {a: {}, b: {}}\n")
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1, str(caught.value)


def test_several_faults_of_a_modifier_are_told_at_once(load, write):
    """Every unknown name of every formula."""
    write("ours.yaml", "repetition: o\neffective: p + q\neffective_parameters: r\n")
    with pytest.raises(FlopsheetError) as caught:
        load("data: {unique: 1, repetition: ./ours.yaml}\n")
    assert [problem.message for problem in caught.value.problems] == [f"unknown symbol `{name}`." for name in "pqr"]


def test_the_examples_of_the_list_of_keys_load(load, write, project_root: Path):
    """Its tiers with each scenario, its sweep, its questions about inputs, and its modifier."""
    text = (project_root / "docs" / "plan_keys.md").read_text(encoding="utf-8")
    found = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    sweep, tiers, sensitivity, modifier, *_ = found
    write("ours.yaml", modifier)
    asked = load(f"scenarios: {{planned run: {{data.unique: 300B}}}}\n{sensitivity}").sensitivity
    assert [given.key for given in asked.inputs] == ["budget.compute", "data.unique"]
    assert asked.tables[0].columns.values == (1e9, 1e10, None)
    plan = load(tiers + sweep, "data.repetition=./ours.yaml")
    assert plan.sweep is not None
    assert plan.sweep.lengths == (200, 3, 3)
    assert [scenario.tiers for scenario in plan.scenarios] == [
        ("curated", "web"), ("curated", "web"), ("curated",), (), ("books",)
    ]  # fmt: skip
    assert plan.scenarios[0].repetition
    assert value(plan.scenarios[0].repetition, "effective", 12) == 6
