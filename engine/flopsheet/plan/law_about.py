"""What a law file says about its symbols: what the sizes count, on which data and tokenizer it was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flopsheet.messages import LANGUAGES
from flopsheet.plan.nodes import Mapping, Scalar
from flopsheet.plan.plan import About
from flopsheet.plan.read import read_entries, read_text

if TYPE_CHECKING:
    from flopsheet.plan.nodes import Node

_TEXTS = ("topic", "parameters", "data", "tokenizer", "loss", "loss_sign")


def read_about(node: Node | None) -> About:
    """What is said, from a node that was checked against its shape; nothing where there is none."""
    if not isinstance(node, Mapping):
        return About()
    texts = {key: read_text(node.get(key)) or None for key in _TEXTS}
    return About(**texts, rounded=_by_language(node.get("rounded")))


def _by_language(node: Node | None) -> dict[str, str]:
    """A text by language; a bare one is in the first of the languages."""
    if isinstance(node, Scalar):
        return {LANGUAGES[0]: read_text(node)} if read_text(node) else {}
    return {key.text: read_text(item) for key, item in read_entries(node)}
