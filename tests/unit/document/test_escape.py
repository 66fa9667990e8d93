"""Text of a plan file in Markdown: shown as it is, never read as markup."""

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flopsheet.document.escape import clean_line, code_span, escape_markdown

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = st.text(st.sampled_from("ab1 .)#-+=*_`~[]()!<>&|\\$:@\n\t\"'/{}^%"), max_size=30)

TEXTS = [
    "=cmd|' /C calc'!A0",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "12) item",
    "===",
    "---",
    "> quote",
    "```\nfence",
    "~~~",
    "a | b | c",
    "| --- |",
    "<script>alert(1)</script>",
    "<!-- comment",
    "&lt;b&gt; &amp;",
    "[link](javascript:alert(1))",
    "![image](x)",
    "*emphasis* __strong__ ~~strike~~ `code`",
    "$x$ and $`y`$",
    "line\nbreak\r\nand\u2028more",
    "tail\\",
    "    indented",
    "https://example.org www.example.org",
    "@someone a@b.org",
    "{{ 7 * 7 }} {% raw %}",
    "中型项目（第一版）",
]


@pytest.mark.parametrize("text", TEXTS)
def test_markup_stays_text_in_a_paragraph(text: str) -> None:
    """A paragraph that holds only the text is a paragraph with exactly that text."""
    html = MARKDOWN.render(escape_markdown(text))
    assert html == f"<p>{MARKDOWN.renderInline(escape_markdown(text))}</p>\n"
    assert not re.search("<(?!/?p>)", html)
    assert unescape(html[3:-5]) == clean_line(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_line_after_another_changes_nothing_above(text: str) -> None:
    """On a line of its own below a paragraph, the text neither makes that a heading nor ends it."""
    html = MARKDOWN.render(f"before\n{escape_markdown(text)}\n\nafter")
    assert unescape(html) == f"<p>before\n{clean_line(text)}</p>\n<p>after</p>\n"


@given(MARKUP | st.text(max_size=40))
@example("1" * 10 + ".")
def test_any_text_survives_a_paragraph_and_a_cell(text: str) -> None:
    """In a paragraph and in a table cell a reader sees exactly the text on one line."""
    escaped = escape_markdown(text)
    line = clean_line(text)
    if line:
        assert unescape(MARKDOWN.render(escaped)) == f"<p>{line}</p>\n"
    html = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {escaped} | end |\n")
    cells = re.findall("<td>(.*?)</td>", html)
    assert [unescape(cell) for cell in cells] == [line, "end"]


@given(MARKUP | st.text(max_size=40))
def test_any_text_survives_as_code_in_a_cell(text: str) -> None:
    """Code in a table cell shows exactly the text on one line."""
    html = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {code_span(text)} | end |\n")
    cell = re.findall("<td>(.*?)</td>", html)[0]
    line = clean_line(text)
    assert unescape(cell) == (f"<code>{line}</code>" if line else "")


def test_directions_cannot_be_reversed() -> None:
    """Marks that would turn the text around them are taken out, and controls become blanks."""
    assert clean_line("a\u202eb\u2066c\x00d\x1b[31m") == "abc d [31m"


@pytest.mark.parametrize("text", ["https://a.b", "HTTP://a.b", "www.a.b", "mailto:a@b.c", "@user"])
def test_addresses_are_no_links(text: str) -> None:
    """GitHub makes no link and no mention of an address or name in a text."""
    assert not re.search(r"(?i)https?:|www\.|mailto:|@", escape_markdown(text))
