"""Two plans compared: what changed in their files, what that changed in the plan, and which change did how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flopsheet.api.mixing import Mixture
from flopsheet.api.solve import load_checked, solve
from flopsheet.errors import FlopsheetError
from flopsheet.evaluate.attribution import Attribution, WhyNot, attribute
from flopsheet.evaluate.difference import (
    Difference,
    Regime,
    ResultChange,
    ScenarioDifference,
    Side,
    find_regime,
    list_claim_changes,
    list_expectation_changes,
    list_new_findings,
    list_result_changes,
)
from flopsheet.evaluate.setting_changes import find_repetition, list_fitted, list_setting_changes
from flopsheet.evaluate.solution import Solution
from flopsheet.evaluate.stated_formulas import StatedFormula, Statements, is_other_mathematics, list_formula_changes
from flopsheet.plan.changes import ScenarioPairs, list_input_changes, pair_scenarios
from flopsheet.plan.paths import project_root
from flopsheet.plan.revision import open_plan_file
from flopsheet.plan.source import relative_name


@contextmanager
def compare_plans(old: str, new: str) -> Iterator[Difference]:
    """What changed from one plan to another; the files of revisions are there until the context ends.

    Args:
        old: A plan file, or `REV:path` for one at a git revision.
        new: The same.

    Raises:
        FlopsheetError: a plan that cannot be read or solved, its files named as the outputs name them.
    """
    with open_plan_file(old) as first, open_plan_file(new) as second:
        sides: list[Side] = []
        for file in (first, second):
            if sides and _reads_the_same(sides[0].solution, file.path):
                sides.append(Side(sides[0].solution, file.prefix))
                continue
            try:
                sides.append(Side(solve(load_checked(file.path)), file.prefix))
            except FlopsheetError as error:
                raise _place(error, file.prefix) from None
        yield compare_solutions(*sides)


def _reads_the_same(solution: Solution, path: Path) -> bool:
    """Whether a plan would be read from files of the same names and contents as one that is solved."""
    root = project_root(path)
    if relative_name(path, root) != solution.plan.path:
        return False
    pairs = [(solution.plan.root / name, root / name) for name in solution.files]
    return all(other.is_file() and one.read_bytes() == other.read_bytes() for one, other in pairs)


def _place(error: FlopsheetError, prefix: str) -> FlopsheetError:
    """The error with its files named as those of a revision."""
    return FlopsheetError(
        *(
            problem
            if problem.place is None
            else replace(problem, place=replace(problem.place, file=f"{prefix}{problem.place.file}"))
            for problem in error.problems
        )
    )


def compare_solutions(old: Side, new: Side) -> Difference:
    """What changed from one solved plan to another."""
    one, other = old.solution, new.solution
    pairs = pair_scenarios(one.plan, other.plan)
    statements = Statements(one), Statements(other)
    names = {pair.old.name: pair.new.name for pair in pairs.pairs}
    return Difference(
        old=old,
        new=new,
        settings=list_setting_changes(one, other),
        inputs=list_input_changes(one.plan, other.plan, pairs.pairs),
        formulas=list_formula_changes(*statements),
        pairs=pairs,
        scenarios=_compare_scenarios(one, other, pairs, statements),
        claims=list_claim_changes(one.claims, other.claims),
        expectations=list_expectation_changes(one.expectations, other.expectations, names),
    )


def _compare_scenarios(
    old: Solution, new: Solution, pairs: ScenarioPairs, statements: tuple[Statements, Statements]
) -> tuple[ScenarioDifference, ...]:
    """What became of each scenario that both plans have."""
    before = {answer.name: answer for answer in old.answers}
    after = {answer.name: answer for answer in new.answers}
    sides = [(before[pair.old.name], after[pair.new.name]) for pair in pairs.pairs]
    results = [list_result_changes(*answers) for answers in sides]
    if any(results):
        results = _attribute(old, new, pairs, statements, results)
    found = []
    for pair, (one, other), changes in zip(pairs.pairs, sides, results, strict=True):
        regimes: tuple[Regime, Regime] = find_regime(one), find_regime(other)
        found.append(
            ScenarioDifference(
                pair=pair,
                results=changes,
                regimes=regimes if regimes[0] != regimes[1] else None,
                came=list_new_findings(one, other),
                went=list_new_findings(other, one),
            )
        )
    return tuple(found)


def _attribute(
    old: Solution,
    new: Solution,
    pairs: ScenarioPairs,
    statements: tuple[Statements, Statements],
    results: list[tuple[ResultChange, ...]],
) -> list[tuple[ResultChange, ...]]:
    """The changes of results, each with what contributed to it."""
    if old.plan.objective != new.plan.objective:
        return [_without(changes, "other_question") for changes in results]
    other_law = _has_other_law(old, new, statements)
    others = (
        other_law,
        old.plan.covers != new.plan.covers,
        list_fitted(old) != list_fitted(new),
        _has_other_repetition(old, new, statements),
        is_other_mathematics(*_common_cells(*statements), statements),
    )
    mixture = Mixture(old, new, pairs.pairs, other_law=other_law, other_formulas=any(others))
    found = []
    for index, changes in enumerate(results):
        if not mixture.is_comparable(index):
            found.append(_without(changes, "not_comparable"))
            continue
        try:
            found.append(_attribute_pair(mixture, index, changes))
        except FlopsheetError:
            found.append(_without(changes, "cannot_mix"))
    return found


def _attribute_pair(mixture: Mixture, index: int, changes: tuple[ResultChange, ...]) -> tuple[ResultChange, ...]:
    """The changes of one scenario's results with what contributed to them."""
    wanted = {each.name: each.unit for each in changes if each.change is not None and "__" not in each.name}
    corners = mixture.evaluate(index, wanted) if wanted else None
    found = []
    for each in changes:
        if each.old is None or each.new is None:
            attribution = Attribution("none", {}, "one_side")
        elif corners is None or each.name not in wanted:
            attribution = Attribution("none", {}, "infinite" if "__" not in each.name else "not_comparable")
        else:
            attribution = attribute(corners, each.name, each.old, each.new)
        found.append(replace(each, attribution=attribution))
    return tuple(found)


