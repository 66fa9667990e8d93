"""The laws as columns of the sheet Compare: what each calls its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flopsheet.derive.compared import list_headlines, size_of
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Proof
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.model.cell import Cell
from flopsheet.model.graph import Graph
from flopsheet.plan.plan import Law
from flopsheet.workbook.context import Context

LABEL, UNIT, FIRST = 1, 2, 3


@dataclass(frozen=True)
class LawColumn:
    """A law on the sheet.

    `graph` holds its cells under its own ids, `ids` gives their ids in the plan's graph; `results` are its results by
    what they are called in every law.
    """

    column: int
    derivation: Derivation | ResourceDerivation
    graph: Graph
    ids: Mapping[str, str]
    results: Mapping[str, Cell]
    is_own: bool

    @property
    def law(self) -> Law:
        """The law file."""
        return self.derivation.model.law

    @property
    def name(self) -> str:
        """The law's name."""
        return self.law.name

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """What was proven of it."""
        return self.derivation.proofs

    @property
    def size(self) -> str | None:
        """What its size is called in every law; None for a law with one resource."""
        model = self.derivation.model
        if isinstance(self.derivation, ResourceDerivation):
            return None
        z = size_of(model)
        return model.decision(z).role or z.name

    def result(self, name: str) -> Cell | None:
        """A result by what it is called in every law; None where this law has none."""
        return self.results.get(name)


def list_columns(context: Context) -> list[LawColumn]:
    """The plan's own law, then the compared ones."""
    solution, graph = context.solution, context.flat.graph
    own = {cell.id: cell.id for cell in solution.graph if not cell.law}
    laws = [(solution.derivation, solution.graph, own), *((c.derivation, c.graph, c.ids) for c in solution.compared)]
    found = []
    for column, (derivation, cells, ids) in enumerate(laws, start=FIRST):
        names = list_headlines(derivation.model, cells)
        named = set(names.values())
        # What is no headline is called alike in every law.
        names |= {c.id: c.id for c in cells if c.kind == "result" and c.id not in named}
        results = {name: graph[ids[own_id]] for name, own_id in names.items()}
        found.append(LawColumn(column, derivation, cells, ids, results, is_own=column == FIRST))
    return found
