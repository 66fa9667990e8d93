"""Statements that were checked: how, and with what verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from flopsheet.messages import Message

Method = Literal["symbolic", "numeric"]
Verdict = Literal["proven", "checked", "refuted", "undecided"]


@dataclass(frozen=True)
class Equation:
    """One displayed line: left, relation, right."""

    left: sp.Expr
    right: sp.Expr
    relation: Literal["=", "<", ">", "<=", ">=", "->"] = "="


@dataclass(frozen=True)
class Step:
    """One step of a derivation: a title, equations that the engine produced, and a remark in words."""

    title: Message
    equations: tuple[Equation, ...]
    remark: Message | None = None


@dataclass(frozen=True)
class Proof:
    """A checked statement. `statement` is English and begins with its name; `residual` is what remained.

    `detail` is what the method found, in the reader's language.
    """

    statement: str
    method: Method
    verdict: Verdict
    residual: sp.Expr | None = None
    detail: Message | str = ""
