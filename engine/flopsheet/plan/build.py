"""Merged nodes to the typed plan."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from flopsheet.errors import Place, did_you_mean
from flopsheet.plan.fit import read_fit
from flopsheet.plan.inputs import Given, read_inputs
from flopsheet.plan.keys import BUDGET_KEYS, INPUT_KEYS
from flopsheet.plan.law_file import build_extra_formula, build_law
from flopsheet.plan.law_names import read_compare, read_law_name
from flopsheet.plan.needs import check_needs
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.plan import Claim, Law, Plan, Scenario, Strategy
from flopsheet.plan.read import (
    read_entries,
    read_formula,
    read_mapping,
    read_quantity,
    read_text,
)
from flopsheet.plan.rules import check_objective, read_expectations
from flopsheet.plan.scenarios import Ground, note_sets_removing_nothing, settle_scenarios
from flopsheet.plan.schema import COVERS, OBJECTIVES
from flopsheet.plan.sensitivity import read_sensitivity
from flopsheet.plan.slugs import slugs_of
from flopsheet.plan.sweep import overlay_sweep, read_sweep
from flopsheet.plan.uncertainty import read_uncertainty

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from flopsheet.plan.plan import Covers, ExtraFormula, Objective, StrategyKind
    from flopsheet.plan.problems import Problems

# Names that results have in formulas; a reader's own cell takes none of them.
RESULTS = frozenset(
    [
        "C",
        "C_train",
        "C_inference",
        "C_total",
        "L_opt",
        "tokens_per_parameter",
        "epochs",
        "D_effective",
        "water_level",
        "accelerator_hours",
        "time",
        "cost",
        "energy",
        "efficiency",
        "loss",
    ]
)
_RESULT_PATTERN = re.compile(r".+_(opt|required)|data_tiers_.+")
_SHARES_ROOM = 1e-9
_STRATEGY_KINDS = {"tokens_per_parameter": "token/parameter", "parameters": "parameter", "tokens": "token"}


def build_plan(
    node: Mapping,
    sets: Mapping,
    files: Sequence[str],
    root: Path,
    effective: AbstractSet[Place],
    problems: Problems,
) -> Plan:
    """The typed plan of merged layers; what is wrong is noted, and the plan is then not to be used."""
    builder = _PlanBuilder(node, root, files, effective, problems)
    plan = builder.build(sets)
    sweep = read_sweep(node.get("sweep"), files, [tier.name for tier in plan.tiers], problems)
    if sweep is None or problems.found:
        return plan
    return replace(plan, sweep=replace(sweep, overlay=builder.build(overlay_sweep(sweep, sets))))


def _asks_one_resource(scenarios: Sequence[Scenario]) -> bool:
    """Whether scenarios give a law's own symbols, or a target beside no budget: what a law without cost is asked.

    Whether the named law really has no cost is checked once it is read.
    """
    return any(
        key.startswith("inputs.")
        or (key == "target.loss" and not any(budget in scenario.inputs for budget in BUDGET_KEYS))
        for scenario in scenarios
        for key in scenario.inputs
    )


@dataclass(frozen=True, slots=True)
class _PlanBuilder:
    """Builds one plan."""

    node: Mapping
    root: Path
    files: Sequence[str]
    effective: AbstractSet[Place]
    problems: Problems

    def build(self, sets: Mapping) -> Plan:
        """The plan."""
        path = self.files[-1]
        start = self._start(path)
        title = self._required("title", start)
        law, law_place = self._law(start)
        objective = self._objective()
        base, last = self._inputs(sets)
        declared = bool(read_entries(self.node.get("scenarios")))
        ground = Ground(self.root, self.files, self.effective, self.problems)
        settled = settle_scenarios(self.node.get("scenarios"), base, last, start, ground)
        scenarios = settled.scenarios
        check_objective(
            objective,
            scenarios,
            has_cost=law.cost is not None if isinstance(law, Law) else not _asks_one_resource(scenarios),
            declared=declared,
            place=start,
            problems=self.problems,
        )
        check_needs(objective, scenarios, self.problems)
        fit = read_fit(self.node.get("fit"), self.root, law, self.problems)
        runs = (fit.runs,) if fit is not None and fit.runs else ()
        uncertainty = read_uncertainty(self.node.get("uncertainty"), self.root, self.problems)
        draws = (uncertainty.file,) if uncertainty is not None and uncertainty.file else ()
        modifiers = {each.origin for s in scenarios if (each := s.repetition) and each.origin != "library"}
        covers = read_text(self._find(("budget", "covers")), COVERS[0])
        return Plan(
            path=path,
            root=self.root,
            title=title,
            description=read_text(self.node.get("description")),
            language=read_text(self.node.get("language"), "en"),
            objective=objective,
            law=law,
            law_place=law_place,
            inputs=settled.inputs,
            scenarios=scenarios,
            strategies=self._strategies(),
            cells=self._cells(),
            claims=self._claims(),
            expect=read_expectations(self.node.get("expect"), "expect", self.problems),
            compare=read_compare(self.node.get("compare"), law, self.root, self.problems),
            files=(*runs, *draws, *sorted(modifiers), *self.files),
            fit=fit,
            uncertainty=uncertainty,
            tiers=settled.tiers,
            sensitivity=read_sensitivity(self.node.get("sensitivity"), scenarios, self.problems),
            covers=cast("Covers", covers if covers in COVERS else COVERS[0]),
            places=self._places(("objective",), ("budget", "covers")),
        )

    def _find(self, path: Sequence[str]) -> Node | None:
        """The node under several keys, one in the other."""
        node: Node | None = self.node
        for key in path:
            node = node.get(key) if isinstance(node, Mapping) else None
        return node

    def _places(self, *paths: Sequence[str]) -> dict[str, Place]:
        """Where values stand, by dotted key."""
        found = {".".join(path): self._find(path) for path in paths}
        return {key: node.place for key, node in found.items() if node is not None}

    def _start(self, path: str) -> Place:
        """The first key of the plan file itself, where what is missing is reported."""
        own = (key.place for key, _ in self.node.items if key.place.file == path)
        return min(own, key=lambda place: (place.line, place.column), default=Place(path, 1, 1))

    def _required(self, key: str, start: Place) -> str:
        """The text of a key that every plan needs."""
        node = self.node.get(key)
        text = read_text(node)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            if "" not in self.problems.unclear:
                self.problems.add(f"a plan needs `{key}`.", start, remedy=f"Add a line `{key}: ...`.")
        elif isinstance(node, Scalar) and not text:
            self.problems.add("must not be empty.", node.place, key)
        return text

    def _objective(self) -> Objective:
        """What is minimised; the loss where nothing is said."""
        text = read_text(self.node.get("objective"), OBJECTIVES[0])
        return cast("Objective", text if text in OBJECTIVES else OBJECTIVES[0])

    def _law(self, start: Place) -> tuple[str | Law, Place]:
        """A library name, a path relative to the root, or an inline law."""
        node = self.node.get("law")
        if isinstance(node, Mapping):
            law = build_law(node, "inline", "law", self.problems)
            if law.loss is None and not law.formulas and "law" not in self.problems.unclear:
                remedy = "To change constants of a law by name, set them under `constants`."
                self.problems.add("a law in a plan needs `loss`.", node.place, "law", remedy)
            return law, node.place
        text = self._required("law", start)
        if not text or not isinstance(node, Scalar):
            return text, start
        return read_law_name(node, self.root, "law", self.problems), node.place

    def _inputs(self, sets: Mapping) -> tuple[Given, Given]:
        """The base inputs, and those of --set."""
        base = read_inputs(self.node, "", self.problems)
        last = read_inputs(sets, "", self.problems)
        for section, null in last.nulls.items():
            single = next(row.key for row in INPUT_KEYS if row.key.startswith(f"{section.partition('.')[0]}."))
            remedy = f"Remove single keys, such as {single}."
            self.problems.add("a whole section cannot be removed here.", null.place, section, remedy)
        note_sets_removing_nothing(last, base, self.node.get("scenarios"), self.problems)
        return base, last

    def _strategies(self) -> tuple[Strategy, ...]:
        """The fixed choices; each says exactly one thing."""
        found: list[Strategy] = []
        entries = read_entries(self.node.get("strategies"))
        slugs = slugs_of([key.text for key, _ in entries])
        for (key, item), slug in zip(entries, slugs, strict=True):
            at = f"strategies.{key.text}"
            given = [(kind, value) for kind, value in read_entries(item) if kind.text in (*_STRATEGY_KINDS, "shares")]
            if len(given) != 1 and isinstance(item, Mapping) and at not in self.problems.unclear:
                listed = ", ".join(f"`{kind}`" for kind in (*_STRATEGY_KINDS, "shares"))
                remedy = "To replace what a layer below chose, set that to null." if given else ""
                self.problems.add(f"needs exactly one of {listed}, but has {len(given)}.", key.place, at, remedy)
            for kind, value in given[:1]:
                if kind.text == "shares":
                    found.append(self._shares(key, slug, value, f"{at}.shares"))
                    continue
                quantity = read_quantity(value, _STRATEGY_KINDS[kind.text], f"{at}.{kind.text}", self.problems)
                amount = quantity.value if quantity else 0.0
                found.append(Strategy(key.text, slug, cast("StrategyKind", kind.text), amount, key.place))
        return tuple(found)

    def _shares(self, key: Scalar, slug: str, node: Node, subject: str) -> Strategy:
        """A split of the budget: every part above zero, together the whole."""
        shares: dict[str, float] = {}
        clear = True
        for name, value in read_entries(node):
            quantity = read_quantity(value, "1", f"{subject}.{name.text}", self.problems)
            shares[name.text] = quantity.value if quantity else 1.0
            clear = clear and quantity is not None
        total = sum(shares.values())
        if clear and (len(shares) != 2 or abs(total - 1) > _SHARES_ROOM):
            message = (
                f"must be the shares of two decisions that add up to 1, but are {len(shares)} that add up to {total:g}."
            )
            self.problems.add(message, node.place, subject, "Write for example `{shares: {x_N: 0.7, x_D: 0.3}}`.")
        first = next(iter(shares.values()), 0.0)
        return Strategy(key.text, slug, "shares", first, key.place, shares)

    def _cells(self) -> dict[str, ExtraFormula]:
        """The reader's own cells; none takes the name of a result or an input."""
        cells: dict[str, ExtraFormula] = {}
        taken = {row.key.replace(".", "_") for row in INPUT_KEYS} | RESULTS
        for key, item in read_entries(self.node.get("cells")):
            at = f"cells.{key.text}"
            if key.text in taken or _RESULT_PATTERN.fullmatch(key.text):
                message = f"`{key.text}` is the name of a result or an input."
                self.problems.add(message, key.place, at, "Give the cell another name.")
            if read_mapping(item):
                cells[key.text] = build_extra_formula(key, item, at, self.problems)
        return cells

    def _claims(self) -> tuple[Claim, ...]:
        """What somebody states, to be proven or refuted."""
        claims: list[Claim] = []
        scenarios = [key.text for key, _ in read_entries(self.node.get("scenarios"))] or ["base"]
        for key, item in read_entries(self.node.get("claims")):
            mapping = read_mapping(item)
            if mapping is None:
                continue
            at = f"claims.{key.text}"
            says = {
                name.text: formula
                for name, text in read_entries(mapping.get("says"))
                if (formula := read_formula(text))
            }
            if not says and not {at, f"{at}.says"} & self.problems.unclear:
                self.problems.add("a claim needs `says`.", key.place, at, "Write `says: {N_opt: 'formula'}`.")
            scenario_node = mapping.get("scenario")
            scenario = read_text(scenario_node) or None
            if scenario and scenario_node and scenario not in scenarios:
                message = f"unknown scenario `{scenario}`."
                self.problems.add(message, scenario_node.place, f"{at}.scenario", did_you_mean(scenario, scenarios))
            expected = read_text(mapping.get("expected")) or None
            claims.append(
                Claim(
                    name=key.text,
                    says=says,
                    place=key.place,
                    source=read_text(mapping.get("source")),
                    expected="proven" if expected == "proven" else "refuted" if expected == "refuted" else None,
                    scenario=scenario,
                )
            )
        return tuple(claims)
