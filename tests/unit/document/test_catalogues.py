"""The label catalogues: the same keys and placeholders in every language."""

import re
import string
import tomllib

import pytest

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
    """A catalogue is tables of texts, one deep, none empty, with names as placeholders."""
    tables = tomllib.loads((template_root() / "labels" / f"{language}.toml").read_text(encoding="utf-8"))
    for table in tables.values():
        for text in table.values():
            assert isinstance(text, str)
            assert text.strip()
            assert all(name.isidentifier() for name in placeholders(text))


def test_chinese_labels_are_chinese() -> None:
    """Apart from names of units and the like, every Chinese label holds Chinese characters."""
    same = {"number.percent", "document.language_tag", "summary.choice", "chart.budget", "workbook.tolerance"}
    plain = {
        key
        for key, text in load_catalogue("zh").items()
        if not re.search("[\u3000-\u9fff\uff00-\uffef]", text) and not key.startswith("unit.")
    }
    assert plain <= same


def test_chinese_sentences_use_full_width_stops() -> None:
    """No ASCII full stop or comma stands after a Chinese character."""
    assert not [text for text in load_catalogue("zh").values() if re.search("[\u4e00-\u9fff][,.;:()]", text)]
