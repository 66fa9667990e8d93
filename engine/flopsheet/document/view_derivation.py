"""The derivation as a report shows it: steps, values put in, elasticities and the proof ledger."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sympy as sp

from flopsheet.derive.derivation import Derivation
from flopsheet.derive.notation import Elasticity, Multiplier, Optimal
from flopsheet.derive.proof import Proof, Step
from flopsheet.derive.regimes import find_caps
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.derive.sample import number_at
from flopsheet.document.latex import align_lines, render_equations, render_latex, render_three_steps
from flopsheet.document.latex_lines import lay_out
from flopsheet.document.numbers import MAX_DIGITS, render_number
from flopsheet.document.source import ReportSource
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.view_worked import Worked, work_out_cells
from flopsheet.document.words import Words, math_cell
from flopsheet.evaluate.compile import evaluate_formulas
from flopsheet.formula.root import Put, Root, compares, has_comparisons
from flopsheet.messages import render_message

# No identifier of a law holds a blank, so these names are never taken.
_MULTIPLIER: Final = "the multiplier"
_PLACE: Final = "the place of the optimum"
#: Operations of the condition of a root up to which its elasticities are derived.
_LONGEST: Final = 100
#: Terms that cancel leave no more than this.
_CANCELLED: Final = 1e-12


@dataclass(frozen=True)
class StepView:
    """A step: its title and remark in words, its equations as one block of LaTeX."""

    title: str
    remark: str
    latex: str


def record_steps(derivation: Derivation | ResourceDerivation, language: str = "en") -> list[dict[str, object]]:
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
    latex = lay_out(step.equations, symbols=symbols, language=words.language)
    return StepView(words.message(step.title, symbols=symbols), remark, latex)


def work_out(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> Worked | None:
    """The results of the first scenario that has a plan, each as formula, numbers put in, and result with its unit."""
    index = next((index for index in range(len(source.answers)) if source.has_plan(index)), None)
    if index is None:
        return None
    answer = source.answers[index]
    values, named = _values(source, index), dict(symbols)
    optimum = _optimum(source, index)
    place = _place(optimum, values)
    if place is not None:
        root, values[_PLACE] = place
        named[_PLACE] = render_latex(root, symbols=symbols)
        optimum = {z: expr.xreplace({root: sp.Symbol(_PLACE)}) for z, expr in optimum.items()}
    model = source.model
    told = {"L_opt", *(f"{z}_opt" for z in model.decisions)}
    lines = [(z.name, optimum[z], answer.results[f"{z}_opt"].value, model.decision(z).unit) for z in model.decisions]
    if not source.minimises_loss:
        lines.append((model.amount.name, model.cost, answer.results["C_total"].value, "FLOP"))
        told |= {"C_train", "C_total"}
    lines.append((model.level.name, model.loss, answer.results["L_opt"].value, "nats/token"))
    for limit, symbol, expr in _multipliers(source, index):
        # The shadow price is the loss's change from 1 % more of the limit.
        value = -100 * answer.shadow_prices[limit].value
        named[symbol.name], values[symbol.name] = (
            render_latex(Multiplier(_limit_symbol(source, limit)), symbols=symbols),
            value,
        )
        lines.append((symbol.name, expr, value, "nats/token"))
    latex = [
        render_three_steps(name, expr, values, result, symbols=named, language=words.language, unit=unit)
        for name, expr, result, unit in lines
    ]
    if place is not None:
        latex.insert(0, f"{named[_PLACE]} = {render_number(values[_PLACE], digits=MAX_DIGITS, style='latex')}")
    return Worked(words.name(answer.name), (*latex, *work_out_cells(source, words, symbols, index, told)))


def _place(optimum: Mapping[sp.Symbol, sp.Expr], values: Mapping[str, float]) -> tuple[Root, float] | None:
    """The one root from which both decisions follow, and its value; None where there is none."""
    roots = set().union(*(expr.atoms(Root) for expr in optimum.values()))
    if len(roots) != 1 or any(expr.has(Put) for expr in optimum.values()):
        return None
    (root,) = roots
    found = number_at(root, {symbol: values[symbol.name] for symbol in root.free_symbols if symbol.name in values})
    return None if found is None else (root, found)


def _values(source: ReportSource, index: int) -> dict[str, float]:
    """A scenario's numbers by symbol name: constants, budget or target, caps, and its decisions."""
    model, evaluation = source.model, source.evaluation
    decisions = {z.name: value for z, value in zip(model.decisions, source.optimum(index), strict=True)}
    given = (model.amount if source.minimises_loss else model.level).name
    caps = {
        cap.symbol.name: evaluation.value(cap.symbol.name, index) if source.table.is_set(cap.key, index) else math.inf
        for cap in find_caps(model).values()
    }
    return {**source.constants(index), **decisions, given: source.goal(index), **caps}


