"""A solved plan for Python and notebooks: arrays over scenarios, plain data, tables and formulas."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from flopsheet.api.solve import record_solved
from flopsheet.derive.proof import Proof
from flopsheet.errors import did_you_mean
from flopsheet.evaluate.answers import Amount, Answer
from flopsheet.evaluate.solution import Solution
from flopsheet.plan.plan import Plan

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Solved(Mapping[str, FloatArray]):
    """A plan with its answers: each result and cell of its own by name, as an array over the scenarios.

    Numbers are in base units (`units`); where a scenario has no such result it is nan, and what is without limit is
    infinite. In a notebook it shows as a table with its formulas. `solution` is everything that was derived.
    """

    solution: Solution

    def __getitem__(self, name: str) -> FloatArray:
        """A result or cell in every scenario, in the plan's order; a copy."""
        if name not in self._amounts:
            message = f"no result `{name}`. {did_you_mean(name, self._amounts)}"
            raise KeyError(message)
        found = self._amounts[name]
        return np.array([np.nan if amount is None else amount.value for amount in found], dtype=np.float64)

    def __iter__(self) -> Iterator[str]:
        """The names of all results and cells, in the order in which the terminal shows them."""
        return iter(self._amounts)

    def __len__(self) -> int:
        """How many results and cells there are."""
        return len(self._amounts)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same object: arrays have no single truth value to compare mappings by."""
        return self is other

    def __hash__(self) -> int:
        """By identity, as equality is."""
        return id(self)

    @cached_property
    def _amounts(self) -> Mapping[str, tuple[Amount | None, ...]]:
        """Each result and cell with its amount in every scenario, those that have a value nowhere last."""
        rows = [{**answer.results, **answer.cells} for answer in self.answers]
        names = dict.fromkeys(name for row in rows for name in row)
        cells = self.solution.graph
        # What is told tier by tier stands in the answers.
        names |= {c.id: None for c in cells if c.kind in {"result", "user"} and not c.id.startswith("tier_")}
        return {name: tuple(row.get(name) for row in rows) for name in names}

    @property
    def plan(self) -> Plan:
        """The plan as it was loaded."""
        return self.solution.plan

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Each scenario's answer: results with units, shadow prices, strategies, tiers, findings."""
        return self.solution.answers

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the scenarios: what the arrays run over."""
        return tuple(answer.name for answer in self.answers)

    @property
    def status(self) -> tuple[str, ...]:
        """Each scenario's status: ok, flat, infeasible or not_converged."""
        return tuple(answer.status for answer in self.answers)

    @property
    def binding(self) -> tuple[tuple[str, ...], ...]:
        """The limits that bind in each scenario."""
        return tuple(answer.binding for answer in self.answers)

    @property
    def units(self) -> Mapping[str, str]:
        """The unit of each result and cell."""
        return {name: self.solution.graph[name].unit for name in self._amounts}

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """What was proven of the plan, each with its method and verdict."""
        return self.solution.proofs

    @property
    def failures(self) -> tuple[str, ...]:
        """Why `flopsheet check` would fail the plan; empty where it would not."""
        return self.solution.failures

    def to_dict(self) -> dict[str, object]:
        """Plain data, as `flopsheet solve --json` prints it: infinity is a word, what does not apply is absent."""
        return dict(record_solved(self.solution))

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is no dependency, so its types are not known here
        """A DataFrame: a row for each scenario, a column for each result and cell; `attrs["units"]` has the units.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            message = "to_pandas needs pandas, which is not installed: `pip install pandas`."
            raise ImportError(message) from None
        columns = {"status": list(self.status), **{name: self[name] for name in self}}
        frame = pandas.DataFrame(columns, index=pandas.Index(self.scenarios, name="scenario"))
        frame.attrs["units"] = dict(self.units)
        return frame

    def __repr__(self) -> str:
        """The plan, its law, and what became of its scenarios, on a line."""
        told = ", ".join(f"{answer.name}: {answer.status}" for answer in self.answers)
        return f"<Solved {self.plan.path} under {self.solution.model.law.name}: {told}>"

    def _repr_markdown_(self) -> str:
        """What a notebook shows where it prefers Markdown."""
        from flopsheet.document.notebook import render_markdown  # noqa: PLC0415 - `solve` starts without documents

        return render_markdown(self.solution)

    def _repr_html_(self) -> str:
        """What a notebook shows where it prefers HTML."""
        from flopsheet.document.notebook import render_html  # noqa: PLC0415 - the same

        return render_html(self.solution)

    def _repr_latex_(self) -> str:
        """The law, and the first scenario's results with the numbers put in."""
        from flopsheet.document.notebook import render_formulas  # noqa: PLC0415 - the same

        return f"$$\n{render_formulas(self.solution)}\n$$"
