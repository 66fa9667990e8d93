"""Problems a user can cause: each with its place, the rule it breaks and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Longer lines are shown in part, so that a formula of 4,000 characters does not fill the terminal.
MAX_LINE = 240


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line in a plan or law file; line and column count from 1, in characters."""

    file: str
    line: int
    column: int
    length: int = 1
    text: str = ""

    def shifted(self, offset: int, length: int = 1) -> Place:
        """The place `offset` characters further along the same line (for a spot inside a formula)."""
        return Place(self.file, self.line, self.column + offset, length, self.text)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `subject` is the dotted key it concerns ("" when there is none)."""

    message: str
    place: Place | None = None
    subject: str = ""
    remedy: str = ""

    def render(self) -> str:
        """The problem as text: place, subject, message, the source line with a caret, the remedy."""
        head = f"{self.subject}: {self.message}" if self.subject else self.message
        if self.place is None:
            return f"{head}\n{self.remedy}" if self.remedy else head
        place = self.place
        lines = [f"{place.file}:{place.line}:{place.column}: {head}"]
        if place.text:
            number = f"{place.line:>5} | "
            text, start = _window(place.text, place.column - 1)
            lines.append(f"{number}{text}")
            # Tabs are kept so that the caret stands below its character in any terminal.
            before = "".join(c if c == "\t" else " " * _width(c) for c in text[:start])
            marked = text[start : start + place.length]
            caret = "^" * max(1, sum(_width(c) for c in marked))
            lines.append(f"{' ' * (len(number) - 2)}| {before}{caret}")
        if self.remedy:
            lines.append(self.remedy)
        return "\n".join(lines)


def _window(text: str, start: int) -> tuple[str, int]:
    """The part of a line around a character, and where the character stands in it; a short line whole."""
    if len(text) <= MAX_LINE:
        return text, start
    first = max(0, min(start - MAX_LINE // 2, len(text) - MAX_LINE))
    last = first + MAX_LINE
    head, tail = "..." if first else "", "..." if last < len(text) else ""
    return f"{head}{text[first:last]}{tail}", start - first + len(head)


def _width(character: str) -> int:
    """Columns a character takes on a terminal: 2 for East Asian wide ones, else 1."""
    import unicodedata  # noqa: PLC0415 - only needed once something is wrong

    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class FlopsheetError(Exception):
    """Bad input: carries every problem found, not only the first. Ends a command with exit code 2."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n\n".join(problem.render() for problem in problems))


def did_you_mean(name: str, known: Iterable[str], *, listed: int = 12) -> str:
    """A remedy that names the closest known spelling, and what is known here."""
    import difflib  # noqa: PLC0415 - only needed once something is wrong

    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"Did you mean `{close[0]}`? " if close else ""
    if not names:
        return hint.rstrip()
    shown = ", ".join(names[:listed]) + (", ..." if len(names) > listed else "")
    return f"{hint}Known here: {shown}."
