"""Verdicts: proven only by algebra, checked where points agree, refuted where one does not, else undecided."""

import pytest
import sympy as sp

from flopsheet.derive.proof import Proof
from flopsheet.derive.proving import Prover, combine_proofs
from flopsheet.derive.sample import sample_points
from flopsheet.messages import render_message

x, y, p = sp.symbols("x y p", positive=True)
PROVER = Prover({x: 10.0, y: 5.0, p: 0.3})


def test_an_identity_is_proven():
    """Two spellings of one product are proven by algebra."""
    proof = PROVER.prove_equal("same", (x * y) ** p, x**p * y**p)
    assert (proof.method, proof.verdict, proof.residual) == ("symbolic", "proven", 0)


def test_a_false_statement_is_refuted_with_a_point():
    """The detail says by how much the sides differ, and where."""
    proof = PROVER.prove_equal("false", x**p, x**p * (1 + sp.Rational(1, 10**12)))
    assert (proof.method, proof.verdict) == ("numeric", "refuted")
    detail = render_message(proof.detail)
    assert "1e-12" in detail
    assert "x = " in detail


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.Max(x, y) + sp.Min(x, y), x + y),
        (sp.atan(x) + sp.atan(1 / x), sp.pi / 2),
        (sp.floor(x) + sp.ceiling(-x), sp.Integer(0)),
        (sp.Heaviside(x + 1) * x, x),
    ],
)
def test_true_statements_are_never_refuted_and_proven_only_by_algebra(left, right):
    """What algebra does not show is `checked`, and said to be sampled."""
    proof = PROVER.prove_equal("true", left, right)
    assert proof.verdict in {"proven", "checked"}
    if proof.verdict == "checked":
        assert proof.method == "numeric"
        assert render_message(proof.detail) == "both sides agree to 40 digits at 8 seeded random points with 50 digits"


def test_true_but_unprovable_is_checked():
    """Machin's formula: no rewriting here shows it, every point does."""
    left = 16 * sp.atan(x / (5 * x)) - 4 * sp.atan(sp.Rational(1, 239)) + x
    proof = PROVER.prove_equal(
        "Machin", sp.Add(16 * sp.atan(sp.Rational(1, 5)), -4 * sp.atan(sp.Rational(1, 239)), x), sp.pi + x
    )
    assert left == sp.Add(16 * sp.atan(sp.Rational(1, 5)), -4 * sp.atan(sp.Rational(1, 239)), x)
    assert proof.verdict in {"checked", "proven"}
    assert (proof.verdict == "proven") == (proof.method == "symbolic")


def test_no_points_with_a_value_is_undecided():
    """A statement about what is not real anywhere is neither true nor false."""
    never = sp.log(-x)
    assert PROVER.prove_equal("complex", never + sp.sin(y), never + sp.cos(y - 1)).verdict == "undecided"


def test_positive():
    """Shown by form, checked by points, or refuted."""
    assert PROVER.prove_positive("form", x + y**p).verdict == "proven"
    assert PROVER.prove_positive("points", x - y + 1).verdict in {"checked", "refuted"}
    assert PROVER.prove_positive("points", x - y / 100).verdict == "checked"
    assert PROVER.prove_positive("false", y - x * 100).verdict == "refuted"
    assert PROVER.prove_positive("zero", x - x * 1).verdict == "refuted"
    assert PROVER.prove_positive("factors", sp.expand((x + 1) * (x**2 - x + 1))).verdict == "proven"
    assert PROVER.prove_positive("compares", sp.Max(x, y) - sp.Min(x, y) / 2).verdict == "checked"


def test_conditions_limit_the_points():
    """A statement that holds on one side only is decided there."""
    root = sp.sqrt((x - 10) ** 2)
    assert PROVER.prove_equal("both sides", root, x - 10).verdict == "refuted"
    assert PROVER.prove_equal("one side", root, x - 10, where=(x - 10,)).verdict == "checked"


def test_rare_conditions_are_searched_for():
    """Where a condition holds at one point in twenty, more are drawn until some satisfy it."""
    x = sp.Symbol("x", positive=True)
    rare = x - sp.Rational(145, 100)
    points = Prover({x: 1.0}).points(x, where=(rare,))
    assert len(points) >= 3
    assert all(point[x] > 1.45 for point in points)


def test_what_follows_from_others_is_not_drawn():
    """A symbol given by a formula has the value of it at every point, also where only that symbol is asked for."""
    g = sp.Symbol("g", positive=True)
    prover = Prover({x: 10.0, y: 5.0, g: 7.0}, given={g: x * y})
    points = prover.points(g)
    assert len(points) == 8
    assert all(point[g] == point[x] * point[y] for point in points)
    assert prover.prove_equal("given", g - x, x * (y - 1)).verdict == "checked"
    assert Prover(prover.around).prove_equal("free", g - x, x * (y - 1)).verdict == "refuted"


def test_the_weakest_part_decides():
    """One refuted part refutes the whole; one checked part makes it checked."""
    proofs = {verdict: Proof(verdict, "symbolic", verdict) for verdict in ("refuted", "undecided", "checked", "proven")}
    order = list(proofs.values())
    for index, weakest in enumerate(order):
        assert combine_proofs("all", order[index:]).verdict == weakest.verdict


def test_points_are_the_same_every_time():
    """Sampling is seeded, each symbol within a factor 1.5 of its usual value, unknown ones between 1 and 1000."""
    unknown = sp.Symbol("u", positive=True)
    points = sample_points([x, unknown], {x: 10.0}, {})
    assert points == sample_points([unknown, x], {x: 10.0}, {})
    assert all(10 / 1.5 <= point[x] <= 15 and 1 <= point[unknown] <= 1000 for point in points)
