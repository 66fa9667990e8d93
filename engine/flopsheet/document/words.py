"""Sentences and numbers of a report in its language, as Markdown in which a plan's text stays text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flopsheet.document.escape import code_span, escape_markdown
from flopsheet.document.latex import inline_latex
from flopsheet.document.numbers import MAX_DIGITS, Style, render_number, render_unit
from flopsheet.messages import Message, Translated, load_catalogue, render_message

#: Amounts that differ from a number of fewer digits by less than this share are written as that number.
_TIDY: Final = 1e-9
_USUAL_DIGITS: Final = 4
#: Costs below these are not told apart from nothing.
_NOTICEABLE: Final = {"nats/token": 1e-4, "%": 1e-3}
_EXPONENT_UNITS: Final = frozenset({"FLOP", None})


class Written(float):
    """A number that a catalogue entry writes in the form of its unit, with the digits it asks for."""

    words: Words
    unit: str | None

    def __format__(self, spec: str) -> str:
        """The number; of `.4g` only the 4 counts."""
        digits = int(spec[1:-1]) if spec else _USUAL_DIGITS
        return self.words.number(float(self), self.unit, digits)


def written(value: float, words: Words, unit: str | None) -> Written:
    """A number to be put into a catalogue entry."""
    number = Written(value)
    number.words, number.unit = words, unit
    return number


@dataclass(frozen=True, slots=True)
class Words:
    """Texts of one language. Everything that comes back is Markdown; names from a plan go through `name`."""

    language: str
    style: Style = "markdown"

    def say(self, key: str, **args: str | Message) -> str:
        """A catalogue entry with what is put in, which must be Markdown already."""
        return render_message(Message(key, args), self.language)

    def known(self, key: str) -> bool:
        """Whether the catalogue has an entry."""
        return key in load_catalogue(self.language)

    def name(self, text: str) -> str:
        """Text from a plan or law."""
        return escape_markdown(text)

    def code(self, text: str) -> str:
        """Text from a plan as inline code."""
        return code_span(text)

    def number(self, value: float | None, unit: str | None = None, digits: int = 4) -> str:
        """A number in the form its unit asks for, without the unit; tidy powers of ten without idle zeros."""
        if unit in _EXPONENT_UNITS and value is not None:
            digits = fewest_digits(value, digits)
        return render_number(value, unit, digits=digits, language=self.language, style=self.style)

    def quantity(self, value: float, unit: str, digits: int = 3) -> str:
        """A number with the name of its unit."""
        number = self.number(value, unit, digits)
        return number if unit in {"1", "%"} else f"{number} {self.unit(unit)}"

    def unit(self, unit: str) -> str:
        """The name of a unit."""
        return escape_markdown(render_unit(unit, self.language))

    def percent(self, share: float, digits: int = 2) -> str:
        """A share as per cent."""
        return self.number(share, "%", digits)

    def change(self, value: float, digits: int = 3) -> str:
        """A difference of losses with its sign."""
        sign = "+" if value > 0 else ""
        return sign + self.number(value, "nats/token", digits)

    def cost(self, value: float, unit: str, digits: int = 2) -> str:
        """A loss or share given away; what is too small to matter, or to survive rounding, only as its bound."""
        bound = _NOTICEABLE[unit]
        if value < bound:
            return self.say("document.below", value=self.number(bound, unit, 1))
        return self.number(value, unit, digits)

    def span(self, values: Sequence[float], unit: str, digits: int = 2) -> str:
        """From the least to the largest cost; one where they read the same, "up to" where the least is nothing."""
        low, high = (self.cost(value, unit, digits) for value in (min(values), max(values)))
        if low == high:
            return low
        if min(values) < _NOTICEABLE[unit]:
            return self.say("document.up_to", value=high)
        return self.say("document.range", low=low, high=high)

    def join(self, items: Sequence[str]) -> str:
        """Items as a list in a sentence."""
        *first, last = items
        if not first:
            return last
        return self.say("document.comma").join(first) + self.say("document.list_and") + last

    def sentences(self, parts: Sequence[str]) -> str:
        """Sentences one after the other."""
        return self.say("document.sentence_gap").join(part for part in parts if part)

    def message(
        self,
        message: Message | str,
        *,
        units: Mapping[str, str] | None = None,
        symbols: Mapping[str, str] | None = None,
    ) -> str:
        """A message of the engine: numbers written out by `units`, symbols of a law as mathematics.

        Args:
            message: The message; free text is escaped.
            units: The unit of each numeric argument, None where it is a bare number.
            symbols: LaTeX by symbol name; string arguments that are symbols are shown so.
        """
        if isinstance(message, str):
            return escape_markdown(message)
        args = {key: self._argument(key, value, units or {}, symbols or {}) for key, value in message.args.items()}
        return render_message(Message(message.key, args), self.language)

    def _argument(
        self, key: str, value: str | float | Message | Translated, units: Mapping[str, str], symbols: Mapping[str, str]
    ) -> str | float:
        """One argument of a message, written out."""
        if isinstance(value, Message):
            return self.message(value, units=units, symbols=symbols)
        if isinstance(value, Translated):
            return escape_markdown(value.text(self.language))
        if isinstance(value, str):
            return inline_latex(symbols[value]) if value in symbols else escape_markdown(value)
        return written(value, self, units.get(key))


def fewest_digits(value: float, most: int = MAX_DIGITS) -> int:
    """So many significant digits that nothing visible is lost, at most `most`."""
    for digits in range(1, most):
        if abs(float(f"{value:.{digits - 1}e}") - value) <= _TIDY * abs(value):
            return digits
    return most


def math_cell(latex: str) -> str:
    """Inline mathematics that may stand in a table cell, where a bar would end the cell."""
    return inline_latex(
        latex.replace(r"\left|", r"\left\vert ").replace(r"\right|", r"\right\vert ").replace("|", r"\vert ")
    )


def place_cell(file: str, line: int) -> str:
    """A place in a file, as code."""
    return code_span(f"{file}:{line}")
