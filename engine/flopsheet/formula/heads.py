"""Functions of the formula language that sympy lacks: log10, log2, and rounding half away from zero."""

from __future__ import annotations

from typing import ClassVar

import sympy as sp
from sympy.core.function import ArgumentIndexError


class _BaseLogarithm(sp.Function):
    r"""A logarithm to a whole base, $\ln x / \ln b$, that keeps its name when printed.

    It differentiates, evaluates and assumes like the quotient it stands for; `rewrite(sp.log)` and
    `expand_log` turn it into natural logarithms, which is what the derivation works with.
    """

    nargs = 1
    base: ClassVar[int]

    @classmethod
    def eval(cls, arg: sp.Expr) -> sp.Expr | None:
        """The exact value where the argument is a power of the base with a known exponent, else None."""
        if arg is sp.S.One:
            return sp.S.Zero
        root, exponent = arg.as_base_exp()
        if root == cls.base and exponent.is_extended_real:
            return exponent
        if arg.is_Rational and arg.p == 1 and arg.q != 1:
            return -cls(sp.Integer(arg.q))
        if arg.is_Integer and arg.is_positive:
            whole = _exact_logarithm(int(arg), cls.base)
            return None if whole is None else sp.Integer(whole)
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        r"""$1 / (x \ln b)$. Raises ArgumentIndexError for any but the first argument."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return 1 / (self.args[0] * sp.log(self.base))

    def _eval_rewrite_as_log(self, arg: sp.Expr, **_hints: object) -> sp.Expr:
        return sp.log(arg) / sp.log(self.base)

    def _eval_expand_log(self, **_hints: object) -> sp.Expr:
        opened = sp.expand_log(sp.log(self.args[0]))
        return self if isinstance(opened, sp.log) else sp.expand_mul(opened / sp.log(self.base))

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return self.rewrite(sp.log)._eval_evalf(prec)  # noqa: SLF001 - sympy's own protocol

    def _eval_is_extended_real(self) -> bool | None:
        return self.args[0].is_extended_nonnegative

    def _eval_is_finite(self) -> bool | None:
        arg = self.args[0]
        return True if arg.is_positive and arg.is_finite else None

    def _eval_is_extended_positive(self) -> bool | None:
        return (self.args[0] - 1).is_extended_positive

    def _eval_is_zero(self) -> bool | None:
        return (self.args[0] - 1).is_zero


class Log10(_BaseLogarithm):
    """The logarithm to base 10, printed as LOG10 in a workbook."""

    base = 10


class Log2(_BaseLogarithm):
    """The logarithm to base 2."""

    base = 2


class Round(sp.Function):
    r"""The nearest whole number, halves away from zero: $\operatorname{sgn}(x) \lfloor |x| + 1/2 \rfloor$.

    Python, numpy and sympy round halves to even; workbooks round them away from zero, so this is its own function.
    """

    nargs = 1
    is_integer = True
    is_extended_real = True
    is_finite = True

    @classmethod
    def eval(cls, arg: sp.Expr) -> sp.Expr | None:
        """The whole number where the argument is a number, the argument where it is whole, else None."""
        if arg.is_integer:
            return arg
        if arg.is_number and arg.is_extended_real and arg.is_finite:
            return sp.sign(arg) * sp.floor(sp.Abs(arg) + sp.S.Half)
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """0: the function is flat between its jumps. Raises ArgumentIndexError for any but the first argument."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sp.S.Zero

    def _eval_rewrite_as_floor(self, arg: sp.Expr, **_hints: object) -> sp.Expr:
        return sp.sign(arg) * sp.floor(sp.Abs(arg) + sp.S.Half)

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return self.func(self.args[0]._eval_evalf(prec))  # noqa: SLF001 - sympy's own protocol

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[0].is_nonnegative else None


def _exact_logarithm(number: int, base: int) -> int | None:
    """The k with base**k == number, or None where there is no such whole k."""
    exponent = 0
    while number % base == 0:
        number //= base
        exponent += 1
    return exponent if number == 1 else None
