"""What the tests of whole workbooks share: the shipped plans, books of them, edits, and recalculation by an engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import openpyxl
import pytest

from flopsheet import api
from flopsheet.evaluate.solution import Solution
from flopsheet.workbook.engines import ENGINES
from flopsheet.workbook.package import read_package
from flopsheet.workbook.planbook import write_plan_workbook
from flopsheet.workbook.stored import Address, StoredBook, Value, parse_cells, parse_reference

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(
    path for path in (ROOT / "scenarios").rglob("*.yaml") if not path.name.startswith("_") and "laws" not in path.parts
)

CHECK_MARK = 6
"""The column of the sheet Checks that holds whether a check passes."""

UNDER_TERMS = ("cheapest_to_serve_zh", "cluster_for_forty_days", "good_data_runs_out")
"""The shipped plans that have data, inference or limits beside the compute budget and caps: their edits are others."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that takes a `shipped` plan once for each."""
    if "shipped" in metafunc.fixturenames:
        metafunc.parametrize("shipped", SHIPPED, ids=[path.stem for path in SHIPPED])
    if "plain" in metafunc.fixturenames:
        plain = [path for path in SHIPPED if path.stem not in UNDER_TERMS]
        metafunc.parametrize("plain", plain, ids=[path.stem for path in plain])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker do all tests of a plan, so that its workbook is built once."""
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        params = item.callspec.params if hasattr(item, "callspec") else {}
        plan = next((params[name] for name in ("shipped", "plain", "name") if name in params), None)
        if plan is not None:
            item.add_marker(pytest.mark.xdist_group(plan.stem if isinstance(plan, Path) else plan))


@dataclass(frozen=True)
class Book:
    """A generated workbook of a solved plan; edits go to copies of it."""

    solution: Solution
    plan: Path
    path: Path

    @cached_property
    def _opened(self) -> openpyxl.Workbook:
        """The workbook as openpyxl reads it, once for all edits."""
        return openpyxl.load_workbook(self.path)

    def edit(self, target: Path, changes: Mapping[str, object]) -> Path:
        """A copy with other contents in some cells: each a defined name or `Sheet!A1`. None empties a cell."""
        book = self._opened
        names = {name.upper(): defined.attr_text for name, defined in book.defined_names.items()}
        before = []
        for name, content in changes.items():
            text = name if "!" in name else names[name.upper()]
            address = parse_reference(text or "")
            assert address is not None
            cell = book[address.sheet][address.coordinate]
            before.append((cell, cell.value))
            cell.value = content
        book.save(target)
        for cell, content in reversed(before):
            cell.value = content
        return target


@dataclass(frozen=True)
class Recalculated:
    """Every cell of a workbook as an engine calculates it."""

    values: Mapping[Address, Value]
    names: Mapping[str, Address]

    def __getitem__(self, name: str) -> Value:
        """The value of a named cell."""
        return self.values[self.names[name.upper()]]

    @property
    def failed_checks(self) -> list[Address]:
        """The marks on the sheet Checks that are 0."""
        return [
            address
            for address, value in self.values.items()
            if address.sheet == "Checks" and address.column == CHECK_MARK and value == 0
        ]


@pytest.fixture(scope="session")
def build_book(tmp_path_factory) -> Callable[[Path], Book]:
    """A function that gives the workbook of a plan, built once."""
    built: dict[Path, Book] = {}

    def build(plan: Path) -> Book:
        if plan not in built:
            path = tmp_path_factory.mktemp("books") / f"{plan.stem}.xlsx"
            solution = api.solve_plan(plan)
            write_plan_workbook(solution, path, version="0", inputs_sha256="0" * 64)
            built[plan] = Book(solution, plan, path)
        return built[plan]

    return build


@pytest.fixture(scope="session")
def recalculate(tmp_path_factory) -> Callable[[Path, str], Recalculated]:
    """A function that recalculates a workbook from its formulas with an engine."""

    def run(path: Path, engine: str) -> Recalculated:
        parts, stored, formulas = _read(path, path.stat().st_mtime_ns)
        values = {address: cell.value for address, cell in stored.cells.items()}
        values |= ENGINES[engine].recalculate(tmp_path_factory.mktemp(engine), parts, formulas)
        return Recalculated(values, stored.names)

    return run


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int) -> tuple[Mapping[str, bytes], StoredBook, Sequence[Address]]:
    """The parts, cells and formulas of a workbook, which one engine after the other recalculates."""
    parts = read_package(path)
    stored = parse_cells(path, parts)
    return parts, stored, [address for address, _ in stored.formulas()]
