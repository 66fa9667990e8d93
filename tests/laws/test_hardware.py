"""Hours, utilisation and price of published runs, with the peaks of the catalogue and the product's formulas."""

from pathlib import Path

import pytest
import yaml

from flopsheet.api.library import build_formula_graph, evaluate_formulas, parse_point
from flopsheet.laws.library import load_library_law
from flopsheet.model.units import check_dimensions
from flopsheet.plan.catalogue import find_accelerator
from flopsheet.plan.law_file import parse_law
from flopsheet.plan.source import parse_source

CASES = {
    case["id"]: case
    for case in yaml.safe_load((Path(__file__).parent / "published" / "hardware.yaml").read_text(encoding="utf-8"))[
        "cases"
    ]
}
ACCOUNT = """\
law: account
formulas:
  share: {formula: compute / (busy * peak), unit: '1'}
  done: {formula: busy * peak * mfu, unit: FLOP}
  price: {formula: busy * rate, unit: USD}
  busy_sum: {formula: busy + busy_2 + busy_3, unit: second}
inputs:
  compute: {unit: FLOP}
  busy: {unit: second}
  busy_2: {unit: second}
  busy_3: {unit: second}
  peak: {unit: FLOP/second}
  mfu: {unit: '1'}
  rate: {unit: USD/second}
"""
H100 = f"peak={find_accelerator('H100-SXM').peak['bf16']!r}"


@pytest.fixture(scope="module")
def account():
    """The arithmetic of a run as a law, its units checked."""
    law = parse_law(parse_source(ACCOUNT, "account.yaml"), "library")
    graph, outputs = build_formula_graph(law)
    assert check_dimensions(graph) >= len(outputs)
    return law


@pytest.mark.parametrize(
    ("case", "quantity", "at", "scale"),
    [
        ("hardware-01", "share", f"compute=3.8e25, busy=30.84M hours, {H100}", 1),
        ("hardware-02", "busy_sum", "busy=1.46M hours, busy_2=7M hours, busy_3=30.84M hours", 1 / 3600),
        ("hardware-03", "share", f"compute=6.3e24, busy=7M hours, {H100}", 1),
        ("hardware-04", "share", f"compute=7.2e23, busy=1.46M hours, {H100}", 1),
        ("hardware-05", "price", "busy=2.788M hours, rate=2 USD/hour", 1),
        ("hardware-08", "done", "busy=1.46M hours, peak=990 TFLOP/second, mfu=40 %", 1),
    ],
)
def test_account_of_a_run(account, case, quantity, at, scale):
    """Each figure of hours, peak and price follows from the formulas; what a source prints is met, but for one."""
    found = evaluate_formulas(account, parse_point(account, at))[quantity][0] * scale
    assert found == pytest.approx(CASES[case]["recomputed"], rel=1e-12)
    published = CASES[case].get("published", found)
    # The share that Llama 3.1 prints is that within the run; over all hours, as here, it is lower.
    assert (found == pytest.approx(published, rel=CASES[case]["tolerance"])) is (case != "hardware-01")


def test_every_case_is_asked():
    """No case of the file is left out above."""
    (mark,) = test_account_of_a_run.pytestmark
    assert [row[0] for row in mark.args[1]] == list(CASES)


def test_utilisation_of_the_library_agrees():
    """The law of Chowdhery et al. gives the same share as the account above."""
    law = load_library_law("chowdhery_2022")
    at = parse_point(law, f"C_step=3.8e25, time=30.84M hours, {H100}")
    found = evaluate_formulas(law, at)["utilization"][0]
    assert found == pytest.approx(CASES["hardware-01"]["recomputed"], rel=1e-12)
