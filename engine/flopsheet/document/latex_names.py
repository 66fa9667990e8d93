"""How a symbol is written in LaTeX when nothing says otherwise, and how plain text is put into LaTeX."""

from __future__ import annotations

import re
from typing import Final

_GREEK_WORDS: Final = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_GREEK: Final = frozenset(_GREEK_WORDS.split())
_NAMED: Final = {"star": r"\star", "inf": r"\infty", "infinity": r"\infty"}
_ESCAPES: Final = {
    "\\": r"\backslash ",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\hat{}",
    "~": r"\sim ",
}
#: Of the characters above, those that have no spelling inside \text and must leave it.
_ONLY_IN_MATHS: Final = frozenset("\\^~")
_LETTER_AND_NUMBER: Final = re.compile(r"([A-Za-z]|[a-z]{2,})(\d+)")


def latex_name(name: str) -> str:
    r"""The LaTeX of an identifier: `N_opt` is N_{\mathrm{opt}}, `alpha_B` \alpha_{B}, `k1` k_{1}.

    What follows the first underscore is the subscript; its words stand apart by commas. A word of
    several letters that is no Greek letter is set upright.
    """
    words = [word for word in name.split("_") if word]
    if not words:
        return text_in_maths(name)
    split = _LETTER_AND_NUMBER.fullmatch(words[0])
    if split and (len(split[1]) == 1 or split[1] in _GREEK):
        words[0:1] = [split[1], split[2]]
    base, *subscripts = (_word(word) for word in words)
    return f"{base}_{{{','.join(subscripts)}}}" if subscripts else base


def _word(word: str) -> str:
    """One part of an identifier."""
    if word in _GREEK:
        return rf"\{word}"
    if word in _NAMED:
        return _NAMED[word]
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"


def text_in_maths(text: str) -> str:
    r"""Plain text as `\text{...}`, so that nothing in it acts as LaTeX, Markdown or HTML."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    pieces: list[str] = []
    for character in cleaned:
        escaped = _ESCAPES.get(character, character)
        pieces.append(rf"}}{escaped}\text{{" if character in _ONLY_IN_MATHS else escaped)
    return rf"\text{{{''.join(pieces)}}}"