def _optimum(source: ReportSource, index: int) -> Mapping[sp.Symbol, sp.Expr]:
    """The formulas of a scenario's decisions in the regime it is in."""
    model, interior = source.model, source.derivation.interior
    binding = source.answers[index].binding
    if source.minimises_loss:
        regimes = source.derivation.regimes
        # A cap that is met without being worth anything leaves the free optimum as it is.
        # Beside a cap the budget may be spent and still be worth nothing.
        limits = [set(regime.binding) - {"compute"} for regime in regimes]
        return regimes[limits.index(found) if (found := set(binding) - {"compute"}) in limits else 0].optimum
    capped = {z: cap.symbol for z, cap in find_caps(model).items() if cap.name in binding}
    if not capped:
        assert interior.reaching is not None  # noqa: S101 - a plan for a target has it
        return interior.reaching
    return {**capped, **{z: interior.at_loss[z].value.subs(capped) for z in model.decisions if z not in capped}}


def _multipliers(source: ReportSource, index: int) -> Iterator[tuple[str, sp.Symbol, sp.Expr]]:
    """What each binding limit of a budget is worth, over the decisions: its name, a symbol for it, its formula."""
    if not source.minimises_loss:
        return
    model, interior = source.model, source.derivation.interior
    if compares(interior.residual, model.decisions):
        return  # each would be a page long
    binding = source.answers[index].binding
    capped = {z: cap for z, cap in find_caps(model).items() if cap.name in binding}
    price: sp.Expr = sp.S.Zero
    if interior.kinked and not capped:
        return  # at a kink no formula of one point gives it
    if "compute" in binding:
        price = sp.Symbol(_MULTIPLIER, positive=True)
        free = next((z for z in model.decisions if z not in capped), model.decisions[0])
        yield "compute", price, interior.gains[free] / interior.shares[free]
    for z, cap in capped.items():
        worth = sp.Symbol(f"{_MULTIPLIER} {cap.name}", positive=True)
        yield cap.name, worth, interior.gains[z] - price * interior.shares[z]


def _limit_symbol(source: ReportSource, limit: str) -> sp.Symbol:
    """The symbol of a limit: the budget's, or a cap's."""
    caps = {cap.name: cap.symbol for cap in find_caps(source.model).values()}
    return caps.get(limit, source.model.amount)


def list_elasticities(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> Table | None:
    """What one per cent more of each input changes the optimum of the first scenario by, in per cent."""
    index = next((index for index in range(len(source.answers)) if source.has_plan(index)), None)
    if index is None:
        return None
    model = source.model
    interior = source.derivation.interior
    if has_comparisons(interior.residual):
        return None  # beside each kink the derivatives are others
    if interior.budget is not None and interior.residual.count_ops() > _LONGEST:
        return None  # each would be a page long, and take minutes
    numbers = dict(source.constants(index))
    numbers[model.amount.name] = source.answers[index].results["C_total"].value
    elasticities = source.derivation.elasticities
    values = evaluate_formulas(elasticities, numbers)
    outputs = list(dict.fromkeys(output for output, _ in elasticities))
    inputs = list(dict.fromkeys(by for _, by in elasticities))
    columns = [Column(words.say("report.input"), "left")]
    columns += [Column(math_cell(render_latex(Optimal(output), symbols=symbols))) for output in outputs]
    rows = []
    for by in inputs:
        cells = [_signed(words, values[output, by]) for output in outputs]
        rows.append([math_cell(render_latex(by, symbols=symbols)), *cells])
    return build_table(columns, rows)


def _signed(words: Words, number: float) -> str:
    """An elasticity with its sign; what is 0 up to rounding is 0."""
    if abs(number) < _CANCELLED:
        return "0"
    # Losses keep the zeros at their end, and so do elasticities: three digits are known of each.
    return ("+" if number > 0 else "") + words.number(number, "nats/token", 3)


def list_exponents(source: ReportSource, symbols: Mapping[str, str]) -> str:
    """How each decision grows with compute: formula and number, as one block of LaTeX."""
    model, derivation = source.model, source.derivation
    index = next((index for index in range(len(source.answers)) if source.has_plan(index)), 0)
    lines = []
    spent = source.answers[index].results.get("C_total")
    numbers = {**source.constants(index), model.amount.name: math.nan if spent is None else spent.value}
    solved = derivation.interior.budget is not None
    if solved:
        at = {symbol: numbers[symbol.name] for symbol in (*model.parameters, model.amount)}
        values = {z: number_at(expr, at) or math.nan for z, expr in derivation.exponents.items()}
    else:
        values = evaluate_formulas(derivation.exponents, numbers)
    for z in model.decisions:
        expr = derivation.exponents[z]
        left = render_latex(Elasticity(Optimal(z), model.amount), symbols=symbols)
        steps = [] if solved else [render_latex(expr, symbols=symbols)]
        if expr.free_symbols and math.isfinite(values[z]):
            steps.append(render_number(values[z], digits=MAX_DIGITS, style="latex"))
        lines.append(f"{left} &= {' = '.join(steps)}")
    return align_lines(lines)


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
        return words.name(render_message(proof.detail, words.language))
    if proof.method == "numeric":
        return words.say("method.numeric_long")
    if proof.residual is None:
        return words.say("method.symbolic_units")
    return words.say("method.symbolic_zero" if proof.residual == 0 else "method.symbolic_sign")
