"""What the steps and the curves of a plan under terms speak of: the law, the limits that are set, the data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from flopsheet.derive.constrained.limits import Bound, find_bounds
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.regimes import find_caps
from flopsheet.model.cell import make_symbol
from flopsheet.model.law_model import LawModel
from flopsheet.model.spending import Spending
from flopsheet.model.supply import EPOCHS, Supply, Tier
from flopsheet.model.terms import Terms

EFFECTIVE = make_symbol("D_effective")
LEVEL = make_symbol("water_level")
WORTH = make_symbol("N_effective")
ONE_PASS = make_symbol("size_one_pass")
_SHORT = 10
"""Operations of an amount that is read at once."""


@dataclass(frozen=True)
class Setting:
    """A problem under terms.

    Attributes:
        derivation: The law's derivation.
        terms: Data, hardware, inference and limits.
        minimises_loss: Whether the loss is minimised; else an amount is, at a target loss.
        size, tokens: The decisions of the law.
        bounds: The limits on the size at given tokens that any scenario sets.
        declared: The names of all limits that any scenario sets.
        definitions: Names for parts of amounts that are too long to be read.
    """

    derivation: Derivation
    terms: Terms
    minimises_loss: bool
    size: sp.Symbol
    tokens: sp.Symbol
    bounds: tuple[Bound, ...]
    declared: frozenset[str]
    definitions: Mapping[sp.Symbol, sp.Expr]

    @property
    def model(self) -> LawModel:
        """The law."""
        return self.derivation.model

    @property
    def supply(self) -> Supply | None:
        """The data; None where they have no limit."""
        return self.terms.supply

    @property
    def goal(self) -> Spending:
        """The amount that is minimised where the loss is given."""
        return self.terms.account.spendings[self.terms.account.goal]

    @property
    def token_cap(self) -> sp.Symbol:
        """The cap on the tokens."""
        return find_caps(self.model)[self.tokens].symbol

    def effective(self) -> sp.Expr:
        """The effective tokens as a symbol; the tokens themselves where every token is new."""
        return self.tokens if self.supply is None or self.supply.loss_factor is not None else EFFECTIVE

    @property
    def effective_parameters(self) -> bool:
        """Whether parameters beyond the best size for one pass count for less."""
        return self.supply is not None and self.supply.effective_parameters is not None

    def factor(self) -> sp.Expr:
        """What repetition multiplies the loss by."""
        if self.supply is None or self.supply.loss_factor is None:
            return sp.S.One
        return self.supply.loss_factor.subs(EPOCHS, epochs_of(self.supply.tiers[0]))

    def whole_loss(self) -> sp.Expr:
        """The loss with what repetition multiplies it by."""
        factor = self.factor()
        return self.loss() if factor == 1 else sp.Mul(self.loss(), factor, evaluate=False)

    def loss(self) -> sp.Expr:
        """The loss over size and effective tokens."""
        worth = WORTH if self.effective_parameters else self.size
        return self.model.loss.subs({self.size: worth, self.tokens: self.effective()}, simultaneous=True)


def build_setting(derivation: Derivation, terms: Terms, declared: Collection[str], *, minimises_loss: bool) -> Setting:
    """The problem of a plan.

    Args:
        derivation: The law's derivation.
        terms: Data, hardware, inference and limits.
        declared: The names of the limits that any scenario sets.
        minimises_loss: Whether the loss is minimised.
    """
    model = derivation.model
    roles = {model.decision(z).role: z for z in model.decisions}
    size, tokens = roles["parameters"], roles["tokens"]
    definitions: dict[sp.Symbol, sp.Expr] = {}
    spendings = {
        name: _shorten(spending, size, tokens, definitions) for name, spending in terms.account.spendings.items()
    }
    terms = replace(terms, account=replace(terms.account, spendings=spendings))
    most_size = {"parameters": find_caps(model)[size].symbol, **terms.account.most_parameters}
    bounds = find_bounds(model, terms.account, most_size, size, tokens)
    named = tuple(bound for bound in bounds if bound.name in declared)
    return Setting(derivation, terms, minimises_loss, size, tokens, named, frozenset(declared), definitions)


def _shorten(spending: Spending, size: sp.Symbol, tokens: sp.Symbol, definitions: dict[sp.Symbol, sp.Expr]) -> Spending:
    """A long amount as size * (kappa * tokens + nu), where it has that form."""
    if sp.factor(spending.spent).count_ops() <= _SHORT:
        return spending
    whole = sp.expand(spending.spent)
    slope, rest = whole.coeff(size, 1).coeff(tokens, 1), whole.coeff(size, 1).coeff(tokens, 0)
    if sp.expand(whole - size * (slope * tokens + rest)) != 0 or tokens in slope.free_symbols | rest.free_symbols:
        return spending
    names = [make_symbol(f"{letter}_{spending.name}") for letter in ("kappa", "nu")]
    found = [(name, part) for name, part in zip(names, (slope, rest), strict=True) if part != 0]
    definitions |= dict(found)
    parts = {part: name for name, part in found}
    return replace(spending, spent=size * (parts[slope] * tokens + parts.get(rest, sp.S.Zero)))


def epochs_of(tier: Tier) -> sp.Symbol:
    """The epochs over a tier, as the cell that holds them is called."""
    return make_symbol(f"tier_{tier.slug}_epochs" if tier.name else "epochs", positive=bool(not tier.name))
