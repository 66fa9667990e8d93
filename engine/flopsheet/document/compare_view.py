"""The section of a report that sets laws side by side: tables, what each law states, proofs in brief, findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flopsheet.derive.compared import ComparedLaw, size_of
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.notation import Optimal
from flopsheet.derive.proof import Equation, Proof
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.document.latex_lines import lay_out
from flopsheet.document.naming import describe_caps
from flopsheet.document.resource_report import given as given_resource
from flopsheet.document.source import ReportSource
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.view_provenance import cite_law, describe_range, render_bibtex
from flopsheet.document.words import Words
from flopsheet.evaluate.comparison import Row, list_quantities, list_rows
from flopsheet.evaluate.findings import Finding
from flopsheet.messages import Message
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel

Model = LawModel | ResourceModel


@dataclass(frozen=True)
class CompareView:
    """The section as the template sees it; `groups` are scenarios with one table each."""

    title: str
    text: str
    sentences: tuple[str, ...]
    groups: tuple[tuple[str, Table], ...]
    laws: Table | None
    refuted: tuple[str, ...]
    optima: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    findings: Table | None


def view_compare(source: ReportSource, words: Words) -> CompareView | None:
    """The section; None where the plan compares no laws."""
    solution = source.solution
    if not solution.compared:
        return None
    kind = question_of(source)
    return CompareView(
        title=words.say(f"compare.title_{kind}"),
        text=words.say(f"compare.text_{kind}", losses=words.say("compare.losses")),
        sentences=tuple(_tell_ratios(source, words)),
        groups=tuple(_list_groups(source, words)),
        laws=_list_laws(source, words),
        refuted=tuple(
            words.say("compare.refuted", law=words.code(law.name), statement=words.name(proof.statement))
            for law in solution.compared
            for proof in law.derivation.proofs
            if proof.verdict == "refuted"
        ),
        optima=tuple(_list_optima(source, words)),
        notes=tuple(
            (words.code(law.name), tuple(words.name(note) for note in law.model.law.notes))
            for law in solution.compared
            if law.model.law.notes
        ),
        findings=_list_findings(source, words),
    )


def question_of(source: ReportSource) -> str:
    """The end of the catalogue keys that speak of what all laws are given: a budget, a target, or an amount."""
    if isinstance(source.solution.derivation, ResourceDerivation):
        return "resource"
    return "budget" if source.minimises_loss else "target"


def _tell_ratios(source: ReportSource, words: Words) -> list[str]:
    """How the sizes of each compared law relate to those of the plan's own, over all scenarios."""
    rows = [list_rows(source.solution, index) for index in range(len(source.answers))]
    sentences = []
    for position, law in enumerate(source.solution.compared, start=1):
        ratios = [ratio for found in rows if (ratio := found[position].ratio) is not None]
        if not ratios:
            continue
        low, high = (words.number(ratio, None, 3) for ratio in (min(ratios), max(ratios)))
        text = low if low == high else words.say("document.range", low=low, high=high)
        key = "compare.same_size" if low == high == words.number(1.0, None, 3) else "compare.sizes"
        sentences.append(words.say(key, law=words.code(law.name), ratio=text))
    return sentences


def _list_groups(source: ReportSource, words: Words) -> list[tuple[str, Table]]:
    """A table for each scenario; those in which all laws answer alike share one."""
    quantities = list_quantities(source.solution)
    found: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for index, answer in enumerate(source.answers):
        rows = list_rows(source.solution, index)
        given = _given(source, words, index)
        cells = tuple(
            (*_cells(words, quantities, row, given, number), _status(source, words, row))
            for number, row in enumerate(rows)
        )
        found.setdefault(cells, []).append(answer.name)
    columns = [
        Column(words.say("compare.law"), "left"),
        Column(words.say("compare.given")),
        *(Column(_head(source, words, name)) for name in quantities),
        Column(words.say("compare.ratio")),
        Column(words.say("compare.status"), "left"),
    ]
    groups = []
    for cells, names in found.items():
        table = build_table(columns, cells)
        if table is not None:
            groups.append((f"**{words.join([words.name(name) for name in names])}**", table))
    return groups


def _head(source: ReportSource, words: Words, name: str) -> str:
    """The head of a quantity's column; of a law with one resource a target asks how much is required."""
    if isinstance(source.solution.derivation, ResourceDerivation) and name != "L_opt":
        return words.say("report.required", what=words.say(f"role.{name}") if words.known(f"role.{name}") else name)
    for key in (f"report.result_{name}", f"role.{name}_title"):
        if words.known(key):
            return words.say(key)
    return words.name(name)


def _given(source: ReportSource, words: Words, index: int) -> str:
    """The amount at which laws with one resource are compared; empty for laws that allocate."""
    if not isinstance(source.solution.derivation, ResourceDerivation):
        return ""
    amount = given_resource(source, index)
    return words.number(amount, source.resource.decision(source.resource.resource).unit)


