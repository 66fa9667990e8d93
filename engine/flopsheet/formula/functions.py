r"""THE table: every function, condition and comparison of the formula language, with all its spellings.

A row is the only place that knows a function: the parser looks up `build` and the arity, each printer
dispatches on `head` and fills in its own template. So no function exists for one rendering only.

Templates are `str.format` strings over the printed arguments: `{0}`, `{1}`, ... by position, `{args}` for
all of them with commas. A function of any number of arguments whose template names `{1}` is folded from
the left, two arguments at a time. Every template can stand as an operand anywhere without parentheses
around it, and brings its own where it puts an argument beside an operator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Literal

import sympy as sp

from flopsheet.formula.exact import exponential
from flopsheet.formula.heads import Log2, Log10, Round

Target = Literal["formula", "numpy", "excel", "latex"]
Example = tuple[tuple[float | bool, ...], float | bool]


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its name and arity, what it builds in sympy, how each printer spells it.

    `arity` is (fewest, most) arguments, with None for any number. `head` is the sympy class of the result,
    by which printers find this row. `examples` are (arguments, value) pairs.
    """

    name: str
    arity: tuple[int, int | None]
    build: Callable[..., sp.Basic]
    head: type[sp.Basic]
    numpy: str
    excel: str
    latex: str
    examples: tuple[Example, ...]

    def spell(self, target: Target, args: Sequence[str]) -> str:
        """The call in the language of a target, from its arguments already printed."""
        template = f"{self.name}({{args}})" if target == "formula" else str(getattr(self, target))
        if self.arity[1] is None and "{1}" in template:
            return reduce(template.format, args)
        return template.format(*args, args=", ".join(args))

    def accepts(self, count: int) -> bool:
        """Whether it can be called with that many arguments."""
        fewest, most = self.arity
        return count >= fewest and (most is None or count <= most)


@dataclass(frozen=True, slots=True)
class Relation:
    """One comparison: how formulas, numpy, Excel and LaTeX write it, and its sympy class."""

    name: str
    head: type[sp.Basic]
    numpy: str
    excel: str
    latex: str

    def spell(self, target: Target, left: str, right: str) -> str:
        """The comparison in the language of a target, from its sides already printed."""
        return f"{left} {self.name if target == 'formula' else getattr(self, target)} {right}"


def choose(condition: sp.Basic, then: sp.Expr, otherwise: sp.Expr) -> sp.Expr:
    """`then` where the condition holds, else `otherwise`: one flat Piecewise, also when `otherwise` is one."""
    rest = otherwise.args if isinstance(otherwise, sp.Piecewise) else ((otherwise, True),)
    return sp.Piecewise((then, condition), *rest)


def split_choice(expr: sp.Piecewise) -> tuple[sp.Basic, sp.Expr, sp.Expr]:
    """Condition, value and the rest of a Piecewise, as the three arguments of `if`.

    Raises ValueError for a Piecewise that has no value where all its conditions fail.
    """
    (then, condition), *rest = expr.args
    if not rest or rest[-1][1] != sp.true:
        msg = f"a choice without an else: {expr}"
        raise ValueError(msg)
    return condition, then, rest[0][0] if rest[0][1] == sp.true else sp.Piecewise(*rest)


