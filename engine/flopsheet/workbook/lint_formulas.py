"""What is wrong with the formulas of a workbook, one rule after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError
from openpyxl.utils import FORMULAE
from openpyxl.utils.cell import column_index_from_string, range_boundaries

from flopsheet.workbook.stored import Address, StoredBook

LONGEST_FORMULA = 250
"""Characters of a formula, with its `=`."""

_TYPED = frozenset({"0", "1", "2"})
_LATER_THAN_2003 = frozenset({"IFERROR", "AVERAGEIF", "AVERAGEIFS", "COUNTIFS", "SUMIFS"})
# Volatile, blind to what they refer to, or dependent on the reader's language.
_REFUSED = frozenset({"OFFSET", "INDIRECT", "NOW", "TODAY", "RAND", "RANDBETWEEN", "CELL", "INFO", "TEXT"})
_ALLOWED = (frozenset(FORMULAE) | _LATER_THAN_2003) - _REFUSED
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that breaks a rule: the rule by name, where, and what was found."""

    rule: str
    sheet: str
    cell: str
    message: str


def check_formulas(book: StoredBook) -> Iterator[Finding]:
    """Everything that is wrong with a workbook's formulas."""
    parsed: dict[Address, list[Token]] = {}
    for address, cell in book.formulas():
        text = cell.formula or ""
        try:
            tokens = Tokenizer(f"={text}").items
        except (TokenizerError, IndexError) as error:
            yield _finding("formula-syntax", address, f"`{text}` does not parse ({error})")
            continue
        if not _is_balanced(tokens):
            yield _finding("formula-syntax", address, f"`{text}` does not parse (parentheses)")
            continue
        parsed[address] = [token for token in tokens if token.type != Token.WSPACE]
        for rule, check in _RULES.items():
            for message in check(parsed[address]):
                yield _finding(rule, address, f"{message}: `{text}`")
        if len(text) + 1 > LONGEST_FORMULA:
            yield _finding("formula-length", address, f"{len(text) + 1} characters")
    yield from _check_names_used(book, parsed)
    yield from _check_circles(book, parsed)
    yield from _check_consistency(book)


def _finding(rule: str, address: Address, message: str) -> Finding:
    """A finding at a cell."""
    return Finding(rule, address.sheet, address.coordinate, message)


def _is_balanced(tokens: list[Token]) -> bool:
    """Whether every parenthesis and function that opens also closes."""
    depth = 0
    for token in tokens:
        depth += {Token.OPEN: 1, Token.CLOSE: -1}.get(token.subtype, 0)
        if depth < 0:
            return False
    return depth == 0


