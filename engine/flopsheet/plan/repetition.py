"""What repeated tokens are worth: shipped modifiers by name, and those of a reader's own project."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.formula.text import FormulaText
from flopsheet.plan.law_file import build_law, refuse_nulls
from flopsheet.plan.nodes import Mapping
from flopsheet.plan.paths import resolve_inside
from flopsheet.plan.plan import Repetition, SourcedText
from flopsheet.plan.problems import Problems
from flopsheet.plan.read import read_formula, read_mapping, read_text
from flopsheet.plan.schema import REPETITION
from flopsheet.plan.source import load_source, relative_name
from flopsheet.plan.validate import check, unfold

DEFAULT_REPETITION = "exponential"
EPOCHS, EXCESS = "epochs", "excess"

_FOLDER = Path(__file__).parents[1] / "repetition"
# Where a modifier of one's own is tried out: less than one epoch, one, and up to more than anybody trains.
_TRIED = ("1/4", "1", "3/2", "2", "4", "16", "100")


@cache
def repetition_names() -> tuple[str, ...]:
    """The names of the shipped modifiers, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@cache
def load_shipped_repetition(name: str) -> Repetition:
    """The shipped modifier of that name; it must be one of `repetition_names()`, or KeyError is raised."""
    if name not in repetition_names():
        raise KeyError(name)
    return parse_repetition(load_source(_FOLDER / f"{name}.yaml", _FOLDER.parent), "library")


def load_repetition(named: SourcedText, root: Path) -> Repetition:
    """The modifier that a plan names: a shipped one, or a path relative to the file that names it.

    Raises:
        FlopsheetError: no such modifier, a path that leaves the project, or a file with faults (all of them).
    """
    text, subject = named.value or DEFAULT_REPETITION, "data.repetition"
    if not re.search(r"[/\\]|\.ya?ml$", text):
        if text in repetition_names():
            return load_shipped_repetition(text)
        remedy = f"{did_you_mean(text, repetition_names())} One of your own is a path such as ./ours.yaml."
        raise FlopsheetError(Problem(f"unknown repetition `{text}`.", named.place, subject, remedy))
    path = resolve_inside(root, (root / named.place.file).parent, text, named.place)
    if path.suffix not in {".yaml", ".yml"}:
        remedy = "The file of a repetition ends in .yaml."
        raise FlopsheetError(Problem(f"`{text}` is no YAML file.", named.place, subject, remedy))
    found = parse_repetition(load_source(path, root), relative_name(path, root))
    _try_out(found)
    return found


def parse_repetition(node: Mapping, origin: str) -> Repetition:
    """A typed modifier from the mapping of its file; `origin` is "library" or a path relative to the root.

    Raises:
        FlopsheetError: with every problem of the file.
    """
    problems = Problems()
    unfolded = read_mapping(unfold(REPETITION, node, problems)) or node
    check(REPETITION, unfolded, "", problems)
    refuse_nulls(unfolded, "", problems)
    head = unfolded.key("repetition")
    start = head.place if head else node.place
    name = read_text(unfolded.get("repetition"))
    unclear = "" in problems.unclear
    if not name and not unclear:
        problems.add("the file of a repetition needs `repetition`, its name.", start)
    effective, factor = read_formula(unfolded.get("effective")), read_formula(unfolded.get("loss_factor"))
    if (effective is None) == (factor is None) and not unclear:
        message = f"needs exactly one of `effective` and `loss_factor`, but has {0 if effective is None else 2}."
        remedy = "`effective` is how many epochs' worth of new data the epochs are, `loss_factor` multiplies the loss."
        problems.add(message, start, "repetition", remedy)
    # A modifier's title, source, constants and notes are written as those of a law.
    shared = build_law(unfolded, "inline", "", problems)
    for reserved in (EPOCHS, EXCESS):
        if reserved in shared.constants:
            message = f"`{reserved}` is what the formulas read; a constant needs another name."
            problems.add(message, shared.constants[reserved].place, f"constants.{reserved}")
    problems.raise_any()
    return Repetition(
        name=name,
        title=read_text(unfolded.get("title"), name),
        constants=shared.constants,
        effective=effective,
        loss_factor=factor,
        effective_parameters=read_formula(unfolded.get("effective_parameters")),
        source=shared.source,
        place=start,
        origin=origin,
        notes=shared.notes,
    )


def _try_out(repetition: Repetition) -> None:
    """Refuse formulas that know no such name, or whose value is not positive and finite where epochs are trained.

    Raises:
        FlopsheetError: with every problem of the formulas.
    """
    problems = Problems()
    formulas = (
        ("effective", repetition.effective, EPOCHS),
        ("loss_factor", repetition.loss_factor, EPOCHS),
        ("effective_parameters", repetition.effective_parameters, EXCESS),
    )
    for key, formula, variable in formulas:
        if formula is not None:
            try:
                _try_formula(repetition, key, formula, variable, problems)
            except FlopsheetError as error:
                problems.extend(error.problems)
    problems.raise_any()


def _try_formula(repetition: Repetition, key: str, formula: FormulaText, variable: str, problems: Problems) -> None:
    """Note where one formula has no positive, finite value."""
    import mpmath  # noqa: PLC0415 - comes with sympy
    import sympy as sp  # noqa: PLC0415 - heavy, and only plans with a modifier of their own need it here

    from flopsheet.formula.mp_value import mp_value  # noqa: PLC0415 - as sympy
    from flopsheet.formula.parse import parse_formula  # noqa: PLC0415 - as sympy

    symbols = {name: sp.Symbol(name, real=True) for name in (variable, *repetition.constants)}
    expr = parse_formula(formula, symbols, subject=key)
    constants = {symbols[name]: mpmath.mpf(constant.value) for name, constant in repetition.constants.items()}
    for tried in _TRIED:
        at = {symbols[variable]: mpmath.mpf(sp.Rational(tried).p) / sp.Rational(tried).q}
        try:
            value = mp_value(expr, {**constants, **at})
            clear = not isinstance(value, bool) and mpmath.isfinite(value) and value > 0
        except (ArithmeticError, ValueError):
            clear = False
        if not clear:
            message = f"must be a positive, finite number, which it is not at {variable} = {tried}."
            problems.add(message, formula.place, key)
            return
