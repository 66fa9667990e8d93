"""The commands and their exit codes: 0 fine, 1 something checked failed, 2 bad input."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flopsheet import __version__
from flopsheet.cli.output import BAD_INPUT, FAILED, OK, place_as_given, print_error, print_json, say
from flopsheet.errors import FlopsheetError, Problem, did_you_mean

_PATH = click.Path(path_type=Path)


class _Commands(click.Group):
    """A group that suggests the command that was meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of a name; an unknown one is told with the closest known."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            remedy = did_you_mean(args[0], self.list_commands(ctx))
            ctx.fail(f"no command `{args[0]}`. {remedy}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flopsheet")
def commands() -> None:
    """Plan LLM training runs: YAML in; proofs, numbers, live workbooks and reports out."""


def main() -> None:
    """Run the command line. Nothing a user can cause ends in a traceback."""
    try:
        sys.exit(commands(standalone_mode=False) or OK)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except click.exceptions.Abort:
        say("stopped.")
        sys.exit(130)
    except FlopsheetError as error:
        print_error(error)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        sys.exit(OK)
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        print_error(FlopsheetError(Problem(f"{where}{error.strerror or error}.")))
        sys.exit(BAD_INPUT)


@commands.command()
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--out", type=_PATH, default=Path("reports"), show_default=True, help="Where outputs go.")
@click.option("--force", is_flag=True, help="Build everything, changed or not.")
@click.option("--check", "check_only", is_flag=True, help="Build nothing; fail when an output is stale.")
@click.option("--templates", type=_PATH, default=None, help="A folder whose templates replace the shipped ones.")
def build(paths: tuple[Path, ...], out: Path, force: bool, check_only: bool, templates: Path | None) -> int:
    """Build plans into reports, workbooks and charts; only what changed."""
    from flopsheet.cli.building import run_build  # noqa: PLC0415 - start-up speed

    return run_build(paths or (_default_folder(),), out, force=force, check_only=check_only, templates=templates)


