"""What is wrong with the formulas of a law: circles with every place, units, and each fault once."""

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError

LAW = """\
title: Faults
law:
  law: own
  loss: {loss}
  cost: 6 * N * D
  decisions: {{N: parameters, D: tokens}}
  constants: {{E: 1.69, A: 406.4, B: 410.7, k: {{value: 20, unit: token/parameter}}, plain: 20}}
  where: {{{where}}}
  formulas: {{{formulas}}}
budget: {{compute: 1e21}}
cells: {{{cells}}}
"""


@pytest.fixture
def faults(tmp_path):
    """A function that gives the problems of a plan with given formulas: (line, column, subject, message, remedy)."""

    def run(loss="E + A / N**0.34 + B / D**0.28", where="", formulas="", cells=""):
        path = tmp_path / "plan.yaml"
        path.write_text(LAW.format(loss=loss, where=where, formulas=formulas, cells=cells), encoding="utf-8")
        try:
            api.solve_plan(path)
        except FlopsheetError as error:
            return [(p.place.line, p.place.column, p.subject, p.message, p.remedy) for p in error.problems if p.place]
        return []

    return run


def formula(text, unit):
    """A further formula as a law states it."""
    return f"x: {{formula: '{text}', unit: '{unit}'}}"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("k * N + D", "token"),
        ("plain * N + D", "token"),
        ("20 * N + D", "token"),
        ("D - 100", "token"),
        ("D / N", "token/parameter"),
        ("max(D, k * N)", "token"),
        ("L - E", "nats/token"),
        ("sqrt(N**2)", "parameter"),
        ("C / (6 * N)", "token"),
        ("D / N", "1"),
    ],
)
def test_what_a_constant_or_number_converts_may_be_added(text, unit, faults):
    """Constants without a unit and literals absorb what is asked of them; one with a unit converts."""
    assert faults(formulas=formula(text, unit)) == []


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("N + D", "token", "`D` is in token and `N` in parameter: they cannot be added or compared in `D + N`."),
        ("N + D", "1", "`D` is in token and `N` in parameter: they cannot be added or compared in `D + N`."),
        ("D + k * D", "token", "cannot be added or compared"),
        ("if(N > D, 1, 2)", "1", "they cannot be added or compared in `D < N`."),
        ("N", "token", "the formula is in parameter, but its unit is token."),
        ("D**2", "token", "the formula is in token**2, but its unit is token."),
        ("k * N", "parameter", "the formula is in token, but its unit is parameter."),
    ],
)
def test_parameters_and_tokens_do_not_add_up(text, unit, message, faults):
    """A further formula that mixes units, or has another one than it states, is refused at its place."""
    (fault,) = faults(formulas=formula(text, unit))
    assert fault[:3] == (9, 28, "formulas.x")
    assert message in fault[3]


def test_every_circle_of_a_law_is_told_with_its_places(faults):
    """One problem for each circle, at its first formula; the remedy says where the others stand."""
    found = faults(
        where="u: v + 1, v: 2 * u, w: w",
        formulas="one: two + 1, two: {formula: 2 * three, unit: '1'}, three: {formula: one, unit: '1'}, fine: one",
    )
    chain = "formulas read each other in a circle: "
    assert found == [
        (8, 14, "where.u", chain + "u -> v -> u", "Break the circle here or at `v` (plan.yaml:8:24)."),
        (8, 34, "where.w", chain + "w -> w", "Break the circle."),
        (
            9,
            19,
            "formulas.one",
            chain + "one -> two -> three -> one",
            "Break the circle here or at `two` (plan.yaml:9:43) or `three` (plan.yaml:9:83).",
        ),
    ]


def test_every_circle_of_cells_is_told(faults):
    """Independent circles are told together, what only reads one is not."""
    one = "{{formula: {}, unit: '1'}}".format
    cells = f"a: {one('b')}, b: {one('a')}, c: {one('d')}, d: {one('e')}, e: {one('c + d')}, f: {one('a')}"
    found = faults(cells=cells)
    assert [(subject, message.rpartition(": ")[2]) for _, _, subject, message, _ in found] == [
        ("cells.a", "a -> b -> a"),
        ("cells.c", "c -> d -> e -> c"),
    ]


def test_a_broken_formula_of_an_inline_law_is_told_once(faults):
    """Whichever check meets it first, with what else is wrong beside it."""
    found = faults(loss="E + A / N**", where="q: N +* 2", formulas="r: zz")
    assert [(line, subject) for line, _, subject, _, _ in found] == [
        (4, "law.loss"),
        (8, "law.where.q"),
        (9, "formulas.r"),
    ]


def test_units_of_a_law_with_a_misunderstood_unit_are_not_judged(faults):
    """A unit that is no unit is told, not what would come of it."""
    found = faults(formulas="x: {formula: 'N', unit: parmeter}")
    assert [subject for _, _, subject, _, _ in found] == ["law.formulas.x.unit"]