_ROWS = (
    Function(
        "exp", (1, 1), exponential, sp.exp,
        "np.exp({0})", "EXP({0})", r"\exp\left({0}\right)",
        (((0.0,), 1.0), ((1.0,), 2.718281828459045), ((-2.5,), 0.0820849986238988)),
    ),
    Function(
        "log", (1, 1), sp.log, sp.log,
        "np.log({0})", "LN({0})", r"\ln\left({0}\right)",
        (((1.0,), 0.0), ((10.0,), 2.302585092994046), ((0.25,), -1.3862943611198906)),
    ),
    Function(
        "log10", (1, 1), Log10, Log10,
        "np.log10({0})", "LOG10({0})", r"\log_{{10}}\left({0}\right)",
        (((1000.0,), 3.0), ((2.0,), 0.3010299956639812), ((0.01,), -2.0)),
    ),
    Function(
        # The quotient, not np.log2: floor(log2(x)) must not differ between numpy and a workbook.
        "log2", (1, 1), Log2, Log2,
        "(np.log({0}) / np.log(2.0))", "(LN({0}) / LN(2))", r"\log_2\left({0}\right)",
        (((8.0,), 3.0), ((10.0,), 3.3219280948873626), ((0.5,), -1.0)),
    ),
    Function(
        "sqrt", (1, 1), sp.sqrt, sp.Pow,
        "np.sqrt({0})", "SQRT({0})", r"\sqrt{{{0}}}",
        (((0.0,), 0.0), ((2.0,), 1.4142135623730951), ((1e20,), 1e10)),
    ),
    Function(
        "abs", (1, 1), sp.Abs, sp.Abs,
        "np.abs({0})", "ABS({0})", r"\left|{0}\right|",
        (((-3.5,), 3.5), ((3.5,), 3.5)),
    ),
    Function(
        "sign", (1, 1), sp.sign, sp.sign,
        "np.sign({0})", "SIGN({0})", r"\operatorname{{sgn}}\left({0}\right)",
        (((-3.5,), -1.0), ((0.0,), 0.0), ((2.0,), 1.0)),
    ),
    Function(
        # What the derivatives of min and max are made of; one half at 0, as in sympy.
        "step", (1, 1), sp.Heaviside, sp.Heaviside,
        "np.heaviside({0}, 0.5)", "((1 + SIGN({0})) / 2)", r"\theta\left({0}\right)",
        (((-3.5,), 0.0), ((0.0,), 0.5), ((2.0,), 1.0)),
    ),
    Function(
        "min", (1, None), sp.Min, sp.Min,
        "np.minimum({0}, {1})", "MIN({args})", r"\min\left({args}\right)",
        (((2.0, 1.0, 3.0), 1.0), ((-2.0,), -2.0)),
    ),
    Function(
        "max", (1, None), sp.Max, sp.Max,
        "np.maximum({0}, {1})", "MAX({args})", r"\max\left({args}\right)",
        (((2.0, 3.0, 1.0), 3.0), ((-2.0,), -2.0)),
    ),
    Function(
        "sum", (1, None), sp.Add, sp.Add,
        "({0} + {1})", "SUM({args})", r"\left({0} + {1}\right)",
        (((1.0, 2.0, 3.5), 6.5), ((4.0,), 4.0)),
    ),
    Function(
        "if", (3, 3), choose, sp.Piecewise,
        "np.where({0}, {1}, {2})", "IF({0}, {1}, {2})",
        r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{otherwise}} \end{{cases}}",
        (((True, 1.5, 2.5), 1.5), ((False, 1.5, 2.5), 2.5)),
    ),
    Function(
        "floor", (1, 1), sp.floor, sp.floor,
        "np.floor({0})", "INT({0})", r"\left\lfloor {0} \right\rfloor",
        (((2.7,), 2.0), ((-2.1,), -3.0), ((4.0,), 4.0)),
    ),
    Function(
        # Excel's CEILING changed its meaning for negative numbers between versions; INT did not.
        "ceiling", (1, 1), sp.ceiling, sp.ceiling,
        "np.ceil({0})", "(-1 * INT(-1 * ({0})))", r"\left\lceil {0} \right\rceil",
        (((2.1,), 3.0), ((-2.7,), -2.0), ((4.0,), 4.0)),
    ),
    Function(
        # np.round takes halves to even and Excel's ROUND away from zero: both spell the definition instead.
        "round", (1, 1), Round, Round,
        "(np.sign({0}) * np.floor(np.abs({0}) + 0.5))", "(SIGN({0}) * INT(ABS({0}) + 1 / 2))",
        r"\operatorname{{round}}\left({0}\right)",
        (((2.5,), 3.0), ((-2.5,), -3.0), ((2.4,), 2.0), ((0.0,), 0.0)),
    ),
)  # fmt: skip

# What joins conditions. sympy merges branches of equal value into `or`, and moves an `if` inside a comparison out of
# it, so every printer meets these even where no author wrote them.
_LOGIC = (
    Function(
        "and", (2, None), sp.And, sp.And,
        "np.logical_and({0}, {1})", "AND({args})", r"\left({0} \land {1}\right)",
        (((True, True, True), True), ((True, False), False)),
    ),
    Function(
        "or", (2, None), sp.Or, sp.Or,
        "np.logical_or({0}, {1})", "OR({args})", r"\left({0} \lor {1}\right)",
        (((False, True, False), True), ((False, False), False)),
    ),
    Function(
        "not", (1, 1), sp.Not, sp.Not,
        "np.logical_not({0})", "NOT({0})", r"\lnot\left({0}\right)",
        (((True,), False), ((False,), True)),
    ),
    Function(
        "if", (3, 3), sp.ITE, sp.ITE,
        "np.where({0}, {1}, {2})", "IF({0}, {1}, {2})",
        r"\left(\left({0} \land {1}\right) \lor \left(\lnot {0} \land {2}\right)\right)",
        (((True, False, True), False), ((False, False, True), True)),
    ),
)  # fmt: skip

FUNCTIONS: Mapping[str, Function] = MappingProxyType({row.name: row for row in _ROWS})
CONDITIONS: Mapping[str, Function] = MappingProxyType({row.name: row for row in _LOGIC})

# Sums and powers are operators to every printer, so their rows are not found by head.
BY_HEAD: Mapping[type[sp.Basic], Function] = MappingProxyType(
    {row.head: row for row in (*_ROWS, *_LOGIC) if row.head not in {sp.Add, sp.Pow}}
)

_COMPARISONS = (
    Relation("<", sp.StrictLessThan, "<", "<", "<"),
    Relation("<=", sp.LessThan, "<=", "<=", r"\le"),
    Relation(">", sp.StrictGreaterThan, ">", ">", ">"),
    Relation(">=", sp.GreaterThan, ">=", ">=", r"\ge"),
    Relation("==", sp.Equality, "==", "=", "="),
    Relation("!=", sp.Unequality, "!=", "<>", r"\ne"),
)

RELATIONS: Mapping[str, Relation] = MappingProxyType({row.name: row for row in _COMPARISONS})
RELATION_BY_HEAD: Mapping[type[sp.Basic], Relation] = MappingProxyType({row.head: row for row in _COMPARISONS})
