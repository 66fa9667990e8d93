"""A plan under terms in words: what to do, what it takes, what limits it and what to buy next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flopsheet.document.naming import binding_cell, head_of
from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.terms_study import MOST_SWEPT, Study
from flopsheet.document.terms_words import TermWords
from flopsheet.evaluate.limits_worth import MORE_TOKENS, LimitUse, MoreData
from flopsheet.messages import Message

#: What is left of a limit below this is not told.
_LEFT: Final = 0.005
_UNUSED: Final = 1e-6


def told_units(message: Message) -> dict[str, str]:
    """The units in which the numbers of a finding about terms are written."""
    unit = message.args.get("unit")
    amounts = unit.key.removeprefix("unit.") if isinstance(unit, Message) else "token"
    losses = dict.fromkeys(("target", "best", "shortfall", "worse"), "nats/token")
    return {**losses, **dict.fromkeys(("needed", "amount"), amounts), "tokens": "token"}


@dataclass(frozen=True)
class TermTeller:
    """Puts the scenarios of a plan under terms into words."""

    study: Study
    words: TermWords

    @property
    def source(self) -> ReportSource:
        """What the report is written from."""
        return self.study.source

    def summary(self) -> tuple[Table | None, list[str]]:
        """A table where there are many scenarios, and the sentences of those that need them."""
        indices = range(len(self.source.answers))
        if len(indices) <= MOST_SWEPT:
            return None, [self.tell(index) for index in indices]
        return self._table(), [self.tell(index) for index in indices if not self.source.has_plan(index)]

    def tell(self, index: int) -> str:
        """A scenario in a few sentences."""
        plain = self.words.plain
        head = plain.say("summary.head", scenario=plain.name(self.source.answers[index].name))
        if not self.source.has_plan(index):
            return head + self._no_plan(index)
        parts = [self._what_to_do(index), self._data(index), self._takes(index), self._binds(index), self._next(index)]
        return head + plain.sentences(parts)

    def _no_plan(self, index: int) -> str:
        """Why a scenario has no plan."""
        source, plain = self.source, self.words.plain
        if source.answers[index].status == "not_converged":
            return plain.say("summary.not_converged")
        target = plain.number(source.goal(index), "nats/token")
        if source.evaluation.unreachable[index]:
            floor = plain.number(source.evaluation.value("L_opt", index), "nats/token")
            return plain.say("summary.unreachable", target=target, irreducible=floor)
        told = source.answers[index].findings[0].message
        return plain.say("terms.no_plan_why", why=plain.message(told, units=told_units(told)))

    def _what_to_do(self, index: int) -> str:
        """The decisions and what they reach."""
        source, plain = self.source, self.words.plain
        results = source.answers[index].results
        amounts = {
            "parameters": plain.quantity(results[f"{self.study.size}_opt"].value, "parameter"),
            "tokens": plain.quantity(results[f"{self.study.tokens}_opt"].value, "token"),
            "ratio": plain.number(results["tokens_per_parameter"].value, digits=3),
            "loss": plain.number(results["L_opt"].value, "nats/token"),
        }
        if source.minimises_loss:
            return plain.say("summary.do", **amounts)
        if source.plan.objective == "minimize cost":
            return plain.say("summary.reach", **amounts, compute=self.words.amount(results["cost"].value, "USD", 3))
        return plain.say("summary.reach", **amounts, compute=plain.quantity(results["C_total"].value, "FLOP"))

    def _data(self, index: int) -> str:
        """What is done with the data."""
        plain, answer = self.words.plain, self.source.answers[index]
        if not self.study.tiers(index):
            return ""
        if not answer.tiers:
            epochs = plain.number(answer.results["epochs"].value, digits=3)
            return plain.say("terms.tell_epochs", epochs=epochs)
        used = [
            plain.say("terms.tell_tier", name=plain.name(tier.name), epochs=plain.number(tier.epochs, digits=3),
                      tokens=plain.quantity(tier.tokens, "token"))
            for tier in answer.tiers if tier.epochs > _UNUSED
        ]  # fmt: skip
        idle = [plain.name(tier.name) for tier in answer.tiers if tier.epochs <= _UNUSED]
        text = plain.say("terms.tell_tiers", tiers=plain.join(used))
        return plain.sentences([text, plain.say("terms.tell_idle", tiers=plain.join(idle)) if idle else ""])

    def _takes(self, index: int) -> str:
        """Compute, time, money and energy."""
        plain, results = self.words.plain, self.source.answers[index].results
        names = [name for name in ("C_total", "time", "cost", "energy") if name in results]
        texts = [self.words.amount(results[name].value, results[name].unit, 3) for name in names]
        return plain.say("terms.tell_takes", amounts=plain.join(texts))

    def _binds(self, index: int) -> str:
        """Which limits bind."""
        plain, binding = self.words.plain, self.source.answers[index].binding
        if not binding:
            return plain.say("terms.nothing_binds") if self.study.uses[index] else ""
        limits = plain.join([plain.say(f"limit.{name}") for name in binding])
        return plain.say("summary.binds_one" if len(binding) == 1 else "summary.binds_many", limits=limits)

    def _next(self, index: int) -> str:
        """What to buy next: the limit of which 1 % more is worth most, and the tier to add data to."""
        uses = [use for use in self.study.uses[index] if use.price != 0]
        first = self._limit(index, uses[0]) if uses else ""
        best = self._best(index)
        return self.words.plain.sentences([first, self.tier(index, best) if best else ""])

    def _best(self, index: int) -> MoreData | None:
        """The tier of which more tokens are worth most; None where they are worth nothing."""
        found = [gain for gain in self.study.more_data[index] if gain.share > _UNUSED]
        return max(found, key=lambda gain: gain.share, default=None)

    def limits(self, index: int) -> list[str]:
        """The section's sentences on a scenario: limits in order of their worth, then data, then what is unspent."""
        plain = self.words.plain
        uses = self.study.uses[index]
        binding = [use for use in uses if use.price != 0]
        parts = [self._limit(index, use) for use in binding] or [plain.say("terms.nothing_binds")]
        gains = [self.tier(index, gain) for gain in self.study.more_data[index] if gain.share > _UNUSED]
        idle = [gain for gain in self.study.more_data[index] if gain.share <= _UNUSED and gain.tier]
        if idle:
            names = plain.join([plain.name(gain.tier) for gain in idle])
            gains.append(plain.say("terms.tell_tier_nothing", more=self._more(), tiers=names))
        left = [
            plain.say("terms.left_of", share=plain.percent(use.left, 3), limit=plain.say(f"limit.{use.name}"))
            for use in uses if use.name != "data" and use.price == 0 and use.left > _LEFT
        ]  # fmt: skip
        spare = plain.say("terms.tell_left", limits=plain.join(left)) if left else ""
        return [text for text in (*parts, *gains, spare) if text]

    def _limit(self, index: int, use: LimitUse) -> str:
        """What 1 % more of a limit is worth."""
        plain = self.words.plain
        what = self.words.yardstick(self.study, index)
        worth = self.words.worth(use.equivalent / 100, use.usd, what, self.source.minimises_loss)
        args = {"limit": plain.say(f"limit.{use.name}"), "value": plain.cost(-use.price, "nats/token")}
        if not self.source.minimises_loss:
            return plain.say("terms.tell_saves", limit=args["limit"], worth=worth)
        if use.equivalent == 1:
            if use.usd is None or use.name == "money":
                return plain.say("terms.tell_limit_own", **args)
            return plain.say("terms.tell_limit_usd", **args, usd=self.words.amount(use.usd, "USD", 2))
        return plain.say("terms.tell_limit", **args, worth=worth)

    def tier(self, index: int, gain: MoreData) -> str:
        """What more unique tokens would be worth."""
        plain = self.words.plain
        name = plain.say("terms.of_tier", name=plain.name(gain.tier)) if gain.tier else ""
        what = self.words.yardstick(self.study, index)
        worth = self.words.worth(gain.share, gain.usd, what, self.source.minimises_loss)
        if not self.source.minimises_loss:
            return plain.say("terms.tell_tier_saves", more=self._more(), tier=name, worth=worth)
        value = plain.cost(-gain.loss, "nats/token")
        return plain.say("terms.tell_tier_more", more=self._more(), tier=name, value=value, worth=worth)

    def _more(self) -> str:
        """So many tokens more."""
        return self.words.plain.number(MORE_TOKENS, "token")

    def _table(self) -> Table | None:
        """All scenarios, a row each."""
        source, plain = self.source, self.words.plain
        shown = [f"{z}_opt" for z in source.model.decisions] + ["L_opt"]
        spent = [name for name in ("C_total", "time", "cost") if any(name in a.results for a in source.answers)]
        columns = [
            Column(plain.say("report.scenario"), "left"),
            *(Column(head_of(source, plain, number)) for number in range(2)),
            Column(plain.say("report.loss")),
            *(Column(plain.say(f"terms.{name}")) for name in spent),
            Column(plain.say("report.binds"), "left"),
            Column(plain.say("terms.buy_next"), "left"),
        ]
        rows = []
        for index, answer in enumerate(source.answers):
            results = answer.results
            texts = [
                plain.number(results[name].value, results[name].unit, 4 if name == "L_opt" else 3)
                if name in results else plain.number(None) for name in shown
            ]  # fmt: skip
            texts += [
                self.words.amount(results[name].value, results[name].unit, 3) if name in results else plain.number(None)
                for name in spent
            ]
            worth = self._cell(index) if source.has_plan(index) else plain.number(None)
            rows.append([plain.name(answer.name), *texts, binding_cell(source, plain, answer), worth])
        return build_table(columns, rows)

    def _cell(self, index: int) -> str:
        """What to buy next, in a cell of a table."""
        plain = self.words.plain
        uses = [use for use in self.study.uses[index] if use.price != 0]
        texts = [plain.say(f"limit.{uses[0].name}")] if uses else []
        best = self._best(index)
        if best is not None and best.tier:
            texts.append(plain.message(Message("terms.data_of", {"name": best.tier})))
        return plain.say("document.comma").join(texts) or plain.number(None)