def _without(changes: tuple[ResultChange, ...], why_not: WhyNot) -> tuple[ResultChange, ...]:
    """Changes of which nothing can be said of what contributed to them."""
    return tuple(replace(each, attribution=Attribution("none", {}, why_not)) for each in changes)


def _has_other_law(old: Solution, new: Solution, statements: tuple[Statements, Statements]) -> bool:
    """Whether the laws are not the same mathematics over the same decisions, constants and inputs."""
    laws = old.model.law, new.model.law
    shapes = [(law.decisions.keys(), law.inputs.keys()) for law in laws]
    choices = [
        {name: (entry.source, entry.candidates, entry.between) for name, entry in law.inputs.items()} for law in laws
    ]
    if laws[0].name != laws[1].name or shapes[0] != shapes[1] or choices[0] != choices[1]:
        return True
    return is_other_mathematics(statements[0].law, statements[1].law, statements)


def _has_other_repetition(old: Solution, new: Solution, statements: tuple[Statements, Statements]) -> bool:
    """Whether both plans repeat data, and it is not worth the same."""
    used = find_repetition(old.plan), find_repetition(new.plan)
    if used[0] is None or used[1] is None:
        return False
    constants = [{name: constant.value for name, constant in each.constants.items()} for each in used if each]
    return constants[0] != constants[1] or is_other_mathematics(
        statements[0].repetition, statements[1].repetition, statements
    )


def _common_cells(old: Statements, new: Statements) -> tuple[Mapping[str, StatedFormula], Mapping[str, StatedFormula]]:
    """The reader's own cells that both plans have."""
    common = {name for name in old.own.keys() & new.own.keys() if name.startswith("cells.")}
    first, second = ({name: side.own[name] for name in sorted(common)} for side in (old, new))
    return first, second
