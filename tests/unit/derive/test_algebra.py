"""The algebra of derivations: solving by peeling, products of powers, identities, and where each gives up."""

import pytest
import sympy as sp

from flopsheet.derive.algebra import (
    is_same_product,
    is_zero_by_algebra,
    isolate,
    product_form,
    strip_monotone,
    tidy,
)

x, y, a, b, c, p, q = sp.symbols("x y a b c p q", positive=True)
r = sp.Symbol("r", real=True)


@pytest.mark.parametrize(
    ("left", "value", "conditions"),
    [
        (6 * x * y, c / (6 * y), ()),
        (a + b / x**p, (b / (c - a)) ** (1 / p), ((c - a) / b,)),
        (x**2 * y**3, (c / y**3) ** sp.Rational(1, 2), ()),
        (sp.exp(a * x), sp.log(c) / a, ()),
        (sp.log(x / a), a * sp.exp(c), ()),
        (a**x, sp.log(c) / sp.log(a), ()),
        (3 * x + 2 * x, c / 5, ()),
        (a * x**p + b * x**p, (c / (a + b)) ** (1 / p), ()),
        (((a / x) ** p + b) ** q, a / (c ** (1 / q) - b) ** (1 / p), (c ** (1 / q) - b,)),
    ],
)
def test_isolate_solves_what_holds_the_variable_once(left, value, conditions):
    """The solution put back in gives the right side, and each condition for it to exist is told."""
    found = isolate(left, c, x)
    assert found is not None
    numbers = {a: 0.5, b: 1.5, c: 9.0, y: 2.5, p: 0.7, q: 1.3}
    assert float(found.value.subs(numbers)) == pytest.approx(float(value.subs(numbers)), rel=1e-12)
    assert float(left.subs(x, found.value).subs(numbers)) == pytest.approx(9.0, rel=1e-12)
    assert found.trail[-1][0] == x
    assert bool(found.conditions) == bool(conditions)
    for ours, stated in zip(found.conditions, conditions, strict=False):
        assert sp.simplify(ours / stated).is_positive


@pytest.mark.parametrize(
    "left", [x**p + x**q, x * sp.exp(x), sp.Max(x, a), x + sp.log(x), sp.sin(x), x**x, a / x + b * x, sp.floor(x)]
)
def test_isolate_gives_up_where_there_is_no_closed_form(left):
    """None, and no wrong formula."""
    assert isolate(left, c, x) is None


def test_product_form_gathers_factors_of_one_exponent():
    """The powers of a product are written once a base; the value stays."""
    nested = ((c / 6) ** q * (a * p / (b * q))) ** (1 / (p + q))
    found = product_form(nested)
    assert found == (a * p / (b * q)) ** (1 / (p + q)) * (c / 6) ** (q / (p + q))
    assert product_form(-nested) == -found
    assert product_form(a + b) == a + b


def test_tidy_gathers_like_terms():
    """Terms that differ by a factor without powers become one; others stay apart."""
    power = (a / b) ** (1 / (p + q))
    found = tidy(p * power + q * power)
    assert sp.simplify(found - (p + q) * power) == 0
    assert isinstance(found, sp.Mul)
    assert len(sp.Add.make_args(tidy(a * x**p + b * x**q))) == 2


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ((a * b) ** p, a**p * b**p, True),
        (sp.exp(p * sp.log(a)), a**p, True),
        ((a / b) ** (1 / (p + q)), (b / a) ** (-1 / (p + q)), True),
        (a**p * a**q, a ** (p + q), True),
        (a**p, a**q, False),
        (2 * a, a, False),
        (a + b, a * b, False),
    ],
)
def test_is_same_product(left, right, same):
    """Equal products of powers are recognised however they are written; different ones are not."""
    assert is_same_product(left, right) is same


def test_is_zero_by_algebra():
    """Identities of sums and powers are shown; what is not zero is never called so."""
    assert is_zero_by_algebra((a + b) ** 2 - a**2 - 2 * a * b - b**2)
    assert is_zero_by_algebra(a ** (p + q) - a**p * a**q)
    assert is_zero_by_algebra(1 / a - b / (a * b))
    assert not is_zero_by_algebra(a - b)
    assert not is_zero_by_algebra(a**p - a**p * (1 + sp.Rational(1, 10**30)))


def test_strip_monotone_keeps_where_the_minimum_is():
    """Constants added, positive factors, positive powers, exp and log are taken off; falling functions are not."""
    core = a / x**p + b / y**q
    for outer in (c + core, a * core, core**q, sp.exp(core), sp.log(core), c + 2 * sp.exp(core) ** q):
        assert strip_monotone(outer, (x, y)) == core
    assert strip_monotone(1 / core, (x, y)) == 1 / core
    assert strip_monotone(-core, (x, y)) == -core
    assert strip_monotone(core**r, (x, y)) == core**r
