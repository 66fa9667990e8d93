"""Law nodes to typed laws, with all that is wrong in a law told at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flopsheet.errors import did_you_mean
from flopsheet.formula.text import FormulaText
from flopsheet.plan.keys import INPUT_KEYS, input_key
from flopsheet.plan.law_about import read_about
from flopsheet.plan.law_figures import read_fitted_range, read_known_answers, read_number, read_pair
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.plan import (
    Constant,
    Decision,
    ExtraFormula,
    KnownAnswer,
    Law,
    LawInput,
    Source,
)
from flopsheet.plan.problems import Problems
from flopsheet.plan.read import (
    read_entries,
    read_formula,
    read_items,
    read_mapping,
    read_quantity,
    read_text,
    read_unit,
)
from flopsheet.plan.schema import LAW
from flopsheet.plan.validate import check, is_identifier, joined, unfold

if TYPE_CHECKING:
    from collections.abc import Mapping as AbstractMapping

    from flopsheet.errors import Place

ROLES = {"parameters": "parameter", "tokens": "token"}
LOSS_UNIT = "nats/token"
COST_UNIT = "FLOP"


def parse_law(node: Mapping, origin: str, *, subject: str = "") -> Law:
    """A typed law from the mapping of a law file or of an inline law.

    `origin` is "library", a path relative to the project root, or "inline"; `subject` the dotted key
    under which an inline law stands.

    Raises:
        FlopsheetError: with every problem of the law.
    """
    problems = Problems()
    unfolded = unfold(LAW, node, problems)
    check(LAW, unfolded, subject, problems)
    refuse_nulls(unfolded, subject, problems)
    law = build_law(read_mapping(unfolded) or node, origin, subject, problems)
    problems.raise_any()
    return law


def refuse_nulls(node: Node, subject: str, problems: Problems) -> None:
    """A law file has no layer below it that a null could remove something from."""
    if isinstance(node, Mapping):
        for key, item in node.items:
            refuse_nulls(item, joined(subject, key.text), problems)
    elif isinstance(node, Scalar) and node.is_null:
        problems.add("is empty.", node.place, subject, "Remove the line, or give it a value.")


def build_law(node: Mapping, origin: str, subject: str, problems: Problems) -> Law:
    """A typed law from a node that was checked against its shape; further problems are noted."""
    return _LawReader(node, subject, problems).build(origin)


@dataclass(frozen=True, slots=True)
class _LawReader:
    """Reads one law."""

    node: Mapping
    subject: str
    problems: Problems

    def build(self, origin: str) -> Law:
        """The law."""
        name = self._name(origin)
        decisions = self._decisions()
        constants = {key.text: self._constant(key, item) for key, item in self._entries("constants")}
        formulas = {key.text: self._formula(key, item) for key, item in self._entries("formulas")}
        inputs = {key.text: self._input(key, item) for key, item in self._entries("inputs")}
        where = {key.text: formula for key, item in self._entries("where") if (formula := read_formula(item))}
        self._refuse_shared_names()
        self._check_loss_sign()
        units = self._units(decisions, constants, inputs)
        return Law(
            name=name,
            title=read_text(self.node.get("title"), name),
            origin=origin,
            place=self.node.items[0][0].place if self.node.items else self.node.place,
            source=self._source(),
            loss=read_formula(self.node.get("loss")),
            cost=read_formula(self.node.get("cost")),
            decisions=decisions,
            constants=constants,
            where=where,
            formulas=formulas,
            inputs=inputs,
            inference_cost=read_formula(self.node.get("inference_cost")),
            fitted_range=read_fitted_range(
                self.node.get("fitted_range"), units, self._at("fitted_range"), self.problems
            ),
            known_answers=self._known_answers(units, formulas),
            draws=read_text(self.node.get("draws")) or None,
            draws_place=draws.place if (draws := self.node.get("draws")) is not None else None,
            notes=tuple(read_text(item) for item in read_items(self.node.get("notes"))),
            about=read_about(self.node.get("about")),
        )

    def _entries(self, key: str) -> tuple[tuple[Scalar, Node], ...]:
        """The entries of a section."""
        return read_entries(self.node.get(key))

    def _at(self, *names: str) -> str:
        """The dotted key of something in this law."""
        return ".".join((self.subject, *names) if self.subject else names)

    def _note(self, message: str, place: Place, at: str, remedy: str = "") -> None:
        """Note a problem."""
        self.problems.add(message, place, at, remedy)

    def _name(self, origin: str) -> str:
        """The law's name; a law file must give one, an inline law need not."""
        given = self.node.get("law")
        name = read_text(given)
        if not name:
            if origin != "inline" and self.subject not in self.problems.unclear:
                self._note(
                    "a law file needs `law`, its name.", self.node.place, self.subject, "Write `law: name_2026`."
                )
            return "inline"
        if given is not None and not is_identifier(name):
            remedy = "Use letters, digits and _, such as `hoffmann_2022`."
            self._note(f"`{name}` cannot be the name of a law.", given.place, self._at("law"), remedy)
        return name

    def _source(self) -> Source | None:
        """Where the law was published."""
        node = self.node.get("source")
        if isinstance(node, Scalar):
            return Source(read_text(node)) if read_text(node) else None
        if not isinstance(node, Mapping):
            return None
        texts = {key: read_text(node.get(key)) for key in ("cite", "where", "arxiv", "doi", "url")}
        if not texts["cite"] and self._at("source") not in self.problems.unclear:
            remedy = "Write `cite: Author et al. YEAR`."
            self._note("a source needs `cite`.", node.place, self._at("source"), remedy)
        bibtex = {key.text: read_text(item) for key, item in read_entries(node.get("bibtex"))}
        return Source(**texts, bibtex=bibtex)

    def _decisions(self) -> dict[str, Decision]:
        """What the optimiser chooses; a role may stand only once."""
        decisions: dict[str, Decision] = {}
        roles: dict[str, Scalar] = {}
        for key, item in self._entries("decisions"):
            at, text = self._at("decisions", key.text), read_text(item)
            role = text if text in ROLES else None
            unit = ROLES[text] if role else read_unit(item, at, self.problems)
            if role and role in roles:
                message = f"the role `{role}` is taken by `{roles[role].text}` already."
                self._note(message, item.place, at, "Give the other one a unit, such as `token`.")
            elif role:
                roles[role] = key
            decisions[key.text] = Decision(key.text, role, unit, key.place)
        return decisions

    def _constant(self, key: Scalar, node: Node) -> Constant:
        """A constant: a bare number, or one with its uncertainty."""
        at = self._at("constants", key.text)
        if not isinstance(node, Mapping):
            return Constant(key.text, read_number(node, None, at, self.problems), node.place)
        given = node.get("value")
        if given is None:
            if at not in self.problems.unclear:
                self._note("a constant needs `value`.", key.place, at)
            return Constant(key.text, 0.0, key.place)
        value = read_number(given, None, f"{at}.value", self.problems)
        interval = read_pair(node.get("interval"), None, f"{at}.interval", self.problems)
        level = read_number(node.get("level"), "1", f"{at}.level", self.problems) if node.get("level") else None
        place = (node.get("interval") or node).place
        if interval and not interval[0] <= value <= interval[1]:
            message = f"the interval {interval[0]:g} to {interval[1]:g} does not contain the value {value:g}."
            self._note(message, place, f"{at}.interval", "Correct it, or leave the interval out and say why in `note`.")
        level_node = node.get("level")
        if level is not None and level_node is not None:
            if not 0 < level < 1:
                self._note("must lie between 0 and 1 (or 0 % and 100 %).", level_node.place, f"{at}.level")
            if interval is None and node.get("interval") is None:
                self._note(
                    "says how sure the interval is, but there is no `interval`.", level_node.place, f"{at}.level"
                )
        return Constant(
            name=key.text,
            value=value,
            place=given.place,
            unit=read_unit(node.get("unit"), f"{at}.unit", self.problems, "") or None,
            interval=interval,
            level=level,
            se=read_number(node.get("se"), None, f"{at}.se", self.problems) if node.get("se") else None,
            note=read_text(node.get("note")),
        )

    def _formula(self, key: Scalar, node: Node) -> ExtraFormula:
        """A further output of the law."""
        at = self._at("formulas", key.text)
        return build_extra_formula(key, node, at, self.problems)

    def _input(self, key: Scalar, node: Node) -> LawInput:
        """What the law takes from the plan."""
        at = self._at("inputs", key.text)
        entries = read_mapping(node) or Mapping((), node.place)
        unit = read_unit(entries.get("unit"), f"{at}.unit", self.problems)
        source = entries.get("from")
        if source is not None and read_text(source):
            self._check_source(source, at)
        candidates = self._candidates(entries.get("candidates"), unit, f"{at}.candidates")
        between = read_pair(entries.get("between"), unit, f"{at}.between", self.problems)
        if between and not 0 < between[0] < between[1]:
            place = (entries.get("between") or node).place
            self._note("must be two numbers above zero, the smaller one first.", place, f"{at}.between")
        if between and candidates:
            self._note("`candidates` and `between` exclude each other.", key.place, at)
        return LawInput(key.text, unit, read_text(source) or None, candidates, key.place, between)

    def _check_source(self, source: Node, at: str) -> None:
        """Refuse a key that no plan can set: the law could never be used."""
        text = read_text(source)
        if input_key(text) is None:
            known = [row.key for row in INPUT_KEYS if "<" not in row.key]
            self._note(
                f"`{text}` is not a number that a plan sets.", source.place, f"{at}.from", did_you_mean(text, known)
            )

    def _candidates(self, node: Node | None, unit: str, at: str) -> tuple[float, ...]:
        """The values among which a plan chooses: one at least, each above zero, each once."""
        found: list[float] = []
        for item in read_items(node):
            quantity = read_quantity(item, unit, at, self.problems, positive=True)
            if quantity and quantity.value in found:
                self._note(f"{quantity.value:g} stands there already.", item.place, at, "Name each candidate once.")
            elif quantity:
                found.append(quantity.value)
        if node is not None and not read_items(node) and at not in self.problems.unclear:
            self._note("names no candidate.", node.place, at, "Name some, or remove the line: the plan then gives it.")
        return tuple(found)

    def _check_loss_sign(self) -> None:
        """A law whose loss may be below zero says what that loss is: it compares with no other law's."""
        about = self.node.get("about")
        if not isinstance(about, Mapping) or read_text(about.get("loss_sign")) != "any" or read_text(about.get("loss")):
            return
        place = (about.get("loss_sign") or about).place
        remedy = "Write for example `loss: nats/token less those of a unigram model`."
        self._note(
            "says that the loss may be below zero, but not what it is.", place, self._at("about", "loss_sign"), remedy
        )

    def _refuse_shared_names(self) -> None:
        """A symbol means one thing: it stands in one section only."""
        seen: dict[str, tuple[str, Place]] = {}
        for section in ("decisions", "constants", "inputs", "where", "formulas"):
            for key, _ in self._entries(section):
                if key.text not in seen:
                    seen[key.text] = (section, key.place)
                    continue
                other, place = seen[key.text]
                message = f"`{key.text}` is a name under `{other}` already ({place.file}:{place.line}:{place.column})."
                self._note(message, key.place, self._at(section, key.text), "Give one of the two another name.")

    def _units(
        self,
        decisions: AbstractMapping[str, Decision],
        constants: AbstractMapping[str, Constant],
        inputs: AbstractMapping[str, LawInput],
    ) -> dict[str, str | None]:
        """What a point or a range of the law may name, with its unit as far as declared; C is the cost."""
        units: dict[str, str | None] = {"C": COST_UNIT}
        units |= {name: constant.unit for name, constant in constants.items()}
        units |= {name: decision.unit for name, decision in decisions.items()}
        return units | {name: given.unit for name, given in inputs.items()}

    def _known_answers(
        self, units: AbstractMapping[str, str | None], formulas: AbstractMapping[str, ExtraFormula]
    ) -> tuple[KnownAnswer, ...]:
        """The published figures of the loss, the cost, an optimum or a formula."""
        quantities: dict[str, str | None] = {"loss": LOSS_UNIT, "cost": COST_UNIT}
        quantities |= {f"{key.text}_opt": units[key.text] for key, _ in self._entries("decisions")}
        quantities |= {key.text: None for key, _ in self._entries("where")}
        quantities |= {name: formula.unit for name, formula in formulas.items()}
        at = self._at("known_answers")
        return tuple(
            answer
            for item in read_items(self.node.get("known_answers"))
            for answer in read_known_answers(item, quantities, units, at, self.problems)
        )


def build_extra_formula(key: Scalar, node: Node, subject: str, problems: Problems) -> ExtraFormula:
    """A named formula with its unit ('1' where none is given) and its label, from a mapping or bare text."""
    formula = read_formula(node.get("formula") if isinstance(node, Mapping) else node)
    if formula is None:
        if isinstance(node, Mapping) and subject not in problems.unclear:
            problems.add("needs `formula`.", key.place, subject, "Write `{formula: ..., unit: ...}`.")
        formula = FormulaText("", key.place)
    if not isinstance(node, Mapping):
        return ExtraFormula(key.text, formula, "1", "", key.place)
    unit = read_unit(node.get("unit"), f"{subject}.unit", problems)
    return ExtraFormula(key.text, formula, unit, read_text(node.get("label")), key.place)
