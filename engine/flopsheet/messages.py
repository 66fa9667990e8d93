"""Texts a reader sees, as catalogue keys with arguments, so that every language says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Translated:
    """Free text of a plan or law by language; where one is missing, the first that is given stands in."""

    texts: Mapping[str, str]

    def text(self, language: str) -> str:
        """The text in a language."""
        return self.texts.get(language) or next(iter(self.texts.values()), "")


@dataclass(frozen=True)
class Message:
    """A key of the label catalogues with what is put in. A `str` in place of a Message is free text."""

    key: str
    args: Arguments = field(default_factory=dict)


# What is put into a message, by the name of its place.
Arguments: TypeAlias = Mapping[str, str | int | float | Message | Translated]


def template_root() -> Path:
    """The folder with templates and catalogues: inside the installed package, else in the checkout."""
    packaged = Path(__file__).parent / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "templates"


@cache
def load_catalogue(language: str) -> Mapping[str, str]:
    """All labels of a language, as flat dotted keys. Every language has the same keys."""
    import tomllib  # noqa: PLC0415 - a build with nothing to do has nothing to say

    path = template_root() / "labels" / f"{language}.toml"
    flat: dict[str, str] = {}

    def walk(prefix: str, table: Mapping[str, object]) -> None:
        for key, value in table.items():
            if isinstance(value, Mapping):
                walk(f"{prefix}{key}.", value)
            else:
                flat[prefix + key] = str(value)

    walk("", tomllib.loads(path.read_text(encoding="utf-8")))
    return flat


def render_message(message: Message | str, language: str = "en") -> str:
    """The text in a language. A missing key is a programming error and raises KeyError."""
    if isinstance(message, str):
        return message
    args = {name: _render_argument(value, language) for name, value in message.args.items()}
    return load_catalogue(language)[message.key].format(**args)


def _render_argument(value: str | float | Message | Translated, language: str) -> str | float:
    """What is put into an entry: messages and translated texts in the language, anything else as it is."""
    if isinstance(value, Translated):
        return value.text(language)
    return render_message(value, language) if isinstance(value, Message) else value
