"""Which files below a folder are plans."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError
from flopsheet.plan.layers import merge_layers
from flopsheet.plan.paths import project_root, resolve_given
from flopsheet.plan.read import is_null
from flopsheet.plan.schema import PLAN
from flopsheet.plan.source import NoMappingError, load_source

if TYPE_CHECKING:
    from flopsheet.plan.source import Mapping

_LAWS_FOLDER = "laws"
# Keys at the top level of a law or of a repetition modifier, wherever such a file stands.
_LAW_KEYS = ("loss", "formulas", "repetition")
_PLAN_KEYS = ("title", "law")


def find_plans(path: Path) -> list[Path]:
    """The plan files below a folder, sorted; a file given itself is always one.

    A file that cannot be read counts as a plan, so that its fault is told when it is loaded.
    """
    if not path.is_dir():
        return [path]
    root = project_root(path)
    return sorted((file for file in _yaml_files(path) if _is_plan(file, root)), key=lambda file: file.as_posix())


def _yaml_files(folder: Path) -> list[Path]:
    """All `*.yaml` below a folder but `_*`; hidden folders, those named laws and linked ones are not entered."""
    found: list[Path] = []
    for current, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != _LAWS_FOLDER and not name.startswith(".")]
        found += [Path(current, name) for name in files if name.endswith(".yaml") and not name.startswith("_")]
    return found


def _is_plan(file: Path, root: Path) -> bool:
    """Whether a file has title and law after its extends; a broken one counts as a plan."""
    try:
        node = load_source(resolve_given(root, file), root)
    except NoMappingError:
        return False
    except FlopsheetError:
        return True
    if any(node.get(key) is not None for key in _LAW_KEYS):
        return False
    if node.get("extends") is None:
        return _has_plan_keys(node)
    try:
        return _has_plan_keys(merge_layers(file, root))
    except FlopsheetError:
        return True


def explain_no_plan(file: Path) -> str | None:
    """Why a file that was named is no plan, such as a layer or a law; None where it is one or is meant to be.

    One that cannot be read counts as a plan, and so does one with a law alone or a title among keys of plans: loading
    it tells what is wrong or missing.
    """
    root = project_root(file)
    inside = file.resolve().relative_to(root) if file.resolve().is_relative_to(root) else file
    if file.name.startswith("_"):
        return "a layer: its name begins with _"
    if _LAWS_FOLDER in inside.parent.parts or (not file.is_absolute() and _LAWS_FOLDER in file.parent.parts):
        return "it stands in a folder named laws"
    try:
        node = load_source(resolve_given(root, file), root)
    except FlopsheetError:
        return None
    if any(node.get(key) is not None for key in _LAW_KEYS):
        return "a law, or what repeated tokens are worth"
    keys = {key.text.partition(".")[0] for key, _ in node.items}
    if "law" in keys or ("title" in keys and len(keys & PLAN.fields.keys()) > 1):
        return None
    return "no plan: it has no title and no law"


def _has_plan_keys(node: Mapping) -> bool:
    """Whether a title and a law are there."""
    return all(
        not is_null(node.get(key)) or any(k.text.startswith(f"{key}.") for k, _ in node.items) for key in _PLAN_KEYS
    )


def is_law_file(path: Path) -> bool:
    """Whether a YAML file is a law (or a modifier) by its top-level keys, not a plan.

    Raises:
        FlopsheetError: the file cannot be read.
    """
    root = project_root(path)
    node = load_source(resolve_given(root, path), root)
    return any(node.get(key) is not None for key in _LAW_KEYS)
