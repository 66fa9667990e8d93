"""A scenario in words: what to do, what binds, what that is worth, what it costs to be wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flopsheet.document.latex import inline_latex
from flopsheet.document.latex_names import latex_name
from flopsheet.document.naming import describe_caps, is_capped, name_of
from flopsheet.document.source import ReportSource
from flopsheet.document.stakes import HALF, TWICE, Scale, Stake
from flopsheet.document.words import Words
from flopsheet.evaluate.answers import ShadowPrice
from flopsheet.model.inputs import list_limits

_ROLES = {"parameters", "tokens"}


@dataclass(frozen=True)
class Teller:
    """Puts the scenarios of a report into words."""

    source: ReportSource
    words: Words
    scale: Scale

    def is_special(self, index: int) -> bool:
        """Whether a scenario needs words beside its row: a cap binds, or there is no plan."""
        return not self.source.has_plan(index) or is_capped(self.source, index)

    def tell(self, index: int, *, brief: bool = False) -> str:
        """A scenario in a few sentences; `brief` leaves out what its row of the table says."""
        source, words = self.source, self.words
        answer = source.answers[index]
        head = words.say("summary.head", scenario=words.name(answer.name))
        if not source.has_plan(index):
            return head + self._no_plan(index)
        parts = [] if brief else [self._what_to_do(index)]
        parts += [self._what_binds(index), *self._worth(index), self._caps_cost(index)]
        if not brief and not is_capped(source, index):
            parts += [self._wrong(index), *(self._strategy(index, name) for name in answer.strategies)]
        return head + words.sentences(parts)

    def _no_plan(self, index: int) -> str:
        """Why a scenario has no plan."""
        source, words = self.source, self.words
        if source.answers[index].status == "not_converged":
            return words.say("summary.not_converged")
        if source.minimises_loss:
            budget, fixed = source.goal(index), source.evaluation.value("C_fixed", index)
            amounts = {"budget": budget, "fixed": fixed, "shortfall": fixed - budget}
            return words.say("summary.unpaid", **{key: words.quantity(n, "FLOP") for key, n in amounts.items()})
        target = words.number(source.goal(index), "nats/token")
        if source.evaluation.unreachable[index]:
            floor = words.number(source.evaluation.value("L_opt", index), "nats/token")
            return words.say("summary.unreachable", target=target, irreducible=floor)
        finding = next(each for each in source.answers[index].findings if each.code == "infeasible")
        best = words.number(float(str(finding.message.args["best"])), "nats/token")
        caps = describe_caps(source, words, finding.limits, index)
        return words.say("summary.infeasible", target=target, best=best, caps=caps)

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
        if source.minimises_loss and source.evaluation.value("compute_is_slack", index):
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
        args = {"limit": words.say(f"limit.{name}"), "value": words.cost(-price.value, "nats/token")}
        if name == "compute":
            return words.say("summary.worth", **args)
        if math.isinf(price.equivalent_compute):
            return words.say("summary.worth_beyond_compute", **args)
        share = words.cost(price.equivalent_compute / 100, "%")
        return words.say("summary.worth_in_compute", **args, compute=share)

    def _caps_cost(self, index: int) -> str:
        """What the caps cost against the same budget, or the same loss, without them."""
        stake = self.scale.caps(index)
        if stake is None:
            return ""
        words = self.words
        if not self.source.minimises_loss:
            return words.say("summary.caps_cost_compute", factor=words.number(1 + stake.compute, digits=2))
        value, share = words.cost(stake.loss, "nats/token"), words.cost(stake.compute, "%")
        key = "summary.caps_cost" if stake.is_weighed else "summary.caps_cost_in_loss"
        return words.say(key, value=value, share=share)

    def _wrong(self, index: int) -> str:
        """What half and twice the optimum of the first decision cost."""
        words = self.words
        stakes = [self.scale.wrong_size(index, factor) for factor in (HALF, TWICE)]
        half, twice = stakes
        what = name_of(self.source, words, 0)
        if self.source.minimises_loss and half and twice:
            losses = [words.number(stake.loss, "nats/token", 2) for stake in (half, twice)]
            shares = [words.percent(stake.compute) for stake in (half, twice)]
            args = {"what": what, "half": losses[0], "twice": losses[1]}
            if not (half.is_weighed and twice.is_weighed):
                return words.say("summary.wrong_in_loss", **args)
            if shares[0] == shares[1]:
                return words.say("summary.wrong_either_way", **args, share=shares[0])
            return words.say("summary.wrong", **args, half_share=shares[0], twice_share=shares[1])
        if self.source.minimises_loss and half:
            value, share = words.number(half.loss, "nats/token", 2), words.percent(half.compute)
            return words.say("summary.wrong_half", what=what, half=value, share=share)
        more = [words.say("summary.impossible") if s is None else words.percent(s.compute) for s in stakes]
        return words.say("summary.wrong_compute", what=what, half=more[0], twice=more[1])

    def _strategy(self, index: int, name: str) -> str:
        """A strategy against the optimum of the same compute."""
        stake = self.scale.reached(index, self.source.answers[index].strategies[name].loss)
        return self.strategy_over([stake], name)

    def strategy_over(self, stakes: Sequence[Stake], name: str) -> str:
        """A strategy against the optimum, over one scenario or several."""
        words = self.words
        value = words.span([stake.loss for stake in stakes], "nats/token")
        share = words.span([stake.compute for stake in stakes], "%")
        key = "summary.against" if all(stake.is_weighed for stake in stakes) else "summary.against_in_loss"
        return words.say(key, name=words.name(name), value=value, share=share)
