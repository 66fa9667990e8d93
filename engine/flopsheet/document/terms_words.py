"""Amounts of a plan under terms in words: days, gigabytes, what more of something is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from flopsheet.document.terms_study import Study
from flopsheet.document.words import Words
from flopsheet.evaluate.limits_worth import MORE_TOKENS, MoreData, find_yardstick
from flopsheet.messages import Message
from flopsheet.model.cell import Cell

_HOURS_A_DAY: Final = 24
#: From so many hours on a time is told in days.
_LONG: Final = 72
_GIGA: Final = 1e9
#: Shares above this are beyond every plan.
_BEYOND: Final = 1e4
_ROUNDING: Final = 1e-9
#: Units that are told with the number, as they are no counts.
_BARE: Final = frozenset({"1", "nats/token", "accelerator"})


@dataclass(frozen=True)
class TermWords:
    """Words for the terms of a plan, over those of its report."""

    plain: Words

    def amount(self, value: float | None, unit: str, digits: int = 4) -> str:
        """A number with its unit, in the unit that reads best; a dash for None."""
        plain = self.plain
        if value is None:
            return plain.number(None)
        if math.isinf(value):
            return plain.number(value)
        if unit == "hour" and value >= _LONG:
            return plain.quantity(value / _HOURS_A_DAY, "day", digits)
        if unit == "byte":
            return plain.quantity(value / _GIGA, "GB", digits)
        if unit == "FLOP/(accelerator*hour)":
            return plain.quantity(value / 3600, "FLOP/s", digits)
        if unit == "accelerator*hour":
            return plain.number(value, "hour", digits)
        if unit in _BARE:
            return plain.number(value, None, digits)
        return plain.quantity(value, unit, digits)

    def head(self, cell: Cell) -> str:
        """What an input is called."""
        label = cell.label
        text = self.plain.message(label) if isinstance(label, Message) else self.plain.name(label)
        return text[:1].upper() + text[1:]

    def share(self, value: float, digits: int = 3) -> str:
        """A part by which something would have to grow; infinite where no amount will do."""
        return self.plain.number(math.inf if value > _BEYOND else value, "%", digits)

    def left(self, value: float) -> str:
        """The part of a limit that is not used; what is rounding is none."""
        return self.plain.percent(0.0 if abs(value) < _ROUNDING else value, 3)

    def yardstick(self, study: Study, index: int) -> str:
        """What the worth of limits is told in."""
        return self.plain.say(f"terms.of_{find_yardstick(study.source.solution, index)}")

    def gain_heads(self, minimises_loss: bool) -> list[str]:  # noqa: FBT001 - which of two tables
        """The heads of what more unique tokens change."""
        plain = self.plain
        more = plain.number(MORE_TOKENS, "token")
        kinds = ("more_loss", "more_share", "more_usd") if minimises_loss else ("more_saves", "more_usd")
        return [plain.say(f"terms.{kind}", more=more) for kind in kinds]

    def gain(self, gain: MoreData | None, minimises_loss: bool) -> list[str]:  # noqa: FBT001 - which of two tables
        """What more unique tokens of a tier change."""
        plain = self.plain
        if gain is None:
            return [plain.number(None)] * (3 if minimises_loss else 2)
        loss = [plain.change(gain.loss) if gain.loss else "0"] if minimises_loss else []
        usd = "" if gain.usd is None else self.amount(gain.usd, "USD", 3)
        return [*loss, self.share(gain.share), usd]

    def worth(self, share: float, usd: float | None, what: str, minimises_loss: bool) -> str:  # noqa: FBT001
        """A part of the yardstick that does as much, or is saved, with what it costs where that is known."""
        plain = self.plain
        if share > _BEYOND:
            return plain.say("terms.worth_beyond", what=what)
        kind = "worth_share" if minimises_loss else "worth_saved"
        text = plain.say(f"terms.{kind}", share=plain.cost(share, "%", 2), what=what)
        if usd is None or usd < 1:
            return text
        return plain.say("terms.worth_usd", share=text, usd=self.amount(usd, "USD", 2))
