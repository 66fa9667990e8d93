"""The laws of Chinchilla, its replication and Kaplan's L(N, D): complete, rounded as printed, true to their sources."""

import math
import re

import pytest

from flopsheet.formula.parse import parse_formula
from flopsheet.formula.text import FormulaText
from flopsheet.laws.library import law_names, load_library_law

LAWS = (
    "besiroglu_2024",
    "besiroglu_2024_unrounded",
    "hoffmann_2022",
    "hoffmann_2022_table_a3",
    "hoffmann_2022_unrounded",
    "kaplan_2020",
)


def test_library_holds_the_laws():
    """The first laws of the library stay in it under their names."""
    assert set(LAWS) <= set(law_names())


@pytest.mark.parametrize("name", LAWS)
def test_law_is_complete(name):
    """A shipped law is named like its file and states source, range or its absence, notes and an answer."""
    law = load_library_law(name)
    assert law.name == name
    assert re.fullmatch(r"[a-z]+_\d{4}(_[a-z0-9]+)*", name)
    assert law.origin == "library"
    assert law.title
    assert law.source is not None
    assert law.source.cite.endswith(name.split("_")[1])
    assert re.fullmatch(r"\d{4}\.\d{5}", law.source.arxiv)
    assert law.source.where
    assert {"title", "author", "year"} <= set(law.source.bibtex)
    assert [decision.role for decision in law.decisions.values()] == ["parameters", "tokens"]
    assert law.known_answers
    assert law.notes
    assert all(answer.within < 0.1 and answer.source for answer in law.known_answers)


@pytest.mark.parametrize(
    ("name", "index"), [(name, i) for name in LAWS for i in range(len(load_library_law(name).known_answers))]
)
def test_known_answer_is_met(name, index, answer):
    """The product gives each published figure that a law file states."""
    known = load_library_law(name).known_answers[index]
    budget = known.at.get("C")
    question = {"ask": "optimum", "budget": budget} if budget else {"ask": "point", "at": known.at}
    found = answer({"law": name, "then": known.quantity, **question})
    assert found == pytest.approx(known.value, rel=known.within)


@pytest.mark.parametrize("name", [name for name in LAWS if name.endswith("_unrounded")])
def test_logarithms_are_those_of_the_source(name):
    """E, A and B are the doubles nearest to the exponentials that their notes state."""
    constants = load_library_law(name).constants
    for symbol in ("E", "A", "B"):
        stated = parse_formula(FormulaText(constants[symbol].note, constants[symbol].place), {}, subject=symbol)
        assert constants[symbol].value == float(stated.evalf(30))


def test_printed_constants_are_rounded():
    """What Hoffmann et al. print is what stands in their source, to the last printed digit."""
    printed, whole = (load_library_law(name).constants for name in ("hoffmann_2022", "hoffmann_2022_unrounded"))
    assert printed.keys() == whole.keys()
    for symbol, constant in printed.items():
        digits = len(repr(constant.value).partition(".")[2])
        assert round(whole[symbol].value, digits) == constant.value


def test_headline_constants_are_near_the_unrounded_ones():
    """The replication's headline E and beta are not quite its notebook's; nothing differs by more than 2e-4."""
    headline, whole = (load_library_law(name).constants for name in ("besiroglu_2024", "besiroglu_2024_unrounded"))
    off = {symbol: abs(constant.value / whole[symbol].value - 1) for symbol, constant in headline.items()}
    assert max(off.values()) < 2e-4
    assert min(off["E"], off["beta"]) > 1e-4


def test_standard_errors_are_the_published_ones():
    """Only the replication states standard errors, for its headline constants."""
    errors = {s: c.se for s, c in load_library_law("besiroglu_2024").constants.items()}
    assert errors == {"E": 0.03, "A": 124.58, "B": 1293.23, "alpha": 0.02, "beta": 0.02}
    others = [load_library_law(name) for name in LAWS if name != "besiroglu_2024"]
    assert all(constant.se is None for law in others for constant in law.constants.values())


def test_fitted_ranges():
    """Ranges are those of the papers' runs; where they are not stated the law says so."""
    ranges = {name: load_library_law(name).fitted_range for name in LAWS}
    chinchilla = {"N": (70e6, 16e9), "D": (5e9, 500e9)}
    assert ranges == {
        "besiroglu_2024": None,
        "besiroglu_2024_unrounded": None,
        "hoffmann_2022": chinchilla,
        "hoffmann_2022_table_a3": chinchilla,
        "hoffmann_2022_unrounded": chinchilla,
        "kaplan_2020": {"N": (768.0, 1.5e9), "D": (22e6, 23e9)},
    }


def test_every_law_decreases_in_both_decisions(answer):
    """More parameters or more tokens never cost loss: a check on the signs in the law texts."""
    for name in LAWS:
        at = {"N": 1e9, "D": 2e10}
        here = answer({"law": name, "ask": "point", "at": at, "then": "loss"})
        for symbol, amount in at.items():
            more = answer({"law": name, "ask": "point", "at": at | {symbol: 2 * amount}, "then": "loss"})
            assert more < here
        assert math.isfinite(here)
