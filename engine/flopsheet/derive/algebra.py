"""The algebra a derivation needs: products of powers, solving by peeling, and testing identities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import sympy as sp

from flopsheet.formula.heads import Log2, Log10

# Operations of an expression up to which everything sympy knows is tried on it.
_SIMPLIFIED = 150


@dataclass(frozen=True)
class Isolated:
    """A variable set free: `value` is its formula; each of `conditions` must be positive for it to exist.

    `trail` holds the equation after each step, as (left, right) pairs.
    """

    value: sp.Expr
    conditions: tuple[sp.Expr, ...]
    trail: tuple[tuple[sp.Expr, sp.Expr], ...]


@cache
def expand_logarithm(expr: sp.Expr) -> sp.Expr:
    """ln(expr) taken apart into a sum, as far as it goes (all symbols are positive or treated as such)."""
    return expand_whole(part_logarithm(expr))


def part_logarithm(expr: sp.Expr) -> sp.Expr:
    """ln(expr) taken apart into the logarithms of its factors, which stay as they are."""
    powers, rest = _powers_of(expr)
    return sp.Add(rest, *(exponent * sp.log(base) for base, exponent in powers.items()))


def expand_whole(expr: sp.Expr) -> sp.Expr:
    """Expanded, but with exponentials of squares left whole.

    Of exp(-(ln(N) - 20)**2) the factors would be N**40 and exp(-ln(N)**2), which no double holds.
    """
    if holds_bell(expr):
        return sp.expand(expr, power_exp=False, multinomial=False)
    return sp.expand(expr)


def holds_bell(expr: sp.Expr) -> bool:
    """Whether an expression holds the exponential of a power of a sum or of a logarithm, as a bell curve does."""
    powers = (power for part in expr.atoms(sp.exp) for power in part.args[0].atoms(sp.Pow))
    return any(power.base.has(sp.Add, sp.log) and power.exp.is_Integer and power.exp > 1 for power in powers)


def in_natural_logarithms(expr: sp.Expr) -> sp.Expr:
    """An expression with all its logarithms to base e."""
    # sympy would rebuild every part, and compare the arguments of each `min` again.
    return expr.rewrite(sp.log) if expr.has(Log2, Log10, sp.atan) else expr


def _powers_of(expr: sp.Expr) -> tuple[dict[sp.Expr, sp.Expr], sp.Expr]:
    """An expression as a product: the exponent of each base, and what e is raised to."""
    powers: dict[sp.Expr, sp.Expr] = {}
    rest: list[sp.Expr] = []
    _gather(in_natural_logarithms(expr), sp.S.One, powers, rest)
    return powers, sp.Add(*rest)


def _gather(expr: sp.Expr, exponent: sp.Expr, powers: dict[sp.Expr, sp.Expr], rest: list[sp.Expr]) -> None:
    """Add `expr**exponent` to a product of powers."""
    if isinstance(expr, sp.Mul):
        for factor in expr.args:
            _gather(factor, exponent, powers, rest)
    elif isinstance(expr, sp.exp):
        for term in sp.Add.make_args(sp.expand(expr.args[0])):
            coefficient, logarithm = term.as_independent(sp.log, as_Add=False)
            if isinstance(logarithm, sp.log):
                _gather(logarithm.args[0], exponent * coefficient, powers, rest)
            else:
                rest.append(exponent * term)
    elif isinstance(expr, sp.Pow):
        _gather(expr.base, exponent * expr.exp, powers, rest)
    elif isinstance(expr, sp.Rational) and expr.is_positive:
        for number, sign in ((sp.Integer(expr.p), 1), (sp.Integer(expr.q), -1)):
            if number != 1:
                powers[number] = powers.get(number, sp.S.Zero) + sign * exponent
    elif isinstance(expr, sp.Add) and not isinstance(single := _written_out(expr), sp.Add):
        _gather(single, exponent, powers, rest)
    else:
        powers[expr] = powers.get(expr, sp.S.Zero) + exponent


def _written_out(expr: sp.Expr) -> sp.Expr:
    """A sum over its common denominator, or with powers of products taken apart, so that terms that cancel do."""
    if _is_plain_fraction(expr) and not isinstance(single := sp.together(expr), sp.Add):
        return single
    return expand_whole(take_powers_apart(expr))


def take_powers_apart(expr: sp.Expr) -> sp.Expr:
    """An expression with powers of powers and of products taken apart, all bases treated as positive.

    sympy's own `powdenest` gives one form or another of a nested power from one process to the next.
    """
    return expr.replace(lambda part: isinstance(part, sp.Pow), lambda part: _split_power(part.base, part.exp))


def _split_power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """`base**exponent` as a product of powers, none of them of a power or a product."""
    if isinstance(base, sp.Pow):
        return _split_power(base.base, base.exp * exponent)
    if isinstance(base, sp.Mul) and not base.could_extract_minus_sign():
        return sp.Mul(*(_split_power(factor, exponent) for factor in base.args))
    return sp.Pow(base, exponent)


def _is_plain_fraction(expr: sp.Expr) -> bool:
    """Whether an expression is a sum of fractions without symbolic powers, such as 1 + alpha/beta."""
    return (
        isinstance(expr, sp.Add)
        and any(term.is_Mul or term.is_Pow for term in expr.args)
        and expr.is_rational_function()
    )


@cache
def product_form(expr: sp.Expr) -> sp.Expr:
    """A positive expression as a product of powers, factors of equal exponent gathered in one base.

    `((C/6)**beta * (alpha*A/(beta*B)))**(1/(alpha+beta))` becomes
    `(alpha*A/(beta*B))**(1/(alpha+beta)) * (C/6)**(beta/(alpha+beta))`. What is a sum stays a base.
    """
    if expr.could_extract_minus_sign() and not isinstance(expr, sp.Add):
        return -product_form(-expr)
    powers, rest = _powers_of(expr)
    bases: dict[sp.Expr, sp.Expr] = {}
    for base in sorted(powers, key=sp.default_sort_key):
        exponent = _simplest(powers[base])
        if exponent in bases:
            bases[exponent] *= base
        elif -exponent in bases:
            bases[-exponent] /= base
        elif exponent.could_extract_minus_sign():
            bases[-exponent] = 1 / base
        else:
            bases[exponent] = base
    # Powers are not simplified further: sympy would otherwise pull numbers out of their base.
    factors = [sp.Pow(_common_factors(base), exponent) for exponent, base in bases.items()]
    return sp.Mul(sp.exp(sp.factor(rest)) if rest != 0 else sp.S.One, *factors)


@cache
def _simplest(exponent: sp.Expr) -> sp.Expr:
    """An exponent as one fraction in lowest terms."""
    if not exponent.has(sp.Add):
        return exponent
    lowest = sp.cancel(exponent)
    return sp.factor(lowest) if lowest.has(sp.Add) else lowest


def _common_factors(base: sp.Expr) -> sp.Expr:
    """A base with common factors of its sums outside."""
    return sp.factor_terms(base) if base.has(sp.Add) else base


def tidy(expr: sp.Expr) -> sp.Expr:
    """A sum with each term in product form and equal power products gathered; a product in product form."""
    terms = [product_form(term) if term.free_symbols else term for term in sp.Add.make_args(sp.expand(expr))]
    if len(terms) == 1:
        return terms[0]
    groups: list[list[sp.Expr]] = []
    for term in terms:
        for group in groups:
            ratio = _plain_ratio(term, group[0])
            if ratio is not None:
                group.append(ratio)
                break
        else:
            groups.append([term, sp.S.One])
    return sp.Add(*(group[0] * sp.factor(sp.Add(*group[1:])) if len(group) > 2 else group[0] for group in groups))


def _plain_ratio(term: sp.Expr, other: sp.Expr) -> sp.Expr | None:
    """term / other when it has no symbolic power left (so that gathering makes things simpler)."""
    if not (term.free_symbols and other.free_symbols):
        return None
    ratio = product_form(term / other)
    powers = [power for power in ratio.atoms(sp.Pow) if not power.exp.is_number]
    return None if powers or ratio.has(sp.exp) else sp.cancel(ratio)


def isolate(left: sp.Expr, right: sp.Expr, variable: sp.Symbol) -> Isolated | None:
    """Solve left = right for a positive variable by peeling the left side off, or None where that fails.

    Every operation peeled off is monotone in what it holds, so the solution is the only one. Sums are
    split where only one term holds the variable, or where all such terms are multiples of one.
    """
    conditions: list[sp.Expr] = []
    trail: list[tuple[sp.Expr, sp.Expr]] = []
    for _ in range(50):
        if left == variable:
            value = product_form(right) if _is_product(right) else right
            return Isolated(value, tuple(conditions), tuple(trail))
        step = _peel(left, right, variable)
        if step is None:
            return None
        left, right, condition = step
        if condition is not None and condition.is_positive is not True:
            conditions.append(condition)
        trail.append((left, right))
    return None


def simplest_condition(conditions: tuple[sp.Expr, ...]) -> sp.Expr | None:
    """The condition that holds a difference (the others are positive multiples or powers of it)."""
    for condition in conditions:
        factors = [factor for factor in sp.Mul.make_args(condition) if factor.is_positive is not True]
        if factors:
            return sp.Mul(*factors)
    return None


def _is_product(expr: sp.Expr) -> bool:
    """Whether an expression is positive by its form, so that its logarithm may be taken."""
    return expr.is_positive is True or isinstance(expr, (sp.Mul, sp.Pow))


def _peel(left: sp.Expr, right: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, sp.Expr, sp.Expr | None] | None:
    """One step of `isolate`: the new sides, and what must be positive for the step."""
    if isinstance(left, sp.Add):
        return _peel_sum(left, right, x)
    if isinstance(left, sp.Mul):
        fixed, moving = left.as_independent(x, as_Add=False)
        if fixed != 1:
            return moving, right / fixed, None
        spread = take_powers_apart(moving)
        fixed, moving = spread.as_independent(x, as_Add=False)
        gathered = sp.powsimp(moving)
        return None if isinstance(gathered, sp.Mul) else (gathered, right / fixed, None)
    if isinstance(left, sp.Pow):
        base, exponent = left.as_base_exp()
        if not exponent.has(x):
            return base, right ** (1 / exponent), right
        if not base.has(x):
            return exponent, sp.log(right) / sp.log(base), right
    if isinstance(left, sp.exp):
        return left.args[0], sp.log(right), right
    if isinstance(left, sp.log):
        return left.args[0], sp.exp(right), None
    return None


def _peel_sum(left: sp.Expr, right: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, sp.Expr, sp.Expr | None] | None:
    """One step of `isolate` on a sum: move what lacks the variable, or gather multiples of one term."""
    fixed, moving = left.as_independent(x, as_Add=True)
    if fixed != 0:
        return moving, right - fixed, None
    terms = [take_powers_apart(term) for term in sp.Add.make_args(moving)]
    ratios = [sp.powsimp(product_form(term / terms[0])) for term in terms]
    if any(ratio.has(x) for ratio in ratios):
        return None
    return terms[0], right / sp.factor(sp.Add(*ratios)), None


def is_zero_by_algebra(expr: sp.Expr) -> bool:
    """Whether an expression is identically zero, by increasingly costly rewriting; False means not shown."""
    attempts = (
        sp.expand,
        lambda e: sp.expand(sp.expand_log(e, force=True)),
        lambda e: sp.cancel(sp.together(sp.expand_log(sp.expand(e), force=True))),
        lambda e: sp.cancel(sp.together(sp.Add(*(product_form(term) for term in sp.Add.make_args(e))))),
        lambda e: sp.powsimp(sp.expand(take_powers_apart(e))),
        lambda e: sp.simplify(e) if e.count_ops() <= _SIMPLIFIED else e,
    )
    if expr.has(sp.Piecewise) and expr.has(sp.Min, sp.Max):
        return False  # sympy compares the arguments of each with every condition, for minutes
    return expr == 0 or any(attempt(expr) == 0 for attempt in attempts)


def is_same_product(left: sp.Expr, right: sp.Expr) -> bool:
    """Whether two positive expressions are equal, shown through the logarithm of their ratio."""
    if left == right:
        return True
    powers, rest = _powers_of(left)
    others, other_rest = _powers_of(right)
    for base, exponent in others.items():
        powers[base] = powers.get(base, sp.S.Zero) - exponent
    # With a base the other side lacks nothing is lost: whatever can be equal by other means is tried by others.
    return all(_vanishes(exponent) for exponent in (*powers.values(), rest - other_rest))


def _vanishes(exponent: sp.Expr) -> bool:
    """Whether an exponent is identically zero as a fraction."""
    if exponent == 0:
        return True
    return bool(sp.together(exponent).as_numer_denom()[0].expand() == 0)


def strip_monotone(expr: sp.Expr, variables: Iterable[sp.Symbol]) -> sp.Expr:
    """The inner expression once increasing outer functions of it are taken off (they keep its minimum)."""
    held = set(variables)
    while True:
        fixed, moving = expr.as_independent(*held, as_Add=True)
        if isinstance(expr, sp.Add) and fixed != 0:
            expr = moving
            continue
        fixed, moving = expr.as_independent(*held, as_Add=False)
        if isinstance(expr, sp.Mul) and fixed != 1 and fixed.is_positive:
            expr = moving
        elif isinstance(expr, sp.Pow) and expr.exp.is_positive and not expr.exp.free_symbols & held:
            expr = expr.base
        elif isinstance(expr, (sp.exp, sp.log)):
            expr = expr.args[0]
        else:
            return expr
