"""Laws as a plan names them: its own, and those it is compared with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError
from flopsheet.plan.nodes import Node, Scalar
from flopsheet.plan.paths import resolve_inside
from flopsheet.plan.plan import ComparedName, Law
from flopsheet.plan.read import read_items, read_text
from flopsheet.plan.source import relative_name
from flopsheet.plan.validate import is_identifier

if TYPE_CHECKING:
    from pathlib import Path

    from flopsheet.plan.problems import Problems


def read_law_name(node: Scalar, root: Path, subject: str, problems: Problems) -> str:
    """A library name, or a path relative to the root; what is neither is noted and given back as written."""
    text = read_text(node)
    if not re.search(r"[/\\]|\.ya?ml$", text):
        if not is_identifier(text):
            remedy = "Write a name such as hoffmann_2022, or a path such as ./laws/ours.yaml."
            problems.add(f"`{text}` is neither the name of a law nor a path to one.", node.place, subject, remedy)
        return text
    folder = (root / node.place.file).parent
    try:
        target = resolve_inside(root, folder, text, node.place)
    except FlopsheetError as error:
        problems.extend(error.problems)
        return text
    if target.suffix not in {".yaml", ".yml"}:
        problems.add(f"`{text}` is no YAML file.", node.place, subject, "A law file ends in .yaml.")
    return relative_name(target, root)


def read_compare(node: Node | None, own: str | Law, root: Path, problems: Problems) -> tuple[ComparedName, ...]:
    """The laws beside the plan's own, each once."""
    found: dict[str, ComparedName] = {}
    for item in read_items(node):
        if not isinstance(item, Scalar) or item.is_null:
            continue  # noted as no text
        name = read_law_name(item, root, "compare", problems)
        if name == own:
            message = f"`{read_text(item)}` is the plan's own law, which stands in the comparison anyway."
            problems.add(message, item.place, "compare", "Remove it.")
        elif name in found:
            first = found[name].place
            message = f"`{read_text(item)}` stands twice; the first is at {first.file}:{first.line}:{first.column}."
            problems.add(message, item.place, "compare", "Remove one of the two.")
        else:
            found[name] = ComparedName(name, item.place)
    return tuple(found.values())
