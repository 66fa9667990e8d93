"""A cell: a named number that is an input, a constant, or a formula over other cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from flopsheet.errors import Place
from flopsheet.messages import Message

# A limit that is not set, as a number beyond the reach of any plan: formulas need a number, and its
# products and powers still fit a double.
BEYOND_REACH = 1e60

CellKind = Literal["input", "constant", "formula", "result", "strategy", "user", "compared", "data", "fit"]
"""`data` are the numbers of training runs, `fit` what is computed from them: both are the same in every scenario."""


@dataclass(frozen=True)
class Cell:
    """One number of the model.

    `id` is an ASCII identifier, unique in its graph, and the name of its symbol in expressions.
    `expr` is a formula over the symbols of other cells, or None for inputs and constants, whose
    numbers are given at evaluation. `key` is the dotted plan key that sets an input or constant.
    `unit` is a base unit ('1' for none). `latex` overrides how the symbol is written. `positive`
    says whether the number is known to be above zero.

    `law` is empty for the plan's own law; a cell of a law that it is compared with holds that law's name, and its
    id begins with it: `kaplan_2020__N_opt`. What such a law comes to is of the kind "compared".

    `guard` names a cell that must be 0 for this one to have a value. Where it is 1 and
    `guard_infinite` is set the value is infinite; otherwise there is none (a dash, not a number).
    `absorbs` marks a number that takes whatever unit the formulas that read it need, as constants of a law do.
    `optional` marks an input that a scenario may leave out: it is beyond reach then. `default` is the number of an
    input or constant that no layer of the plan sets.
    """

    id: str
    kind: CellKind
    unit: str
    label: Message | str
    expr: sp.Expr | None = None
    key: str | None = None
    latex: str | None = None
    place: Place | None = None
    positive: bool = True
    guard: str | None = None
    guard_infinite: bool = False
    absorbs: bool = False
    optional: bool = False
    law: str = ""
    default: float | None = None

    @property
    def own_id(self) -> str:
        """The id without the name of a compared law."""
        return self.id.removeprefix(f"{self.law}__") if self.law else self.id

    @property
    def is_of_fit(self) -> bool:
        """Whether it belongs to the fit of a law: a number of a run, a step, or a constant that is computed."""
        return self.kind in {"data", "fit"} or (self.kind == "constant" and self.expr is not None)

    @property
    def symbol(self) -> sp.Symbol:
        """The symbol that stands for this cell in formulas."""
        return make_symbol(self.id, positive=self.positive)


def make_symbol(name: str, *, positive: bool = True) -> sp.Symbol:
    """A real symbol. Most quantities here are positive, which is what lets logarithms be taken apart."""
    return sp.Symbol(name, positive=True) if positive else sp.Symbol(name, real=True)
