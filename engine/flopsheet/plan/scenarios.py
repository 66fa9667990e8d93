"""The scenarios of a plan: each with base, parents, own lines and --set merged, and with what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError, did_you_mean
from flopsheet.plan.hardware import Rank, Settings, resolve_hardware
from flopsheet.plan.inputs import Given, Inputs, Texts, read_inputs
from flopsheet.plan.keys import TIERS, input_key
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.plan import DEFAULT, Repetition, Scenario, Sourced, SourcedText, Tier
from flopsheet.plan.problems import Problems
from flopsheet.plan.read import read_entries, read_text
from flopsheet.plan.repetition import DEFAULT_REPETITION, load_repetition, load_shipped_repetition
from flopsheet.plan.rules import read_expectations
from flopsheet.plan.slugs import slugs_of

if TYPE_CHECKING:
    from collections.abc import Mapping as AbstractMapping
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from flopsheet.errors import Place
    from flopsheet.plan.plan import Expectation

MAX_CHAIN = 50
_LAST: Rank = (10**6, 0)
REPETITION_KEY = "data.repetition"


@dataclass(frozen=True, slots=True)
class Settled:
    """The base of a plan and its scenarios, each with what follows from its inputs; `tiers` are those of any."""

    inputs: Inputs
    scenarios: tuple[Scenario, ...]
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the scenarios of a plan stand on: where its files are, and what was noted of them so far."""

    root: Path
    files: Sequence[str]
    effective: AbstractSet[Place]
    problems: Problems


@dataclass(frozen=True, slots=True)
class _Raw:
    """A scenario with its parents merged in, as written; `depth` is how many it extends."""

    name: str
    place: Place
    parent: str | None
    own_numbers: Inputs
    own_texts: Texts
    settings: Settings
    tiers: AbstractMapping[str, Place]
    expect: AbstractMapping[str, Expectation]
    depth: int


def settle_scenarios(node: Node | None, base: Given, sets: Given, start: Place, ground: Ground) -> Settled:
    """The base and the scenarios of a plan in their order, resolved; what is wrong is noted.

    Args:
        node: The section `scenarios`; without any there is one, called base.
        base: What the plan sets for all of them.
        sets: What --set sets last.
        start: The first line of the plan, where the scenario base stands.
        ground: Where the files are, and where problems are noted.
    """
    entries = {key.text: (key, item) for key, item in read_entries(node)}
    resolver = _Resolver(base, sets, entries, ground)
    raw = resolver.resolve_all(start)
    return _Finisher(raw, resolver.base(start), sets, ground, declared=bool(entries)).finish()


def note_sets_removing_nothing(sets: Given, base: Given, node: Node | None, problems: Problems) -> None:
    """Note the nulls of --set whose key neither the base nor any scenario sets."""
    removed = {key: source for key, source in sets.all.items() if source.value is None}
    if not removed:
        return
    own = [read_inputs(item, "", Problems()) for _, item in read_entries(node) if isinstance(item, Mapping)]
    known = set(base.all)
    for given in own:
        known |= {key for key, source in given.all.items() if source.value is not None}
    for key, source in removed.items():
        if key not in known:
            problems.add("is null, but no layer set it before.", source.place, key, "Leave the option out.")


