"""`flopsheet explain`: where a result or cell comes from, or what every layer says of a key."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from flopsheet.api.explain import NoPlanError, TracedKey, explain
from flopsheet.cli.explain_graph import draw_graph, draw_layers
from flopsheet.cli.explain_tree import WIDTH, draw_tree
from flopsheet.cli.explain_words import tell_number, tell_place, tell_value
from flopsheet.cli.output import FAILED, OK, place_as_given, print_error, print_json, print_table
from flopsheet.document.numbers import MAX_DIGITS, render_number
from flopsheet.errors import FlopsheetError
from flopsheet.evaluate.explain import Explanation
from flopsheet.evaluate.explain_record import record_explanation
from flopsheet.evaluate.record import Plain, record_number
from flopsheet.plan.history import Entry, KeyHistory
from flopsheet.plan.keys import input_key
from flopsheet.plan.plan import CATALOGUE, DEFAULT


def run_explain(
    file: Path,
    name: str,
    scenario: str | None,
    sets: tuple[str, ...],
    *,
    form: str,
    depth: int | None,
    everything: bool,
) -> int:
    """Explain a name of a plan as `text`, `json` or `mermaid`; the exit code."""
    try:
        found = explain(file, name, scenario=scenario, sets=sets)
    except NoPlanError as error:
        print_error(place_as_given(error, file))
        return FAILED
    except FlopsheetError as error:
        raise place_as_given(error, file) from None
    if isinstance(found, TracedKey):
        if form == "json":
            print_json(record_key(found))
        elif form == "mermaid":
            click.echo(draw_layers(found), nl=False)
        else:
            _show_key(found)
    elif form == "json":
        print_json(record_explanation(found))
    elif form == "mermaid":
        click.echo(draw_graph(found, depth=depth, everything=everything), nl=False)
    else:
        _show_tree(found, depth, everything=everything)
    return OK


def _show_tree(explanation: Explanation, depth: int | None, *, everything: bool) -> None:
    """The tree of a cell, with what it is about above and what is folded below."""
    solution = explanation.solution
    law = solution.model.law
    cite = f" ({law.source.cite})" if law.source is not None and law.source.cite else ""
    head = f"{explanation.root} = {tell_value(explanation.steps[explanation.root])}"
    where = f"scenario {explanation.scenario} of {solution.plan.path}, law {law.name}{cite}"
    click.echo(head)
    click.echo("\n".join(textwrap.wrap(where, WIDTH, break_long_words=False, break_on_hyphens=False)) + "\n")
    tree = draw_tree(explanation, depth=depth, everything=everything)
    for line in tree.lines:
        click.echo(line)
    if tree.folded:
        cells = "cell lies" if tree.folded == 1 else "cells lie"
        click.echo(f"\n{tree.folded} more {cells} deeper: --depth {tree.depth + 1} shows more, --json all of them.")


def _show_key(traced: TracedKey) -> None:
    """What every layer says of a key, scenarios with the same history together."""
    row = input_key(traced.key)
    unit = next((history.unit for history in traced.histories if history.unit), "")
    about = "" if row is None or not row.about else f"  {row.about}"
    click.echo(f"{traced.key}{about}{f' ({unit})' if unit not in {'', '1'} else ''}")
    click.echo(f"{traced.plan.path}, a later layer beats an earlier one")
    groups: dict[tuple[Entry, ...], list[KeyHistory]] = {}
    for history in traced.histories:
        groups.setdefault(history.entries, []).append(history)
    for histories in groups.values():
        names = ", ".join(f"`{history.scenario}`" for history in histories)
        every = len(groups) == 1 and len(histories) == len(traced.plan.scenarios) > 1
        which = "every scenario" if every else f"scenario{'s' if len(histories) > 1 else ''} {names}"
        click.echo("")
        click.echo("\n".join(textwrap.wrap(f"{which}: {_tell_state(histories[0])}", WIDTH, subsequent_indent="  ")))
        if histories[0].entries:
            rows = [_tell_entry(entry, histories[0].unit) for entry in histories[0].entries]
            print_table(("line", "layer", "says", "value", ""), rows, right=(3,))


def _tell_state(history: KeyHistory) -> str:
    """The value of a key, or that it has none."""
    if history.value is None:
        return "removed" if history.entries else "no layer sets it"
    if isinstance(history.value, str):
        return history.value
    return tell_number(history.value, history.unit)


def _tell_entry(entry: Entry, unit: str) -> tuple[str, str, str, str, str]:
    """A layer: its line, whose it is, what it says, what that means, and whether it is in force."""
    follows = {
        CATALOGUE: ("catalogue", f"{entry.text}, which the line names"),
        DEFAULT: ("default", "what holds where nothing is said"),
    }
    layer, says = follows.get(entry.layer, ("", entry.text))
    if not layer:
        layer = (
            f"scenario {entry.scenario}" if entry.scenario else entry.layer if _is_no_file(entry) else "all scenarios"
        )
    if entry.removes:
        says = "null" if not entry.through else f"{entry.through}: {entry.text or 'another list'}"
    value = "removed" if entry.removes else _bare(entry.value, unit)
    return tell_place(entry.place.file, entry.place.line), layer, says, value, "in force" if entry.in_force else ""


def _bare(value: float | None, unit: str) -> str:
    """A number in the form of its unit, without the name."""
    return "" if value is None else render_number(value, None if unit == "1" else unit, digits=MAX_DIGITS)


def _is_no_file(entry: Entry) -> bool:
    """Whether a layer is --set or a law rather than a file of the plan."""
    return entry.layer != entry.place.file or entry.layer == "--set"


def record_key(traced: TracedKey) -> Plain:
    """What `explain --json` prints of a key."""
    return {
        "file": traced.plan.path,
        "key": traced.key,
        "scenarios": [
            {
                "name": history.scenario,
                "value": record_number(history.value) if isinstance(history.value, float) else history.value,
                "unit": history.unit,
                "layers": [_record_entry(entry) for entry in history.entries],
            }
            for history in traced.histories
        ],
    }


def _record_entry(entry: Entry) -> Plain:
    """What one layer says."""
    record: Plain = {
        "layer": entry.layer,
        "scenario": entry.scenario,
        "file": entry.place.file,
        "line": entry.place.line,
        "column": entry.place.column,
        "text": entry.text,
        "value": None if entry.value is None else record_number(entry.value),
        "removes": entry.removes,
        "in_force": entry.in_force,
    }
    if entry.through:
        record["through"] = entry.through
    return record
