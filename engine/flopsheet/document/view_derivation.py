"""The derivation as a report shows it: steps, values put in, elasticities and the proof ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import product_form
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.notation import Elasticity, Multiplier, Optimal
from flopsheet.derive.proof import Proof, Step
from flopsheet.derive.regimes import Regime, find_caps
from flopsheet.document.latex import render_equations, render_latex, render_three_steps
from flopsheet.document.numbers import MAX_DIGITS, render_number
from flopsheet.document.source import ReportSource
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.words import Words, math_cell
from flopsheet.messages import render_message


@dataclass(frozen=True)
class StepView:
    """A step: its title and remark in words, its equations as one block of LaTeX."""

    title: str
    remark: str
    latex: str


@dataclass(frozen=True)
class Worked:
    """Formulas with a scenario's numbers put in."""

    scenario: str
    latex: tuple[str, ...]


def record_steps(derivation: Derivation, language: str = "en") -> list[dict[str, object]]:
    """The steps of a derivation as plain data: title, LaTeX of each equation, remark ("" for none)."""
    symbols = list_symbols(derivation.model)
    return [
        {
            "title": render_message(step.title, language),
            "latex": [render_equations([line], symbols=symbols, language=language) for line in step.equations],
            "remark": render_message(step.remark, language) if step.remark else "",
        }
        for step in derivation.steps
    ]


