"""Typed values out of nodes; what is wrong is noted, and the value left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError
from flopsheet.formula.text import FormulaText
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence
from flopsheet.plan.quantity import Quantity, parse_number, parse_quantity, parse_unit

if TYPE_CHECKING:
    from flopsheet.plan.problems import Problems
    from flopsheet.plan.shape import Number


def is_null(node: Node | None) -> bool:
    """Whether there is nothing: no node, or one that was removed."""
    return node is None or (isinstance(node, Scalar) and node.is_null)


def read_entries(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    """The pairs of a mapping that hold something; none for anything else."""
    if not isinstance(node, Mapping):
        return ()
    return tuple((key, item) for key, item in node.items if not is_null(item))


def read_mapping(node: Node | None) -> Mapping | None:
    """The node where it is a mapping."""
    return node if isinstance(node, Mapping) else None


def read_items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; a bare value is a list of one."""
    if isinstance(node, Sequence):
        return node.items
    return () if node is None or is_null(node) else (node,)


def read_text(node: Node | None, default: str = "") -> str:
    """The text of a scalar without blanks around it."""
    return node.text.strip() if isinstance(node, Scalar) and not node.is_null else default


def read_formula(node: Node | None) -> FormulaText | None:
    """A formula with the place of its first character; blanks before it are skipped."""
    if not isinstance(node, Scalar) or node.is_null:
        return None
    blanks = len(node.text) - len(node.text.lstrip())
    place = node.content.shifted(blanks, max(1, node.content.length - blanks)) if blanks else node.content
    return FormulaText(node.text.strip(), place)


def read_quantity(
    node: Node | None, unit: str | None, subject: str, problems: Problems, *, positive: bool = True
) -> Quantity | None:
    """A number in base units, or None where there is none or it is wrong."""
    if not isinstance(node, Scalar) or node.is_null:
        return None
    try:
        return parse_quantity(node.text, unit, node.place, subject, positive=positive)
    except FlopsheetError as error:
        problems.extend(error.problems)
        return None


def read_number(node: Node | None, number: Number, subject: str, problems: Problems) -> Quantity | None:
    """The number that a shape describes, or None where there is none or it is wrong."""
    if not isinstance(node, Scalar) or node.is_null:
        return None
    try:
        return parse_number(node.text, number, node.place, subject)
    except FlopsheetError as error:
        problems.extend(error.problems)
        return None


def read_unit(node: Node | None, subject: str, problems: Problems, default: str = "1") -> str:
    """The canonical spelling of a unit."""
    if not isinstance(node, Scalar) or node.is_null:
        return default
    try:
        return parse_unit(node.text, node.place, subject)
    except FlopsheetError as error:
        problems.extend(error.problems)
        return default
