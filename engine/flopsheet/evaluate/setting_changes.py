"""What a plan says once and not by scenario: title, law with its constants, objective, what is compared and fitted."""

from __future__ import annotations

from flopsheet.errors import Place
from flopsheet.evaluate.solution import Solution
from flopsheet.model.literals import is_literal
from flopsheet.plan.changes import InputChange, Setting
from flopsheet.plan.plan import Law, Plan, Repetition

_Settings = dict[str, Setting]
# Two laws have ranges of their own: that the ranges differ says nothing more.
_RANGE = "law.fitted_range."


def list_setting_changes(old: Solution, new: Solution) -> tuple[InputChange, ...]:
    """Everything that is said once and differs, in the order of the new plan."""
    before, after = ({**_list_words(side), **_list_constants(side)} for side in (old, new))
    names = dict.fromkeys((*after, *before))
    if old.model.law.name != new.model.law.name:
        names = dict.fromkeys(name for name in names if not name.startswith(_RANGE))
    found = (InputChange(name, before.get(name), after.get(name)) for name in names)
    return tuple(each for each in found if _value(each.old) != _value(each.new))


def find_repetition(plan: Plan) -> Repetition | None:
    """What repeated data are worth in a plan, the same in all its scenarios that limit data; None where none does."""
    return next((s.repetition for s in plan.scenarios if s.repetition is not None), None)


def list_fitted(solution: Solution) -> dict[str, float]:
    """The constants that come from training runs."""
    fit = solution.fit
    return {} if fit is None else {name: solution.evaluation.value(name, 0) for name in fit.constants}


def _value(setting: Setting | None) -> float | str | None:
    """What a setting says."""
    return None if setting is None else setting.value


def _list_words(solution: Solution) -> _Settings:
    """The words of a plan, and what shapes its law."""
    plan, law = solution.plan, solution.model.law
    found = {
        "title": _word(plan.title),
        "law": _word(_name_law(plan, law), plan.law_place),
        "objective": _word(plan.objective, plan.places.get("objective")),
        "budget.covers": _word(plan.covers, plan.places.get("budget.covers")),
    }
    if plan.compare:
        found["compare"] = _word(", ".join(item.name for item in plan.compare), plan.compare[0].place)
    if plan.fit is not None:
        found["fit.runs"] = _word(plan.fit.runs, plan.fit.places.get("runs"))
    for name, decision in law.decisions.items():
        found[f"law.decisions.{name}"] = _word(decision.role or decision.unit, _shown(law, decision.place))
    for name, entry in law.inputs.items():
        choice = entry.candidates or entry.between
        text = f"{entry.source or f'inputs.{name}'} ({entry.unit})"
        if choice:
            text += f": {', '.join(f'{value:g}' for value in choice)}"
        found[f"law.inputs.{name}"] = _word(text, _shown(law, entry.place))
    for name, ends in (law.fitted_range or {}).items():
        found[f"{_RANGE}{name}"] = _word(f"{ends[0]:g} - {ends[1]:g}", _shown(law, law.place))
    return found


def _name_law(plan: Plan, law: Law) -> str:
    """A law as a plan names it."""
    return plan.law if isinstance(plan.law, str) else f"{law.name} (inline)"


def _list_constants(solution: Solution) -> _Settings:
    """The constants of the law and of what repeated data are worth, as their files have them or as they were fitted."""
    law, repetition = solution.model.law, find_repetition(solution.plan)
    fitted = list_fitted(solution)
    found = {
        f"law.constants.{name}": _number(constant.value, constant.unit, _shown(law, constant.place))
        for name, constant in law.constants.items()
        if name not in fitted and not is_literal(constant)
    }
    found |= {
        f"fit.constants.{name}": Setting(value, "1", f"{value:.6g}", None, follows=True)
        for name, value in fitted.items()
    }
    if repetition is not None:
        for name, constant in repetition.constants.items():
            place = None if repetition.origin == "library" else constant.place
            found[f"repetition.constants.{name}"] = _number(constant.value, constant.unit, place)
    return found


def _word(text: str, place: Place | None = None) -> Setting:
    """A setting in words."""
    return Setting(text, "", text, place)


def _number(value: float, unit: str | None, place: Place | None) -> Setting:
    """A setting that is a number."""
    return Setting(value, unit or "1", repr(value), place)


def _shown(law: Law, place: Place | None) -> Place | None:
    """A place in a file of the project; None for a law of the library."""
    return None if law.origin == "library" else place
