"""Scaling-law scenarios: one symbolic model, rendered as numbers, live workbooks and checked derivations.

`load`, `solve`, `sweep` and `build` are the commands for Python; each is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flopsheet.api.build import BuildResult
    from flopsheet.api.solved import Solved
    from flopsheet.api.sweep import SweepResult
    from flopsheet.api.verbs import build, load, solve, sweep
    from flopsheet.errors import FlopsheetError
    from flopsheet.plan.plan import Plan

__version__ = "0.1.0"

__all__ = [
    "BuildResult",
    "FlopsheetError",
    "Plan",
    "Solved",
    "SweepResult",
    "__version__",
    "build",
    "load",
    "solve",
    "sweep",
]

# Where each public name is defined.
_HOMES = {
    "BuildResult": "flopsheet.api.build",
    "FlopsheetError": "flopsheet.errors",
    "Plan": "flopsheet.plan.plan",
    "Solved": "flopsheet.api.solved",
    "SweepResult": "flopsheet.api.sweep",
    "build": "flopsheet.api.verbs",
    "load": "flopsheet.api.verbs",
    "solve": "flopsheet.api.verbs",
    "sweep": "flopsheet.api.verbs",
}


def __getattr__(name: str) -> object:
    """A public name, imported when it is first used."""
    if name not in _HOMES:
        message = f"module `flopsheet` has no attribute `{name}`"
        raise AttributeError(message)
    import importlib  # noqa: PLC0415 - needed only here

    found: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, imported or not."""
    return sorted({*globals(), *__all__})
