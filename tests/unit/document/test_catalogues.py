"""The label catalogues: the same keys and placeholders in every language."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import flopsheet
from flopsheet.messages import LANGUAGES, load_catalogue, template_root

OTHERS = [language for language in LANGUAGES if language != "en"]


def placeholders(text: str) -> set[str]:
    """The names that a label puts in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_catalogue_file_is_a_language() -> None:
    """The folder holds exactly one file per language."""
    assert {path.stem for path in (template_root() / "labels").glob("*.toml")} == set(LANGUAGES)


@pytest.mark.parametrize("language", OTHERS)
def test_languages_have_the_same_keys_in_the_same_order(language: str) -> None:
    """No label is missing in a language, and files can be compared line by line."""
    assert list(load_catalogue(language)) == list(load_catalogue("en"))


@pytest.mark.parametrize("language", OTHERS)
def test_languages_have_the_same_placeholders(language: str) -> None:
    """What one language puts in, every language puts in."""
    english, other = load_catalogue("en"), load_catalogue(language)
    assert {key: placeholders(other[key]) for key in other} == {key: placeholders(english[key]) for key in english}


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_are_flat_and_labels_are_texts(language: str) -> None:
    """A catalogue is tables of texts, one deep, with names as placeholders; only a gap may be blank."""
    tables = tomllib.loads((template_root() / "labels" / f"{language}.toml").read_text(encoding="utf-8"))
    for table in tables.values():
        for key, text in table.items():
            assert isinstance(text, str)
            assert text.strip() or key.endswith("_gap")
            assert all(name.isidentifier() for name in placeholders(text))


def plain_words(text: str) -> str:
    """A label without placeholders and link targets."""
    return re.sub(r"\{[^{}]*\}|\]\([^)]*\)", "", text)


def test_chinese_labels_are_chinese() -> None:
    """Every Chinese label that has words has Chinese ones (units keep their signs)."""
    latin = {
        key: text
        for key, text in load_catalogue("zh").items()
        if re.search("[A-Za-z]{2}", plain_words(text)) and not re.search("[\u4e00-\u9fff]", text)
    }
    assert not {key for key in latin if not key.startswith("unit.") and latin[key] != "{value} FLOP"}


def test_chinese_sentences_use_full_width_stops() -> None:
    """No ASCII punctuation stands after a Chinese character."""
    texts = load_catalogue("zh").values()
    assert not [text for text in texts if re.search("[\u4e00-\u9fff][,.;:()!?]", plain_words(text))]


def named_keys() -> Iterator[tuple[str, str]]:
    """The keys that the package names whole: (module, key)."""
    tables = {key.split(".")[0] for key in load_catalogue("en")}
    package = Path(flopsheet.__file__).parent
    for module in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
            key = node.args[0].value if named else None  # type: ignore[attr-defined]
            if isinstance(key, str) and re.fullmatch(r"[a-z_]+\.[A-Za-z_0-9]+", key) and key.split(".")[0] in tables:
                yield module.relative_to(package).as_posix(), key


def test_every_label_that_the_package_names_exists() -> None:
    """No command reaches a label that the catalogues lack."""
    files = {".md", ".svg", ".xlsx", ".yaml", ".toml", ".json"}
    known = load_catalogue("en")
    missing = [(module, key) for module, key in named_keys() if key not in known and Path(key).suffix not in files]
    assert not missing


def used_patterns() -> Iterator[re.Pattern[str]]:
    """What package and templates name: keys in quotes whole, keys put together from a table and a part as patterns."""
    tables = "|".join(sorted({key.split(".")[0] for key in load_catalogue("en")}))
    quoted = re.compile(rf"""["']((?:{tables})\.[^"'\n]*)["']""")
    put_together = re.compile(rf"""["']((?:{tables})\.)["'] \+""")
    files = [*Path(flopsheet.__file__).parent.rglob("*.py"), *template_root().rglob("*.jinja")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        for key in quoted.findall(text):
            yield re.compile(re.sub(r"\\\{.*?(\\\}|$)", ".+", re.escape(key)))
        for table in put_together.findall(text):
            yield re.compile(re.escape(table) + ".+")


def test_every_label_is_used() -> None:
    """No label is left over that nothing shows."""
    patterns = list(used_patterns())
    unused = [key for key in load_catalogue("en") if not any(pattern.fullmatch(key) for pattern in patterns)]
    assert unused == []
