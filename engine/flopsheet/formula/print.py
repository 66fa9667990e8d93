"""Expressions back to formula text, such that parsing the text gives the expression back."""

from __future__ import annotations

import sympy as sp

from flopsheet.formula.functions import BY_HEAD, FUNCTIONS, RELATION_BY_HEAD, split_choice

# How tightly the outermost operation of a text binds.
_COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)
_MAX_DECIMALS = 20


def render_formula(expr: sp.Basic) -> str:
    """The expression in the formula language.

    Parsing it over the same symbols gives an equal expression, if `expr` is as sympy itself arranges it
    (evaluated) and its numbers are exact. Floats are written with their shortest decimal.

    Raises:
        ValueError: The expression holds something the language has no word for, such as an integral.
    """
    return _render(expr)[0]


def _render(expr: sp.Basic) -> tuple[str, int]:
    """Text, and how tightly its outermost operation binds."""
    if expr.is_Atom:
        return _render_atom(expr)
    if expr.is_Add:
        return _render_sum(expr), _SUM
    if expr.is_Mul:
        return _render_product(expr)
    if expr.is_Pow:
        return _render_power(expr)
    relation = RELATION_BY_HEAD.get(type(expr))
    if relation is not None:
        left, right = (_within(side, _SUM) for side in expr.args)
        return relation.spell("formula", left, right), _COMPARISON
    return _render_call(expr), _ATOM


def _render_call(expr: sp.Basic) -> str:
    function = BY_HEAD.get(type(expr))
    if function is None:
        msg = f"the formula language has no word for {type(expr).__name__}"
        raise ValueError(msg)
    if isinstance(expr, sp.Piecewise):
        return function.spell("formula", [render_formula(part) for part in split_choice(expr)])
    # Heaviside carries its value at 0 as a second argument, which the language does not spell.
    most = function.arity[1]
    args = [render_formula(arg) for arg in expr.args[:most]]
    return function.spell("formula", args if most else sorted(args))  # what takes any number has no order


def _render_atom(expr: sp.Basic) -> tuple[str, int]:
    if expr.is_Symbol:
        return str(expr.name), _ATOM
    if expr.is_Number and expr.is_finite:
        return _render_number(expr)
    if expr is sp.E:
        return "exp(1)", _ATOM
    if expr in {sp.true, sp.false}:  # what is left of a condition some branch of which is settled
        return "0 < 1" if expr else "1 < 0", _COMPARISON
    msg = f"the formula language has no word for {expr}"
    raise ValueError(msg)


def _within(expr: sp.Basic, binding: int) -> str:
    """The text as an operand of something that binds as given, in parentheses where it must be."""
    text, own = _render(expr)
    return text if own >= binding else f"({text})"


def _render_number(number: sp.Number) -> tuple[str, int]:
    if number.is_Float:
        text = repr(float(number))
    elif number.is_Integer:
        text = str(number)
    else:
        text = _decimal(number) or f"{number.p} / {number.q}"
    if text.startswith("-"):
        return text, _SIGN
    return text, _PRODUCT if "/" in text else _ATOM


def _decimal(number: sp.Rational) -> str | None:
    """The number as a short finite decimal, or None where it has none."""
    rest, twos, fives = int(number.q), 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > _MAX_DECIMALS:
        return None
    digits = str(abs(int(number.p)) * 10**places // int(number.q)).rjust(places + 1, "0")
    return f"{'-' if number.p < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _render_sum(expr: sp.Add) -> str:
    pieces = [_within(term, _PRODUCT) if term.is_Add else _render(term)[0] for term in expr.as_ordered_terms()]
    first = next((index for index, piece in enumerate(pieces) if not piece.startswith("-")), 0)
    pieces.insert(0, pieces.pop(first))  # L - E reads better than -E + L
    text = ""
    for piece in pieces:
        if not text:
            text = piece
        elif piece.startswith("-"):
            text += f" - {piece[1:]}"
        else:
            text += f" + {piece}"
    return text


def _render_product(expr: sp.Mul) -> tuple[str, int]:
    """Factors with positive exponents, then each of the others as a division."""
    coefficient, factors = expr.args[0], expr.args[1:]
    if not coefficient.is_Rational:
        coefficient, factors = sp.S.One, expr.args
    above = [factor for factor in factors if not _is_divisor(factor)]
    below = [sp.Pow(factor.base, -factor.exp) for factor in factors if _is_divisor(factor)]
    pieces = [_within(factor, _POWER) for factor in above]
    divisors = [_within(factor, _POWER) for factor in below]
    size = abs(coefficient)
    if not size.is_Integer and _decimal(size) is None:
        divisors.insert(0, str(size.q))  # C / 6 reads better than 1 / 6 * C
        size = sp.Integer(size.p)
    if size != 1 or not pieces:
        number, binding = _render_number(size)
        pieces.insert(0, f"({number})" if binding < _PRODUCT else number)
    text = " * ".join(pieces)
    if len(divisors) > len(below) == 1 and below[0].is_Add:
        text += f" / {divisors[0]} / {divisors[1]}"  # in C / (6 * (N + D)) sympy would multiply out the divisor
    elif divisors:
        text += f" / {divisors[0]}" if len(divisors) == 1 else f" / ({' * '.join(divisors)})"
    return f"-{text}" if coefficient < 0 else text, _PRODUCT if coefficient > 0 else _SUM


def _is_divisor(factor: sp.Basic) -> bool:
    """Whether a factor is a power with a minus sign in its exponent: N**(-alpha) is written 1 / N**alpha."""
    if not factor.is_Pow or factor.base.is_Number:  # sympy makes 3**x of 1 / (1/3)**x
        return False
    return bool(factor.exp.as_coeff_Mul()[0].is_negative)


def _render_power(expr: sp.Pow) -> tuple[str, int]:
    base, exponent = expr.args
    if exponent == sp.S.Half:
        return FUNCTIONS["sqrt"].spell("formula", [render_formula(base)]), _ATOM
    if _is_divisor(expr):
        return f"1 / {_within(sp.Pow(base, -exponent), _POWER)}", _PRODUCT
    return f"{_within(base, _ATOM)}**{_within(exponent, _POWER)}", _POWER
