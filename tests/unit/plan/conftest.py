"""Plan files written for one test."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project: a folder with `.git`, so that its root is known."""
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def examples() -> Path:
    """A project as teams keep it: a company's layer, a plan over it, a Chinese plan, a law."""
    return Path(__file__).parent / "examples"


@pytest.fixture
def write(project: Path) -> Write:
    """Write a file below the project and give its path."""

    def write_file(name: str, text: str | bytes) -> Path:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file