def _typed_numbers(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == Token.OPERAND and token.subtype == Token.NUMBER and token.value not in _TYPED:
            yield f"the number {token.value} is typed into the formula"


def _functions(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == Token.FUNC and token.subtype == Token.OPEN:
            name = token.value.rstrip("(").upper()
            if name not in _ALLOWED:
                yield f"{name} is no function of Excel 2007, or one that plans do not use"


def _nested_if(tokens: list[Token]) -> Iterator[str]:
    opened: list[str] = []
    for token in tokens:
        if token.subtype == Token.OPEN:
            name = token.value.rstrip("(").upper()
            if name == "IF" and "IF" in opened:
                yield "an IF inside an IF"
            opened.append(name)
        elif token.subtype == Token.CLOSE:
            opened.pop()


def _empty_text(tokens: list[Token]) -> Iterator[str]:
    if any(token.type == Token.OPERAND and token.value == '""' for token in tokens):
        yield "an empty text, which readers take for no value"


def _outside_link(tokens: list[Token]) -> Iterator[str]:
    if any(token.type == Token.OPERAND and token.subtype == Token.RANGE and "[" in token.value for token in tokens):
        yield "a link to another workbook"


def _minus_before_power(tokens: list[Token]) -> Iterator[str]:
    for position, token in enumerate(tokens):
        if token.type == Token.OP_PRE and token.value == "-":
            after = _skip_operand(tokens, position + 1)
            if after < len(tokens) and tokens[after].value == "^":
                yield "a minus sign directly before a power"


def _skip_operand(tokens: list[Token], position: int) -> int:
    """The position behind one operand: a name, a number, a call or a parenthesis."""
    depth = 0
    while position < len(tokens):
        depth += {Token.OPEN: 1, Token.CLOSE: -1}.get(tokens[position].subtype, 0)
        position += 1
        if depth == 0:
            break
    return position


def _separators(tokens: list[Token]) -> Iterator[str]:
    if any(token.type == Token.SEP and token.value != "," for token in tokens):
        yield "a separator other than a comma"
    if any(token.type == Token.ARRAY for token in tokens):
        yield "a typed array"


_RULES: Mapping[str, Callable[[list[Token]], Iterator[str]]] = {
    "typed-constant": _typed_numbers,
    "function": _functions,
    "nested-if": _nested_if,
    "empty-text": _empty_text,
    "outside-link": _outside_link,
    "minus-power": _minus_before_power,
    "separator": _separators,
}


def _references(tokens: list[Token]) -> Iterator[str]:
    """What a formula refers to: cells, ranges and names."""
    return (token.value for token in tokens if token.type == Token.OPERAND and token.subtype == Token.RANGE)


def _is_name(reference: str) -> bool:
    """Whether a reference is a defined name and not a cell, a range, a column or a row."""
    return "!" not in reference and ":" not in reference and not _CELL.fullmatch(reference.upper())


def _check_names_used(book: StoredBook, parsed: Mapping[Address, list[Token]]) -> Iterator[Finding]:
    """Names that a formula uses and nobody defined."""
    for address, tokens in parsed.items():
        for reference in _references(tokens):
            if _is_name(reference) and reference.upper() not in book.names:
                yield _finding("name-undefined", address, f"`{reference}` is not defined")


def _targets(book: StoredBook, cell: Address, reference: str) -> Iterator[Address]:
    """The cells a reference stands for, as far as they hold something."""
    if _is_name(reference):
        if reference.upper() in book.names:
            yield book.names[reference.upper()]
        return
    sheet, _, area = reference.rpartition("!")
    title = sheet.strip("'").replace("''", "'") or cell.sheet
    try:
        first_column, first_row, last_column, last_row = range_boundaries(area)
    except (ValueError, TypeError):
        return
    if first_column is None or first_row is None or last_column is None or last_row is None:
        return  # a whole row or column
    for row in range(first_row, last_row + 1):
        for column in range(first_column, last_column + 1):
            yield Address(title, row, column)


def _check_circles(book: StoredBook, parsed: Mapping[Address, list[Token]]) -> Iterator[Finding]:
    """Formulas that need their own value. Walks without recursion: chains can be as long as a sheet."""
    needs = {
        cell: [t for ref in _references(tokens) for t in _targets(book, cell, ref) if t in parsed]
        for cell, tokens in parsed.items()
    }
    done: set[Address] = set()
    for start, first in needs.items():
        path: dict[Address, Iterator[Address]] = {} if start in done else {start: iter(first)}
        while path:
            cell, rest = next(reversed(path.items()))
            target = next(rest, None)
            if target is None:
                done.add(cell)
                del path[cell]
            elif target in path:
                yield _finding("circle", target, f"the formula needs its own value, by way of {cell}")
            elif target not in done:
                path[target] = iter(needs[target])


def _relative(address: Address, formula: str) -> str:
    """A formula with its relative references as distances, so that copies of one formula look the same."""

    def distance(match: re.Match[str]) -> str:
        column, row = match[2], match[4]
        across = column if match[1] else f"[{column_index_from_string(column) - address.column}]"
        down = row if match[3] else f"[{int(row) - address.row}]"
        return f"R{down}C{across}"

    return re.sub(r"(?<![A-Za-z0-9_$])(\$?)([A-Z]{1,3})(\$?)([0-9]+)(?![A-Za-z0-9_(])", distance, formula)


def _check_consistency(book: StoredBook) -> Iterator[Finding]:
    """Formulas that differ where both neighbours, in a column or row, are copies of each other.

    In a column that a row of copies crosses, and where the neighbours are no part of a longer run, differing is meant.
    """
    shapes = {address: _relative(address, cell.formula or "") for address, cell in book.formulas()}
    for address, shape in shapes.items():
        for down, across in ((1, 0), (0, 1)):
            before = shapes.get(Address(address.sheet, address.row - down, address.column - across))
            after = shapes.get(Address(address.sheet, address.row + down, address.column + across))
            if before is None or before != after or shape == before or "[" not in before:
                continue
            beyond = [
                shapes.get(Address(address.sheet, address.row + down * step, address.column + across * step))
                for step in (-2, 2)
            ]
            beside = [
                shapes.get(Address(address.sheet, address.row + across * step, address.column + down * step))
                for step in (-1, 1)
            ]
            if before in beyond and shape not in beside:
                yield _finding(
                    "inconsistent", address, "the formulas on both sides are copies of each other, this is not"
                )