@dataclass(slots=True)
class _Resolver:
    """Merges scenarios over the base and over each other."""

    given: Given
    sets: Given
    nodes: dict[str, tuple[Scalar, Node]]
    ground: Ground
    done: dict[str, _Raw] = field(default_factory=dict)

    def resolve_all(self, start: Place) -> tuple[_Raw, ...]:
        """All scenarios, or the one that a plan without them has."""
        if not self.nodes:
            return (self.base(start),)
        return tuple(self.resolve(name) for name in self.nodes)

    def base(self, start: Place) -> _Raw:
        """What the plan sets for all scenarios, and --set above it."""
        for name, place in self.given.addressed.items():
            self._note_unknown_tier(name, place, TIERS, self.given.declared)
        numbers, texts = self._with_sets(self.given.numbers, self.given.texts)
        ranks = self._ranks(numbers, texts, 0)
        return _Raw("base", start, None, {}, {}, Settings(numbers, texts, ranks), self.given.declared, {}, 0)

    def _with_sets(
        self, numbers: AbstractMapping[str, Sourced], texts: AbstractMapping[str, SourcedText]
    ) -> tuple[Inputs, Texts]:
        """Numbers and words with those of --set above them."""
        return {**numbers, **self.sets.numbers}, {**texts, **self.sets.texts}

    def _ranks(self, numbers: Inputs, texts: Texts, depth: int) -> dict[str, Rank]:
        """How late each key was set, by a scenario that extends so many."""
        order = {file: number for number, file in enumerate(self.ground.files)}
        given: dict[str, Sourced | SourcedText] = {**numbers, **texts}
        # What no file sets, --set does.
        return {key: (depth, order[s.layer]) if s.layer in order else _LAST for key, s in given.items()}

    def resolve(self, name: str, chain: tuple[str, ...] = ()) -> _Raw:
        """A scenario with its parents merged in."""
        if name in self.done:
            return self.done[name]
        key, node = self.nodes[name]
        mapping = node if isinstance(node, Mapping) else Mapping((), node.place)
        parent_name = self._parent_name(mapping, name)
        parent = self._parent(mapping, parent_name, (*chain, name)) if parent_name else None
        below = parent or self.base(key.place)
        subject = f"scenarios.{name}"
        own = read_inputs(mapping, subject, self.ground.problems)
        tiers = self._tiers(own, below, subject)
        numbers, texts = self._overrides(own, below, subject)
        depth = below.depth + 1
        ranks = self._ranks(numbers, texts, depth)
        settings = Settings(
            {**below.settings.numbers, **numbers}, {**below.settings.texts, **texts}, {**below.settings.ranks, **ranks}
        )
        expect = read_expectations(mapping.get("expect"), f"{subject}.expect", self.ground.problems)
        expect = {**(parent.expect if parent else {}), **expect}
        raw = _Raw(name, key.place, parent_name or None, numbers, texts, settings, tiers, expect, depth)
        self.done[name] = raw
        return raw

    def _parent_name(self, node: Mapping, name: str) -> str:
        """The scenario that this one extends; an unknown one is a problem."""
        extends = node.get("extends")
        parent = read_text(extends)
        if parent and parent not in self.nodes and extends is not None:
            remedy = did_you_mean(parent, (known for known in self.nodes if known))
            message = f"unknown scenario `{parent}`."
            self.ground.problems.add(message, extends.place, f"scenarios.{name}.extends", remedy)
            return ""
        return parent

    def _parent(self, node: Mapping, parent: str, chain: tuple[str, ...]) -> _Raw | None:
        """The resolved parent; a circle is a problem, told once."""
        extends = node.get("extends")
        place = extends.place if extends else None
        if len(chain) > MAX_CHAIN:
            message = f"scenarios may extend each other at most {MAX_CHAIN} levels deep."
            self.ground.problems.add(message, place, f"scenarios.{chain[-1]}.extends")
            return None
        if parent in chain:
            circle = chain[chain.index(parent) :]
            message = f"the scenarios extend each other in a circle: {' > '.join((*circle, parent))}."
            self.ground.problems.add(message, place, f"scenarios.{chain[-1]}.extends")
            return None
        return self.resolve(parent, chain)

    def _tiers(self, own: Given, below: _Raw, subject: str) -> AbstractMapping[str, Place]:
        """The tiers of a scenario: its own list, else those below without the ones that a null removes."""
        known = own.declared if own.listed else below.tiers
        for name, place in own.addressed.items():
            self._note_unknown_tier(name, place, f"{subject}.{TIERS}", known)
        if {"data", TIERS} & own.nulls.keys():
            return {}
        return {name: place for name, place in known.items() if f"{TIERS}.{name}" not in own.nulls}

    def _note_unknown_tier(self, name: str, place: Place, subject: str, known: AbstractMapping[str, Place]) -> None:
        """Note a tier that is changed by name, but that no list declares."""
        if name not in known:
            remedy = (
                did_you_mean(name, known) if known else "Declare tiers in a list: `tiers: [{name: .., unique: ..}]`."
            )
            self.ground.problems.add(f"there is no tier `{name}` here.", place, subject, remedy)

    def _overrides(self, own: Given, below: _Raw, subject: str) -> tuple[Inputs, Texts]:
        """What a scenario's own lines set; a null must remove something."""
        numbers, texts = dict(own.numbers), dict(own.texts)
        inherited = below.settings.all
        for prefix, null in own.nulls.items():
            found = [key for key in inherited if key.startswith(f"{prefix}.")]
            if not found and null.place not in self.ground.effective:
                self._note_empty_null(f"{subject}.{prefix}", null.place)
            self._remove(found, null.place, null.text, below, (numbers, texts))
        if own.listed:
            replaced = [key for key in inherited if key.startswith(f"{TIERS}.") and key not in numbers]
            self._remove(replaced, own.listed, "", below, (numbers, texts))
        for key, given in own.all.items():
            known = key in inherited or given.place in self.ground.effective
            if given.value is None and not known:
                self._note_empty_null(f"{subject}.{key}", given.place)
        return (
            {key: given for key, given in numbers.items() if key not in self.sets.numbers},
            {key: given for key, given in texts.items() if key not in self.sets.texts},
        )

    def _remove(self, keys: Sequence[str], place: Place, text: str, below: _Raw, into: tuple[Inputs, Texts]) -> None:
        """Set inherited numbers and words to nothing."""
        numbers, texts = into
        for key in keys:
            if key in below.settings.numbers:
                numbers[key] = Sourced(None, below.settings.numbers[key].unit, place, place.file, text)
            else:
                texts[key] = SourcedText(None, place, place.file)

    def _note_empty_null(self, subject: str, place: Place) -> None:
        """Note a null that removes nothing, unless what it removes may stand under a misspelled key."""
        section = subject.removeprefix("scenarios.").rpartition(".")[0].rpartition(".")[2]
        if any(at in {"", section} or at.startswith("scenarios.") for at in self.ground.problems.misspelled):
            return
        remedy = "Remove the line, or give it a value."
        self.ground.problems.add("is null, but no layer set it before.", place, subject, remedy)


