"""The summary of a report: each scenario in words or, where there are many, in a row, and what holds of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flopsheet.derive.claims import ClaimVerdict
from flopsheet.document.naming import binding_cell, head_of, name_of, unit_of
from flopsheet.document.source import ReportSource
from flopsheet.document.stakes import HALF, TWICE, Scale
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.view_claims import claim_values, misses_budget
from flopsheet.document.view_scenario import Teller
from flopsheet.document.view_tables import head_of_result
from flopsheet.document.words import Words
from flopsheet.model.law_model import GivenInput

#: So many scenarios are told one by one; more are a table, with words for those that differ.
TOLD_ONE_BY_ONE = 3


@dataclass(frozen=True)
class Summary:
    """The summary: a table where there are many scenarios, sentences per scenario, sentences on all."""

    table: Table | None
    scenarios: tuple[str, ...]
    overall: tuple[str, ...]


def build_summary(source: ReportSource, words: Words, scale: Scale) -> Summary:
    """The summary of a report."""
    teller = Teller(source, words, scale)
    overall = _Overall(source, words, scale, teller)
    indices = range(len(source.answers))
    if len(source.answers) <= TOLD_ONE_BY_ONE:
        return Summary(None, tuple(teller.tell(index) for index in indices), tuple(overall.remarks()))
    special = tuple(teller.tell(index, brief=True) for index in indices if teller.is_special(index))
    return Summary(overall.table(), special, (*overall.stakes(), *overall.remarks()))


@dataclass(frozen=True)
class _Overall:
    """Tells what holds of all scenarios together."""

    source: ReportSource
    words: Words
    scale: Scale
    teller: Teller

    def table(self) -> Table | None:
        """All scenarios, a row each."""
        source, words = self.source, self.words
        decisions = [head_of(source, words, number) for number in range(2)]
        thirds = [head_of_result(source, words, f"{given.name}_opt") for given in self._thirds()]
        columns = [
            Column(words.say("report.scenario"), "left"),
            *(Column(head) for head in (*thirds, *decisions)),
            Column(words.say("report.loss")),
            *([] if source.minimises_loss else [Column(words.say("report.compute"))]),
            Column(words.say("report.tokens_per_parameter")),
            Column(words.say("report.binds"), "left"),
            Column(words.say("report.one_percent_more")),
            Column(words.say("report.half_or_twice", what=name_of(source, words, 0))),
        ]
        return build_table(columns, [self._row(index) for index in range(len(source.answers))])

    def _row(self, index: int) -> list[str]:
        """The row of a scenario in the summary's table."""
        source, words = self.source, self.words
        answer = source.answers[index]
        amounts = answer.results
        shown = {
            key: words.number(amounts[key].value, amounts[key].unit, digits) if key in amounts else words.number(None)
            for key, digits in self._shown_results()
        }
        ratio = amounts.get("tokens_per_parameter")
        has_ratio = any("tokens_per_parameter" in other.results for other in source.answers)
        worth = answer.shadow_prices.get("compute")
        return [
            words.name(answer.name),
            *shown.values(),
            words.number(ratio.value if ratio else None, digits=3) if has_ratio else "",
            binding_cell(source, words, answer),
            words.change(worth.value, 2) if worth else "",
            self._wrong_cell(index),
        ]

    def _shown_results(self) -> list[tuple[str, int]]:
        """The results in the table, with their digits."""
        thirds = [(f"{given.name}_opt", 3) for given in self._thirds()]
        found = [*thirds, *((f"{z}_opt", 3) for z in self.source.model.decisions), ("L_opt", 4)]
        return found if self.source.minimises_loss else [*found, ("C_total", 3)]

    def _thirds(self) -> list[GivenInput]:
        """What the law leaves to be chosen beside its two decisions."""
        return [given for given in self.source.model.inputs.values() if given.is_chosen]

    def _wrong_cell(self, index: int) -> str:
        """What half and twice the optimum cost, where no cap decides."""
        words = self.words
        if self.teller.is_special(index):
            return words.number(None)
        stakes = [self.scale.wrong_size(index, factor) for factor in (HALF, TWICE)]
        if self.source.minimises_loss:
            texts = [words.change(stake.loss, 2) if stake else words.number(None) for stake in stakes]
        else:
            texts = [words.number(None) if stake is None else f"+{words.percent(stake.compute)}" for stake in stakes]
        return " / ".join(texts)

    def stakes(self) -> Iterator[str]:
        """What being wrong costs where no cap decides, and what each strategy costs, over all scenarios."""
        source, words = self.source, self.words
        plain = [index for index in range(len(source.answers)) if not self.teller.is_special(index)]
        stakes = [s for index in plain for factor in (HALF, TWICE) if (s := self.scale.wrong_size(index, factor))]
        if stakes:
            key = "summary.wrong_over" if source.minimises_loss else "summary.wrong_compute_over"
            if source.minimises_loss and not all(stake.is_weighed for stake in stakes):
                key = "summary.wrong_over_in_loss"
            value = words.span([stake.loss for stake in stakes], "nats/token")
            share = words.span([stake.compute for stake in stakes], "%")
            yield words.say(key, what=name_of(source, words, 0), value=value, share=share)
        for strategy in source.plan.strategies:
            reached = [
                self.scale.reached(index, answer.strategies[strategy.name].loss)
                for index, answer in enumerate(source.answers)
                if strategy.name in answer.strategies
            ]
            if reached:
                yield self.teller.strategy_over(reached, strategy.name)

    def remarks(self) -> Iterator[str]:
        """What a reader must know beside the plans: range of the law, refuted claims, broken expectations."""
        yield from self._ranked()
        outside = self._outside()
        if outside:
            yield outside
        yield from self._claims()
        yield from self._broken()

    def _ranked(self) -> Iterator[str]:
        """Which of several strategies is best and which worst, where every scenario says the same."""
        ends = set()
        for answer in self.source.answers:
            losses = {name: strategy.loss for name, strategy in answer.strategies.items()}
            if len(losses) > 2:
                ends.add((min(losses, key=losses.__getitem__), max(losses, key=losses.__getitem__), len(losses)))
        if len(ends) == 1:
            best, worst, count = ends.pop()
            names = {"best": self.words.name(best), "worst": self.words.name(worst)}
            yield self.words.say("summary.strategies_ranked", count=str(count), **names)

    def _outside(self) -> str:
        """How many scenarios lie outside the range in which the law was fitted."""
        source, words = self.source, self.words
        if source.model.law.fitted_range is None:
            return words.say("summary.range_not_stated")
        outside = [a.name for a in source.answers if any(finding.code == "extrapolation" for finding in a.findings)]
        if not outside:
            return ""
        if len(outside) == len(source.answers):
            return words.say("summary.outside_all")
        return words.say("summary.outside", scenarios=words.join([words.name(name) for name in outside]))

    def _claims(self) -> list[str]:
        """The refuted claims, in a sentence each."""
        return [self._refuted(verdict) for verdict in self.source.solution.claims if verdict.verdict == "refuted"]

    def _refuted(self, verdict: ClaimVerdict) -> str:
        """What is wrong with a claim: that it does not spend the budget, else the figure it gets wrong."""
        words = self.words
        args = {
            "name": words.name(verdict.claim.name),
            "amount": words.quantity(verdict.numbers[self.source.model.amount.name], "FLOP"),
        }
        claimed, best = verdict.claimed, verdict.best
        if claimed and best and misses_budget(claimed, best):
            shown = [words.number(side.loss, "nats/token") for side in (claimed, best)]
            share = words.percent(claimed.share_spent, 3)
            return words.say("summary.claim_costs", **args, share=share, claimed=shown[0], best=shown[1])
        first = verdict.stated[0].left.name
        wrong, right = (words.number(value, unit_of(self.source, first)) for value in claim_values(verdict)[first])
        return words.say("summary.claim_wrong", **args, quantity=words.code(first), claimed=wrong, right=right)

    def _broken(self) -> list[str]:
        """The expectations that do not hold, in a sentence each."""
        words = self.words
        return [
            words.say(
                "summary.expectation_broken",
                name=words.code(verdict.expectation.name),
                scenario=words.name(verdict.scenario),
                value=words.number(verdict.value, unit_of(self.source, verdict.expectation.name)),
            )
            for verdict in self.source.solution.expectations
            if not verdict.holds
        ]
