"""Templates to text: a sandboxed Jinja environment that knows numbers, formulas, labels and escaping."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Final

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flopsheet.document.escape import clean_line, code_span, escape_markdown
from flopsheet.document.latex import fence_latex, inline_latex, render_latex
from flopsheet.document.numbers import render_number, render_quantity, render_unit
from flopsheet.errors import FlopsheetError, Place, Problem
from flopsheet.messages import Message, render_message, template_root

_MARKUP_SUFFIXES: Final = (".svg", ".html", ".xml")


def render_template(
    name: str, context: Mapping[str, object], *, language: str = "en", overrides: Path | None = None
) -> str:
    """The text that a template makes of a context.

    Args:
        name: The template's path below the template folder, with `/`.
        context: What the template sees.
        language: The document's language, for labels and numbers.
        overrides: A folder whose templates replace the shipped ones of the same name.

    Raises:
        FlopsheetError: The template does not exist, does not parse, or fails on this context.
    """
    environment = make_environment(language, overrides)
    try:
        return environment.get_template(name).render(context)
    except jinja2.TemplateSyntaxError as error:
        at = Place(_shown(error.filename, overrides) or name, error.lineno, 1)
        raise FlopsheetError(Problem(f"the template does not parse: {error.message}", at)) from None
    except jinja2.TemplateNotFound as error:
        remedy = "Templates shipped with flopsheet are listed in its folder `templates`."
        raise FlopsheetError(Problem(f"no template `{error.name}`", subject=name, remedy=remedy)) from None
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, OSError) as error:
        if overrides is None:
            raise  # a shipped template that fails is our mistake, not the reader's
        place = _failing_line(error, overrides)
        raise FlopsheetError(Problem(f"the template fails: {error}", place, name)) from None


@cache
def make_environment(language: str, overrides: Path | None = None) -> jinja2.Environment:
    """The environment of a language: sandboxed, strict about names, escaping in SVG and HTML.

    Filters: `number`, `quantity`, `unit`, `t` (a Message in the language), `latex`, `inline_math`,
    `math_block`, `md` (text into Markdown), `code` (inline code), `line` (one line of plain text).
    Function: `label(key, name=value, ...)`, a catalogue entry with what is put in.
    """
    folders = [folder for folder in (overrides, template_root()) if folder is not None]
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=lambda name: name is not None and name.removesuffix(".jinja").endswith(_MARKUP_SUFFIXES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        number=partial(render_number, language=language, style="markdown"),
        quantity=partial(render_quantity, language=language, style="markdown"),
        unit=partial(render_unit, language=language),
        t=partial(render_message, language=language),
        latex=partial(render_latex, language=language),
        inline_math=inline_latex,
        math_block=fence_latex,
        md=escape_markdown,
        code=code_span,
        line=clean_line,
    )
    environment.globals["label"] = partial(_label, language)
    environment.globals["language"] = language
    return environment


def _label(language: str, key: str, /, **args: str | float | Message) -> str:
    """The catalogue entry of a key with what is put in."""
    return render_message(Message(key, args), language)


def _failing_line(error: BaseException, overrides: Path) -> Place | None:
    """The deepest line of a template in a traceback (Jinja maps them to template lines)."""
    place = None
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if ".jinja" in file:
            place = Place(_shown(file, overrides) or file, trace.tb_lineno, 1)
        trace = trace.tb_next
    return place


def _shown(file: str | None, overrides: Path | None) -> str | None:
    """A template's path as the reader knows it, below its folder."""
    if file is None:
        return None
    for folder in (overrides, template_root()):
        if folder is not None and Path(file).is_relative_to(folder):
            return Path(file).relative_to(folder).as_posix()
    return file
