"""The data that a plan can draw on: pools of unique tokens, their quality, and what repeating them is worth."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

EPOCHS = sp.Symbol("epochs", positive=True)
"""What a repetition modifier reads: passes over the unique tokens."""


@dataclass(frozen=True)
class Tier:
    """Unique tokens of one quality.

    Attributes:
        slug: How its cells end.
        name: What the plan calls it; empty where all data are alike.
        unique: Its unique tokens.
        quality: What a fresh token of it is worth, in tokens of the law's own training data.
        epochs: The most passes over it.
        decay: R of `exponential`: a repeated token is worth exp(-(epochs - 1)/R) of a fresh one.
    """

    slug: str
    name: str
    unique: sp.Expr
    quality: sp.Expr
    epochs: sp.Expr
    decay: sp.Expr


@dataclass(frozen=True)
class Supply:
    """What data there are, and how repeating them counts.

    `effective` is how many epochs' worth of new data `EPOCHS` passes are, `loss_factor` what the loss is multiplied
    by; both are None under `exponential`, whose best epochs over several tiers are known in closed form.
    """

    tiers: tuple[Tier, ...]
    repetition: str = "exponential"
    effective: sp.Expr | None = None
    loss_factor: sp.Expr | None = None
