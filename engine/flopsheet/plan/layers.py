"""A plan file and the layers it extends, merged into one typed plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError, Place
from flopsheet.plan.build import build_plan
from flopsheet.plan.merge import Merger
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.paths import project_root, resolve_given, resolve_inside
from flopsheet.plan.problems import Problems
from flopsheet.plan.read import read_items, read_mapping, read_text
from flopsheet.plan.schema import PLAN, SET
from flopsheet.plan.source import load_source, relative_name
from flopsheet.plan.validate import check, unfold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from flopsheet.errors import Problem
    from flopsheet.plan.plan import Plan

    # Given are the plan and what was found wrong with it so far.
    Check = Callable[[Plan, Sequence[Problem]], Iterable[Problem]]

MAX_LAYERS = 50
SET_FILE = "--set"


@dataclass(slots=True)
class Layers:
    """The files of a plan in the order in which they are put on top of each other."""

    root: Path
    problems: Problems = field(default_factory=Problems)
    nodes: list[Mapping] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    broken: bool = False
    _loaded: set[Path] = field(default_factory=set)

    def add(self, path: Path, chain: tuple[Path, ...] = ()) -> None:
        """Add what a file extends, then the file; a file that several extend counts once, where it is first met."""
        self._loaded.add(path)
        try:
            node = load_source(path, self.root)
        except FlopsheetError as error:
            self.problems.extend(error.problems)
            self.broken = True
            return
        unfolded = read_mapping(unfold(PLAN, node, self.problems)) or node
        check(PLAN, unfolded, "", self.problems)
        for item in read_items(unfolded.get("extends")):
            if isinstance(item, Scalar):
                self._extend(item, path, (*chain, path))
        self.nodes.append(unfolded)
        self.files.append(relative_name(path, self.root))

    def _extend(self, named: Scalar, path: Path, chain: tuple[Path, ...]) -> None:
        """Follow one `extends`, inside the project and not in a circle."""
        try:
            target = resolve_inside(self.root, path.parent, named.text, named.place)
        except FlopsheetError as error:
            self.problems.extend(error.problems)
            self.broken = True
            return
        if target in chain:
            circle = " > ".join(relative_name(each, self.root) for each in (*chain[chain.index(target) :], target))
            self.problems.add(f"the files extend each other in a circle: {circle}.", named.place, "extends")
            self.broken = True
        elif len(self._loaded) >= MAX_LAYERS:
            self.problems.add(f"a plan may have at most {MAX_LAYERS} layers.", named.place, "extends")
            self.broken = True
        elif target not in self._loaded:
            self.add(target, chain)


def load_plan(path: Path, *, sets: Sequence[str] = (), also: Check | None = None) -> Plan:
    """The plan in a file, with its layers and `sets` (`key=value`, from --set) merged.

    Args:
        path: The plan file.
        sets: Overrides, the last layer over every scenario.
        also: Finds what is wrong with the law that the plan names, and with names of cells where there are other
            faults; asked where the law's name is no problem itself.

    Raises:
        FlopsheetError: with all problems of all files, sorted by place.
    """
    root = project_root(path)
    resolved = resolve_given(root, path)
    layers = Layers(root)
    layers.add(resolved)
    problems = layers.problems
    overrides = parse_sets(sets, problems)
    if layers.broken:
        problems.raise_any()
    merger = Merger(problems)
    merged: Mapping | None = None
    for node in layers.nodes:
        merged = merger.merge(merged, node)
    if merged is not None:
        plan = build_plan(merged, overrides, layers.files, root, merger.effective, problems)
        if also is not None and plan.law and all(problem.subject != "law" for problem in problems.found):
            problems.extend_by_others(also(plan, tuple(problems.found)))
        problems.raise_any()
        return plan
    message = "unreachable: a file was neither loaded nor refused"
    raise AssertionError(message)


def merge_layers(path: Path, root: Path) -> Mapping:
    """The merged top level of a file and what it extends, unchecked; for telling plans from other files.

    Raises:
        FlopsheetError: a file of them cannot be read.
    """
    layers = Layers(root)
    layers.add(path.resolve())
    if layers.broken:
        layers.problems.raise_any()
    merged: Mapping | None = None
    for node in layers.nodes:
        merged = Merger(Problems()).merge(merged, node)
    return merged or Mapping((), Place(path.name, 1, 1))


def parse_sets(sets: Sequence[str], problems: Problems) -> Mapping:
    """The layer that --set makes of `key=value` texts; places count the options as lines."""
    pairs: list[tuple[Scalar, Node]] = []
    for number, text in enumerate(sets, start=1):
        name, equals, value = text.partition("=")
        key, given = name.strip(), value.strip()
        place = Place(SET_FILE, number, 1 + len(name) - len(name.lstrip()), max(1, len(key)), text)
        if not equals or not key or not given:
            remedy = "Write for example --set budget.compute=2e22, or =null to remove a limit."
            problems.add("must be a key, `=` and a value.", place, remedy=remedy)
            continue
        start = len(name) + 2 + len(value) - len(value.lstrip())
        value_place = Place(SET_FILE, number, start, len(given), text)
        pairs.append((Scalar(key, quoted=False, place=place, content=place),
                      Scalar(given, quoted=False, place=value_place, content=value_place)))  # fmt: skip
    layer = _unique(pairs, problems)
    unfolded = read_mapping(unfold(SET, layer, problems)) or layer
    check(SET, unfolded, "", problems)
    return unfolded


def _unique(pairs: list[tuple[Scalar, Node]], problems: Problems) -> Mapping:
    """The pairs as a mapping; a key given twice is a problem."""
    kept: dict[str, tuple[Scalar, Node]] = {}
    for key, node in pairs:
        if key.text in kept:
            first = read_text(kept[key.text][1])
            problems.add(f"the key `{key.text}` is set twice (first to `{first}`).", key.place, remedy="Set it once.")
        else:
            kept[key.text] = (key, node)
    return Mapping(tuple(kept.values()), Place(SET_FILE, 1, 1))
