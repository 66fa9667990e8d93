"""`flopsheet check` and `flopsheet verify`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from flopsheet.cli.output import BAD_INPUT, FAILED, OK, place_as_given, print_error, print_json, say
from flopsheet.errors import FlopsheetError, Problem


def run_check(paths: Sequence[Path], *, as_json: bool) -> int:
    """Check every plan below the given paths; the exit code."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed
    from flopsheet.evaluate.record import record_claims, record_proofs  # noqa: PLC0415 - the same

    plans, passed_over = _find_checked(paths)
    for path, reason in passed_over:
        say(f"skipped: {path.as_posix()} ({reason})")
    if not plans and not passed_over:
        raise FlopsheetError(Problem(f"no plan below {', '.join(f'`{path}`' for path in paths)}."))
    records = []
    code = OK
    for plan in plans:
        try:
            solution = api.solve_plan(plan)
        except FlopsheetError as found:
            error = place_as_given(found, plan)
            code = BAD_INPUT
            print_error(error)
            records.append({"file": plan.as_posix(), "ok": False, "errors": [p.render() for p in error.problems]})
            continue
        failures = solution.failures
        if failures and code == OK:
            code = FAILED
        records.append(
            {
                "file": solution.plan.path,
                "ok": not failures,
                "failures": list(failures),
                "claims": record_claims(solution.claims),
                "expectations": [
                    {
                        "name": verdict.expectation.name,
                        "scenario": verdict.scenario,
                        "holds": verdict.holds,
                        "reason": verdict.reason,
                    }
                    for verdict in solution.expectations
                ],
                "proofs": record_proofs(solution.proofs),
                "findings": [
                    {"scenario": answer.name, "code": finding.code}
                    for answer in solution.answers
                    for finding in answer.findings
                ],
            }
        )
        if not as_json:
            _print_plan(solution.plan.path, failures, solution)
    if as_json:
        print_json({"plans": records, "ok": code == OK})
    return code


def _find_checked(paths: Sequence[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The plans among and below the given paths, and the files named that are none, each with the reason.

    A hook names every YAML file of a commit, layers and laws too.
    """
    from flopsheet.plan.discovery import explain_no_plan, find_plans  # noqa: PLC0415 - start-up speed

    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FlopsheetError(*(Problem(f"`{path}` does not exist.") for path in missing))
    reasons = {path: explain_no_plan(path) for path in paths if not path.is_dir()}
    passed_over = [(path, reason) for path, reason in reasons.items() if reason is not None]
    plans = [plan for path in paths if reasons.get(path) is None for plan in find_plans(path)]
    return list(dict.fromkeys(plans)), passed_over


def _print_plan(path: str, failures: Sequence[str], solution: object) -> None:
    """One plan's line, and what failed."""
    proofs = getattr(solution, "proofs", ())
    claims = getattr(solution, "claims", ())
    counts: dict[str, int] = {}
    for proof in proofs:
        counts[proof.verdict] = counts.get(proof.verdict, 0) + 1
    proven = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    told = f"; claims: {', '.join(f'{v.claim.name} {v.verdict}' for v in claims)}" if claims else ""
    click.echo(f"{'fail' if failures else 'ok':4}  {path}  (proofs: {proven}{told})")
    for failure in failures:
        say(f"      {failure}")


def run_verify(book: Path, *, as_json: bool) -> int:
    """Recalculate a workbook and compare; the exit code."""
    from flopsheet.workbook.lint import check_workbook  # noqa: PLC0415 - start-up speed
    from flopsheet.workbook.verify import verify_workbook  # noqa: PLC0415 - the same

    found = verify_workbook(book)
    findings = check_workbook(book)
    if as_json:
        print_json(
            {
                "file": found.file,
                "cells": found.cells,
                "tolerance": found.tolerance,
                "agrees": found.agrees,
                "engines": [
                    {
                        "name": engine.name,
                        "version": engine.version,
                        "status": engine.status,
                        "worst_difference": engine.worst,
                        "worst_cell": str(engine.worst_cell) if engine.worst_cell else None,
                        "message": engine.message,
                    }
                    for engine in found.engines
                ],
                "disagreements": [
                    {
                        "cell": str(item.cell),
                        "formula": f"={item.formula}",
                        "stored": _plain(item.stored),
                        "engine": item.engine,
                        "recalculated": _plain(item.recalculated),
                        "difference": item.difference,
                    }
                    for item in found.disagreements
                ],
                "lint": [
                    {"rule": finding.rule, "sheet": finding.sheet, "cell": finding.cell, "message": finding.message}
                    for finding in findings
                ],
            }
        )
    else:
        click.echo(f"{found.file}: {found.cells} formula cells, tolerance {found.tolerance:g}")
        for engine in found.engines:
            where = f" at {engine.worst_cell}" if engine.worst_cell else ""
            told = engine.message or f"worst difference {engine.worst:.2g}{where}"
            click.echo(f"  {engine.name} {engine.version or ''}: {told}".replace(" :", ":"))
        for item in found.disagreements[:20]:
            by = item.engine or "as stored"
            say(f"  {item.cell}: stored {_plain(item.stored)}, {by}: {_plain(item.recalculated)}   ={item.formula}")
        if len(found.disagreements) > 20:
            say(f"  ... and {len(found.disagreements) - 20} more")
        for finding in findings[:20]:
            say(f"  {finding.sheet}!{finding.cell}: {finding.message} ({finding.rule})")
        click.echo("every cell agrees." if found.agrees else f"{len(found.disagreements)} cells disagree.")
    return OK if found.agrees else FAILED


def _plain(value: object) -> object:
    """A stored value for JSON."""
    return value if value is None or isinstance(value, (bool, float, str)) else str(value)
