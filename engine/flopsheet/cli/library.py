"""`flopsheet laws` and `flopsheet schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flopsheet.cli.output import OK, print_json, say
from flopsheet.messages import load_catalogue

if TYPE_CHECKING:
    from flopsheet.plan.plan import Law


def run_laws(name: str | None, at: str | None, *, as_json: bool, bibtex: bool) -> int:
    """List the library or show one law; the exit code."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed

    if name is None:
        _list_laws(as_json=as_json, bibtex=bibtex)
        return OK
    law = api.find_law(name)
    if bibtex and not as_json:
        click.echo(_bibtex(law))
        return OK
    record = api.describe_law(law)
    if at is not None:
        record["at"] = api.evaluate_law_at(law, at)
    if bibtex:
        record["bibtex"] = _bibtex(law)
    if as_json:
        print_json(record)
    else:
        _print_law(record)
    return OK


def _list_laws(*, as_json: bool, bibtex: bool) -> None:
    """The whole library: as JSON, as BibTeX, or as tables under what the laws answer."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed
    from flopsheet.laws.library import load_library_law  # noqa: PLC0415 - the same

    listed = api.list_laws()
    if bibtex:
        entries = [_bibtex(load_library_law(law["name"])) for law in listed]
        if not as_json:
            click.echo("\n\n".join(entry for entry in entries if entry))
            return
        listed = [{**law, "bibtex": entry} for law, entry in zip(listed, entries, strict=True)]
    if as_json:
        print_json(listed)
        return
    groups = api.group_laws()
    width = max(len(law["name"]) for law in listed)
    room = max(len(law["title"]) for law in listed)
    for heading, laws in groups.items():
        click.echo(f"{heading} ({len(laws)})")
        for law in laws:
            click.echo(f"  {law['name']:<{width}}  {law['title']:<{room}}  {', '.join(law['answers'])}")
        click.echo("")
    click.echo("One law whole: flopsheet laws NAME. Accelerators: flopsheet laws accelerators.")


def _bibtex(law: Law) -> str:
    """The BibTeX entry of a law's source, empty without one."""
    from flopsheet.document.view_provenance import render_bibtex  # noqa: PLC0415 - start-up speed

    return render_bibtex(law)


def _print_law(record: dict[str, object]) -> None:
    """One law whole."""
    click.echo(f"{record['name']}: {record['title']}")
    source = record.get("source")
    if isinstance(source, dict):
        click.echo("  source: " + ", ".join(str(value) for value in source.values()))
    for part in ("loss", "cost", "inference_cost", "draws"):
        if part in record:
            click.echo(f"  {part.replace('_', ' ')}: {record[part]}")
    _print_formulas(record)
    _print_about(record)
    constants = record["constants"]
    assert isinstance(constants, dict)  # noqa: S101 - made by describe_law
    if constants:
        click.echo("  constants:")
    for name, constant in constants.items():
        extras = [f"se {constant['se']:g}"] if "se" in constant else []
        if "interval" in constant:
            low, high = constant["interval"]
            extras.append(f"{100 * constant.get('level', 0.95):g} % interval {low:g} to {high:g}")
        click.echo(f"    {name} = {constant['value']:.10g}" + (f"  ({'; '.join(extras)})" if extras else ""))
    click.echo(f"  fitted range: {_range_text(record['fitted_range'])}")
    answers = record["known_answers"]
    assert isinstance(answers, list)  # noqa: S101 - made by describe_law
    if answers:
        click.echo("  known answers:")
        for answer in answers:
            at = ", ".join(f"{key} = {value:.4g}" for key, value in answer["at"].items())
            ours = "-" if answer["ours"] is None else f"{answer['ours']:.6g}"
            click.echo(
                f"    {answer['quantity']} at {at}: published {answer['published']:.6g}, ours {ours} "
                f"(within {100 * answer['within']:g} %)  {answer['source']}"
            )
    if "at" in record:
        point = record["at"]
        assert isinstance(point, dict)  # noqa: S101 - made by evaluate_law_at
        click.echo("  at the point:")
        for name, amount in point.items():
            click.echo(f"    {name} = {amount['value']:.10g} {amount['unit']}")
    notes = record.get("notes")
    for note in notes if isinstance(notes, list) else []:
        click.echo(f"  note: {note}")


def _print_formulas(record: dict[str, object]) -> None:
    """What a law decides and takes from the plan, its intermediate formulas and further outputs."""
    decisions = record["decisions"]
    assert isinstance(decisions, dict)  # noqa: S101 - made by describe_law
    if decisions:
        click.echo("  decisions: " + ", ".join(f"{name} ({what})" for name, what in decisions.items()))
    for part in ("inputs", "where", "formulas"):
        entries = record[part]
        assert isinstance(entries, dict)  # noqa: S101 - made by describe_law
        if entries:
            click.echo(f"  {part}:")
        for name, entry in entries.items():
            text, unit = (entry.get("formula"), entry["unit"]) if isinstance(entry, dict) else (entry, "")
            click.echo(f"    {name}" + (f" = {text}" if text else "") + (f"  [{unit}]" if unit else ""))


def _print_about(record: dict[str, object]) -> None:
    """What the sizes of a law count, on what it was fitted, and what rounding does to it."""
    about = record["about"]
    assert isinstance(about, dict)  # noqa: S101 - made by describe_law
    shown = {"parameters": "sizes count", "data": "training data", "tokenizer": "tokenizer", "loss": "kind of loss"}
    for key, label in shown.items():
        if key in about:
            counted = f"about.{about[key]}"
            text = load_catalogue("en").get(counted, about[key]) if key == "parameters" else about[key]
            click.echo(f"  {label}: {text}")
    if "rounded" in about:
        click.echo(f"  rounded: {about['rounded']}")


def _range_text(fitted_range: object) -> str:
    """A fitted range in words."""
    if not isinstance(fitted_range, dict):
        return str(fitted_range)
    return ", ".join(f"{name} {low:.4g} to {high:.4g}" for name, (low, high) in fitted_range.items())


def run_schema(*, for_law: bool, out: Path | None) -> int:
    """Print or write the JSON Schema; the exit code."""
    from flopsheet.plan.json_schema import law_json_schema, plan_json_schema  # noqa: PLC0415 - start-up speed
    from flopsheet.provenance import write_whole  # noqa: PLC0415 - the same

    text = json.dumps(law_json_schema() if for_law else plan_json_schema(), indent=2, ensure_ascii=False)
    if out is None:
        click.echo(text)
    else:
        write_whole(out, (text + "\n").encode())
        say(f"wrote {out.as_posix()}")
    return OK
