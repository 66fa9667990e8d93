"""Text from a plan file put into Markdown so that it stays text."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Characters that can begin markup anywhere, and how they are written instead. Entities stand where a
#: backslash would not do: GitHub looks for HTML, `$`, `@name` and addresses on its own.
_ANYWHERE: Final = str.maketrans(
    {
        "\\": "\\\\",
        "`": "\\`",
        "*": "\\*",
        "_": "\\_",
        "[": "\\[",
        "]": "\\]",
        "|": "\\|",
        "~": "\\~",
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "$": "&#36;",
        "@": "&#64;",
    }
)
_ADDRESS: Final = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(:)|\b(www)(\.)")
#: What makes a heading, list, quotation or rule at the beginning of a line.
_LINE_START: Final = re.compile(r"^([#+\-=:]|\d{1,9}(?=[.)]))")
_ORDERED: Final = re.compile(r"^\d{1,9}$")
#: Marks that reverse or hide the text around them.
_DIRECTION_MARKS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_line(text: str) -> str:
    """The text on one line: controls and line breaks become blanks, marks of writing direction vanish."""
    visible = (" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text if c not in _DIRECTION_MARKS)
    return " ".join("".join(visible).split())


def escape_markdown(text: str) -> str:
    """The text as Markdown that shows exactly it, on one line, in a paragraph, a heading or a table cell."""
    escaped = clean_line(text).translate(_ANYWHERE)
    escaped = _ADDRESS.sub(_break_address, escaped)
    return _LINE_START.sub(_escape_start, escaped)


def code_span(text: str) -> str:
    """The text as inline code, in or out of a table."""
    line = clean_line(text)
    if not line:
        return ""
    # A span of backticks cannot hold a pipe in a table, and a backtick only with a longer fence.
    return f"<code>{escape_markdown(line)}</code>" if set(line) & set("|`\\") else f"`{line}`"


def _break_address(match: re.Match[str]) -> str:
    """An address that GitHub does not turn into a link."""
    word, mark = (match[1], match[2]) if match[1] else (match[3], match[4])
    return f"{word}&#{ord(mark)};"


def _escape_start(match: re.Match[str]) -> str:
    r"""The first characters of a line, as text; `1.` becomes `1\.`."""
    start = match[1]
    return f"\\{start}" if not _ORDERED.match(start) else f"{start}\\"
