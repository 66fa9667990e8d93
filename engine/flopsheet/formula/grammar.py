"""The grammar of formulas, checked on tokens so that each fault has its own column and sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flopsheet.formula.tokens import JOIN, Token

MAX_LEVELS = 50
LOGIC = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the grammar breaks, why, and what to do about it."""

    message: str
    remedy: str
    token: Token


def find_fault(tokens: Sequence[Token]) -> Fault | None:
    """The first token that does not fit, or None: operands, operators, commas and parentheses alternate rightly."""
    grammar = _Grammar()
    return next((fault for fault in map(grammar.read, tokens) if fault is not None), None)


class _Grammar:
    """Reads tokens one at a time; knows which parentheses are open and whether an operand is due."""

    def __init__(self) -> None:
        self.opened: list[tuple[Token, bool]] = []  # each open parenthesis, and whether it opens a call
        self.wants_operand = True
        self.before = Token("operator", "", 0)
        self.readers: Mapping[str, Callable[[Token], Fault | None]] = {
            "(": self._open, ")": self._close, ",": self._separate, "": self._end,
        }  # fmt: skip

    def read(self, token: Token) -> Fault | None:
        """The fault of the next token, or None."""
        operand = token.kind in {"number", "name"}
        fault = self._operand(token) if operand else self.readers.get(token.text, self._infix)(token)
        self.before = token
        return fault

    def _operand(self, token: Token) -> Fault | None:
        if not self.wants_operand:
            return _missing_operator(token if self.before.text not in LOGIC else self.before)
        self.wants_operand = False
        return None

    def _infix(self, token: Token) -> Fault | None:
        if self.wants_operand and token.text not in {"+", "-"}:
            return Fault(f"an operand is missing before `{token.text}`.", "", token)
        self.wants_operand = True
        return None

    def _open(self, token: Token) -> Fault | None:
        is_call = self.before.kind == "name"
        if not (self.wants_operand or is_call):
            return _missing_operator(token)
        self.opened.append((token, is_call))
        self.wants_operand = True
        if len(self.opened) > MAX_LEVELS:
            return Fault(f"parentheses nest deeper than {MAX_LEVELS} levels.", "Split it into several formulas.", token)
        return None

    def _close(self, token: Token) -> Fault | None:
        if not self.opened:
            return Fault("`)` closes nothing.", "Remove it, or add a `(` before.", token)
        _, is_call = self.opened.pop()
        if self.wants_operand and not (is_call and self.before.text == "("):
            return Fault("an operand is missing before `)`.", "", token)
        self.wants_operand = False
        return None

    def _separate(self, token: Token) -> Fault | None:
        if self.wants_operand:
            return Fault("an argument is missing before `,`.", "", token)
        if not (self.opened and self.opened[-1][1]):
            return Fault("`,` stands outside the arguments of a function.", "Write decimals with a point.", token)
        self.wants_operand = True
        return None

    def _end(self, _token: Token) -> Fault | None:
        if self.wants_operand:
            return Fault("the formula ends where an operand is wanted.", "", self.before)
        if self.opened:
            return Fault("`(` is never closed.", "Add a `)`.", self.opened[-1][0])
        return None


def _missing_operator(token: Token) -> Fault:
    if token.text in LOGIC:
        return Fault(f"`{token.text}` is not an operator of formulas.", JOIN, token)
    return Fault(f"an operator is missing before `{token.text}`.", "Write * to multiply.", token)
