"""Formulas with what was put into them, and the roots they look for, as named steps that can be read one by one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import sympy as sp

from flopsheet.formula.root import Put, Root, put_in

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNKNOWN, _ROOT = "t", "root"


@dataclass(frozen=True, slots=True)
class Search:
    """A root: the value of `unknown` between two ends at which `condition` falls through zero.

    `where` are steps of the condition, which read the unknown, in computing order. Of several such values it is the
    one at which `least` is least; None where there is only one. `root` is the same as one expression.
    """

    root: Root
    unknown: sp.Symbol
    where: tuple[Local, ...]
    condition: sp.Expr
    least: sp.Expr | None
    low: sp.Expr
    high: sp.Expr

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """What has to be known before it can be looked for."""
        return set(self.root.free_symbols)


Formula: TypeAlias = "sp.Expr | Search"


@dataclass(frozen=True, slots=True)
class Local:
    """A step within a formula: a name that no other step or cell has, and what it stands for."""

    symbol: sp.Symbol
    value: Formula


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A formula over symbols alone: steps in computing order, then the formula over them."""

    where: tuple[Local, ...]
    formula: Formula

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """What it reads beside its own steps."""
        read = set().union(*(local.value.free_symbols for local in self.where), self.formula.free_symbols)
        return read - {local.symbol for local in self.where}


def unfold(expr: sp.Expr, taken: Collection[str] = ()) -> Unfolded:
    """An expression without roots, or values that were put in, inside of it; `taken` are names no step may have."""
    unfolder = _Unfolder({*taken, *(symbol.name for symbol in expr.free_symbols)})
    scope = _Scope()
    if isinstance(expr, Root):
        found: Formula = unfolder.search(expr, {}, scope)
    else:
        found = unfolder.flat(expr, {}, scope)
    return Unfolded(tuple(scope.steps), found)


@dataclass(slots=True)
class _Scope:
    """The steps of one formula, or of the condition of one root; equal ones are named once."""

    steps: list[Local] = field(default_factory=list)
    names: dict[Formula, sp.Symbol] = field(default_factory=dict)


@dataclass(slots=True)
class _Unfolder:
    """Gives every step a name of its own."""

    taken: set[str]

    def flat(self, expr: sp.Basic, renamed: Mapping[sp.Symbol, sp.Symbol], scope: _Scope) -> sp.Expr:
        """The expression over symbols; what it needs before goes into the scope."""
        if isinstance(expr, sp.Symbol):
            return renamed.get(expr, expr)
        if isinstance(expr, Put):
            inside = dict(renamed)
            for symbol, value in expr.mapping.items():
                inside[symbol] = self._step(symbol, value, renamed, scope)
            return self.flat(expr.inner, inside, scope)
        if isinstance(expr, Root):
            return self._name(sp.Symbol(_ROOT, real=True), self.search(expr, renamed, scope), scope)
        if not expr.args or not (expr.has(Put, Root) or expr.free_symbols & renamed.keys()):
            return expr
        args = [self.flat(arg, renamed, scope) for arg in expr.args]
        # Rebuilding `max` compares its arguments anew, which takes long and gives nothing.
        return expr if args == list(expr.args) else expr.func(*args)

    def search(self, root: Root, renamed: Mapping[sp.Symbol, sp.Symbol], scope: _Scope) -> Search:
        """A root with its ends over the scope, and its condition over one of its own."""
        low, high = self.flat(root.low, renamed, scope), self.flat(root.high, renamed, scope)
        unknown = self._fresh(root.unknown)
        inside = {**renamed, root.unknown: unknown}
        own = _Scope()
        condition = self.flat(root.residual, inside, own)
        least = None if root.is_single else self.flat(root.objective, inside, own)
        used = {symbol: other for symbol, other in renamed.items() if root.has(symbol)}
        whole = put_in(root, used) if used else root
        return Search(whole, unknown, tuple(own.steps), condition, least, low, high)

    def _step(
        self, symbol: sp.Symbol, value: sp.Expr, renamed: Mapping[sp.Symbol, sp.Symbol], scope: _Scope
    ) -> sp.Symbol:
        """The symbol of a value that is put in; one that is a symbol already needs no step."""
        found = self.search(value, renamed, scope) if isinstance(value, Root) else self.flat(value, renamed, scope)
        return found if isinstance(found, sp.Symbol) else self._name(symbol, found, scope)

    def _name(self, symbol: sp.Symbol, value: Formula, scope: _Scope) -> sp.Symbol:
        """The symbol of a step, the same for an equal one."""
        if value not in scope.names:
            scope.names[value] = self._fresh(symbol)
            scope.steps.append(Local(scope.names[value], value))
        return scope.names[value]

    def _fresh(self, symbol: sp.Symbol) -> sp.Symbol:
        """A symbol like this one, by a name in ASCII that nothing else has."""
        stem = symbol.name if _IDENTIFIER.fullmatch(symbol.name) and symbol.name.isascii() else _UNKNOWN
        name, number = stem, 1
        while name in self.taken:
            name, number = f"{stem}_{number}", number + 1
        self.taken.add(name)
        return symbol if name == symbol.name else sp.Symbol(name, **symbol.assumptions0)
