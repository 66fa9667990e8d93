"""Templates: filters, sandbox, overriding, and errors with their place."""

from pathlib import Path

import jinja2
import pytest

from flopsheet.document.render import make_environment, render_template
from flopsheet.errors import FlopsheetError
from flopsheet.messages import Message


def render(text: str, language: str = "en", **context: object) -> str:
    """A template text rendered in a language."""
    return make_environment(language).from_string(text).render(context)


def test_filters_speak_the_language() -> None:
    """Numbers, quantities, units, messages and labels come in the document's language."""
    text = "{{ v | number('token') }} / {{ v | quantity('token') }} / {{ 'token' | unit }} / {{ m | t }}"
    message = Message("cell.opt", {"what": Message("role.parameters")})
    assert render(text, v=3.23e11, m=message) == "323 B / 323 B tokens / tokens / Optimal parameters"
    assert render(text, "zh", v=3.23e11, m=message) == "323 B / 323 B 词元 / 词元 / 最优参数量"
    assert render("{{ label('document.range', low=1, high=2) }}", "zh") == "1 至 2"


def test_text_of_a_plan_is_escaped_by_md_and_code() -> None:
    """The filters `md` and `code` turn markup into text."""
    assert render("{{ x | md }} {{ x | code }}", x="a|b*") == "a\\|b\\* <code>a\\|b\\*</code>"


def test_a_message_needs_its_key() -> None:
    """A key that no catalogue has is our mistake and fails at once."""
    with pytest.raises(KeyError):
        render("{{ label('no.such') }}")


def test_an_unknown_name_is_an_error() -> None:
    """A template cannot use a name that is not given: nothing is left out silently."""
    with pytest.raises(jinja2.UndefinedError):
        render("{{ missing }}")


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ label.__globals__ }}",
        "{{ x.append(1) }}",
        "{{ x.__class__ }}",
        "{{ '%s' | format(x.__class__) }}",
        "{{ ('{0.__class__}').format(x) }}",
    ],
)
def test_the_sandbox_holds(attack: str) -> None:
    """A template reaches neither the interpreter nor changes what it sees."""
    with pytest.raises((jinja2.exceptions.SecurityError, jinja2.UndefinedError)):
        render(attack, x=[1])


def test_svg_is_escaped_and_markdown_is_not(tmp_path: Path) -> None:
    """Templates of SVG and HTML escape what they put in; Markdown ones use the filters."""
    for name in ("a.svg.jinja", "a.html.jinja", "a.md.jinja"):
        (tmp_path / name).write_text("{{ x }}", encoding="utf-8")
    shown = {name: render_template(name, {"x": "<b>"}, overrides=tmp_path) for name in ("a.svg.jinja", "a.md.jinja")}
    assert shown == {"a.svg.jinja": "&lt;b&gt;", "a.md.jinja": "<b>"}
    assert render_template("a.html.jinja", {"x": "<b>"}, overrides=tmp_path) == "&lt;b&gt;"


def test_overrides_replace_shipped_templates(tmp_path: Path) -> None:
    """A template of the same name in the override folder wins."""
    (tmp_path / "chart.svg.jinja").write_text("mine {{ x }}", encoding="utf-8")
    assert render_template("chart.svg.jinja", {"x": 1}, overrides=tmp_path) == "mine 1"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("line\n{% if %}", "t.jinja:2", "does not parse"),
        ("line\n{{ missing }}", "t.jinja:2", "missing"),
        ("{{ 1 / 0 }}", "t.jinja:1", "division"),
        ("{% include 'absent' %}", "", "no template `absent`"),
        ("{{ ''.__class__ }}", "t.jinja:1", "unsafe"),
        ("{% include '../../etc/passwd' %}", "", "no template"),
    ],
)
def test_a_bad_template_is_a_problem_with_its_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    """A reader's template that fails is reported with file and line, without a traceback."""
    (tmp_path / "t.jinja").write_text(text, encoding="utf-8")
    with pytest.raises(FlopsheetError) as caught:
        render_template("t.jinja", {}, overrides=tmp_path)
    (problem,) = caught.value.problems
    assert message in problem.render()
    assert place in problem.render()
    assert str(tmp_path) not in problem.render()
