"""The loader of laws: names of the library, paths within the project, laws typed already."""

from pathlib import Path

import pytest

from flopsheet.errors import FlopsheetError, Place
from flopsheet.laws.library import is_law_path, law_names, load_law, load_library_law
from flopsheet.plan.plan import Law

PLACE = Place("plan.yaml", 2, 6, 12, "law: hofmann_2022")


def test_unknown_law_is_refused_with_a_suggestion(tmp_path):
    """A misspelled law names the closest one and all of the library."""
    with pytest.raises(FlopsheetError) as caught:
        load_law("hofmann_2022", root=tmp_path, base=tmp_path, place=PLACE)
    known = ", ".join(law_names()[:12]) + (", ..." if len(law_names()) > 12 else "")
    assert str(caught.value) == (
        "plan.yaml:2:6: law: unknown law `hofmann_2022`.\n"
        "    2 | law: hofmann_2022\n"
        "      |      ^^^^^^^^^^^^\n"
        f"Did you mean `hoffmann_2022`? Known here: {known}. "
        "A law of your own is a path such as ./laws/ours.yaml."
    )


def test_law_by_path(tmp_path):
    """A path is read from the folder of the file that names it, and the law remembers where it came from."""
    (tmp_path / "scenarios" / "laws").mkdir(parents=True)
    text = "law: ours_2026\nloss: a / P**x + b / Q\ncost: P * Q\n"
    text += "decisions: {P: parameters, Q: tokens}\nconstants: {a: 1, b: 2, x: 0.5}\n"
    (tmp_path / "scenarios" / "laws" / "ours.yaml").write_text(text, encoding="utf-8")
    law = load_law("./laws/ours.yaml", root=tmp_path, base=tmp_path / "scenarios", place=None)
    assert (law.name, law.origin, list(law.decisions)) == ("ours_2026", "scenarios/laws/ours.yaml", ["P", "Q"])
    assert law.loss is not None
    assert (law.loss.place.line, law.loss.place.column) == (2, 7)


@pytest.mark.parametrize("path", ["../ours.yaml", "/etc/passwd", "./link.yaml", "./missing.yaml", "hoffmann_2022.yaml"])
def test_paths_outside_or_missing_are_refused(tmp_path, path):
    """Nothing outside the project is read, also not through a link, and a missing file is said to be missing."""
    inside = tmp_path / "project"
    inside.mkdir()
    (tmp_path / "ours.yaml").write_text("law: x_2026\n", encoding="utf-8")
    (inside / "link.yaml").symlink_to(tmp_path / "ours.yaml")
    with pytest.raises(FlopsheetError, match=r"outside the project|there is no file"):
        load_law(path, root=inside, base=inside, place=PLACE)


def test_inline_law_is_given_back():
    """A law that is typed already needs no loading."""
    law = load_library_law("kaplan_2020")
    assert isinstance(law, Law)
    assert load_law(law, root=Path(), base=Path(), place=None) is law


def test_what_is_a_path():
    """Names have no slash and no suffix."""
    paths = {text: is_law_path(text) for text in ("hoffmann_2022", "ours.yaml", "./ours", "laws/ours.yml")}
    assert paths == {"hoffmann_2022": False, "ours.yaml": True, "./ours": True, "laws/ours.yml": True}


def test_faults_of_a_law_file_have_its_place(tmp_path):
    """What is wrong in a law by path is shown in the law file, not in the plan."""
    (tmp_path / "ours.yaml").write_text("law: ours_2026\nlos: a\n", encoding="utf-8")
    with pytest.raises(FlopsheetError) as caught:
        load_law("./ours.yaml", root=tmp_path, base=tmp_path, place=PLACE)
    assert str(caught.value).startswith("ours.yaml:2:1: ")


def test_no_file_is_reached_by_a_library_name():
    """A name is looked up in the list of laws, never joined to a path."""
    with pytest.raises(KeyError):
        load_library_law("../laws/hoffmann_2022")
