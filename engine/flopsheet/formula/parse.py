"""Formula text to sympy, through a whitelist over Python's syntax tree: nothing in a formula is executed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

import sympy as sp

from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.formula.exact import NOT_REAL, Refusal, check_range, parse_number, raise_power
from flopsheet.formula.functions import CONDITIONS, FUNCTIONS, RELATIONS, Function
from flopsheet.formula.grammar import MAX_LEVELS
from flopsheet.formula.text import FormulaText
from flopsheet.formula.tokens import locate
from flopsheet.formula.tree import Tree, grow, nested_too_deeply

_RELATION_OF: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def parse_formula(formula: FormulaText, symbols: Mapping[str, sp.Symbol | sp.Expr], *, subject: str) -> sp.Expr:
    """The formula as a sympy expression over the given symbols, with exact numbers (0.34 is 17/50).

    Args:
        formula: The text, and where it stands.
        symbols: What each known name means. Symbols that stand for reals should be declared real or positive.
        subject: The dotted key of the formula, for messages.

    Raises:
        FlopsheetError: The text is not a formula: every unknown name, wrong call and impossible number is
            listed, each with its own column; of a broken grammar, the first break.
    """
    tree = grow(formula, subject)
    builder = _Builder(formula, tree, symbols, subject)
    try:
        expr = builder.build(tree.root, 1)
    except (RecursionError, MemoryError):
        raise FlopsheetError(nested_too_deeply(formula, subject)) from None
    if builder.problems:
        raise FlopsheetError(*sorted(builder.problems, key=lambda p: p.place.column if p.place else 0))
    return expr


def formula_names(formula: FormulaText, subject: str) -> tuple[str, ...]:
    """The names a formula uses, in order of first use, without the functions it calls.

    Raises FlopsheetError where the text breaks the grammar; unknown functions are left to `parse_formula`.
    """
    tokens = grow(formula, subject).tokens
    following = (*(token.text for token in tokens[1:]), "")
    used = (t.text for t, after in zip(tokens, following, strict=True) if t.kind == "name" and after != "(")
    return tuple(dict.fromkeys(used))


class _Builder:
    """One walk over a tree. What is wrong is collected in `problems`, and a placeholder stands in for it."""

    def __init__(
        self, formula: FormulaText, tree: Tree, symbols: Mapping[str, sp.Symbol | sp.Expr], subject: str
    ) -> None:
        self.formula, self.tree, self.symbols, self.subject = formula, tree, symbols, subject
        self.problems: list[Problem] = []

    def build(self, node: ast.expr, level: int) -> sp.Expr:
        """The expression of a node that must be a number, `level` operations below the whole."""
        if level > MAX_LEVELS:
            raise RecursionError
        known = len(self.problems)
        try:
            expr = self._expression(node, level)
            if len(self.problems) == known:
                check_range(expr)
        except Refusal as refusal:
            return self.refuse(node, f"`{self.tree.written(node)}` {refusal.message}", refusal.remedy)
        return expr

    def refuse(self, node: ast.expr, message: str, remedy: str = "", length: int | None = None) -> sp.Expr:
        """Notes a problem at a node, and gives a placeholder so that the walk goes on."""
        column, whole = self.tree.spot(node)
        self.problems.append(locate(self.formula, self.subject, message, remedy, (column, length or whole)))
        return sp.Dummy(positive=True)

    def _expression(self, node: ast.expr, level: int) -> sp.Expr:
        match node:
            case ast.Constant():
                expr = parse_number(self.tree.number(node))
            case ast.Name():
                expr = self._symbol(node)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                expr = self._sum(node, level)
            case ast.BinOp(op=ast.Mult() | ast.Div()) | ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                expr = self._product(node, level)
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                expr = self._power(base, exponent, level)
            case ast.Call(func=ast.Name()):
                expr = self._call(node, level)
            case ast.Compare():
                expr = self.refuse(node, "a comparison is not a number.", _CONDITION)
            case _:
                expr = self.refuse(node, f"`{self.tree.written(node)}` is not part of the formula language.")
        return expr

    def _symbol(self, node: ast.Name) -> sp.Expr:
        name = self.tree.name(node)
        if name in self.symbols:
            return self.symbols[name]
        if name in FUNCTIONS:
            return self.refuse(node, f"`{name}` is a function, not a number.", f"Call it: {name}(...).")
        return self.refuse(node, f"unknown symbol `{name}`.", did_you_mean(name, self.symbols))

    def _sum(self, node: ast.expr, level: int) -> sp.Expr:
        # Along the left spine, so that a thousand terms are neither deep nor built a thousand times.
        terms = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            term = self.build(node.right, level + 1)
            terms.append(-term if isinstance(node.op, ast.Sub) else term)
            node = node.left
        terms.append(self.build(node, level + 1))
        return sp.Add(*reversed(terms))

    def _product(self, node: ast.expr, level: int) -> sp.Expr:
        # All factors at once: sympy multiplies out 2*(x + 1) alone, so the order of products would matter.
        factors = []
        while True:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
                factor = self.build(node.right, level + 1)
                factors.append(raise_power(factor, sp.S.NegativeOne) if isinstance(node.op, ast.Div) else factor)
                node = node.left
            elif isinstance(node, ast.UnaryOp) and level < MAX_LEVELS:
                if isinstance(node.op, ast.USub):
                    factors.append(sp.S.NegativeOne)
                node = node.operand
                level += 1
            else:
                break
        factors.append(self.build(node, level + 1))
        return sp.Mul(*reversed(factors))

    def _power(self, base: ast.expr, exponent: ast.expr, level: int) -> sp.Expr:
        known = len(self.problems)
        below, above = self.build(base, level + 1), self.build(exponent, level + 1)
        return raise_power(below, above) if len(self.problems) == known else sp.Dummy(positive=True)

    def _call(self, node: ast.Call, level: int) -> sp.Expr:
        name = self._callee(node)
        if name in CONDITIONS and name not in FUNCTIONS:
            return self.refuse(node, "a condition is not a number.", _CONDITION)
        function = FUNCTIONS.get(name)
        known = len(self.problems)
        if function is None:
            self._refuse_callee(node.func, name)
        else:
            self._check_count(node, function)
        args = [
            self._condition(arg, level + 1) if name == "if" and position == 0 else self.build(arg, level + 1)
            for position, arg in enumerate(node.args)
        ]
        if function is None or len(self.problems) > known:
            return sp.Dummy(positive=True)
        try:
            return function.build(*args)
        except (ArithmeticError, TypeError, ValueError):
            raise Refusal(*NOT_REAL) from None

    def _callee(self, node: ast.Call) -> str:
        return self.tree.name(node.func) if isinstance(node.func, ast.Name) else ""

    def _check_count(self, node: ast.Call, row: Function) -> None:
        if not row.accepts(len(node.args)):
            self.refuse(node, f"`{row.name}` takes {_count(row.arity)}, not {len(node.args)}.")

    def _refuse_callee(self, func: ast.expr, name: str) -> None:
        if name in self.symbols:
            self.refuse(func, f"`{name}` is not a function.", f"To multiply write {name} * (...).")
        else:
            self.refuse(func, f"unknown function `{name}`.", did_you_mean(name, FUNCTIONS, listed=len(FUNCTIONS)))

    def _condition(self, node: ast.expr, level: int) -> sp.Basic:
        """A comparison, or several joined by and, or, not; where it is none, a problem and `true`."""
        if level > MAX_LEVELS:
            raise RecursionError
        if isinstance(node, ast.Call) and self._callee(node) in CONDITIONS:
            row = CONDITIONS[self._callee(node)]
            self._check_count(node, row)
            known = len(self.problems)
            args = [self._condition(arg, level + 1) for arg in node.args]
            return row.build(*args) if row.accepts(len(args)) and len(self.problems) == known else sp.true
        if not isinstance(node, ast.Compare):
            self.refuse(node, "this is not a condition.", "A condition is a comparison such as a < b.")
            return sp.true
        if len(node.ops) > 1:
            self.refuse(node, "comparisons cannot be chained.", "Write and(a < b, b < c).")
            return sp.true
        known = len(self.problems)
        left, right = self.build(node.left, level + 1), self.build(node.comparators[0], level + 1)
        if len(self.problems) > known:
            return sp.true
        return RELATIONS[_RELATION_OF[type(node.ops[0])]].head(left, right)


_CONDITION: Final = "A condition stands only as the first argument of if(condition, a, b)."


def _count(arity: tuple[int, int | None]) -> str:
    """An arity in words: "1 argument", "at least 1 argument"."""
    fewest, most = arity
    noun = "argument" if (most or fewest) == 1 else "arguments"
    if most is None:
        return f"at least {fewest} {noun}"
    return f"{fewest} {noun}" if fewest == most else f"{fewest} to {most} {noun}"
