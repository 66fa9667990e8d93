"""Checked tokens to a Python syntax tree whose columns and names are those of the formula."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping
from dataclasses import dataclass

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.grammar import MAX_LEVELS, find_fault
from flopsheet.formula.text import FormulaText
from flopsheet.formula.tokens import Token, locate, scan, shorten


@dataclass(frozen=True, slots=True)
class Tree:
    """A formula's syntax tree. `root` is Python's; ask `spot`, `name` and `number` rather than its fields."""

    root: ast.expr
    text: str
    line: str
    renamed: Mapping[str, str]
    tokens: tuple[Token, ...]

    def spot(self, node: ast.expr) -> tuple[int, int]:
        """Column (from 0) and length of a node in the formula, in characters."""
        start, end = self._column(node.col_offset), self._column(node.end_col_offset or node.col_offset)
        return start, end - start

    def written(self, node: ast.expr) -> str:
        """A node as the author wrote it, short enough to be quoted in a message."""
        start, length = self.spot(node)
        return shorten(self.text[start : start + length])

    def name(self, node: ast.Name) -> str:
        """The name as written, also where it is one of Python's keywords."""
        return self.renamed.get(node.id, node.id)

    def number(self, node: ast.Constant) -> str:
        """The text of a number literal, without `_` between its digits."""
        start, length = self.spot(node)
        return self.text[start : start + length].replace("_", "")

    def _column(self, offset: int) -> int:
        # Python counts bytes of UTF-8; the text was wrapped in one parenthesis.
        return len(self.line.encode()[:offset].decode()) - 1


def grow(formula: FormulaText, subject: str) -> Tree:
    """The syntax tree of a formula. Raises FlopsheetError with the column of what is wrong."""
    tokens = scan(formula, subject)
    fault = find_fault(tokens)
    if fault is not None:
        spot = (fault.token.column, len(fault.token.text))
        raise FlopsheetError(locate(formula, subject, fault.message, fault.remedy, spot))
    renamed: dict[str, str] = {}
    characters = [" " if c.isspace() else c for c in formula.text]
    for token in tokens:
        if token.kind == "name" and keyword.iskeyword(token.text):
            other = _other_name(token.text)
            renamed[other] = token.text
            characters[token.column] = other[0]
    line = f"({''.join(characters)})"
    try:
        root = ast.parse(line, mode="eval").body
    except (RecursionError, MemoryError):
        raise FlopsheetError(nested_too_deeply(formula, subject)) from None
    except SyntaxError:
        raise FlopsheetError(Problem("the formula cannot be read.", formula.place, subject)) from None
    return Tree(root, formula.text, line, renamed, tokens)


def check_syntax(formula: FormulaText, subject: str) -> None:
    """Refuse a text that breaks the grammar, whatever its names may mean. Raises as `grow` does."""
    grow(formula, subject)


def nested_too_deeply(formula: FormulaText, subject: str) -> Problem:
    """The problem of a formula with more levels than are allowed, or than Python can walk."""
    message = f"the formula nests deeper than {MAX_LEVELS} levels."
    return Problem(message, formula.place, subject, "Split it into several cells or `where` formulas.")


def _other_name(word: str) -> str:
    """A word of the same length that no formula can hold: its first letter becomes a Cyrillic one."""
    first = word[0]
    base = 0x430 - ord("a") if first.islower() else 0x410 - ord("A")
    return chr(base + ord(first)) + word[1:]
