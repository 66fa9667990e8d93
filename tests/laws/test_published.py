"""Published figures: each that follows from published constants is reached, each trap is missed."""

from pathlib import Path

import pytest
import yaml

PUBLISHED = Path(__file__).parent / "published"
CASES = {
    case["id"]: case
    for path in sorted(PUBLISHED.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
}
ASKED = [name for name, case in CASES.items() if "evaluate" in case]
COUNTING = [name for name in ASKED if CASES[name]["counts"]]
TRAPS = [name for name in ASKED if CASES[name]["basis"] == "trap"]

# How many cases stand in each file, so that none is lost: all, counting, counting and asked, traps asked.
COUNTS = {"hoffmann2022": (53, 20, 20, 4), "besiroglu2024": (8, 6, 6, 0), "kaplan2020": (16, 13, 2, 0)}


@pytest.mark.parametrize("name", COUNTING)
def test_figure_is_reached(name, answer):
    """The product gives the published figure within the case's tolerance."""
    case = CASES[name]
    assert answer(case["evaluate"]) == pytest.approx(case["published"], rel=case["tolerance"])


@pytest.mark.parametrize("name", TRAPS)
def test_trap_is_missed(name, answer):
    """Constants rounded to two digits do not give these figures, and the product does not pretend so."""
    case = CASES[name]
    assert answer(case["evaluate"]) != pytest.approx(case["published"], rel=case["tolerance"])


@pytest.mark.parametrize("name", ASKED)
def test_constants_give_what_they_give(name, answer):
    """The product agrees with an independent computation from the same constants, traps included, to 1e-9."""
    case = CASES[name]
    assert answer(case["evaluate"]) == pytest.approx(case["recomputed"], rel=case.get("recomputed_within", 1e-9))


@pytest.mark.parametrize("name", CASES)
def test_case_is_settled(name, asks):
    """Each case is asked of the product, or says in words why not; only another law's case may wait for it."""
    case = CASES[name]
    ways = [way for way in ("evaluate", "later", "aside") if way in case]
    assert len(ways) == 1
    if ways == ["evaluate"]:
        assert case["evaluate"]["ask"] in asks
        assert case["counts"] or case["basis"] == "trap"
    else:
        assert len(case[ways[0]].split()) >= 3
    if ways == ["aside"]:
        assert not case["counts"]
        assert case["basis"] in {"table_fit", "arithmetic", "own", "forward"}


@pytest.mark.parametrize("file", COUNTS)
def test_no_case_is_lost(file):
    """The files hold as many cases as were published, and as many of them are asked."""
    cases = {name: case for name, case in CASES.items() if name.startswith(f"{file}-")}
    counting = {name for name, case in cases.items() if case["counts"]}
    assert (len(cases), len(counting), len(counting & set(ASKED)), len(set(TRAPS) & set(cases))) == COUNTS[file]
