"""The summary in words: what to do, what binds and what it is worth, what it costs to be wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flopsheet.document.latex import inline_latex
from flopsheet.document.latex_names import latex_name
from flopsheet.document.source import ReportSource
from flopsheet.document.stakes import HALF, TWICE, Scale, Stake
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.words import Words
from flopsheet.evaluate.answers import Answer, ShadowPrice
from flopsheet.model.inputs import list_limits

#: So many scenarios are told one by one; more are a table, with words for those that differ.
TOLD_ONE_BY_ONE = 3
_ROLES = {"parameters", "tokens"}


@dataclass(frozen=True)
class Summary:
    """The summary: a table where there are many scenarios, sentences per scenario, sentences on all."""

    table: Table | None
    scenarios: tuple[str, ...]
    overall: tuple[str, ...]


def build_summary(source: ReportSource, words: Words, scale: Scale) -> Summary:
    """The summary of a report."""
    teller = _Teller(source, words, scale)
    told = range(len(source.answers))
    if len(source.answers) <= TOLD_ONE_BY_ONE:
        return Summary(None, tuple(teller.tell(index) for index in told), teller.overall(detailed=False))
    special = tuple(teller.tell(index, brief=True) for index in told if teller.is_special(index))
    return Summary(teller.table(), special, teller.overall(detailed=True))


@dataclass(frozen=True)
class _Teller:
    """Puts scenarios into words."""

    source: ReportSource
    words: Words
    scale: Scale

    def is_special(self, index: int) -> bool:
        """Whether a scenario needs words beside its row: a cap binds, or there is no plan."""
        return not self.source.has_plan(index) or bool(set(self.source.answers[index].binding) - {"compute"})

    def tell(self, index: int, *, brief: bool = False) -> str:
        """A scenario in a few sentences; `brief` leaves out what its row of the table says."""
        source, words = self.source, self.words
        answer = source.answers[index]
        head = words.say("summary.head", scenario=words.name(answer.name))
        if not source.has_plan(index):
            return head + self._no_plan(index)
        parts = [] if brief else [self._what_to_do(index)]
        parts += [self._what_binds(index), *self._worth(index), self._caps_cost(index)]
        if not brief and not set(answer.binding) - {"compute"}:
            parts += [self._wrong(index), *(self._strategy(index, name) for name in answer.strategies)]
        return head + words.sentences(parts)

    def _no_plan(self, index: int) -> str:
        """Why a scenario has no plan."""
        source, words = self.source, self.words
        if source.answers[index].status == "not_converged":
            return words.say("summary.not_converged")
        target = words.number(source.goal(index), "nats/token")
        if source.evaluation.unreachable[index]:
            floor = words.number(source.evaluation.value("L_opt", index), "nats/token")
            return words.say("summary.unreachable", target=target, irreducible=floor)
        best = words.number(source.evaluation.value("L_at_caps", index), "nats/token")
        return words.say("summary.infeasible", target=target, best=best, caps=describe_caps(source, words, index))

    def _what_to_do(self, index: int) -> str:
        """The decisions and what they reach."""
        source, words = self.source, self.words
        results = source.answers[index].results
        loss = words.number(results["L_opt"].value, "nats/token")
        compute = words.quantity(results["C_total"].value, "FLOP")
        roles = {source.model.decision(z).role: z for z in source.model.decisions}
        kind = "do" if source.minimises_loss else "reach"
        if not roles.keys() >= _ROLES:
            choices = [self._choice(index, number) for number in range(len(source.model.decisions))]
            return words.say(
                f"summary.{kind}_generic", choices=words.say("document.comma").join(choices), loss=loss, compute=compute
            )
        amounts = {
            str(role): words.quantity(results[f"{z}_opt"].value, source.model.decision(z).unit)
            for role, z in roles.items()
        }
        ratio = words.number(results["tokens_per_parameter"].value, digits=3)
        return words.say(f"summary.{kind}", **amounts, ratio=ratio, loss=loss, compute=compute)

    def _choice(self, index: int, number: int) -> str:
        """A decision without a role, as symbol = amount."""
        z = self.source.model.decisions[number]
        amount = self.source.answers[index].results[f"{z}_opt"]
        name = inline_latex(latex_name(z.name))
        return self.words.say("summary.choice", name=name, value=self.words.quantity(amount.value, amount.unit))

    def _what_binds(self, index: int) -> str:
        """Which limits bind, and what of the budget they leave."""
        source, words = self.source, self.words
        binding = source.answers[index].binding
        if not binding:
            declared = any(source.table.is_set(limit.key, index) for limit in list_limits(source.model))
            return words.say("summary.nothing_binds") if declared else ""
        limits = words.join([words.say(f"limit.{name}") for name in binding])
        text = words.say("summary.binds_one" if len(binding) == 1 else "summary.binds_many", limits=limits)
        if source.minimises_loss and "compute" not in binding:
            left = source.evaluation.value("slack_compute", index)
            text = words.sentences([text, words.say("summary.left_over", share=words.percent(left))])
        return text

    def _worth(self, index: int) -> list[str]:
        """What one per cent more of each binding limit changes."""
        prices = self.source.answers[index].shadow_prices
        return [self._price(name, prices[name]) for name in self.source.answers[index].binding]

    def _price(self, name: str, price: ShadowPrice) -> str:
        """One limit's worth, in loss and, for a cap, in compute."""
        words = self.words
        args = {"limit": words.say(f"limit.{name}"), "value": words.number(-price.value, "nats/token", 2)}
        if name == "compute":
            return words.say("summary.worth", **args)
        if math.isinf(price.equivalent_compute):
            return words.say("summary.worth_beyond_compute", **args)
        share = words.percent(price.equivalent_compute / 100)
        return words.say("summary.worth_in_compute", **args, compute=share)

    def _caps_cost(self, index: int) -> str:
        """What the caps cost against the same budget, or the same loss, without them."""
        stake = self.scale.caps(index)
        if stake is None:
            return ""
        words = self.words
        if not self.source.minimises_loss:
            return words.say("summary.caps_cost_compute", factor=words.number(1 + stake.compute, digits=2))
        value, share = words.number(stake.loss, "nats/token", 3), words.percent(stake.compute)
        return words.say("summary.caps_cost", value=value, share=share)

    def _wrong(self, index: int) -> str:
        """What half and twice the optimum of the first decision cost."""
        words = self.words
        stakes = [self.scale.wrong_size(index, factor) for factor in (HALF, TWICE)]
        half, twice = stakes
        what = self.what()
        if self.source.minimises_loss and half and twice:
            losses = [words.number(stake.loss, "nats/token", 2) for stake in (half, twice)]
            shares = [words.percent(stake.compute) for stake in (half, twice)]
            args = {"what": what, "half": losses[0], "twice": losses[1]}
            if shares[0] == shares[1]:
                return words.say("summary.wrong_either_way", **args, share=shares[0])
            return words.say("summary.wrong", **args, half_share=shares[0], twice_share=shares[1])
        more = [words.say("summary.impossible") if s is None else words.percent(s.compute) for s in stakes]
        return words.say("summary.wrong_compute", what=what, half=more[0], twice=more[1])

    def what(self) -> str:
        """What the first decision is called."""
        z = self.source.model.decisions[0]
        role = self.source.model.decision(z).role
        return self.words.say(f"role.{role}") if role else inline_latex(latex_name(z.name))

    def _strategy(self, index: int, name: str) -> str:
        """A strategy against the optimum of the same compute."""
        stake = self.scale.reached(index, self.source.answers[index].strategies[name].loss)
        return self._strategy_over([stake], name)

    def _strategy_over(self, stakes: Sequence[Stake], name: str) -> str:
        """A strategy against the optimum, over one scenario or several."""
        words = self.words
        value = words.span([stake.loss for stake in stakes], "nats/token")
        share = words.span([stake.compute for stake in stakes], "%")
        return words.say("summary.against", name=words.name(name), value=value, share=share)

    def table(self) -> Table | None:
        """All scenarios, a row each."""
        source, words = self.source, self.words
        decisions = [head_of(source, words, number) for number in range(2)]
        columns = [
            Column(words.say("report.scenario"), "left"),
            *(Column(head) for head in decisions),
            Column(words.say("report.loss")),
            *([] if source.minimises_loss else [Column(words.say("report.compute"))]),
            Column(words.say("report.tokens_per_parameter")),
            Column(words.say("report.binds"), "left"),
            Column(words.say("report.one_percent_more")),
            Column(words.say("report.half_or_twice", what=self.what())),
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
        found = [(f"{z}_opt", 3) for z in self.source.model.decisions] + [("L_opt", 4)]
        return found if self.source.minimises_loss else [*found, ("C_total", 3)]

    def _wrong_cell(self, index: int) -> str:
        """What half and twice the optimum cost, where no cap decides."""
        words = self.words
        if self.is_special(index):
            return words.number(None)
        stakes = [self.scale.wrong_size(index, factor) for factor in (HALF, TWICE)]
        if self.source.minimises_loss:
            texts = [words.change(stake.loss, 2) for stake in stakes if stake]
        else:
            texts = [words.number(None) if stake is None else f"+{words.percent(stake.compute)}" for stake in stakes]
        return " / ".join(texts)

    def overall(self, *, detailed: bool) -> tuple[str, ...]:
        """What is true of all scenarios together: being wrong, strategies, range of the law, claims."""
        parts = [*self._overall_stakes()] if detailed else []
        return (*(part for part in (*parts, self._outside(), *self._claims(), *self._broken()) if part),)

    def _overall_stakes(self) -> list[str]:
        """Being wrong and strategies, over all scenarios whose plan no cap decides."""
        source, words = self.source, self.words
        plain = [index for index in range(len(source.answers)) if not self.is_special(index)]
        stakes = [s for index in plain for factor in (HALF, TWICE) if (s := self.scale.wrong_size(index, factor))]
        found = []
        if stakes:
            key = "summary.wrong_over" if source.minimises_loss else "summary.wrong_compute_over"
            value = words.span([stake.loss for stake in stakes], "nats/token")
            share = words.span([stake.compute for stake in stakes], "%")
            found.append(words.say(key, what=self.what(), value=value, share=share))
        for strategy in source.plan.strategies:
            reached = [
                self.scale.reached(index, source.answers[index].strategies[strategy.name].loss)
                for index in plain
                if strategy.name in source.answers[index].strategies
            ]
            if reached:
                found.append(self._strategy_over(reached, strategy.name))
        return found

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
        words = self.words
        found = []
        for verdict in self.source.solution.claims:
            if verdict.verdict != "refuted":
                continue
            name = words.name(verdict.claim.name)
            if verdict.claimed is None or verdict.best is None:
                found.append(words.say("summary.claim_refuted", name=name))
                continue
            found.append(
                words.say(
                    "summary.claim_costs",
                    name=name,
                    share=words.percent(verdict.claimed.share_spent, 3),
                    claimed=words.number(verdict.claimed.loss, "nats/token"),
                    best=words.number(verdict.best.loss, "nats/token"),
                    amount=words.quantity(verdict.numbers[self.source.model.amount.name], "FLOP"),
                )
            )
        return found

    def _broken(self) -> list[str]:
        """The expectations that do not hold, in a sentence each."""
        words = self.words
        return [
            words.say(
                "summary.expectation_broken",
                name=words.code(verdict.expectation.name),
                scenario=words.name(verdict.scenario),
                value=words.number(verdict.value, self._unit(verdict.expectation.name)),
            )
            for verdict in self.source.solution.expectations
            if not verdict.holds
        ]

    def _unit(self, name: str) -> str | None:
        """The unit of a result or cell."""
        unit = self.source.graph[name].unit if name in self.source.graph else "1"
        return None if unit == "1" else unit


def describe_caps(source: ReportSource, words: Words, index: int) -> str:
    """The caps of a scenario with their values."""
    caps = [limit for limit in list_limits(source.model) if source.table.is_set(limit.key, index)]
    values = [source.evaluation.value(limit.key.replace(".", "_"), index) for limit in caps]
    return words.join([words.quantity(value, limit.unit) for limit, value in zip(caps, values, strict=True)])


def binding_cell(source: ReportSource, words: Words, answer: Answer) -> str:
    """What binds in a scenario, or why it has no plan."""
    index = source.answers.index(answer)
    if not source.has_plan(index):
        key = "unreachable" if source.evaluation.unreachable[index] else answer.status
        return words.say(f"status.{key}")
    if not answer.binding:
        return words.say("report.no_limit")
    return words.join([words.say(f"limit.{name}") for name in answer.binding])


def head_of(source: ReportSource, words: Words, number: int) -> str:
    """The head of a decision's column: its role, or its symbol."""
    z = source.model.decisions[number]
    role = source.model.decision(z).role
    return words.say(f"role.{role}_title") if role else words.name(z.name)