@dataclass(slots=True)
class _Finisher:
    """Adds to each scenario what follows from its inputs: hardware, tiers that it lacks, its repetition."""

    raw: Sequence[_Raw]
    base: _Raw
    sets: Given
    ground: Ground
    declared: bool
    _loaded: dict[SourcedText, Repetition | None] = field(default_factory=dict)

    def finish(self) -> Settled:
        """The base and all scenarios."""
        tiers = self._tiers()
        # Where scenarios are declared, nothing is computed from the base alone: it may lack what each of them sets.
        unheard = replace(self.ground, problems=Problems()) if self.declared else self.ground
        base = self._inputs(self.base, tiers, unheard)
        done: dict[str, Scenario] = {}
        slugs = dict(zip((raw.name for raw in self.raw), slugs_of([raw.name for raw in self.raw]), strict=True))
        for raw in sorted(self.raw, key=lambda raw: raw.depth):
            inputs = self._inputs(raw, tiers, self.ground)
            below = done[raw.parent].inputs if raw.parent in done else base
            follows = {
                key: given
                for key, given in inputs.items()
                if key not in raw.settings.numbers or given != raw.settings.numbers[key]
            }
            own = {key: given for key, given in follows.items() if key not in below or given.value != below[key].value}
            # What follows from an accelerator goes with it.
            gone = {
                key: Sourced(None, given.unit, raw.place, DEFAULT, "")
                for key, given in below.items()
                if key not in inputs
            }
            done[raw.name] = Scenario(
                name=raw.name,
                slug=slugs[raw.name],
                place=raw.place,
                parent=raw.parent,
                overrides={**raw.own_numbers, **own, **gone},
                inputs={**inputs, **gone},
                expect=raw.expect,
                texts=raw.settings.texts,
                repetition=self._repetition(raw),
                tiers=self._own_tiers(raw, tiers),
                text_overrides=raw.own_texts,
            )
        return Settled(base, tuple(done[raw.name] for raw in self.raw), tiers)

    def _tiers(self) -> tuple[Tier, ...]:
        """The tiers of any scenario, in the order in which they first stand; --set changes only these."""
        found: dict[str, Place] = {}
        for raw in (self.base, *self.raw):
            for name, place in raw.tiers.items():
                found.setdefault(name, place)
        for name, place in self.sets.addressed.items():
            if name not in found:
                remedy = did_you_mean(name, found) if found else "The plan has no tiers."
                self.ground.problems.add(f"there is no tier `{name}`.", place, TIERS, remedy)
        slugs = slugs_of(tuple(found), "t")
        return tuple(Tier(name, slug, place) for (name, place), slug in zip(found.items(), slugs, strict=True))

    def _own_tiers(self, raw: _Raw, tiers: Sequence[Tier]) -> tuple[str, ...]:
        """The names of the tiers that a scenario has, those included that --set gives it."""
        return tuple(
            tier.name
            for tier in tiers
            if tier.name in raw.tiers or _is_set(self.sets.numbers.get(f"{TIERS}.{tier.name}.unique"))
        )

    def _inputs(self, raw: _Raw, tiers: Sequence[Tier], ground: Ground) -> Inputs:
        """The numbers of a scenario with all that follows from them."""
        inputs = {**raw.settings.numbers, **resolve_hardware(raw.settings, ground.problems)}
        own = self._own_tiers(raw, tiers)
        repetition = self._repetition(raw)
        decay = repetition.constants.get("decay") if repetition else None
        defaults = {"quality": 1.0, "decay": decay.value if decay else None}
        for tier in tiers if own else ():
            unique = f"{TIERS}.{tier.name}.unique"
            if tier.name not in own:
                inputs[unique] = _default(unique, 0.0, tier.place)
            elif not _is_set(inputs.get(unique)) and not _unclear_tier(raw, tier.name, ground.problems):
                remedy = f"To leave the tier out, set `{TIERS}.{tier.name}` to null."
                ground.problems.add("a tier needs `unique`.", raw.tiers[tier.name], f"{TIERS}.{tier.name}", remedy)
            for name, value in defaults.items():
                key = f"{TIERS}.{tier.name}.{name}"
                if value is not None and not _is_set(inputs.get(key)):
                    inputs[key] = _default(key, value, tier.place)
        return inputs

    def _repetition(self, raw: _Raw) -> Repetition | None:
        """What repeated tokens are worth in a scenario; nothing where its data are not limited."""
        named = raw.settings.text(REPETITION_KEY)
        found = load_shipped_repetition(DEFAULT_REPETITION) if named is None else self._load(named)
        limited = raw.tiers or raw.settings.number("data.unique")
        return found if limited else None

    def _load(self, named: SourcedText) -> Repetition | None:
        """The modifier that a word names; a fault is told once."""
        if named not in self._loaded:
            try:
                self._loaded[named] = load_repetition(named, self.ground.root)
            except FlopsheetError as error:
                self.ground.problems.extend(error.problems)
                self._loaded[named] = None
        return self._loaded[named]


def _is_set(given: Sourced | None) -> bool:
    """Whether a number has a value."""
    return given is not None and given.value is not None


def _default(key: str, value: float, place: Place) -> Sourced:
    """A number that holds where nothing is said."""
    row = input_key(key)
    return Sourced(value, row.unit if row else "1", place, DEFAULT, f"{value:g}")


def _unclear_tier(raw: _Raw, name: str, problems: Problems) -> bool:
    """Whether a refused key may be what a tier lacks."""
    subjects = {"", "data", TIERS, f"{TIERS}.{name}"}
    own = f"scenarios.{raw.name}"
    return bool((subjects | {f"{own}.{subject}" for subject in subjects} | {own}) & problems.unclear)
