import pickle

import pytest
import sympy as sp
from sympy.core.function import ArgumentIndexError

from flopsheet.formula.heads import Log2, Log10, Round

X = sp.Symbol("x", positive=True)
R = sp.Symbol("r", real=True)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (Log10(1), 0),
        (Log10(1000), 3),
        (Log10(sp.Rational(1, 100)), -2),
        (Log10(10**X), X),
        (Log2(8), 3),
        (Log2(sp.Rational(1, 2)), -1),
        (Log2(2**50), 50),
        (Round(sp.Rational(5, 2)), 3),
        (Round(sp.Rational(-5, 2)), -3),
        (Round(sp.Rational(49, 100)), 0),
        (Round(sp.Float(2.5)), 3),
        (Round(sp.Integer(7)), 7),
        (Round(sp.log(10)), 2),
        (Round(sp.floor(X)), sp.floor(X)),
    ],
)
def test_exact_values(expr, expected):
    """Powers of the base and numbers to be rounded have exact values."""
    assert expr == expected


@pytest.mark.parametrize("head", [Log10, Log2])
def test_stays_itself(head):
    """A logarithm of a symbol or of another number keeps its name, so that a workbook can print it."""
    assert isinstance(head(X), head)
    assert isinstance(head(7), head)
    assert isinstance(head(X).subs(X, 7), head)


@pytest.mark.parametrize(("head", "base"), [(Log10, 10), (Log2, 2)])
def test_is_the_quotient(head, base):
    """It differentiates, expands and evaluates as ln(x) / ln(b)."""
    quotient = sp.log(X) / sp.log(base)
    assert head(X).rewrite(sp.log) == quotient
    assert sp.simplify(head(X).diff(X) - quotient.diff(X)) == 0
    assert sp.expand_log(head(X**2 * 3)) == sp.expand((2 * sp.log(X) + sp.log(3)) / sp.log(base))
    assert sp.expand_log(head(X)) == head(X)
    assert abs(head(7).evalf(40) - (sp.log(7) / sp.log(base)).evalf(50)) < sp.Float("1e-38")
    assert float(head(X).evalf(subs={X: 3})) == pytest.approx(float(quotient.subs(X, 3)), rel=1e-15)


def test_assumptions():
    """Signs and reality follow from the argument."""
    assert Log10(X).is_extended_real
    assert Log10(X).is_finite
    assert Log10(-X).is_extended_real is False
    assert Log10(R).is_extended_real is None
    assert Log10(X + 1).is_positive
    assert Log10(X).is_positive is None
    assert Round(R).is_integer
    assert Round(X).is_nonnegative
    assert Round(-X).is_nonnegative is None


def test_rounding_is_flat_and_its_definition():
    """Its derivative is 0 between the jumps, and it rewrites to floor of the absolute value and a half."""
    assert Round(R).diff(R) == 0
    assert Round(R).rewrite(sp.floor) == sp.sign(R) * sp.floor(sp.Abs(R) + sp.Rational(1, 2))
    assert float(Round(R).evalf(subs={R: -2.5})) == -3


@pytest.mark.parametrize("head", [Log10, Log2, Round])
def test_has_one_argument(head):
    """There is no derivative by a second argument, and no call with two."""
    with pytest.raises(ArgumentIndexError):
        head(R).fdiff(2)
    with pytest.raises(TypeError):
        head(R, R)


@pytest.mark.parametrize("head", [Log10, Log2, Round])
def test_survives_pickling(head):
    """Expressions may travel to another process."""
    assert pickle.loads(pickle.dumps(head(R))) == head(R)  # noqa: S301 - our own bytes
