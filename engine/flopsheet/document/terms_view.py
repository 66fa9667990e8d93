"""The parts of a report's view that speak of a plan under terms."""

from __future__ import annotations

from collections.abc import Mapping

from flopsheet.document.stakes import Scale
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Section
from flopsheet.document.terms_study import Study
from flopsheet.document.terms_tables import (
    list_fixed,
    list_order,
    list_supply,
    list_takes,
    list_term_inputs,
    list_term_results,
    list_tiers,
    list_uses,
)
from flopsheet.document.terms_teller import TermTeller
from flopsheet.document.terms_words import TermWords
from flopsheet.document.terms_work import work_out_terms
from flopsheet.document.view_claims import list_claims
from flopsheet.document.view_provenance import cite_source
from flopsheet.document.view_summary import Summary, list_remarks
from flopsheet.document.view_tables import is_held_back
from flopsheet.document.words import Words
from flopsheet.plan.keys import QUALITY_PRESETS


def view_terms(study: Study, words: Words, scale: Scale) -> Mapping[str, object]:
    """The parts of the view that differ from those of a budget alone."""
    source, own = study.source, TermWords(words)
    symbols = list_symbols(source.model)
    teller = TermTeller(study, own)
    table, sentences = teller.summary()
    objective = source.plan.objective.replace(" ", "_")
    return {
        "sections": list_sections(study, own),
        "objective": words.say("terms.objective" if source.minimises_loss else f"objective.{objective}"),
        "summary": Summary(table, tuple(sentences), tuple(list_remarks(source, words, scale))),
        "buying": view_buying(study, own, teller),
        "inputs": list_term_inputs(study, own),
        "results": list_term_results(study, own),
        "held_back": is_held_back(source),
        "prices": None,
        "strategies": list_fixed(study, own),
        "claims": list_claims(source, words, symbols),
        "worked": work_out_terms(study, words, symbols),
        "exponents": "",
        "elasticities": None,
        "strategies_text": words.say("terms.strategies_text"),
        "worked_text": words.sentences([words.say("report.worked_text"), words.say("terms.worked_text")]),
        "derivation_text": words.say("terms.derivation_text"),
    }


def list_sections(study: Study, words: TermWords) -> list[Section]:
    """The data as they are given, what the scenarios take, and what is done with the data."""
    plain = words.plain
    found = []
    presets = [f"{plain.code(name)} {plain.number(number)}" for name, number in QUALITY_PRESETS.items()]
    takes, given, used = list_takes(study, words), list_supply(study, words), list_tiers(study, words)
    if given is not None:
        text = plain.say("terms.supply_text", presets=plain.say("document.comma").join(presets))
        found.append(Section(plain.say("terms.supply"), text, given))
    if takes is not None:
        found.append(Section(plain.say("terms.takes"), "", takes))
    if used is not None:
        repetition = study.terms.supply.repetition if study.terms.supply else None
        source = "" if repetition is None else cite_source(repetition.source, plain)
        told = plain.say("terms.repetition", title=plain.name(repetition.title), source=source) if repetition else ""
        text = plain.sentences([plain.say("terms.tiers_text" if study.source.minimises_loss else
                                          "terms.tiers_text_target"), told])  # fmt: skip
        found.append(Section(plain.say("terms.tiers"), text, used))
    return found


def view_buying(study: Study, words: TermWords, teller: TermTeller) -> Mapping[str, object] | None:
    """The section on what limits the plan and what to buy next."""
    plain, source = words.plain, study.source
    if not study.planned:
        return None
    groups = [(_heading(study, words, index), teller.limits(index)) for index in study.told]
    orders = []
    for sweep in study.sweeps:
        table = list_order(study, words, sweep)
        if table is not None and len(sweep.phases) > 1:
            orders.append((_heading(study, words, sweep.index), table))
    kind = "budget" if source.minimises_loss else "target"
    return {
        "title": plain.say("terms.buying"),
        "groups": groups,
        "text": plain.say(f"terms.uses_text_{kind}"),
        "uses": list_uses(study, words),
        "order_title": plain.say(f"terms.order_{kind}"),
        "order_text": plain.say(f"terms.order_{kind}_text"),
        "orders": orders,
    }


def _heading(study: Study, words: TermWords, index: int) -> str:
    """The name of a scenario above what is told of it."""
    return f"**{words.plain.name(study.source.answers[index].name)}**"