def list_steps(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> tuple[StepView, ...]:
    """The steps of a report's derivation, numbered by their order."""
    return tuple(_view_step(step, words, symbols) for step in source.derivation.steps)


def _view_step(step: Step, words: Words, symbols: Mapping[str, str]) -> StepView:
    """One step."""
    remark = words.message(step.remark, symbols=symbols) if step.remark else ""
    latex = render_equations(step.equations, symbols=symbols, language=words.language)
    return StepView(words.message(step.title, symbols=symbols), remark, latex)


def work_out(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> Worked | None:
    """The main results of the first scenario that has a plan, each as formula, numbers put in, and result."""
    index = next((index for index in range(len(source.answers)) if source.has_plan(index)), None)
    if index is None:
        return None
    model, answer = source.model, source.answers[index]
    values = _values(source, index)
    optimum, multipliers = _regime_formulas(source, index)
    lines = []
    for z in model.decisions:
        lines.append((z.name, optimum[z], answer.results[f"{z}_opt"].value))
    lines.append((model.level.name, model.loss, answer.results["L_opt"].value))
    if not source.minimises_loss:
        lines.insert(2, (model.amount.name, model.cost, answer.results["C_total"].value))
    found = [
        render_three_steps(name, expr, values, result, symbols=symbols, language=words.language)
        for name, expr, result in lines
    ]
    names = {symbol.name: render_latex(Multiplier(symbol), symbols=symbols) for symbol, _, _ in multipliers}
    found += [
        render_three_steps(symbol.name, expr, values, value, symbols={**symbols, symbol.name: names[symbol.name]})
        for symbol, expr, value in multipliers
    ]
    return Worked(words.name(answer.name), tuple(found))


def _values(source: ReportSource, index: int) -> dict[str, float]:
    """A scenario's numbers by symbol name: constants, budget or target, caps, and its decisions."""
    model, evaluation = source.model, source.evaluation
    values = {**source.constants(index), **{z.name: v for z, v in zip(model.decisions, source.optimum(index), strict=True)}}
    if source.minimises_loss:
        values[model.amount.name] = source.goal(index)
    else:
        values[model.level.name] = source.goal(index)
    for cap in find_caps(model).values():
        is_set = source.table.is_set(cap.key, index)
        values[cap.symbol.name] = evaluation.value(cap.symbol.name, index) if is_set else math.inf
    return values


def _regime_formulas(
    source: ReportSource, index: int
) -> tuple[Mapping[sp.Symbol, sp.Expr], Sequence[tuple[sp.Symbol, sp.Expr, float]]]:
    """The decisions of a scenario in its regime, and the multiplier of each limit that binds there."""
    model, interior = source.model, source.derivation.interior
    answer = source.answers[index]
    caps = {cap.name: cap for cap in find_caps(model).values()}
    if not source.minimises_loss:
        capped = {caps[name].decision: caps[name].symbol for name in answer.binding}
        if not capped:
            return interior.reaching, ()
        held = {z: interior.at_loss[z].value.subs(capped) for z in model.decisions if z not in capped}
        return {**capped, **held}, ()
    regime = _regime(source, answer.binding)
    symbols = {"compute": model.amount, **{name: cap.symbol for name, cap in caps.items()}}
    multipliers = [
        # The shadow price is per 1 % of the limit, with the sign of the change.
        (symbols[name], product_form(expr) if expr.is_Mul else expr, -100 * answer.shadow_prices[name].value)
        for name, expr in regime.multipliers.items()
        if name in answer.shadow_prices
    ]
    return regime.optimum, multipliers


def _regime(source: ReportSource, binding: Sequence[str]) -> Regime:
    """The regime in which exactly these limits bind; the free one where a cap is met without being worth anything."""
    regimes = source.derivation.regimes
    return next((regime for regime in regimes if set(regime.binding) == set(binding)), regimes[0])


def list_elasticities(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> Table | None:
    """What one per cent more of each input changes the optimum of the first scenario by, in per cent."""
    index = next((index for index in range(len(source.answers)) if source.has_plan(index)), None)
    if index is None:
        return None
    model = source.model
    numbers = {symbol: sp.Float(source.evaluation.value(name, index)) for name, symbol in model.constants.items()}
    numbers[model.amount] = sp.Float(source.answers[index].results["C_total"].value)
    elasticities = source.derivation.elasticities
    outputs = list(dict.fromkeys(output for output, _ in elasticities))
    inputs = list(dict.fromkeys(by for _, by in elasticities))
    columns = [Column(words.say("report.input"), "left")]
    columns += [Column(math_cell(render_latex(Optimal(output), symbols=symbols))) for output in outputs]
    rows = []
    for by in inputs:
        cells = [_signed(words, elasticities[output, by].evalf(30, subs=numbers)) for output in outputs]
        rows.append([math_cell(render_latex(by, symbols=symbols)), *cells])
    return build_table(columns, rows)


def _signed(words: Words, value: sp.Expr) -> str:
    """An elasticity with its sign; what is 0 up to rounding is 0."""
    number = float(value) if value.is_real else math.nan
    if abs(number) < 1e-12:  # noqa: PLR2004 - cancelled terms
        return "0"
    return ("+" if number > 0 else "") + words.number(number, None, 3)


def list_exponents(source: ReportSource, symbols: Mapping[str, str]) -> str:
    """How each decision grows with compute: formula and number, as one block of LaTeX."""
    model, derivation = source.model, source.derivation
    index = next((index for index in range(len(source.answers)) if source.has_plan(index)), 0)
    values = {symbol: source.evaluation.value(name, index) for name, symbol in model.constants.items()}
    lines = []
    for z in model.decisions:
        expr = derivation.exponents[z]
        left = render_latex(Elasticity(Optimal(z), model.amount), symbols=symbols)
        number = expr.evalf(20, subs=values)
        shown = render_number(float(number), digits=MAX_DIGITS, style="latex") if number.is_number else ""
        lines.append(f"{left} &= {render_latex(expr, symbols=symbols)}" + (f" = {shown}" if shown else ""))
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def list_proofs(proofs: Sequence[Proof], words: Words) -> Table | None:
    """The ledger: what was decided, how, and with what verdict."""
    columns = [
        Column(words.say("report.statement"), "left"),
        Column(words.say("report.method"), "left"),
        Column(words.say("report.verdict"), "left"),
        Column(words.say("report.detail"), "left"),
    ]
    rows = [
        [
            _statement(proof, words),
            words.say(f"method.{proof.method}"),
            words.say(f"verdict.{proof.verdict}"),
            _detail(proof, words),
        ]
        for proof in proofs
    ]
    return build_table(columns, rows)


def _statement(proof: Proof, words: Words) -> str:
    """A statement, which is English in every language, with its name in the report's."""
    name, colon, rest = proof.statement.partition(":")
    key = f"proof.{name.replace(' ', '_').lower()}"
    if not colon or not words.known(key):
        return words.name(proof.statement)
    return f"**{words.say(key)}**{words.say('document.colon')}{words.name(rest.strip())}"


def _detail(proof: Proof, words: Words) -> str:
    """What the method found."""
    if proof.detail:
        return words.name(proof.detail)
    if proof.method == "numeric":
        return words.say("method.numeric_long")
    if proof.residual is None:
        return words.say("method.symbolic_units")
    return words.say("method.symbolic_zero" if proof.residual == 0 else "method.symbolic_sign")
