"""numpy source text of cells: shared subexpressions once, roots as functions inside the function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import sympy as sp
from sympy.core.logic import fuzzy_and, fuzzy_or

from flopsheet.formula.functions import BY_HEAD, RELATION_BY_HEAD, split_choice
from flopsheet.formula.root import Put, Root, slope_of
from flopsheet.model.cell import Cell

FloatArray = npt.NDArray[np.float64]
Names = Mapping[str, str]


_NAME = re.compile(r"\b[a-z]\d+(?:_\d+)?\b")
_DEFINED = re.compile(r"def (\w+)\((\w+)")


class _Exp(sp.Function):
    """exp that stays as it is: sympy would turn exp(a*log(b)) back into a power."""

    nargs = 1
    is_positive = True


class _Log(sp.Function):
    """log that stays as it is; only ever of what is positive."""

    nargs = 1
    is_real = True


class _Least(sp.Function):
    """min that stays as it is: sympy compares all arguments of its own with each other whenever one is rebuilt."""

    def _eval_is_positive(self) -> bool | None:
        return fuzzy_and(arg.is_positive for arg in self.args)

    def _eval_is_real(self) -> bool | None:
        return fuzzy_and(arg.is_real for arg in self.args)

    def _eval_is_nonnegative(self) -> bool | None:
        return fuzzy_and(arg.is_nonnegative for arg in self.args)


class _Greatest(sp.Function):
    """max that stays as it is, for the same reason."""

    def _eval_is_positive(self) -> bool | None:
        return fuzzy_or(arg.is_positive for arg in self.args)

    def _eval_is_real(self) -> bool | None:
        return fuzzy_and(arg.is_real for arg in self.args)

    def _eval_is_nonnegative(self) -> bool | None:
        return fuzzy_or(arg.is_nonnegative for arg in self.args)


@dataclass(frozen=True)
class Line:
    """What of a cell its line of source depends on."""

    id: str
    expr: sp.Expr | None
    guard: str | None
    guard_infinite: bool

    @classmethod
    def of(cls, cell: Cell) -> Line:
        """That of a cell."""
        return cls(cell.id, cell.expr, cell.guard, cell.guard_infinite)


class Source:
    """Writes assignments; keeps the identifiers of all of them apart. `roots` counts those it has written."""

    def __init__(self) -> None:
        self.roots = 0
        self._shared = 0

    def assign(self, cells: Sequence[Line], names: Names) -> list[str]:
        """One line a cell, with common subexpressions and roots before the first cell that uses them."""
        exprs = [cell.expr for cell in cells]
        lines: list[str] = []
        for cell, (before, text) in zip(cells, self._write(exprs, names, "    "), strict=True):
            lines += before
            name = names[cell.id]
            lines.append(f"    {name} = {text}")
            if cell.guard is not None:
                otherwise = f"np.where({names[cell.guard]} == 1.0, np.inf, np.nan)" if cell.guard_infinite else "np.nan"
                lines.append(f"    {name} = np.where({names[cell.guard]} == 0.0, {name}, {otherwise})")
        return lines

    def _write(self, exprs: Sequence[sp.Basic], names: Names, indent: str) -> Iterator[tuple[list[str], str]]:
        """For each expression the lines it needs beforehand, and its own text."""
        symbols = sp.numbered_symbols("x", cls=sp.Dummy)
        apart = _Apart()
        plain = [_split_powers(apart.take_out(_settle(expr))) for expr in exprs]
        lets = {dummy: _split_powers(value) for value, dummy in apart.values.items()}
        shared, reduced = sp.cse([*plain, *lets.values()], symbols=symbols, order="none")
        given = dict(zip(lets, reduced[len(plain) :], strict=True))
        reduced = reduced[: len(plain)]
        local = dict(names)
        waiting: dict[sp.Symbol, sp.Expr] = {}
        for symbol, expr in shared:
            local[_key(symbol)] = f"t{self._shared}"
            self._shared += 1
            waiting[symbol] = expr
        pending = {dummy: root for root, dummy in apart.roots.items()}
        lines: list[str] = []

        def need(expr: sp.Basic) -> None:
            """Write the shared subexpressions and roots an expression uses that are not written yet."""
            for dummy in sorted(expr.free_symbols & pending.keys(), key=lambda d: d.dummy_index):
                root = pending.pop(dummy)
                local[_key(dummy)] = f"r{self.roots}"
                lines.extend(self._write_root(root, local, indent))
            for dummy in sorted(expr.free_symbols & given.keys(), key=lambda d: d.dummy_index):
                value = given.pop(dummy)
                need(value)
                local[_key(dummy)] = f"p{self._shared}"
                self._shared += 1
                lines.append(f"{indent}{local[_key(dummy)]} = {render_numpy(value, local)}")
            for symbol in sorted(expr.free_symbols & waiting.keys(), key=lambda s: local[_key(s)]):
                inner = waiting.pop(symbol, None)
                if inner is not None:
                    need(inner)
                    lines.append(f"{indent}{local[_key(symbol)]} = {render_numpy(inner, local)}")

        for expr in reduced:
            need(expr)
            yield lines[:], render_numpy(expr, local)
            lines.clear()

    def _write_root(self, root: Root, names: Names, indent: str) -> list[str]:
        """The lines that find a root: what does not move with its unknown first, then residual and objective."""
        number = self.roots
        self.roots += 1
        result, t = f"r{number}", root.unknown
        slope = slope_of(root.residual, t)
        still, alone = _Fixed(), frozenset({t})
        moving = [still.take_out(_split_powers(_settle(expr)), alone) for expr in (root.residual, slope)]
        objective = None if root.is_single else still.take_out(_split_powers(_settle(root.objective)), alone)
        fixed = still.parts
        local = dict(names)
        lines: list[str] = []
        before = list(self._write([*fixed, root.low, root.high], names, indent))
        for (dummy, (needed, text)), position in zip(
            zip(fixed.values(), before[:-2], strict=True), range(len(fixed)), strict=True
        ):
            local[_key(dummy)] = f"f{number}_{position}"
            lines += [*needed, f"{indent}{local[_key(dummy)]} = {text}"]
        ends = []
        for needed, text in before[-2:]:
            lines += needed
            ends.append(text)
        local[t.name] = f"u{number}"
        lines += self._write_function(f"h{number}", f"u{number}", moving, local, indent)
        if objective is not None:
            lines += self._write_function(f"o{number}", f"u{number}", [objective], local, indent)
        least = "None" if objective is None else f"o{number}"
        kinked = ", kinked=True" if root.is_kinked else ""
        lines.append(f"{indent}{result} = find.find({number}, h{number}, {least}, {ends[0]}, {ends[1]}{kinked})")
        return lines

    def _write_function(
        self, name: str, unknown: str, exprs: Sequence[sp.Expr], names: Names, indent: str
    ) -> list[str]:
        """A function of the unknown inside the function."""
        lines, texts = [], []
        for before, text in self._write(exprs, names, f"{indent}    "):
            lines += before
            texts.append(text)
        lines.append(f"{indent}    return {', '.join(texts)}")
        # What is read from outside stands as defaults, so that the function can be called for some of the points.
        known = {unknown, *(line.split()[0] for line in lines), *chain(*_DEFINED.findall("\n".join(lines)))}
        read = dict.fromkeys(found for line in lines for found in _NAME.findall(line) if found not in known)
        return [f"{indent}def {name}({', '.join((unknown, *(f'{outer}={outer}' for outer in read)))}):", *lines]


class _Apart:
    """Takes out of expressions what is written before them: roots, and values that are put in for symbols."""

    def __init__(self) -> None:
        self.roots: dict[Root, sp.Dummy] = {}
        self.values: dict[sp.Expr, sp.Dummy] = {}

    def take_out(self, expr: sp.Basic) -> sp.Basic:
        """An expression with dummies for these, the outermost where they stand in each other."""
        if isinstance(expr, Root):
            return self.roots.setdefault(expr, sp.Dummy("root", real=True))
        if isinstance(expr, Put):
            inside = {}
            for symbol, value in expr.mapping.items():
                plain = self.take_out(value)
                known = {"positive": True} if symbol.is_positive else {"real": True}
                inside[symbol] = plain if plain.is_Atom else self.values.setdefault(plain, sp.Dummy("put", **known))
            return self.take_out(expr.inner.xreplace(inside))
        if expr.is_Atom or not expr.has(Root, Put):
            return expr
        return expr.func(*(self.take_out(arg) for arg in expr.args))


class _Fixed:
    """Takes out of expressions every part that does not move, as a dummy for each."""

    def __init__(self) -> None:
        self.parts: dict[sp.Expr, sp.Dummy] = {}
        self._seen: dict[tuple[sp.Basic, frozenset[sp.Symbol]], bool] = {}
        self._done: dict[tuple[sp.Basic, frozenset[sp.Symbol]], sp.Basic] = {}

    def take_out(self, expr: sp.Basic, moving: frozenset[sp.Symbol]) -> sp.Basic:
        """The expression with dummies for what does not move; equal parts are done once."""
        if expr.is_Atom or isinstance(expr, Root):
            return expr
        key = (expr, moving)
        if key not in self._done:
            self._done[key] = self._take_out_parts(expr, moving)
        return self._done[key]

    def _take_out_parts(self, expr: sp.Basic, moving: frozenset[sp.Symbol]) -> sp.Basic:
        """What is more than a symbol, with dummies for its parts that do not move."""
        if not self._moves(expr, moving):
            if not isinstance(expr, sp.Expr) or expr.is_number:
                return expr
            return self.parts.setdefault(expr, sp.Dummy("fixed", real=True, positive=expr.is_positive))
        if isinstance(expr, Put):
            values = [self.take_out(value, moving) for value in expr.args[1:]]
            inner = self.take_out(expr.inner, moving | frozenset(expr.mapping))
            return Put(sp.Lambda(expr.args[0].variables, inner), *values)
        if isinstance(expr, (sp.Add, sp.Mul)):
            still = [arg for arg in expr.args if not self._moves(arg, moving)]
            rest = [self.take_out(arg, moving) for arg in expr.args if self._moves(arg, moving)]
            return expr.func(self.take_out(expr.func(*still), moving), *rest)
        return expr.func(*(self.take_out(arg, moving) for arg in expr.args))

    def _moves(self, expr: sp.Basic, moving: frozenset[sp.Symbol]) -> bool:
        """Whether an expression reads something that moves; what was asked before is known."""
        if expr.is_Atom:
            return expr in moving
        key = (expr, moving)
        if key not in self._seen:
            if isinstance(expr, Root):
                self._seen[key] = bool(expr.free_symbols & moving)
            else:
                # What values are put in for has names that nothing outside moves.
                parts = (expr.inner, *expr.args[1:]) if isinstance(expr, Put) else expr.args
                self._seen[key] = any(self._moves(part, moving) for part in parts)
        return self._seen[key]


def exp_in_place(product: FloatArray | np.float64) -> FloatArray | np.float64:
    """exp of a product just made, in its own memory: getting new memory for it takes longer than computing it."""
    return np.exp(product, out=product) if isinstance(product, np.ndarray) and product.ndim else np.exp(product)


def _settle(expr: sp.Basic) -> sp.Basic:
    """An expression whose min and max stay as they are, whatever is put in for their parts; roots as they were."""
    known: dict[sp.Basic, sp.Basic] = {}

    def settle(part: sp.Basic) -> sp.Basic:
        if part.is_Atom or isinstance(part, Root) or not part.has(sp.Min, sp.Max):
            return part
        if part not in known:
            if isinstance(part, Put):
                inner = sp.Lambda(part.args[0].variables, settle(part.inner))
                known[part] = Put(inner, *(settle(value) for value in part.args[1:]))
            else:
                head = _SETTLED.get(type(part), part.func)
                known[part] = head(*(settle(arg) for arg in part.args))
        return known[part]

    return settle(expr)


_SETTLED = {sp.Min: _Least, sp.Max: _Greatest}


def _split_powers(expr: sp.Expr) -> sp.Expr:
    """Powers with a symbolic exponent as exp(exponent * log(base)), where the base is positive.

    That is faster than a power, shares the logarithm between powers of one base, and gives the same bits
    for one number as for an array. It costs |exponent * log(base)| units in the last place, some 1e-14 relative
    for a base of 1e30.
    """
    known: dict[sp.Basic, sp.Basic] = {}

    def split(part: sp.Basic) -> sp.Basic:
        """A part with its powers split; equal parts are done once."""
        if part.is_Atom:
            return part
        if part not in known:
            args = [split(arg) for arg in part.args]
            whole = part if args == list(part.args) else part.func(*args)
            if isinstance(whole, sp.Pow) and whole.exp.free_symbols and whole.base.is_positive is True:
                whole = _Exp(whole.exp * _Log(whole.base))
            known[part] = whole
        return known[part]

    return split(expr)


def _key(symbol: sp.Symbol) -> str:
    """What a symbol is looked up by: dummies of equal name are told apart."""
    return f"{symbol.name}:{symbol.dummy_index}" if isinstance(symbol, sp.Dummy) else symbol.name


def render_numpy(expr: sp.Basic, names: Mapping[str, str]) -> str:
    """An expression as numpy source, every operation in parentheses."""
    if isinstance(expr, sp.Symbol):
        return names[_key(expr)]
    if isinstance(expr, (sp.Integer, sp.Float)):
        return repr(float(expr)) if expr >= 0 else f"({float(expr)!r})"
    if isinstance(expr, sp.Rational):
        return f"({float(expr.p)!r} / {float(expr.q)!r})"
    if expr is sp.E:
        return "np.e"
    if isinstance(expr, sp.Add):
        return _render_sum(expr, names)
    if isinstance(expr, sp.Mul):
        return _render_product(expr, names)
    if isinstance(expr, sp.Pow):
        return _render_power(expr, names)
    if isinstance(expr, sp.Piecewise):
        return _render_choice(expr, names)
    relation = RELATION_BY_HEAD.get(type(expr))
    if relation is not None:
        return "(" + relation.spell("numpy", *(render_numpy(side, names) for side in expr.args)) + ")"
    if expr in {sp.true, sp.false}:
        return str(bool(expr))
    if isinstance(expr, _Exp) and isinstance(expr.args[0], sp.Mul):
        return f"exp({render_numpy(expr.args[0], names)})"
    row = BY_HEAD[_PLAIN_HEADS.get(type(expr), type(expr))]
    return row.spell("numpy", [render_numpy(arg, names) for arg in expr.args[: row.arity[1]]])


_PLAIN_HEADS = {_Exp: sp.exp, _Log: sp.log, _Least: sp.Min, _Greatest: sp.Max}


def _render_choice(expr: sp.Piecewise, names: Mapping[str, str]) -> str:
    """A choice; between 0 and 1 as arithmetic on the condition, which unlike a choice does not branch."""
    parts = split_choice(expr)
    condition = render_numpy(parts[0], names)
    if parts[1:] == (0, 1):
        return f"(1.0 - {condition})"
    if parts[1:] == (1, 0):
        return f"(1.0 * {condition})"
    return BY_HEAD[sp.Piecewise].spell("numpy", [condition, *(render_numpy(part, names) for part in parts[1:])])


def _render_sum(expr: sp.Add, names: Mapping[str, str]) -> str:
    """Terms, the negative ones subtracted: one operation less than adding -1 times each."""
    plus = [term for term in expr.args if term.as_coeff_Mul()[0] != -1]
    minus = [-term for term in expr.args if term.as_coeff_Mul()[0] == -1]
    text = " + ".join(render_numpy(term, names) for term in plus) or f"-{render_numpy(minus.pop(0), names)}"
    return "(" + " - ".join([text, *(render_numpy(term, names) for term in minus)]) + ")"


def _render_product(expr: sp.Mul, names: Mapping[str, str]) -> str:
    """Factors over divisors, as a reader would write it: one division instead of a power of -1."""
    above = [factor for factor in expr.args if not _is_reciprocal(factor)]
    below = [1 / factor for factor in expr.args if _is_reciprocal(factor)]
    text = " * ".join(render_numpy(factor, names) for factor in above) or "1.0"
    if below:
        text += " / (" + " * ".join(render_numpy(factor, names) for factor in below) + ")"
    return f"({text})"


def _is_reciprocal(factor: sp.Basic) -> bool:
    """Whether a factor is 1/x."""
    return isinstance(factor, sp.Pow) and factor.exp == -1


def _render_power(expr: sp.Pow, names: Mapping[str, str]) -> str:
    """A power; square roots, squares and reciprocals by what is exact and fast."""
    base, exponent = expr.as_base_exp() if expr.exp != -1 else (expr.base, expr.exp)
    if exponent == sp.Rational(1, 2):
        return f"np.sqrt({render_numpy(base, names)})"
    if exponent == -1:
        return f"(1.0 / {render_numpy(base, names)})"
    return f"({render_numpy(base, names)} ** {render_numpy(exponent, names)})"
