"""The starter folder: all of it or nothing, and never over what somebody has."""

import json
from pathlib import Path

import pytest

from flopsheet.api import starter
from flopsheet.errors import FlopsheetError
from flopsheet.laws.library import load_law
from flopsheet.plan.discovery import find_plans
from flopsheet.plan.json_schema import plan_json_schema
from flopsheet.plan.layers import load_plan
from flopsheet.provenance import write_whole

FILES = (
    ".gitignore",
    ".pre-commit-config.yaml",
    "README.md",
    "_company.yaml",
    "cluster_and_data.yaml",
    "first_model.yaml",
    "laws/our_law.yaml",
    "plan.schema.json",
)


def listed(folder):
    """Every file and folder below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_everything_is_written(tmp_path):
    """Two plans on one layer, a law of one's own, today's schema; the plans name it for editors."""
    folder = tmp_path / "new/deep"
    assert starter.write_starter(folder) == FILES
    assert listed(folder) == sorted([*FILES, "laws"])
    plans = find_plans(folder)
    assert [plan.name for plan in plans] == ["cluster_and_data.yaml", "first_model.yaml"]
    loaded = [load_plan(plan) for plan in plans]
    assert [plan.files[0] for plan in loaded] == ["_company.yaml"] * 2
    assert [len(plan.tiers) for plan in loaded] == [2, 0]
    assert ["hardware.count" in plan.scenarios[0].inputs for plan in loaded] == [True, False]
    ours = loaded[1].compare[0]
    assert load_law(ours.name, root=folder, base=folder, place=ours.place).name == "our_law"
    for plan in plans:
        assert plan.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=plan.schema.json\n")
    assert json.loads((folder / "plan.schema.json").read_text(encoding="utf-8")) == plan_json_schema()


def test_the_readme_names_files_that_are_there(tmp_path):
    """Each file of the table is one of the folder's, and each but git's own and README stands in it."""
    starter.write_starter(tmp_path)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    for name in set(FILES) - {"README.md", ".gitignore"}:
        assert f"| {name} |" in readme or f"| [{name}]({name}) |" in readme


@pytest.mark.parametrize("taken", [("README.md",), ("laws/our_law.yaml", "plan.schema.json"), ("laws",)])
def test_what_is_there_is_never_overwritten(taken, tmp_path):
    """Every file in the way is named, and nothing is written beside them."""
    for name in taken:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine", encoding="utf-8")
    before = listed(tmp_path)
    with pytest.raises(FlopsheetError, match="already; nothing was written") as refused:
        starter.write_starter(tmp_path)
    for name in taken:
        assert f"`{name}`" in str(refused.value)
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine"
    assert listed(tmp_path) == before


def test_a_link_that_leads_nowhere_is_in_the_way_too(tmp_path):
    """Writing through it would write elsewhere."""
    (tmp_path / "README.md").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FlopsheetError, match=r"`README\.md` already"):
        starter.write_starter(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_other_files_stay(tmp_path):
    """A folder that is a repository already, or has other plans, is filled."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "other.yaml").write_text("a: 1", encoding="utf-8")
    assert starter.write_starter(tmp_path) == FILES
    assert (tmp_path / "other.yaml").read_text(encoding="utf-8") == "a: 1"


def test_a_path_that_is_no_folder_is_refused(tmp_path):
    """A file, and a folder below a file."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(FlopsheetError, match="is not a folder"):
        starter.write_starter(tmp_path / "file")
    with pytest.raises(FlopsheetError, match=r"cannot write in .*file/below`: Not a directory"):
        starter.write_starter(tmp_path / "file/below")


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    """A full disk in the middle: the files before it and the new folders are taken back."""

    def fail(path: Path, data: bytes) -> None:
        if path.name == "our_law.yaml":
            raise OSError(28, "No space left on device")
        write_whole(path, data)

    monkeypatch.setattr("flopsheet.api.starter.write_whole", fail)
    with pytest.raises(FlopsheetError, match="No space left on device"):
        starter.write_starter(tmp_path / "new")
    assert listed(tmp_path) == []