def _cells(words: Words, quantities: Mapping[str, str], row: Row, given: str, number: int) -> list[str]:
    """A law's row: its name, results and ratio; the plan's own law is number 0."""
    name = words.code(row.law.name)
    cells = [name if number else words.say("compare.own", law=name), given]
    for quantity in quantities:
        amount = row.amounts.get(quantity)
        unit = None if amount is None or amount.unit == "1" else amount.unit
        cells.append(words.number(None if amount is None else amount.value, unit))
    cells.append("" if row.ratio is None else words.number(row.ratio, None, 4))
    return cells


def _status(source: ReportSource, words: Words, row: Row) -> str:
    """How a law's row came out; empty where it has a plan."""
    status: str = row.status
    if row.unreachable and question_of(source) != "resource":
        status = "unreachable"
    elif status == "infeasible" and source.minimises_loss:
        status = "unpaid"
    return "" if status == "ok" else words.say(f"status.{status}")


def _list_laws(source: ReportSource, words: Words) -> Table | None:
    """What each compared law states, where it was fitted, what was proven, and its source."""
    rows = []
    for law in source.solution.compared:
        text = law.model.law.loss
        rows.append(
            [
                words.code(law.name),
                words.name(law.model.law.title),
                words.code(text.text) if text else "",
                _growth(words, law),
                describe_range(law.model, words),
                count_verdicts(law.derivation.proofs, words),
                cite_law(law.model.law, words),
            ]
        )
    heads = ("compare.law", "compare.what", "compare.formula", "compare.growth", "compare.fitted", "compare.proofs")
    columns = [Column(words.say(key), "left") for key in (*heads, "compare.source")]
    return build_table(columns, rows)


def _growth(words: Words, law: ComparedLaw) -> str:
    """The power of compute with which the best size grows; empty where it is no constant, or nothing is allocated."""
    if isinstance(law.derivation, ResourceDerivation) or isinstance(law.model, ResourceModel):
        return ""
    value = law.derivation.exponents[size_of(law.model)].evalf(15, subs=law.model.values)
    return words.number(float(value), None, 3) if value.is_Float else ""


def count_verdicts(proofs: Sequence[Proof], words: Words) -> str:
    """How many statements have which verdict."""
    verdicts = [proof.verdict for proof in proofs]
    counted = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    texts = [
        words.say("compare.verdicts", count=str(count), verdict=words.say(f"verdict.{verdict}"))
        for verdict, count in counted.items()
    ]
    return words.say("document.comma").join(texts)


def _list_optima(source: ReportSource, words: Words) -> list[tuple[str, str]]:
    """The best size under each compared law that allocates, as a block of LaTeX in the law's own letters."""
    found: dict[str, list[str]] = {}
    for law in source.solution.compared:
        derivation = law.derivation
        if isinstance(derivation, Derivation):
            z = size_of(derivation.model)
            equation = Equation(Optimal(z), derivation.interior.free[z])
            latex = lay_out([equation], symbols=list_symbols(derivation.model), language=words.language)
            found.setdefault(latex, []).append(words.code(law.name))
    return [(words.join(names), latex) for latex, names in found.items()]


def _list_findings(source: ReportSource, words: Words) -> Table | None:
    """The findings about each compared law; one that several scenarios share is told once."""
    rows = []
    for law in source.solution.compared:
        shared: dict[str, list[str]] = {}
        for index, answer in enumerate(source.answers):
            for finding in answer.laws[law.name].findings:
                shared.setdefault(_tell(source, words, law.model, finding, index), []).append(answer.name)
        for text, names in shared.items():
            everywhere = len(names) == len(source.answers) > 1
            told = words.say("report.all_scenarios") if everywhere else words.join([words.name(n) for n in names])
            rows.append([words.code(law.name), told, text])
    heads = ("compare.law", "report.scenario", "report.finding")
    return build_table([Column(words.say(key), "left") for key in heads], rows)


def _tell(source: ReportSource, words: Words, model: Model, finding: Finding, index: int) -> str:
    """A finding in words, its numbers in the form of their units and its symbols as the law writes them."""
    args = dict(finding.message.args)
    units = {"amount": "FLOP"}
    known = {z.name: model.decision(z).unit for z in model.decisions}
    if isinstance(model, LawModel):
        known[model.amount.name] = "FLOP"
    name = str(args.get("name", ""))
    if name in known:
        units |= dict.fromkeys(("value", "low", "high"), known[name])
    if "caps" in args:
        args["caps"] = describe_caps(source, words, finding.limits, index)
    symbols = list_symbols(model)  # it reads what both kinds of models have
    return words.message(Message(finding.message.key, args), units=units, symbols=symbols)


def cite_all(source: ReportSource) -> str:
    """BibTeX of exactly the laws used, the plan's own first; a paper that several of them come from once."""
    laws = [source.solution.model.law, *(law.model.law for law in source.solution.compared)]
    entries: dict[str, str] = {}
    for law in laws:
        entry = render_bibtex(law)
        if entry:
            # Entries of one paper differ in their key, the name of the law.
            entries.setdefault(entry.partition(",")[2], entry)
    return "\n\n".join(entries.values())
