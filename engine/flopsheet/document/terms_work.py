"""A plan under terms with its numbers put in: the size, the epochs, both sides of stationarity, loss and prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import sympy as sp

from flopsheet.derive.constrained.setting import EFFECTIVE, LEVEL, WORTH, Setting, build_setting, epochs_of
from flopsheet.derive.constrained.steps import (
    curve_of,
    data_multiplier,
    effective_size,
    gain_of_size,
    gain_of_tokens,
    goal_bound,
    growth_of,
    multiplier_of,
    part_of,
)
from flopsheet.derive.notation import Elasticity, LogSlope
from flopsheet.document.latex import render_latex, render_three_steps
from flopsheet.document.terms_study import Study
from flopsheet.document.view_worked import Worked
from flopsheet.document.words import Words
from flopsheet.evaluate.compile import evaluate_formulas
from flopsheet.model.cell import BEYOND_REACH, make_symbol
from flopsheet.model.supply import EPOCHS
from flopsheet.model.terms import declared_limits

# No name of a cell holds a blank.
_LEFT: Final = "left side"
_ROUNDING: Final = 1e-9


def work_out_terms(study: Study, words: Words, symbols: Mapping[str, str]) -> Worked | None:
    """The main formulas of the first scenario that has a plan, each as formula, numbers put in, and result."""
    if not study.planned:
        return None
    index = study.planned[0]
    source = study.source
    setting = build_setting(
        source.derivation, study.terms, declared_limits(source.plan), minimises_loss=source.minimises_loss
    )
    values = _numbers(study, setting, index)
    latex = []
    for position, (left, expr) in enumerate(_formulas(study, setting, values, index)):
        name = f"{_LEFT} {position}"
        named = {**symbols, name: render_latex(left, symbols=symbols, language=words.language)}
        result = evaluate_formulas({"value": expr}, values)["value"]
        latex.append(render_three_steps(name, expr, values, result, symbols=named, language=words.language))
    return Worked(words.name(source.answers[index].name), tuple(latex))


def _numbers(study: Study, setting: Setting, index: int) -> dict[str, float]:
    """A scenario's numbers by symbol name."""
    evaluation = study.source.evaluation
    found = {cell.id: evaluation.value(cell.id, index) for cell in study.source.graph
             if evaluation.exists(cell.id, index)}  # fmt: skip
    found |= {z.name: found[f"{z}_opt"] for z in setting.model.decisions}
    found |= {setting.model.level.name: found["L_opt"], setting.model.amount.name: found["C_total"]}
    found["D_effective"] = found.get("D_effective", found[setting.tokens.name])
    found["water_level"] = found.get("water_level", 1.0)
    for symbol, expr in (*setting.definitions.items(), (WORTH, effective_size(setting))):
        found[symbol.name] = evaluate_formulas({"value": expr}, found)["value"]
    return found


def _formulas(
    study: Study, setting: Setting, values: Mapping[str, float], index: int
) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Left sides and formulas, in the order of the derivation."""
    model, answer = setting.model, study.source.answers[index]
    tight = [bound for bound in setting.bounds if bound.name in answer.binding]
    yield from setting.definitions.items()
    if setting.minimises_loss:
        yield from ((setting.size, bound.size) for bound in tight)
    else:
        found = setting.derivation.interior.at_loss[setting.size].value
        yield setting.size, found.subs(setting.tokens, setting.effective())
    yield from _data(setting, values)
    if setting.effective_parameters:
        yield WORTH, effective_size(setting)
    beyond = values["size_one_pass"] < values[setting.size.name] if setting.effective_parameters else False
    growth = {Elasticity(WORTH, setting.size): growth_of(setting) if beyond else sp.S.One}
    size, tokens = (gain.xreplace(growth) for gain in (gain_of_size(setting), gain_of_tokens(setting)))
    yield -LogSlope(model.level, setting.size), size
    alone = tight if setting.minimises_loss else [goal_bound(setting)]
    if len(alone) == 1 and alone[0].trade not in {0, 1} and (setting.minimises_loss or not tight):
        trade = make_symbol("trade_wanted", positive=False)
        yield trade, alone[0].trade
        yield -trade * LogSlope(model.level, setting.size), size * alone[0].trade
    yield -LogSlope(model.level, setting.tokens), tokens
    if setting.minimises_loss:
        yield model.level, setting.whole_loss()
    parts = {bound.name: part_of(bound) for bound in setting.bounds}
    for bound in tight:
        if f"part_{bound.name}" in values:
            yield multiplier_of(bound.name), parts[bound.name] / bound.share
    data = data_multiplier(setting, [bound for bound in setting.bounds if bound in tight])
    if "data" in answer.binding and data is not None and setting.minimises_loss:
        yield multiplier_of("data"), data.xreplace({multiplier_of("tokens"): make_symbol("multiplier_tokens")})


def _data(setting: Setting, values: Mapping[str, float]) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """The epochs of the tiers that are repeated, and what all tiers add up to."""
    supply = setting.supply
    if supply is None or epochs_of(supply.tiers[0]).name not in values:
        return
    if not supply.is_named:
        yield epochs_of(supply.tiers[0]), setting.tokens / supply.tiers[0].unique
    elif not supply.endless:
        for tier in supply.tiers:
            if values[epochs_of(tier).name] > 1 + _ROUNDING:
                most = tier.epochs if values[str(tier.epochs)] < BEYOND_REACH else sp.oo
                yield epochs_of(tier), sp.Min(most, 1 + tier.decay * sp.log(tier.quality / LEVEL))
    if supply.loss_factor is not None:
        return
    parts = []
    for tier in supply.tiers:
        epochs = epochs_of(tier)
        worth = epochs if values[epochs.name] <= 1 or supply.endless else curve_of(tier)
        if supply.effective is not None:
            worth = supply.effective.subs(EPOCHS, epochs)
        parts.append(tier.quality * tier.unique * worth)
    yield EFFECTIVE, sp.Add(*parts)
