"""Which inputs an output was made from: content hashes, decided before any heavy library is imported."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from flopsheet import __version__
from flopsheet.messages import template_root

STATE_FILE = ".inputs"
INDEX_FILE = ".plans"


def hash_bytes(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def hash_file(path: str) -> str:
    """The SHA-256 of a file's content.

    Raises:
        OSError: it cannot be read.
    """
    return hash_bytes(_read(path))


def _read(path: str) -> bytes:
    """A file's content. The path is a text: a build reads hundreds of files to find that it has nothing to do."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - see above
        return file.read()


@cache
def hash_installation(template_folder: Path | None = None) -> str:
    """One hash of what the program itself brings: version, templates, labels, shipped laws, repetitions, hardware.

    Templates of a folder beside the shipped ones count with these: what it does not replace is taken from them.
    """
    digest = hashlib.sha256(__version__.encode())
    shipped = (Path(__file__).parent / name for name in ("laws", "repetition", "hardware"))
    for folder in (template_root(), *shipped, *([] if template_folder is None else [template_folder])):
        listed = _list_files(folder, lambda name: name == "__pycache__")
        for name, path in sorted(listed, key=lambda item: item[0].split("/")):
            if not name.endswith(".py"):
                digest.update(name.encode() + b"\0" + _read(path) + b"\0")
    return digest.hexdigest()


def _list_files(folder: Path, is_left_out: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Every file below a folder: its name below that, with `/`, and its path. Folders of some names are left out."""
    start = len(os.path.join(folder, ""))  # noqa: PTH118 - with the separator at its end
    for current, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_left_out(name)]
        for name in files:
            path = os.path.join(current, name)  # noqa: PTH118 - a text, as above
            yield path[start:].replace(os.sep, "/"), path


def hash_inputs(root: Path, files: Iterable[str], template_folder: Path | None = None) -> str:
    """The hash that stamps outputs: plan, layers, law files, templates, version.

    Args:
        root: The project root.
        files: Paths relative to the root, of every file the plan was read from.
        template_folder: Templates other than the shipped ones.
    """
    digest = hashlib.sha256(hash_installation(template_folder).encode())
    for name in sorted(set(files)):
        digest.update(f"{name}\0{hash_file(f'{root}/{name}')}\0".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class BuildState:
    """What one plan's outputs were made from: kept beside them, so that a later build can skip it.

    `failures` are what the plan's checks found, told again by a build that has nothing to do.
    """

    inputs_sha256: str
    files: tuple[str, ...]
    outputs: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[str, ...] = ()

    def is_current(self, root: Path, folder: Path, template_folder: Path | None = None) -> bool:
        """Whether neither inputs nor outputs changed since."""
        try:
            if hash_inputs(root, self.files, template_folder) != self.inputs_sha256:
                return False
            return all(hash_file(f"{folder}/{name}") == value for name, value in self.outputs.items())
        except OSError:
            return False


def load_state(folder: Path) -> BuildState | None:
    """The state kept in an output folder, or None where there is none that can be read."""
    try:
        record = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        return BuildState(
            record["inputs_sha256"], tuple(record["files"]), dict(record["outputs"]), tuple(record["failures"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(folder: Path, state: BuildState) -> None:
    """Keep the state of an output folder."""
    record = {
        "inputs_sha256": state.inputs_sha256,
        "files": list(state.files),
        "outputs": dict(state.outputs),
        "failures": list(state.failures),
    }
    write_whole(folder / STATE_FILE, (json.dumps(record, indent=1, sort_keys=True) + "\n").encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader at any moment sees the old content or the new, whole."""
    import tempfile  # noqa: PLC0415 - a build with nothing to do writes nothing

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class FolderIndex:
    """Which files below a folder are plans, and the content of every YAML file that decides it."""

    yaml: Mapping[str, str]
    plans: tuple[str, ...]


def scan_yaml(folder: Path) -> dict[str, str]:
    """Every YAML file below a folder with the hash of its content, hidden folders aside."""
    listed = _list_files(folder, lambda name: name.startswith("."))
    return {name: hash_file(path) for name, path in listed if name.endswith(".yaml")}


def load_index(out: Path, given: Path, yaml: Mapping[str, str]) -> FolderIndex | None:
    """The index that an earlier build kept of a folder, if its YAML files were those of today; else None."""
    try:
        record = json.loads((out / INDEX_FILE).read_text(encoding="utf-8"))[given.as_posix()]
        index = FolderIndex(dict(record["yaml"]), tuple(record["plans"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return index if yaml == index.yaml else None


def write_index(out: Path, given: Path, yaml: Mapping[str, str], plans: Iterable[Path]) -> None:
    """Keep which files below a folder are plans, and the YAML files that this was decided from."""
    try:
        before = json.loads((out / INDEX_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    names = [plan.relative_to(given).as_posix() for plan in plans]
    kept = before if isinstance(before, dict) else {}
    record = {**kept, given.as_posix(): {"yaml": dict(yaml), "plans": names}}
    if record != before:
        write_whole(out / INDEX_FILE, (json.dumps(record, indent=1, sort_keys=True) + "\n").encode())
