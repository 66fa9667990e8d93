"""`flopsheet laws` and `flopsheet schema`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from flopsheet.cli.output import OK, print_json, print_table, say


def run_laws(name: str | None, at: str | None, *, as_json: bool, bibtex: bool) -> int:
    """List the library or show one law; the exit code."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed
    from flopsheet.document.view_provenance import render_bibtex  # noqa: PLC0415 - the same
    from flopsheet.laws.library import law_names, load_library_law  # noqa: PLC0415 - the same

    if bibtex:
        chosen = [api.find_law(name)] if name else [load_library_law(each) for each in law_names()]
        click.echo("\n\n".join(entry for law in chosen if (entry := render_bibtex(law))))
        return OK
    if name is None:
        listed = api.list_laws()
        if as_json:
            print_json(listed)
        else:
            rows = [(str(law["name"]), str(law["title"]), ", ".join(map(str, law["answers"]))) for law in listed]
            print_table(("name", "title", "answers"), rows)
        return OK
    law = api.find_law(name)
    record = api.describe_law(law)
    if at is not None:
        record["at"] = api.evaluate_law_at(law, at)
    if as_json:
        print_json(record)
    else:
        _print_law(record)
    return OK


def _print_law(record: dict[str, object]) -> None:
    """One law whole."""
    click.echo(f"{record['name']}: {record['title']}")
    source = record.get("source")
    if isinstance(source, dict):
        click.echo("  source: " + ", ".join(str(value) for value in source.values()))
    for part in ("loss", "cost"):
        if part in record:
            click.echo(f"  {part}: {record[part]}")
    _print_formulas(record)
    click.echo("  constants:")
    constants = record["constants"]
    assert isinstance(constants, dict)  # noqa: S101 - made by describe_law
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
    """What a law takes from the plan, its intermediate formulas, and its further outputs with their units."""
    for part in ("inputs", "where", "formulas"):
        entries = record[part]
        assert isinstance(entries, dict)  # noqa: S101 - made by describe_law
        if entries:
            click.echo(f"  {part}:")
        for name, entry in entries.items():
            text, unit = (entry.get("formula"), entry["unit"]) if isinstance(entry, dict) else (entry, "")
            click.echo(f"    {name}" + (f" = {text}" if text else "") + (f"  [{unit}]" if unit else ""))


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
