"""The data that a plan can draw on: pools of unique tokens, their quality, and what repeating them is worth."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from flopsheet.errors import FlopsheetError, Place, Problem
from flopsheet.formula.parse import parse_formula
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.plan.plan import Plan, Repetition

EPOCHS = sp.Symbol("epochs", positive=True)
"""What a repetition modifier reads: passes over the unique tokens."""
EXCESS = sp.Symbol("excess", positive=True)
"""What it reads of the parameters: how many times the best size for one pass they are."""

# Modifiers of one shape: a repeated token is worth exp(-(epochs - 1)/R) of a fresh one.
_EXPONENTIAL = ("exponential", "half_life", "muennighoff_2023")


@dataclass(frozen=True)
class Tier:
    """Unique tokens of one quality.

    Attributes:
        slug: How its cells end.
        name: What the plan calls it; empty where all data are alike.
        unique: Its unique tokens.
        quality: What a fresh token of it is worth, in tokens of the law's own training data.
        epochs: The most passes over it.
        decay: R: a repeated token is worth exp(-(epochs - 1)/R) of a fresh one.
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

    Attributes:
        tiers: One, without a name, where all data are alike.
        repetition: The modifier.
        endless: Whether every pass counts as new data.
        effective: How many epochs' worth of new data `EPOCHS` passes are, and
        loss_factor: what the loss is multiplied by; both None where the best epochs are known in closed form.
        effective_parameters: How many times the best size for one pass `EXCESS` times it are worth.
    """

    tiers: tuple[Tier, ...]
    repetition: Repetition
    endless: bool = False
    effective: sp.Expr | None = None
    loss_factor: sp.Expr | None = None
    effective_parameters: sp.Expr | None = None

    @property
    def is_named(self) -> bool:
        """Whether the plan has tiers."""
        return bool(self.tiers[0].name)


def build_supply(plan: Plan) -> tuple[Supply, tuple[Cell, ...]] | None:
    """The data of a plan and their input cells, or None where no scenario limits them.

    Raises:
        FlopsheetError: scenarios that repeat data in different ways, or a modifier that tiers cannot have.
    """
    repetition = _find_repetition(plan)
    if repetition is None:
        return None
    constants, cells = _read_constants(repetition)
    natural = repetition.name in _EXPONENTIAL and repetition.origin == "library"
    endless = repetition.name == "none" and repetition.origin == "library"
    if plan.tiers and not (natural or endless):
        place = _repetition_place(plan) or plan.law_place
        message = f"the repetition `{repetition.name}` is for data that are all alike: tiers need an exponential one."
        raise FlopsheetError(Problem(message, place, "data.repetition", "Use `data.unique`, or another repetition."))
    if plan.tiers and repetition.effective_parameters is not None:
        place = _repetition_place(plan) or plan.law_place
        message = "what excess parameters are worth is not known for several tiers."
        raise FlopsheetError(Problem(message, place, "data.repetition", "Use `exponential` with tiers."))
    tiers = []
    for slug, name, prefix in [(t.slug, t.name, f"data.tiers.{t.name}") for t in plan.tiers] or [("data", "", "data")]:
        tier, own = _build_tier(slug, name, prefix, constants.get("decay"), repetition)
        tiers.append(tier)
        cells += own
    formulas = {
        name: None
        if text is None
        else parse_formula(text, {**constants, "epochs": EPOCHS, "excess": EXCESS}, subject=name)
        for name, text in (
            ("effective", None if natural or (endless and plan.tiers) else repetition.effective),
            ("loss_factor", repetition.loss_factor),
            ("effective_parameters", repetition.effective_parameters),
        )
    }
    return Supply(tuple(tiers), repetition, endless, **formulas), tuple(cells)


def _find_repetition(plan: Plan) -> Repetition | None:
    """The modifier of all scenarios that have limited data."""
    found = {s.repetition.name: s.repetition for s in plan.scenarios if s.repetition is not None}
    if len(found) > 1:
        place = _repetition_place(plan) or plan.law_place
        message = f"the scenarios repeat data in different ways: {', '.join(f'`{name}`' for name in found)}."
        raise FlopsheetError(Problem(message, place, "data.repetition", "Give each way a plan of its own."))
    return next(iter(found.values()), None)


def _repetition_place(plan: Plan) -> Place | None:
    """Where a plan names its modifier."""
    return next((s.texts["data.repetition"].place for s in plan.scenarios if "data.repetition" in s.texts), None)


def _read_constants(repetition: Repetition) -> tuple[dict[str, sp.Symbol], list[Cell]]:
    """The constants of a modifier as symbols and cells; `decay` is the plan's own."""
    symbols: dict[str, sp.Symbol] = {}
    cells = []
    for name, constant in repetition.constants.items():
        if name == "decay":
            symbols[name] = make_symbol("data_decay")
            continue
        cell_id = f"repetition_{name}"
        symbols[name] = make_symbol(cell_id, positive=constant.value > 0)
        label = Message("cell.repetition_constant", {"name": name, "repetition": repetition.name})
        cells.append(Cell(cell_id, "constant", "1", label, place=constant.place, positive=constant.value > 0,
                          default=constant.value))  # fmt: skip
    return symbols, cells


def _build_tier(
    slug: str, name: str, prefix: str, decay: sp.Symbol | None, repetition: Repetition
) -> tuple[Tier, list[Cell]]:
    """A tier and its input cells."""
    stem = "data" if not name else f"data_tiers_{slug}"
    what = {"name": name}
    kind = "tier" if name else "data"
    cells = [Cell(f"{stem}_unique", "input", "token", Message(f"cell.{kind}_unique", what), key=f"{prefix}.unique",
                  optional=not name)]  # fmt: skip
    quality: sp.Expr = sp.S.One
    if name:
        label = Message("cell.tier_quality", what)
        cells.append(Cell(f"{stem}_quality", "input", "1", label, key=f"{prefix}.quality", default=1.0))
        quality = cells[-1].symbol
    label = Message(f"cell.{kind}_epochs", what)
    cells.append(Cell(f"{stem}_epochs", "input", "1", label, key=f"{prefix}.epochs", optional=True))
    most = cells[-1].symbol
    fades: sp.Expr = sp.S.One
    if decay is not None:
        label = Message(f"cell.{kind}_decay", what)
        number = repetition.constants["decay"].value
        cells.append(Cell(f"{stem}_decay", "input", "1", label, key=f"{prefix}.decay", default=number))
        fades = cells[-1].symbol
        if repetition.name == "half_life":
            fades = fades / sp.log(2)
    return Tier(slug, name, cells[0].symbol, quality, most, fades), cells