@commands.command()
@click.argument("file", type=_PATH)
@click.option("--scenario", default=None, help="Only this scenario.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override an input; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def solve(file: Path, scenario: str | None, sets: tuple[str, ...], as_json: bool) -> int:
    """Solve a plan and show it."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed
    from flopsheet.cli.showing import show_solution  # noqa: PLC0415 - the same

    try:
        solution = api.solve_plan(file, sets=sets)
    except FlopsheetError as error:
        raise place_as_given(error, file) from None
    record = api.record_solved(solution, scenario)
    if as_json:
        print_json(record)
    else:
        show_solution(solution, scenario)
    chosen = [answer for answer in solution.answers if scenario in {None, answer.name, answer.slug}]
    return FAILED if any(answer.status in {"infeasible", "not_converged"} for answer in chosen) else OK


@commands.command()
@click.argument("file", type=_PATH)
@click.option("--out", type=_PATH, required=True, metavar="GRID.csv|GRID.parquet", help="The file to write.")
@click.option("--scenario", default=None, help="The scenario that gives what is not swept; the first by default.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override an input; may be repeated.")
@click.option("--binding", is_flag=True, help="A further column: the limits that bind.")
def sweep(file: Path, out: Path, scenario: str | None, sets: tuple[str, ...], binding: bool) -> int:
    """Compute a plan at every point of its `sweep`, into a table."""
    from flopsheet.cli.sweeping import run_sweep  # noqa: PLC0415 - start-up speed

    return run_sweep(file, out, scenario=scenario, sets=sets, binding=binding)


@commands.command()
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def check(paths: tuple[Path, ...], as_json: bool) -> int:
    """Check plans: validation, proofs, claims and expectations."""
    from flopsheet.cli.checking import run_check  # noqa: PLC0415 - start-up speed

    return run_check(paths or (_default_folder(),), as_json=as_json)


@commands.command()
@click.argument("target", metavar="FILE|LAW")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def derive(target: str, as_json: bool) -> int:
    """Derive the optimal allocation of a plan's law, or of a law, with its proofs."""
    from flopsheet.cli.showing import run_derive  # noqa: PLC0415 - start-up speed

    return run_derive(target, as_json=as_json)


@commands.command()
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option(
    "--fail-on",
    default=None,
    metavar="KINDS",
    help="Exit 1 on such a change: inputs, formulas, results (results:1% for more than that), regime, claims, any.",
)
def diff(old: str, new: str, as_json: bool, fail_on: str | None) -> int:
    """Tell what changed from one plan to another, each a FILE or REV:path, and what each change did."""
    from flopsheet.cli.diffing import run_diff  # noqa: PLC0415 - start-up speed

    return run_diff(old, new, as_json=as_json, fail_on=fail_on)


@commands.command()
@click.argument("file", type=_PATH)
@click.argument("name")
@click.option("--scenario", default=None, help="This scenario; else the first one, or for a key all of them.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override an input; may be repeated.")
@click.option("--depth", type=click.IntRange(min=1), default=None, help="Levels of formulas to open; else what fits.")
@click.option("--all", "everything", is_flag=True, help="Open what does not decide the number too.")
@click.option("--mermaid", is_flag=True, help="A Mermaid flowchart, as GitHub renders it.")
@click.option("--json", "as_json", is_flag=True, help="The whole tree as JSON on stdout.")
def explain(  # noqa: PLR0913, PLR0917 - one for each option
    file: Path,
    name: str,
    scenario: str | None,
    sets: tuple[str, ...],
    depth: int | None,
    everything: bool,
    mermaid: bool,
    as_json: bool,
) -> int:
    """Tell where a result, cell or key NAME of a plan comes from: every step down to the lines that set it."""
    from flopsheet.cli.explaining import run_explain  # noqa: PLC0415 - start-up speed

    if mermaid and as_json:
        raise click.UsageError("--mermaid and --json are two forms of one answer: ask for one.")
    if as_json and (depth is not None or everything):
        raise click.UsageError("--json has the whole tree: leave out --depth and --all.")
    form = "mermaid" if mermaid else "json" if as_json else "text"
    return run_explain(file, name, scenario, sets, form=form, depth=depth, everything=everything)


@commands.command()
@click.argument("book", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def verify(book: Path, as_json: bool) -> int:
    """Recalculate a workbook from its formulas with independent engines and compare every cell."""
    from flopsheet.cli.checking import run_verify  # noqa: PLC0415 - start-up speed

    return run_verify(book, as_json=as_json)


@commands.command()
@click.argument("name", required=False)
@click.option("--at", default=None, metavar="N=70B,D=1.4T", help="Evaluate the law's formulas at a point.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--bibtex", is_flag=True, help="BibTeX entries instead.")
def laws(name: str | None, at: str | None, as_json: bool, bibtex: bool) -> int:
    """List the law library, show one law whole, or list `accelerators`."""
    from flopsheet.cli.hardware import is_accelerator, run_accelerators  # noqa: PLC0415 - start-up speed
    from flopsheet.cli.library import run_laws  # noqa: PLC0415 - the same

    if at is not None and name is None:
        raise click.UsageError("--at needs the name of a law.")
    if at is not None and bibtex and not as_json:
        raise click.UsageError("--at and --bibtex answer different questions: ask for one, or add --json for both.")
    if name is not None and is_accelerator(name):
        if at is not None or bibtex:
            raise click.UsageError("--at and --bibtex are about laws; accelerators take --json alone.")
        return run_accelerators(name, as_json=as_json)
    return run_laws(name, at, as_json=as_json, bibtex=bibtex)


@commands.command()
@click.option("--law", "for_law", is_flag=True, help="The schema of law files instead.")
@click.option("--out", type=_PATH, default=None, help="A file to write instead of stdout.")
def schema(for_law: bool, out: Path | None) -> int:
    """Print the JSON Schema of plan files, for editors."""
    from flopsheet.cli.library import run_schema  # noqa: PLC0415 - start-up speed

    return run_schema(for_law=for_law, out=out)


@commands.command()
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--out", type=_PATH, default=Path("reports"), show_default=True, help="Where outputs go.")
@click.option("--interval", default=0.5, show_default=True, metavar="SECONDS", help="How often files are looked at.")
@click.option("--templates", type=_PATH, default=None, help="A folder whose templates replace the shipped ones.")
def watch(paths: tuple[Path, ...], out: Path, interval: float, templates: Path | None) -> int:
    """Build plans, then again whatever a saved file changes, until Ctrl-C."""
    from flopsheet.cli.watching import run_watch  # noqa: PLC0415 - start-up speed

    return run_watch(paths or (_default_folder(),), out, interval=interval, templates=templates)


@commands.command()
@click.argument("folder", metavar="DIR", type=_PATH)
def init(folder: Path) -> int:
    """Write a starter folder: two plans, their layer, a law, and what editors, git and hooks need."""
    from flopsheet.cli.starting import run_init  # noqa: PLC0415 - start-up speed

    return run_init(folder)


def _default_folder() -> Path:
    """Where plans are looked for when no path is given."""
    return Path("scenarios") if Path("scenarios").is_dir() else Path()
