"""Findings about laws: constants printed too short, what a law counts, and what keeps two laws from comparing."""

from __future__ import annotations

from functools import reduce

from flopsheet.evaluate.findings import Finding
from flopsheet.messages import Arguments, Message, Translated
from flopsheet.plan.plan import NOT_STATED, Law, Plan, Scenario

# Strategies whose number is measured in parameters.
_IN_PARAMETERS = ("parameters", "tokens_per_parameter")
# What `parameters` of a law may count besides all of them.
_PARTIAL = ("non_embedding", "active", "non_zero")


def list_law_findings(law: Law, plan: Plan, scenario: Scenario) -> tuple[Finding, ...]:
    """What a reader must know about the law of a scenario that has results."""
    return (*_rounded(law, scenario), *_partial_parameters(law, plan, scenario), *_partial_memory(law, scenario))


def _rounded(law: Law, scenario: Scenario) -> tuple[Finding, ...]:
    """That the law's constants have too few digits, unless the plan sets all of them itself."""
    own = {key.removeprefix("constants.") for key in scenario.inputs if key.startswith("constants.")}
    if not law.about.rounded or own >= set(law.constants):
        return ()
    args: Arguments = {"law": law.name, "text": Translated(law.about.rounded)}
    return (Finding("rounded_constants", Message("finding.rounded_constants", args)),)


def _partial_parameters(law: Law, plan: Plan, scenario: Scenario) -> tuple[Finding, ...]:
    """What a cap or a strategy in parameters counts, where the law does not count all of them."""
    counted = law.about.parameters
    if counted not in _PARTIAL:
        return ()
    cap = scenario.inputs.get("caps.parameters")
    capped = cap is not None and cap.value is not None
    fixed = any(strategy.kind in _IN_PARAMETERS for strategy in plan.strategies)
    if not capped and not fixed:
        return ()
    subject = "cap_and_strategies" if capped and fixed else "cap" if capped else "strategies"
    args: Arguments = {
        "law": law.name,
        "counted": Message(f"about.{counted}"),
        "subject": Message(f"finding.counted_{subject}"),
    }
    return (Finding("parameters_differ", Message("finding.parameters_counted", args)),)


def _partial_memory(law: Law, scenario: Scenario) -> tuple[Finding, ...]:
    """That a limit on memory leaves room for the counted parameters alone, where the law does not count all of them."""
    counted, cap = law.about.parameters, scenario.inputs.get("caps.memory")
    if counted not in _PARTIAL or cap is None or cap.value is None:
        return ()
    args: Arguments = {"law": law.name, "counted": Message(f"about.{counted}")}
    return (Finding("parameters_differ", Message("finding.memory_counted", args)),)


def tell_about(law: Law) -> tuple[tuple[Message, Message | str], ...]:
    """Label and text of what the law's sizes count, its training data, tokenizer and kind of loss, as far as said."""
    about = law.about
    counted = None if about.parameters in {None, NOT_STATED} else Message(f"about.{about.parameters}")
    texts = {
        "parameters": counted or about.parameters,
        "data": about.data,
        "tokenizer": about.tokenizer,
        "loss": about.loss,
    }
    return tuple(
        (Message(f"about.{key}"), Message("report.not_stated") if text == NOT_STATED else text)
        for key, text in texts.items()
        if text is not None
    )


def compare_laws(first: Law, second: Law) -> tuple[Finding, ...]:
    """What keeps the numbers of two laws from being compared as they stand.

    What sizes count, the training set, the tokenizer and the kind of loss; one finding for each that differs
    (`parameters_differ`, `data_differs`, `tokenizer_differs`, `loss_differs`), and one (`comparison_not_stated`)
    for each law that does not state all of them.
    """
    one, other = first.about, second.about
    names = {"first": first.name, "second": second.name}
    found = []
    if _differ(one.parameters, other.parameters):
        counts = {"of_first": Message(f"about.{one.parameters}"), "of_second": Message(f"about.{other.parameters}")}
        found.append(Finding("parameters_differ", Message("finding.parameters_differ", {**names, **counts})))
    for code in ("data", "tokenizer"):
        values = (getattr(one, code), getattr(other, code))
        if _differ(*values):
            args = {**names, "of_first": str(values[0]), "of_second": str(values[1])}
            found.append(Finding(f"{code}_differs", Message(f"finding.{code}_differs", args)))
    if one.loss != other.loss and NOT_STATED not in {one.loss, other.loss}:
        losses = {"of_first": _loss(one.loss), "of_second": _loss(other.loss)}
        found.append(Finding("loss_differs", Message("finding.loss_differs", {**names, **losses})))
    return (*found, *_not_stated(first), *_not_stated(second))


def _differ(one: str | None, other: str | None) -> bool:
    """Whether both are stated, and not the same."""
    return one != other and not {None, NOT_STATED} & {one, other}


def _loss(loss: str | None) -> str | Message:
    """The kind of a loss in words."""
    return Message("about.plain_loss") if loss is None else loss


def _not_stated(law: Law) -> tuple[Finding, ...]:
    """What a law leaves open that a comparison needs. A law without sizes need not say what they count."""
    about = law.about
    open_ends = [key for key in ("data", "tokenizer") if getattr(about, key) in {None, NOT_STATED}]
    has_sizes = any(decision.role == "parameters" for decision in law.decisions.values())
    if about.parameters == NOT_STATED or (has_sizes and about.parameters is None):
        open_ends.insert(0, "parameters")
    if about.loss == NOT_STATED:
        open_ends.append("loss")
    if not open_ends:
        return ()
    parts = [Message(f"about.open_{key}") for key in open_ends]
    what = reduce(lambda one, two: Message("about.joined", {"one": one, "two": two}), parts)
    args: Arguments = {"law": law.name, "what": what}
    return (Finding("comparison_not_stated", Message("finding.comparison_not_stated", args)),)
