"""What changed from one plan to another in scenarios, numbers and words, each with its lines on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from flopsheet.errors import Place
from flopsheet.plan.keys import INPUT_KEYS, TIERS, input_key
from flopsheet.plan.plan import DEFAULT, Plan, Scenario, Sourced, SourcedText

ChangeKind = Literal["changed", "added", "removed", "unlimited"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What one side says: a number in base units or a word, as written, and where.

    `value` is None where a layer removed what is below. `follows` says that no line of a plan holds it, but an
    accelerator or a default. `place` is None for what no file of the project holds, such as the laws of the library.
    """

    value: float | str | None
    unit: str
    text: str
    place: Place | None
    follows: bool = False


@dataclass(frozen=True, slots=True)
class InputChange:
    """A key that says something else, in all scenarios that hold the same lines of it.

    `scenarios` are names of the new plan; `is_base` says that neither side is a scenario's own line; `everywhere` that
    all scenarios that both plans have are concerned.
    """

    key: str
    old: Setting | None
    new: Setting | None
    scenarios: tuple[str, ...] = ()
    is_base: bool = True
    everywhere: bool = True

    @property
    def kind(self) -> ChangeKind:
        """Whether the key was added, removed, removed with null, or has another value."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "unlimited" if self.new.value is None else "changed"


@dataclass(frozen=True, slots=True)
class ScenarioPair:
    """A scenario in both plans."""

    old: Scenario
    new: Scenario

    @property
    def is_renamed(self) -> bool:
        """Whether it has another name now."""
        return self.old.name != self.new.name


@dataclass(frozen=True, slots=True)
class ScenarioPairs:
    """The scenarios of two plans: those of both in the order of the new one, those that came and those that went."""

    pairs: tuple[ScenarioPair, ...]
    added: tuple[Scenario, ...]
    removed: tuple[Scenario, ...]


# What a scenario says of a key in either plan.
_Says: TypeAlias = tuple[Setting | None, Setting | None]


def pair_scenarios(old: Plan, new: Plan) -> ScenarioPairs:
    """The scenarios by name; a removed and an added one whose own lines say the same are one that was renamed."""
    theirs = {scenario.name: scenario for scenario in old.scenarios}
    names = {scenario.name: scenario.name for scenario in new.scenarios if scenario.name in theirs}
    while True:
        found = _find_renamed(old, new, names)
        if found is None:
            break
        names |= found
    back = {name: before for before, name in names.items()}
    return ScenarioPairs(
        pairs=tuple(ScenarioPair(theirs[back[s.name]], s) for s in new.scenarios if s.name in back),
        added=tuple(scenario for scenario in new.scenarios if scenario.name not in back),
        removed=tuple(scenario for scenario in old.scenarios if scenario.name not in names),
    )


def _find_renamed(old: Plan, new: Plan, names: Mapping[str, str]) -> dict[str, str] | None:
    """One more scenario of the old plan with its name in the new one, given those that are known."""
    taken = set(names.values())
    for before in old.scenarios:
        if before.name in names:
            continue
        for after in new.scenarios:
            parent = None if before.parent is None else names.get(before.parent, "")
            if after.name not in taken and parent == after.parent and list_own(before) == list_own(after):
                return {before.name: after.name}
    return None


def list_own(scenario: Scenario) -> dict[str, float | str | None]:
    """What a scenario's own lines set, by key; None where they remove something."""
    numbers = {key: given.value for key, given in scenario.overrides.items() if given.is_written}
    return {**numbers, **{key: word.value for key, word in scenario.text_overrides.items()}}


def list_input_changes(old: Plan, new: Plan, pairs: Sequence[ScenarioPair]) -> tuple[InputChange, ...]:
    """Every number and word that says something else, words first, numbers in the order of the table of keys."""
    words = dict.fromkeys(key for pair in pairs for side in (pair.old, pair.new) for key in side.texts)
    every = dict.fromkeys(key for pair in pairs for side in (pair.new, pair.old) for key in side.inputs)
    every |= dict.fromkeys((*new.inputs, *old.inputs))
    numbers = sorted(every, key=_rank)
    return (
        *(change for key in words for change in _list_word_changes(key, pairs)),
        *(change for key in numbers for change in _list_number_changes(key, old, new, pairs)),
    )


def _rank(key: str) -> int:
    """The place of a key in the table."""
    row = input_key(key)
    return INPUT_KEYS.index(row) if row is not None else len(INPUT_KEYS)


def _list_word_changes(key: str, pairs: Sequence[ScenarioPair]) -> list[InputChange]:
    """The changes of a word."""
    said = [(pair, (_word(pair.old.texts.get(key)), _word(pair.new.texts.get(key)))) for pair in pairs]
    own = {pair.new.name for pair in pairs if key in pair.old.text_overrides or key in pair.new.text_overrides}
    return [
        InputChange(key, *says, names, not own & set(names), len(names) == len(pairs)) for says, names in _group(said)
    ]


def _list_number_changes(key: str, old: Plan, new: Plan, pairs: Sequence[ScenarioPair]) -> list[InputChange]:
    """The changes of a number: in the scenarios, and of a base that none of them takes."""
    base = _number(key, old.inputs.get(key)), _number(key, new.inputs.get(key))
    said = [(pair, (_number(key, pair.old.inputs.get(key)), _number(key, pair.new.inputs.get(key)))) for pair in pairs]
    found = [
        InputChange(key, *says, names, all(a is None or a == b for a, b in zip(says, base, strict=True)),
                    len(names) == len(pairs))
        for says, names in _group(said)
    ]  # fmt: skip
    if _differs(base) and not any(change.is_base for change in found):
        found.insert(0, InputChange(key, *base, (), is_base=True, everywhere=False))
    return found


def _group(said: Iterable[tuple[ScenarioPair, _Says]]) -> list[tuple[_Says, tuple[str, ...]]]:
    """What differs, with the scenarios that say the same of it in the same lines."""
    groups: dict[_Says, list[str]] = {}
    for pair, says in said:
        if _differs(says):
            groups.setdefault(says, []).append(pair.new.name)
    return [(says, tuple(names)) for says, names in groups.items()]


def _differs(says: _Says) -> bool:
    """Whether two sides say something else, in a line of at least one of the plans."""
    values = [None if side is None else side.value for side in says]
    written = any(side is not None and not side.follows for side in says)
    return values[0] != values[1] and written


def _number(key: str, source: Sourced | None) -> Setting | None:
    """What a side says of a number; nothing where a default stands for a tier, or an accelerator, that it has not."""
    if source is None or (source.layer == DEFAULT and (source.value is None or _is_absent_tier(key, source))):
        return None
    return Setting(source.value, source.unit, source.text, source.place, follows=not source.is_written)


def _is_absent_tier(key: str, source: Sourced) -> bool:
    """Whether a number says only that a scenario has no such tier."""
    return key.startswith(f"{TIERS}.") and key.endswith(".unique") and source.value == 0


def _word(source: SourcedText | None) -> Setting | None:
    """What a side says of a word."""
    return None if source is None else Setting(source.value, "", source.value or "", source.place)
