"""What is done with each tier: how many passes, how many tokens, what the next one and more data are worth."""

from __future__ import annotations

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.constrained.search import Choice
from flopsheet.derive.constrained.stretches import worth
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.supply import Supply


def add_tiers(build: CellBuilder, supply: Supply, choice: Choice, *, guard: str | None) -> None:
    """Epochs, tokens, marginal value and price of every tier at the water level of the plan.

    A tier of just that quality takes what the better ones leave; tiers of one quality fill by the same fraction.
    """
    if not supply.is_named:
        return
    level, data = choice.marginal, make_symbol("worth_data", positive=False)
    full, resting, above = {}, {}, []
    for tier in supply.tiers:
        most = make_symbol(f"epochs_most_{tier.slug}")
        passes = most if supply.endless else sp.Min(most, 1 + tier.decay * sp.log(tier.quality / level))
        full[tier.slug] = build.add(
            f"epochs_above_{tier.slug}",
            sp.Piecewise((passes, tier.quality > level), (0, True)),
            "1",
            Message("cell.epochs_above", {"name": tier.name}),
            positive=False,
            guard=guard,
        )
        first = most if supply.endless else sp.Min(1, most)
        at_level = sp.And(tier.quality >= level, tier.quality <= level)
        resting[tier.slug] = sp.Piecewise((tier.unique * first, at_level), (0, True))
        above.append(tier.unique * full[tier.slug])
    room = build.add("room_at_level", sp.Add(*resting.values()), "token", Message("cell.room_at_level"), positive=False,
                     guard=guard)  # fmt: skip
    # As shares of the plan's tokens: a difference of large amounts would show nothing but their last digits.
    label = Message("cell.left_at_level")
    left = build.add("left_at_level", 1 - sp.Add(*above) / choice.tokens, "1", label, positive=False, guard=guard)
    part = sp.Piecewise((sp.Max(0, sp.Min(1, left * choice.tokens / room)), room > 0), (0, True))
    part = build.add("part_at_level", part, "1", Message("cell.part_at_level"), positive=False, guard=guard)
    paid = make_symbol("level_paid", positive=False)
    price = data / choice.effective
    shadow = make_symbol("tokens_paid", positive=False) * choice.effective / (data * choice.tokens)
    build.add("level_paid", shadow, "1", Message("cell.level_paid"), positive=False, guard=guard)
    for tier in supply.tiers:
        name, slug = {"name": tier.name}, tier.slug
        most = make_symbol(f"epochs_most_{slug}")
        first = most if supply.endless else sp.Min(1, most)
        at_level = sp.And(tier.quality >= level, tier.quality <= level)
        epochs = sp.Piecewise((part * first, at_level), (full[slug], True))
        label = Message("cell.tier_uses", name)
        epochs = build.add(f"tier_{slug}_epochs", epochs, "1", label, positive=False, kind="result", guard=guard)
        label = Message("cell.tier_tokens", name)
        seen = epochs * tier.unique
        build.add(f"tier_{slug}_tokens", seen, "token", label, positive=False, kind="result", guard=guard)
        faded = tier.quality if supply.endless else tier.quality * sp.exp(-sp.Max(0, epochs - 1) / tier.decay)
        build.add(f"tier_{slug}_marginal_value", faded, "1", Message("cell.tier_marginal", name), kind="result",
                  guard=guard)  # fmt: skip
        gained = epochs if supply.endless else worth(epochs, tier.decay)
        more = price * tier.unique * (tier.quality * gained - paid * epochs)
        label = Message("cell.tier_price", name)
        build.add(
            f"price_tier_{slug}", -sp.Max(0, more) / 100, "nats/token per 1 %", label, positive=False, guard=guard
        )
